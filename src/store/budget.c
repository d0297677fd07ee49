/* The rules of the lock-out budget. */
#include "store/budget.h"

#include "base/clock.h"
#include "base/text.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#define NEAR_LOCKOUT 2 /* wrong tries that must be left to the lock-out */
#define LONGEST      (365 * CLOCK_DAY)

static void
add_key(struct budget_request *request, const char *kind, const char *text)
{
    if (request->key_count < BUDGET_KEYS && !text_is_empty(text)) {
        (void)snprintf(request->keys[request->key_count++], SUBJECT_KEY, "%s:%.80s", kind, text);
    }
}

/* One part of the state; '|' stands between parts. */
static void
add_part(struct budget_request *request, const char *text)
{
    size_t len = strlen(request->state);
    char part[60] = "";
    (void)text_copy(part, sizeof(part), text == NULL ? "" : text);
    for (char *bar = strchr(part, '|'); bar != NULL; bar = strchr(bar, '|')) {
        *bar = '/';
    }
    (void)snprintf(request->state + len, sizeof(request->state) - len, "%s|", part);
}

static void
fill_state(struct budget_request *request, const struct facts *facts)
{
    const struct fact *activated = facts_get(facts, FACT_DEVICE_ACTIVATED);
    request->state[0] = '\0';
    add_part(request, facts_text(facts, FACT_DEVICE_SERIAL));
    add_part(request, facts_text(facts, FACT_DEVICE_FIRMWARE));
    add_part(request, activated == NULL ? NULL : activated->yes ? "active" : "new");
}

void
budget_request_keys(struct budget_request *request, const struct subject *subject)
{
    char text[IP_TEXT];
    request->key_count = 0;
    if (!mac_is_zero(&subject->mac)) {
        add_key(request, "mac", mac_text(&subject->mac, text));
    }
    add_key(request, "serial", facts_text(&subject->facts, FACT_DEVICE_SERIAL));
    for (size_t i = 0; i < subject->address_count; i++) {
        add_key(request, "ip", ip_text(&subject->addresses[i], text));
    }
    fill_state(request, &subject->facts);
}

bool
budget_same_state(const char *one, const char *other)
{
    while (one != NULL && other != NULL && (*one != '\0' || *other != '\0')) {
        size_t len = strcspn(one, "|");
        size_t other_len = strcspn(other, "|");
        bool both = len != 0 && other_len != 0;
        if (both && (len != other_len || memcmp(one, other, len) != 0)) {
            return false;
        }
        one += len + (one[len] == '|' ? 1 : 0);
        other += other_len + (other[other_len] == '|' ? 1 : 0);
    }
    return true;
}

void
budget_limit(struct budget_request *request, unsigned tries, unsigned seconds)
{
    if (tries != 0 && (request->limit_tries == 0 || tries < request->limit_tries)) {
        request->limit_tries = tries;
    }
    if (seconds > request->limit_seconds) {
        request->limit_seconds = seconds;
    }
}

/* A device may count wrong tries for longer than it locks, so never less than a day. */
static int64_t
window(const struct budget_request *request)
{
    int64_t period = (int64_t)request->limit_seconds * 1000;
    return period < CLOCK_DAY ? CLOCK_DAY : period > LONGEST ? LONGEST : period;
}

int64_t
budget_since(const struct budget_request *request)
{
    return request->now - window(request);
}

static void
refuse(struct budget_answer *answer, int64_t next, const char *why)
{
    if (!answer->granted && (answer->next == 0 || (next != 0 && next <= answer->next))) {
        return; /* the rule that holds longest is the one to tell */
    }
    answer->granted = false;
    answer->next = next;
    (void)text_copy(answer->why, sizeof(answer->why), why);
}

struct tally {
    unsigned today, wrong, wrong_today, rotation_today;
    bool opened_same, confirmed; /* by the newest try with the very same password */
    int64_t first_today, first_wrong, first_wrong_today, last_locked, last_owner_wrong,
        locked_until, said_at;
    int left; /* by the newest answer that said it, less the wrong ones since; -1: none did */
    bool has_locked, last_opened, any_opened, owner_is_wrong;
};

