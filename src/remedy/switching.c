/* Finds the switches that close what was found, and says of each what it changes. */
#include "remedy/switching.h"

#include "base/text.h"

#include <string.h>

#define RESTART_GAP 180
#define DROP_GAP    30
#define NTP_MOST    253

/* What was seen, and the setting behind it. */
static const struct {
    const char *finding;
    const char *rule;
} behind[] = {
    {"vendor-cloud/cloud-back",              "vendor-cloud/cloud-on"                },
    {"vendor-cloud/cloud-seen",              "vendor-cloud/cloud-on"                },
    {"default-credentials/telnet-open",      "default-credentials/telnet-on"        },
    {"default-credentials/ftp-open",         "default-credentials/ftp-on"           },
    {"default-credentials/onvif-users-open", "default-credentials/onvif-open"       },
    {"default-credentials/rtsp-open",        "default-credentials/anonymous-viewing"},
    {"default-credentials/snapshot-open",    "default-credentials/anonymous-viewing"},
    {"access-log/clock-wrong",               "access-log/no-time-server"            },
    {"access-log/clock-offset",              "access-log/no-time-server"            },
};

const char *
switching_rule(const char *finding)
{
    for (size_t i = 0; i < COUNT(behind); i++) {
        if (text_equal(behind[i].finding, finding)) {
            return behind[i].rule;
        }
    }
    return finding;
}

const struct device_switch *
switching_row(const struct device_driver *driver, const char *rule, size_t n)
{
    for (size_t i = 0; i < driver->switch_count; i++) {
        if (text_equal(driver->switches[i].rule, rule) && n-- == 0) {
            return &driver->switches[i];
        }
    }
    return NULL;
}

const struct device_driver *
switching_driver(const struct subject *subject)
{
    for (size_t i = 0; i < device_driver_count; i++) {
        if (text_equal(device_drivers[i]->name, subject->driver)) {
            return device_drivers[i];
        }
    }
    return NULL;
}

bool
switching_is_told(const struct subject *subject, const char *rule)
{
    const struct device_driver *driver = switching_driver(subject);
    const struct device_switch *row = NULL;
    for (size_t n = 0; driver != NULL && (row = switching_row(driver, rule, n)) != NULL; n++) {
        if (facts_get(&subject->facts, row->fact) != NULL) {
            return true;
        }
    }
    return false;
}

/* Named by its own id: what closes no gap by itself is done only for who asks for it so. */
static bool
is_asked_for(const struct plan_choice *choice, const char *finding)
{
    for (size_t i = 0; choice != NULL && i < choice->control_count; i++) {
        if (text_equal_nocase(choice->controls[i], finding)) {
            return true;
        }
    }
    return false;
}

/* A name or address, and nothing that could be more than that in a request. */
static bool
is_server(const char *text)
{
    size_t len = text == NULL ? 0 : strlen(text);
    return len != 0 && len <= NTP_MOST &&
           strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.:-") == len;
}

static const char *
wanted_of(const struct plan_from *from, const struct device_switch *row)
{
    return text_equal(row->wanted, SWITCHING_NTP) ? from->choice->ntp : row->wanted;
}

/* Whether some row's fact is not as it should be; ret_row: the first such. */
static bool
is_open(const struct plan_from *from, const struct subject *subject, const char *rule,
    const struct device_switch **ret_row)
{
    const struct device_driver *driver = switching_driver(subject);
    const struct device_switch *row = NULL;
    for (size_t n = 0; (row = switching_row(driver, rule, n)) != NULL; n++) {
        const char *text = facts_text(&subject->facts, row->fact);
        if (row->wanted == NULL ? text != NULL : !text_equal(text, wanted_of(from, row))) {
            *ret_row = row;
            return true;
        }
    }
    return false;
}

/* The step that is already planned for this rule of this device. */
static struct plan_step *
planned(struct plan *plan, size_t target, const char *rule)
{
    for (size_t i = 0; i < plan->step_count; i++) {
        struct plan_step *step = &plan->steps[i];
        if (step->target == target && text_equal(step->kind, "switch") &&
            text_equal(json_string_value(json_object_get(step->detail, "rule")), rule)) {
            return step;
        }
    }
    return NULL;
}

/* "clock.ntp: pool.ntp.org → 10.20.0.1, clock.synced: no → yes" */
static const char *
changes_of(struct plan *plan, const struct plan_from *from, const struct subject *subject,
    const char *rule)
{
    const char *words = "";
    const struct device_driver *driver = switching_driver(subject);
    const struct device_switch *row = NULL;
    for (size_t n = 0; words != NULL && (row = switching_row(driver, rule, n)) != NULL; n++) {
        const char *name = fact_name(row->fact);
        const char *text = facts_text(&subject->facts, row->fact);
        const char *wanted = wanted_of(from, row);
        if (!text_contains(words, name) && (wanted == NULL || !text_equal(text, wanted))) {
            words = arena_format(&plan->arena, "%s%s%s: %.200s → %s", words,
                words[0] == '\0' ? "" : ", ", name, text == NULL ? "not told" : text,
                wanted == NULL ? "none" : wanted);
        }
    }
    return words;
}

