/*
 * Looks at a VMS: the steps of its kind, one request after the other, and again. What was known
 * stays while the VMS does not answer; a session that it refuses goes at once.
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "daemon/broker_part.h"

#include <stdio.h>
#include <string.h>

#define EVERY           10000 /* ms between looks */
#define FIRST_AGAIN     1000  /* after a failure, doubled each time */
#define LONGEST         30000
#define REFUSED         15000 /* a refused log-in is not tried over and over */
#define LONGEST_REFUSED 300000
#define SOON            250

static void next_step(struct broker_vms *vms);

void
broker_forget_session(struct broker_vms *vms)
{
    broker_secret_replace(&vms->token, NULL);
    broker_secret_replace(&vms->cookie, NULL);
    broker_secret_replace(&vms->coming, NULL);
    broker_secret_replace(&vms->csrf, NULL);
    vms->token_at = vms->cookie_at = vms->checked_at = 0;
    vms->needs_no_login = false;
}

static void
say(struct broker_vms *vms, const char *trouble)
{
    if (text_equal(vms->known->trouble, trouble)) {
        return;
    }
    (void)text_copy(vms->known->trouble, sizeof vms->known->trouble, trouble);
    if (trouble[0] != '\0') {
        log_warn("%s: %s", vms->settings->name, trouble);
    } else {
        log_info("%s: reachable, version %s, %u cameras", vms->settings->name, vms->known->version,
            vms->known->camera_count);
    }
}

static void
publish(struct broker_vms *vms)
{
    struct note note = {{0}};
    struct upstream *known = vms->known;
    explicit_bzero(known->headers, sizeof known->headers);
    explicit_bzero(known->token, sizeof known->token);
    known->token_path[0] = '\0';
    known->header_count = 0;
    known->at = clock_boot();
    if (known->has_session) {
        vms->kind->publish(vms, known);
    }
    if (upstream_publish(vms->writer, known, &note) != OK) {
        log_error("%s: %s", vms->settings->name, note.text);
    }
}

static void
on_timer(void *context)
{
    struct broker_vms *vms = context;
    vms->timer = NULL;
    broker_look_start(vms);
}

static void
plan(struct broker_vms *vms, unsigned ms)
{
    wire_cancel(vms->timer);
    vms->timer = wire_after(vms->broker->wire, ms, on_timer, vms);
}

static unsigned
pause_after(const struct broker_vms *vms, unsigned first, unsigned longest)
{
    unsigned shift = vms->failures < 16 ? vms->failures : 16;
    uint64_t ms = (uint64_t)first << shift;
    return ms < longest ? (unsigned)ms : longest;
}

static void
finish(struct broker_vms *vms, enum err err, bool is_answered, const struct note *note)
{
    char trouble[sizeof vms->known->trouble] = "";
    vms->call = NULL;
    vms->is_looking = false;
    arena_wipe(&vms->arena);
    vms->known->is_reachable = is_answered;
    if (err == OK) {
        vms->failures = 0;
        vms->known->has_session = true;
        say(vms, note->text);
        plan(vms, EVERY);
    } else {
        (void)snprintf(trouble, sizeof trouble, "%s: %.120s", vms->kind->steps[vms->step].words,
            note->text[0] != '\0' ? note->text : err_words(err));
        say(vms, trouble);
        if (err == ERR_REFUSED) {
            bool was_held = vms->known->has_session;
            broker_forget_session(vms);
            vms->known->has_session = false;
            plan(vms, was_held ? SOON : pause_after(vms, REFUSED, LONGEST_REFUSED));
        } else {
            plan(vms, pause_after(vms, FIRST_AGAIN, LONGEST));
        }
        vms->failures++;
    }
    publish(vms);
}

static void
on_answer(void *context, const struct answer *answer)
{
    struct broker_vms *vms = context;
    struct note note = {{0}};
    vms->call = NULL;
    if (answer->err != OK) {
        note_set(&note, "%s", err_words(answer->err));
        finish(vms, answer->err, answer->err == ERR_LIMIT, &note);
        return;
    }
    enum err err = vms->kind->steps[vms->step].take(vms, answer, &note);
    if (err != OK) {
        finish(vms, err, true, &note);
        return;
    }
    if (note.text[0] != '\0' && vms->remark.text[0] == '\0') {
        vms->remark = note;
    }
    vms->step++;
    next_step(vms);
}

static void
next_step(struct broker_vms *vms)
{
    const struct broker_kind *kind = vms->kind;
    struct request request = {0};
    enum err err = OK;
    while (
        vms->step < kind->step_count && !kind->steps[vms->step].ask(vms, &vms->arena, &request)) {
        vms->step++;
    }
    if (vms->step == kind->step_count) {
        finish(vms, OK, true, &vms->remark);
        return;
    }
    if (!kind->steps[vms->step].is_bare) {
        err = kind->sign(vms, &vms->arena, &request);
    }
    if (err == OK) {
        vms->call =
            wire_http(vms->broker->wire, &vms->target, &request, &vms->arena, on_answer, vms);
    }
    if (vms->call == NULL) {
        finish(vms, ERR_MEMORY, false, &vms->remark);
    }
}

void
broker_look_start(struct broker_vms *vms)
{
    vms->step = 0;
    vms->is_looking = true;
    vms->remark.text[0] = '\0';
    arena_init(&vms->arena, BROKER_ARENA);
    next_step(vms);
}

void
broker_look_again(struct broker_vms *vms)
{
    if (!vms->is_looking && vms->known->has_session) {
        broker_forget_session(vms);
        vms->known->has_session = false;
        vms->failures = 0;
        publish(vms);
        plan(vms, SOON);
    }
}

void
broker_look_stop(struct broker_vms *vms)
{
    wire_cancel(vms->call);
    wire_cancel(vms->timer);
    vms->call = vms->timer = NULL;
    if (vms->is_looking) {
        arena_wipe(&vms->arena);
        vms->is_looking = false;
    }
    broker_forget_session(vms);
}