/* A right password of the owner or of a rotation costs the device nothing. */
static bool
is_free(const struct budget_try *one)
{
    return (one->owner || one->rotation) && one->outcome == BUDGET_OPEN;
}

/* What the device said of its own counter. */
static void
count_left(struct tally *tally, const struct budget_try *one)
{
    if (one->left >= 0) {
        tally->left = one->left;
        tally->said_at = one->at;
    } else if (tally->left > 0 && one->outcome != BUDGET_OPEN) {
        tally->left--;
    }
    if (one->until > tally->locked_until) {
        tally->locked_until = one->until;
    }
}

static void
count_today(struct tally *tally, const struct budget_try *one)
{
    tally->first_today = tally->today == 0 ? one->at : tally->first_today;
    tally->today++;
    tally->rotation_today += one->rotation ? 1 : 0;
    tally->confirmed = tally->confirmed || (one->control && one->outcome == BUDGET_REFUSED);
    tally->opened_same = one->same ? one->outcome == BUDGET_OPEN : tally->opened_same;
    if (one->outcome != BUDGET_OPEN) {
        tally->first_wrong_today = tally->wrong_today == 0 ? one->at : tally->first_wrong_today;
        tally->wrong_today++;
    }
    tally->owner_is_wrong = tally->owner_is_wrong || one->owner;
    tally->last_owner_wrong = one->owner ? one->at : tally->last_owner_wrong;
}

static struct tally
count_tries(const struct budget_request *request, const struct budget_try *tries, size_t count)
{
    struct tally tally = {.left = -1};
    for (size_t i = 0; i < count; i++) {
        const struct budget_try *one = &tries[i];
        if (is_free(one)) {
            continue;
        }
        count_left(&tally, one);
        if (one->at > request->now - CLOCK_DAY) {
            count_today(&tally, one);
        }
        if (one->outcome != BUDGET_OPEN) {
            tally.first_wrong = tally.wrong == 0 ? one->at : tally.first_wrong;
            tally.wrong++;
        }
        if (one->outcome == BUDGET_LOCKED) {
            tally.has_locked = true;
            tally.last_locked = one->at;
        }
        tally.last_opened = one->outcome == BUDGET_OPEN;
        tally.any_opened = tally.any_opened || tally.last_opened;
    }
    return tally;
}

/* Wrong ones of a rotation that may come before it. */
static void
look_ahead(struct tally *tally, const struct budget_request *request)
{
    unsigned after = request->looks ? request->after : 0;
    if (after != 0 && tally->wrong == 0) {
        tally->first_wrong = request->now;
    }
    if (after != 0 && tally->wrong_today == 0) {
        tally->first_wrong_today = request->now;
    }
    tally->wrong += after;
    tally->today += after;
    tally->wrong_today += after;
    tally->rotation_today += after;
    if (tally->left >= 0) {
        tally->left = (unsigned)tally->left > after ? tally->left - (int)after : 0;
    }
}

/* Two wrong ones stay between the device and its lock, for people who mistype. */
static void
refuse_near_lock(
    const struct budget_request *request, const struct tally *tally, struct budget_answer *answer)
{
    char why[sizeof(answer->why)];
    unsigned spare = NEAR_LOCKOUT + (request->counter ? 1 : 0);
    if (request->limit_tries != 0 && tally->wrong + spare >= request->limit_tries) {
        (void)snprintf(why, sizeof(why),
            "%u wrong log-ins are on record and the device locks at %u", tally->wrong,
            request->limit_tries);
        refuse(answer, tally->wrong == 0 ? 0 : tally->first_wrong + window(request), why);
    }
    /* What it says now is truer than what it said then. */
    unsigned after = request->looks ? request->after : 0;
    unsigned said_left = request->left > after ? request->left - after : 0;
    int left = !request->says_left ? tally->left : said_left > INT_MAX ? INT_MAX : (int)said_left;
    if (left >= 0 && (unsigned)left <= spare) {
        int64_t said = request->says_left ? request->now : tally->said_at;
        (void)snprintf(why, sizeof(why),
            "the device says that %d wrong log-in%s left before it locks", left,
            left == 1 ? " is" : "s are");
        refuse(answer, said + window(request), why);
    }
    if (tally->has_locked || tally->locked_until > request->now) {
        int64_t until = tally->last_locked + window(request);
        refuse(answer, until > tally->locked_until ? until : tally->locked_until,
            "the device said that it is locked; it is left alone");
    }
}

