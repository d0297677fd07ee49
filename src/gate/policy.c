/* Who may do what: every camera of a question needs a rule of one of the user's roles. */
#include "gate/policy.h"

#include "base/text.h"

#include <string.h>

#define DAY_MINUTES 1440

/* Why a permit was refused, in the words of the event. */
struct refusal {
    const char *none, *camera, *all, *hour, *back;
};
static const struct refusal refusals[PERMITS] = {
#define PERMIT(name, text, words)                                                                  \
    {"no role allows " text, "no role allows " text " of this camera",                             \
        "no role allows " text " of all cameras", "no role allows " text " at this time",          \
        "no role allows " text " that far back"},
#include "vms/permits.def"
#undef PERMIT
};

/* What of a rule held, from nothing to everything: the farthest one explains a refusal. */
enum reach { REACH_NONE, REACH_PERMIT, REACH_CAMERA, REACH_HOUR, REACH_ALL };

/* What one camera, all cameras or no camera is asked for. */
struct subject {
    uint16_t camera; /* place, or POLICY_ANY: not known */
    bool needs_all;  /* only a rule for all cameras will do */
    bool needs_none; /* any rule will do, whatever its cameras */
};

struct found {
    enum reach reach;
    uint16_t role;
    uint32_t back;
};

static bool
is_recorded(enum permit permit)
{
    return permit == PERMIT_PLAYBACK || permit == PERMIT_EXPORT || permit == PERMIT_SNAPSHOT;
}

static bool
covers(const struct policy_rule *rule, const struct subject *subject)
{
    if (rule->all_cameras || subject->needs_none) {
        return true;
    }
    return !subject->needs_all && subject->camera < POLICY_CAMERAS &&
           (rule->cameras[subject->camera / 64] >> (subject->camera % 64) & 1U) != 0;
}

/* Hours that pass midnight belong to the day on which they began. */
static bool
is_open(const struct policy_rule *rule, const struct policy_question *question)
{
    unsigned minute = question->minute % DAY_MINUTES;
    unsigned day = question->weekday % 7U;
    if (rule->begin < rule->end) {
        if (minute < rule->begin || minute >= rule->end) {
            return false;
        }
    } else if (rule->begin > rule->end) {
        if (minute < rule->end) {
            day = (day + 6) % 7;
        } else if (minute < rule->begin) {
            return false;
        }
    }
    return rule->days == 0 || (rule->days >> day & 1U) != 0;
}

static bool
reaches_back(const struct policy_rule *rule, const struct policy_question *question)
{
    if (rule->back == 0 || !is_recorded(question->permit)) {
        return true;
    }
    return question->from > 0 && question->now - question->from <= (int64_t)rule->back * 1000;
}

static enum reach
try_rule(const struct policy_rule *rule, const struct policy_question *question,
    const struct subject *subject)
{
    if ((rule->vms != POLICY_ANY && rule->vms != question->vms) ||
        (rule->permits >> question->permit & 1U) == 0) {
        return REACH_NONE;
    }
    if (!covers(rule, subject)) {
        return REACH_PERMIT;
    }
    if (!is_open(rule, question)) {
        return REACH_CAMERA;
    }
    return reaches_back(rule, question) ? REACH_ALL : REACH_HOUR;
}

/* The rule that goes back farthest among those that allow it. */
static bool
is_better(const struct policy_rule *rule, enum reach reach, const struct found *found)
{
    if (reach != REACH_ALL || found->reach != REACH_ALL) {
        return reach > found->reach;
    }
    return found->back != 0 && (rule->back == 0 || rule->back > found->back);
}

static struct found
find(const struct policy *policy, const struct policy_question *question,
    const struct subject *subject)
{
    struct found found = {REACH_NONE, POLICY_ANY, 0};
    uint64_t roles = policy->users[question->user].roles;
    for (uint32_t i = 0; i < policy->rule_count && i < POLICY_RULES; i++) {
        const struct policy_rule *rule = &policy->rules[i];
        if (rule->role >= POLICY_ROLES || (roles >> rule->role & 1U) == 0) {
            continue;
        }
        enum reach reach = try_rule(rule, question, subject);
        if (is_better(rule, reach, &found)) {
            found = (struct found){reach, rule->role, rule->back};
        }
    }
    return found;
}

static const char *
explain(const struct policy_question *question, const struct subject *subject, enum reach reach)
{
    const struct refusal *words = &refusals[question->permit];
    switch (reach) {
    case REACH_PERMIT:
        return subject->needs_all ? words->all : words->camera;
    case REACH_CAMERA:
        return words->hour;
    case REACH_HOUR:
        return words->back;
    case REACH_NONE:
    case REACH_ALL:
        break;
    }
    return words->none;
}

/* False: refused, and the answer says why. */
static bool
ask_one(const struct policy *policy, const struct policy_question *question,
    const struct subject *subject, struct policy_answer *answer)
{
    struct found found = find(policy, question, subject);
    if (found.reach != REACH_ALL) {
        answer->why = explain(question, subject, found.reach);
        return false;
    }
    if (answer->role == POLICY_ANY) {
        answer->role = found.role;
    }
    if (found.back != 0 && (answer->back == 0 || found.back < answer->back)) {
        answer->back = found.back;
    }
    return true;
}

static bool
ask_all(const struct policy *policy, const struct policy_question *question,
    struct policy_answer *answer)
{
    if (question->all_cameras || question->camera_count == 0) {
        bool is_all = question->all_cameras || question->permit != PERMIT_BROWSE;
        struct subject subject = {POLICY_ANY, is_all, !is_all};
        if (!ask_one(policy, question, &subject, answer)) {
            return false;
        }
    }
    for (size_t i = 0; i < question->camera_count; i++) {
        const char *key = question->cameras[i];
        struct subject subject = {policy_camera(policy, question->vms, key), false, false};
        if (!ask_one(policy, question, &subject, answer)) {
            answer->camera = key;
            return false;
        }
    }
    return true;
}

void
policy_ask(const struct policy *policy, const struct policy_question *question,
    struct policy_answer *ret_answer)
{
    *ret_answer = (struct policy_answer){.role = POLICY_ANY};
    if (question->user >= policy->user_count || question->user >= POLICY_USERS ||
        !policy->users[question->user].is_enabled) {
        ret_answer->why = "the account is unknown or disabled";
    } else if ((unsigned)question->permit >= PERMITS || question->vms >= policy->vms_count) {
        ret_answer->why = "nothing of that kind can be allowed";
    } else {
        ret_answer->is_allowed = ask_all(policy, question, ret_answer);
    }
    if (!ret_answer->is_allowed) {
        ret_answer->role = POLICY_ANY;
        ret_answer->back = 0;
    }
}

uint16_t
policy_camera(const struct policy *policy, uint16_t vms, const char *key)
{
    for (uint32_t i = 0; i < policy->camera_count && i < POLICY_CAMERAS; i++) {
        const struct policy_camera *camera = &policy->cameras[i];
        if (camera->vms == vms && strncmp(camera->key, key, POLICY_NAME) == 0) {
            return (uint16_t)i;
        }
    }
    return POLICY_ANY;
}