static enum err
fill(struct plan *plan, const struct plan_from *from, struct plan_step *step,
    const struct subject *subject, const struct device_switch *row)
{
    const char *text = facts_text(&subject->facts, row->fact);
    const char *wanted = wanted_of(from, row);
    step->words = arena_copy(&plan->arena, row->title);
    step->changes = changes_of(plan, from, subject, row->rule);
    step->notices = row->effect;
    step->gap_s = (row->effects & CHANGE_RESTARTS) != 0 ? RESTART_GAP
                  : (row->effects & CHANGE_DROPS) != 0  ? DROP_GAP
                                                        : 0;
    step->is_reversible = (row->effects & CHANGE_ONE_WAY) == 0;
    step->untouched = "all other settings; accounts and passwords";
    step->fact = fact_name(row->fact);
    step->from = text == NULL ? NULL : arena_copy(&plan->arena, text);
    step->wanted = wanted == NULL ? NULL : arena_copy(&plan->arena, wanted);
    bool is_time = text_equal(row->rule, "access-log/no-time-server");
    bool failed =
        json_object_set_new(step->detail, "rule", json_string(row->rule)) != 0 ||
        (is_time && json_object_set_new(step->detail, "ntp", json_string(from->choice->ntp)) != 0);
    return failed || step->words == NULL || step->changes == NULL ? ERR_MEMORY : OK;
}

/* Nothing here knows whether every VMS that plays it speaks digest: a person tries one first. */
static enum err
fill_by_hand(struct plan *plan, struct plan_step *step, const struct device_switch *row)
{
    step->by_hand = true;
    step->words = arena_format(&plan->arena,
        "By hand: %s, first at one camera, and see that the VMS still records it: whether all that "
        "use it speak digest is not known",
        row->title);
    return step->words == NULL ? ERR_MEMORY : OK;
}

static enum err
tell_back(struct plan *plan, struct plan_step *step)
{
    step->words = arena_format(&plan->arena,
        "%s, which was off in an earlier run and is on again, as happens after a firmware update",
        step->words);
    return step->words == NULL ? ERR_MEMORY : OK;
}

static enum err
propose_place(struct plan *plan, const struct plan_from *from, const struct finding *finding,
    const struct subject *subject, const struct device_switch *row)
{
    enum err err = OK;
    size_t target = plan_target(plan, subject);
    struct plan_step *step = target == SIZE_MAX ? NULL : planned(plan, target, row->rule);
    if (target != SIZE_MAX && step == NULL) {
        step = plan_add(plan, "switch", target);
        err = step == NULL ? ERR_LIMIT : fill(plan, from, step, subject, row);
        if (err == OK && text_equal(row->rule, "default-credentials/basic-auth")) {
            err = fill_by_hand(plan, step, row);
        }
    }
    if (step == NULL) {
        return ERR_LIMIT;
    }
    if (err == OK && text_equal(finding->id, "vendor-cloud/cloud-back")) {
        err = tell_back(plan, step);
    }
    return err == OK ? plan_closes(plan, step, finding->id) : err;
}

/* Nobody told its password, so there is nothing that could be sent. */
static enum err
leave_unknown(struct plan *plan, const struct finding *finding, const struct subject *subject)
{
    char title[SUBJECT_TITLE];
    const char *words = arena_format(&plan->arena,
        "%s at %s: its password is not known: name it in the site file (devices[].secret)",
        finding->id, subject_title(subject, title));
    return words == NULL ? ERR_MEMORY : plan_leave(plan, words);
}

static bool
is_known(const struct subject *subject)
{
    return facts_get(&subject->facts, FACT_LOGIN_OWNER) != NULL ||
           facts_get(&subject->facts, FACT_LOGIN_FACTORY) != NULL;
}

/* How many devices a finding stays open at, and why. */
struct waiting {
    size_t on_request, no_server;
};

static enum err
leave(struct plan *plan, const struct finding *finding, const struct waiting *waiting)
{
    enum err err = OK;
    if (waiting->on_request != 0) {
        const char *words = arena_format(&plan->arena,
            "%s at %zu devices: closes no gap by itself, so only on request (--control %s)",
            finding->id, waiting->on_request, finding->id);
        err = words == NULL ? ERR_MEMORY : plan_leave(plan, words);
    }
    if (err == OK && waiting->no_server != 0) {
        const char *words =
            arena_format(&plan->arena, "%s at %zu devices: no time server is named (--ntp ADDRESS)",
                finding->id, waiting->no_server);
        err = words == NULL ? ERR_MEMORY : plan_leave(plan, words);
    }
    return err;
}

static enum err
propose_finding(struct plan *plan, const struct plan_from *from, const struct finding *finding)
{
    enum err err = OK;
    struct waiting waiting = {.on_request = 0};
    const char *rule = switching_rule(finding->id);
    for (size_t i = 0; i < finding->place_count && err == OK; i++) {
        const struct finding_place *place = &finding->places[i];
        const struct device_driver *driver = switching_driver(place->subject);
        const struct device_switch *row = driver == NULL ? NULL : switching_row(driver, rule, 0);
        if (row == NULL || place->subject->number == 0 || !plan_wants(from, finding, place)) {
            continue;
        }
        if ((row->effects & CHANGE_ON_REQUEST) != 0 && !is_asked_for(from->choice, finding->id)) {
            waiting.on_request++;
        } else if (text_equal(rule, "access-log/no-time-server") && !is_server(from->choice->ntp)) {
            waiting.no_server++;
        } else if (is_open(from, place->subject, rule, &row) && !is_known(place->subject)) {
            err = leave_unknown(plan, finding, place->subject);
        } else if (is_open(from, place->subject, rule, &row) &&
                   switching_is_told(place->subject, rule)) {
            err = propose_place(plan, from, finding, place->subject, row);
        }
    }
    return err == OK ? leave(plan, finding, &waiting) : err;
}

enum err
switching_propose(struct plan *plan, const struct plan_from *from)
{
    static const struct plan_choice all = {.control_count = 0};
    struct plan_from asked = *from;
    asked.choice = from->choice == NULL ? &all : from->choice;
    enum err err = OK;
    for (size_t i = 0; i < asked.assessment->finding_count && err == OK; i++) {
        err = propose_finding(plan, &asked, &asked.assessment->findings[i]);
    }
    return err;
}