/* The proofs of a rotation: only wrong ones count, and those of everybody together. */
static void
judge_rotation(
    const struct budget_request *request, const struct tally *tally, struct budget_answer *answer)
{
    char why[sizeof(answer->why)];
    bool is_known = request->limit_tries != 0 || request->says_left || tally->left >= 0;
    unsigned allowed = is_known ? BUDGET_ROTATION_WRONG : BUDGET_ROTATION_BLIND;
    if (tally->wrong_today + (request->counter ? 1 : 0) >= allowed) {
        (void)snprintf(why, sizeof(why), "%u wrong log-ins in 24 hours, of %u at most",
            tally->wrong_today, allowed);
        refuse(answer, tally->first_wrong_today + CLOCK_DAY, why);
    }
    refuse_near_lock(request, tally, answer);
}

void
budget_judge(const struct budget_request *request, const struct budget_try *tries, size_t try_count,
    struct budget_answer *ret_answer)
{
    struct tally tally = count_tries(request, tries, try_count);
    look_ahead(&tally, request);
    unsigned allowed = request->per_day < BUDGET_MOST ? request->per_day : BUDGET_MOST;
    char why[sizeof(ret_answer->why)];
    *ret_answer = (struct budget_answer){.granted = true};
    if (request->key_count == 0) {
        refuse(ret_answer, 0, "nothing identifies the device, so its log-ins can't be counted");
        return;
    }
    if (allowed == 0) {
        refuse(ret_answer, 0, "the site allows no log-ins");
        return;
    }
    if (request->rotation) {
        judge_rotation(request, &tally, ret_answer);
        return;
    }
    bool is_again = tally.opened_same && !request->control && !request->owner;
    bool is_right = request->owner || is_again; /* as far as anybody knows */
    ret_answer->confirmed = is_again && tally.confirmed;
    bool confirms = request->control && tally.today == 1 && tally.last_opened;
    if (confirms || is_right) {
        allowed = BUDGET_MOST;
    }
    unsigned today = is_right ? tally.wrong_today - tally.rotation_today : tally.today;
    if (today >= allowed) {
        (void)snprintf(why, sizeof(why), "%u of at most %u log-ins in 24 hours are spent%s", today,
            today > allowed ? today : allowed,
            tally.any_opened ? ", and one of them opened it" : "");
        refuse(
            ret_answer, (is_right ? tally.first_wrong_today : tally.first_today) + CLOCK_DAY, why);
    }
    if (request->owner && tally.owner_is_wrong) {
        refuse(ret_answer, tally.last_owner_wrong + CLOCK_DAY,
            "a password of the site file did not open it within these 24 hours");
    }
    refuse_near_lock(request, &tally, ret_answer);
}

enum err
budget_take(
    struct store *store, const struct budget_request *request, struct budget_answer *ret_answer)
{
    return store->functions->budget_take(store, request, ret_answer);
}

enum err
budget_settle(struct store *store, int64_t ticket, const struct budget_report *report)
{
    return store->functions->budget_result(store, ticket, report);
}

enum err
budget_result(struct store *store, int64_t ticket, enum budget_outcome outcome)
{
    const struct budget_report report = {.outcome = outcome, .left = -1};
    return budget_settle(store, ticket, &report);
}

enum err
budget_refused(
    struct store *store, const struct budget_request *request, struct budget_refusals *ret_refusals)
{
    return store->functions->budget_refused(store, request, ret_refusals);
}

enum err
budget_policy(struct store *store, const struct budget_request *request)
{
    return store->functions->budget_policy(store, request);
}
