/* Makes a plan: asks every kind for its steps, and says why the rest stays open. */
#include "remedy/plan.h"

#include "assess/findings.h"
#include "base/clock.h"
#include "base/suggest.h"
#include "base/text.h"
#include "remedy/remedy.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMED_PLACES 4

static bool
is_among(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (text_equal_nocase(names[i], name)) {
            return true;
        }
    }
    return count == 0;
}

/* A step at the router names the device that it is about: "TCP 8000 → 10.20.0.14:80". */
static bool
is_about(const struct plan_step *step, const struct subject *subject)
{
    char address[IP_TEXT], place[IP_TEXT + 2];
    for (size_t i = 0; i < subject->address_count; i++) {
        (void)snprintf(place, sizeof(place), " %s:", ip_text(&subject->addresses[i], address));
        if (text_contains(step->changes, place)) {
            return true;
        }
    }
    return false;
}

static bool
is_closed(const struct plan *plan, const struct finding *finding, const struct subject *subject,
    bool by_hand_too)
{
    char text[SUBJECT_KEY];
    const char *key = subject->number == 0 ? "site" : subject_key(subject, text);
    for (size_t i = 0; i < plan->step_count; i++) {
        const struct plan_step *step = &plan->steps[i];
        if (step->by_hand && !by_hand_too) {
            continue;
        }
        if (!text_equal(plan->targets[step->target].key, key) && !is_about(step, subject)) {
            continue;
        }
        for (size_t k = 0; k < step->rule_count; k++) {
            if (text_equal(step->rules[k], finding->id)) {
                return true;
            }
        }
    }
    return false;
}

bool
plan_closes_at(
    const struct plan *plan, const struct finding *finding, const struct finding_place *place)
{
    return is_closed(plan, finding, place->subject, false);
}

/* A kind has already said why, with more than is known here. */
static bool
is_explained(const struct plan *plan, const struct finding *finding, const char *title)
{
    char begin[SUBJECT_TITLE + 128];
    (void)snprintf(begin, sizeof(begin), "%s at %s", finding->id, title);
    for (size_t i = 0; i < plan->left_count; i++) {
        if (text_starts(plan->left[i], begin)) {
            return true;
        }
    }
    return false;
}

static const char *
why_open(const struct finding *finding, const struct subject *subject)
{
    const struct device_driver *driver = plan_driver(subject->driver);
    if (driver != NULL && driver->no_switch != NULL &&
        text_equal(finding->control->id, "vendor-cloud")) {
        return driver->no_switch;
    }
    if (finding->close != NULL) {
        return finding->close;
    }
    return finding->advice != NULL ? finding->advice->close : NULL;
}

/* One line for a finding and a reason, with the devices that they are about. */
struct leaving {
    const char *why;
    struct buf names;
    size_t count;
};

static enum err
leave_line(struct plan *plan, const struct finding *finding, struct leaving *leaving)
{
    CLEANUP(buf_release) struct buf words;
    buf_init(&words, 8192);
    buf_format(&words, "%s at %s", finding->id, leaving->names.data);
    if (leaving->count > NAMED_PLACES) {
        buf_format(&words, " and %zu more", leaving->count - NAMED_PLACES);
    }
    buf_format(&words, ": not closed by software: %s",
        leaving->why == NULL ? "no step for it is known" : leaving->why);
    enum err err = buf_error(&words);
    return err == OK ? plan_leave(plan, words.data) : err;
}

/* NULL: nothing is left to say of this place. */
static const char *
open_place(const struct plan *plan, const struct plan_from *from, const struct finding *finding,
    const struct finding_place *place, char title[SUBJECT_TITLE])
{
    bool is_site = place->subject->number == 0;
    const char *named = is_site ? "the site" : subject_title(place->subject, title);
    bool is_over = !plan_wants(from, finding, place) ||
                   is_closed(plan, finding, place->subject, true) ||
                   is_explained(plan, finding, named);
    return is_over ? NULL : named;
}

static enum err
leave_finding(struct plan *plan, const struct plan_from *from, const struct finding *finding)
{
    CLEANUP(buf_release) struct buf names;
    buf_init(&names, 4096);
    struct leaving leaving = {.why = NULL};
    enum err err = OK;
    for (size_t i = 0; i <= finding->place_count && err == OK; i++) {
        const struct finding_place *place = i == finding->place_count ? NULL : &finding->places[i];
        char title[SUBJECT_TITLE];
        const char *named = place == NULL ? NULL : open_place(plan, from, finding, place, title);
        if (place != NULL && named == NULL) {
            continue;
        }
        const char *why = place == NULL ? NULL : why_open(finding, place->subject);
        if (leaving.count != 0 && (place == NULL || !text_equal(why, leaving.why))) {
            leaving.names = names;
            err = leave_line(plan, finding, &leaving);
            leaving.count = 0;
            buf_clear(&names);
        }
        if (place != NULL && leaving.count++ < NAMED_PLACES) {
            buf_format(&names, "%s%s", names.len == 0 ? "" : ", ", named);
        }
        leaving.why = why;
    }
    return err;
}

static enum err
leave_rest(struct plan *plan, const struct plan_from *from)
{
    enum err err = OK;
    for (size_t i = 0; i < from->assessment->finding_count && err == OK; i++) {
        const struct finding *finding = &from->assessment->findings[i];
        if (finding->verdict == FAIL) {
            err = leave_finding(plan, from, finding);
        }
    }
    return err;
}

static enum err
tell_unknown(const char *what, const char *name, const char *nearest, struct note *note)
{
    char shown[96];
    text_clean(shown, sizeof(shown), name, strlen(name));
    if (nearest != NULL) {
        note_set(note, "no %s is called \"%s\"; did you mean %s?", what, shown, nearest);
    } else {
        note_set(note, "no %s is called \"%s\"", what, shown);
    }
    return ERR_VALUE;
}

/* "CONTROL/RULE" of the checklist, found at this site or not. */
static bool
is_rule(const char *name)
{
    char control[64];
    const char *slash = strchr(name, '/');
    if (slash == NULL || (size_t)(slash - name) >= sizeof(control)) {
        return false;
    }
    (void)text_copy(control, (size_t)(slash - name) + 1, name);
    const struct control *found = control_by_id(control);
    return found != NULL && control_advice(found, slash + 1) != NULL;
}

static enum err
check_controls(const struct plan_from *from, struct note *note)
{
    const char *names[256];
    size_t count = 0;
    for (size_t i = 0; i < control_count; i++) {
        names[count++] = controls[i].id;
    }
    for (size_t i = 0; i < from->assessment->finding_count && count < COUNT(names); i++) {
        names[count++] = from->assessment->findings[i].id;
    }
    for (size_t i = 0; i < from->choice->control_count; i++) {
        const char *name = from->choice->controls[i];
        if (!is_among(names, count, name) && !is_rule(name)) {
            return tell_unknown(
                "control or finding", name, suggest_nearest(name, names, count), note);
        }
    }
    return OK;
}

static enum err
check_devices(const struct plan_from *from, struct note *note)
{
    const struct assessment *assessment = from->assessment;
    const char **titles = calloc(assessment->device_count + 1, sizeof(*titles));
    char(*texts)[SUBJECT_TITLE] = calloc(assessment->device_count + 1, sizeof(*texts));
    enum err err = titles == NULL || texts == NULL ? ERR_MEMORY : OK;
    for (size_t i = 0; i < from->choice->device_count && err == OK; i++) {
        const char *name = from->choice->devices[i];
        bool is_there = text_equal_nocase(name, "site");
        for (size_t k = 0; k < assessment->device_count && !is_there; k++) {
            is_there = subject_is_called(assessment->devices[k], name);
            titles[k] = subject_title(assessment->devices[k], texts[k]);
        }
        if (!is_there) {
            err = tell_unknown(
                "device", name, suggest_nearest(name, titles, assessment->device_count), note);
        }
    }
    free(titles);
    free(texts);
    return err;
}

static enum err
check_kinds(const struct plan_choice *choice, struct note *note)
{
    const char *names[64];
    size_t count = 0;
    for (size_t i = 0; i < remedy_kind_count && count < COUNT(names); i++) {
        names[count++] = remedy_kinds[i]->name;
    }
    for (size_t i = 0; i < choice->kind_count; i++) {
        const char *name = choice->kinds[i];
        if (remedy_kind(name) == NULL) {
            return tell_unknown("kind of step", name, suggest_nearest(name, names, count), note);
        }
    }
    return OK;
}

static enum err
check_choice(const struct plan_from *from, struct note *note)
{
    if (from->choice == NULL) {
        return OK;
    }
    enum err err = check_controls(from, note);
    err = err == OK ? check_devices(from, note) : err;
    err = err == OK ? check_kinds(from->choice, note) : err;
    if (err == OK && from->choice->action > from->assessment->action_count) {
        note_set(note, "the report has %zu first actions, not %u", from->assessment->action_count,
            from->choice->action);
        err = ERR_VALUE;
    }
    return err;
}

static enum err
take_assessment(struct plan *plan, const struct assessment *from)
{
    char id[CLOCK_TEXT];
    char compact[CLOCK_TEXT];
    size_t len = 0;
    plan->made = clock_wall() / 1000 * 1000; /* its JSON has whole seconds */
    for (const char *c = clock_text(plan->made, id); *c != '\0'; c++) {
        if (*c != '-' && *c != ':') {
            compact[len++] = *c;
        }
    }
    compact[len] = '\0';
    plan->id = arena_format(&plan->arena, "%s-%06x", compact, randombytes_uniform(1U << 24));
    plan->site = arena_copy(&plan->arena, from->site == NULL ? "" : from->site);
    plan->scope = arena_copy(&plan->arena, from->scope == NULL ? "" : from->scope);
    plan->assessment = arena_copy(&plan->arena, from->id);
    plan->grade = arena_copy(&plan->arena, from->grade == NULL ? "-" : from->grade);
    plan->score = from->score;
    return plan->arena.full ? ERR_MEMORY : OK;
}

static enum err
propose(struct plan *plan, const struct plan_from *from)
{
    enum err err = OK;
    for (size_t i = 0; i < remedy_kind_count && err == OK; i++) {
        const struct remedy_kind *kind = remedy_kinds[i];
        bool is_wanted = from->choice == NULL ||
                         is_among(from->choice->kinds, from->choice->kind_count, kind->name);
        if (is_wanted && kind->propose != NULL) {
            err = kind->propose(plan, from);
        }
    }
    return err;
}

enum err
plan_make(const struct plan_from *from, struct plan **ret_plan, struct note *note)
{
    enum err err = check_choice(from, note);
    if (err != OK) {
        return err;
    }
    struct plan *plan = plan_new();
    if (plan == NULL) {
        return ERR_MEMORY;
    }
    err = take_assessment(plan, from->assessment);
    err = err == OK ? propose(plan, from) : err;
    err = err == OK ? leave_rest(plan, from) : err;
    if (err == OK && plan->arena.full) {
        err = ERR_LIMIT;
    }
    if (err != OK) {
        plan_free(plan);
        if (text_is_empty(note == NULL ? "x" : note->text)) {
            note_set(note,
                "a plan with so many steps can't be made (%s); choose with --device "
                "or --control",
                err_words(err));
        }
        return err;
    }
    *ret_plan = plan;
    return OK;
}
