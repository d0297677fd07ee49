/*
 * One step's way. Rules of this file: nothing is sent to change a device before the journal has
 * what stood there, and that it is tried; a step is kept only when it was proven; after a stop at
 * once nothing more is written, since the journal already says where it stood.
 */
#include "remedy/apply_crew.h"

#include "base/text.h"
#include "remedy/session.h"
#include "report/value.h"

#include <string.h>

#define UNDO_TRIES 3
#define VIDEO_AWAY "video did not come back"

/* What the ledger calls the change; every other kind changes a device. */
static const struct {
    const char *kind;
    enum event_action action;
} actions[] = {
    {"rotate",     EVENT_DEVICE_ROTATE},
    {"mapping",    EVENT_NETWORK      },
    {"igd",        EVENT_NETWORK      },
    {"firewall",   EVENT_NETWORK      },
    {"consumer",   EVENT_CONFIG_CHANGE},
    {"harden",     EVENT_CONFIG_CHANGE},
    {"vms_update", EVENT_CONFIG_CHANGE},
};

struct walk {
    struct crew *crew;
    const struct plan_step *step;
    const struct remedy_kind *kind;
    struct job job;
    struct stream_watch *watch; /* NULL: there was no stream before */
    unsigned gap_ms, logins;    /* logins: of the processes before */
    enum err err;               /* of the journal */
};

static enum event_action
action_of(const char *kind)
{
    for (size_t i = 0; i < COUNT(actions); i++) {
        if (text_equal(actions[i].kind, kind)) {
            return actions[i].action;
        }
    }
    return EVENT_DEVICE_CHANGE;
}

static void
write_phase(struct walk *walk, enum trail_phase phase)
{
    const struct trail_step state = {
        .before = phase == TRAIL_TAKEN ? walk->job.before : NULL,
        .after = walk->job.after,
        .why = walk->job.why.text[0] == '\0' ? NULL : walk->job.why.text,
        .logins = walk->logins + walk->job.logins,
        .gap_ms = walk->gap_ms,
    };
    if (walk->err == OK) {
        walk->err = trail_write(walk->crew->journal, walk->step->number, phase, &state);
    }
}

/* False: the ledger does not take it. */
static bool
tell(struct walk *walk, const char *phase)
{
    struct note note = {""};
    json_t *detail = json_object();
    value_put_known(detail, "why", walk->job.why.text);
    value_put(detail, "logins", json_integer(walk->logins + walk->job.logins));
    bool is_known = walk->gap_ms != TRAIL_GAP_UNKNOWN;
    value_put(detail, "gap_ms", is_known ? json_integer(walk->gap_ms) : json_null());
    enum err err = desk_event(&walk->job, action_of(walk->step->kind), phase, detail, &note);
    if (err != OK && walk->job.why.text[0] == '\0') {
        walk->job.why = note;
    }
    return err == OK;
}

static bool
is_cut_off(const struct walk *walk)
{
    return walk->err != OK || desk_is_stopped(walk->crew->desk);
}

static void
explain(struct walk *walk, enum remedy_result result)
{
    if (walk->job.why.text[0] == '\0') {
        note_set(&walk->job.why, "%s", remedy_result_words(result));
    }
}

static void
end(struct walk *walk, enum trail_phase phase)
{
    if (walk->err != OK) {
        return;
    }
    write_phase(walk, phase);
    (void)tell(walk, trail_phase_name(phase));
    desk_tell(&walk->job, "%s%s%s", trail_phase_name(phase),
        walk->job.why.text[0] == '\0' ? "" : ": ", walk->job.why.text);
}

static enum remedy_result
call(struct walk *walk, enum remedy_result (*function)(struct job *job))
{
    return function == NULL ? REMEDY_DONE : function(&walk->job);
}

/* Several tries: a device that restarts, or a network that went, comes back. */
static void
undo(struct walk *walk, enum remedy_result cause)
{
    explain(walk, cause);
    if (walk->kind->undo == NULL) {
        bool is_same = cause == REMEDY_REFUSED || cause == REMEDY_CHANGED;
        end(walk, is_same ? TRAIL_LEFT : TRAIL_STUCK);
        return;
    }
    const struct note why = walk->job.why;
    write_phase(walk, TRAIL_UNDOING);
    (void)tell(walk, "undoing"); /* what hurts is taken back also where nobody can write it down */
    enum remedy_result result = REMEDY_FAILED;
    for (unsigned i = 0; i < UNDO_TRIES && result != REMEDY_DONE && !is_cut_off(walk); i++) {
        if (i != 0 && desk_wait(walk->crew->desk, i * 5000) != OK) {
            return;
        }
        walk->job.why = (struct note){""};
        walk->job.is_spent = false;
        result = call(walk, walk->kind->undo);
        if (walk->job.is_spent) {
            break; /* waiting would not give a log-in back */
        }
    }
    if (result != REMEDY_DONE && is_cut_off(walk)) {
        return;
    }
    if (result == REMEDY_DONE) {
        walk->job.why = why;
        end(walk, TRAIL_UNDONE);
        return;
    }
    struct note last = walk->job.why;
    note_set(&walk->job.why, "%.110s; taking it back: %.110s", why.text,
        last.text[0] == '\0' ? remedy_result_words(result) : last.text);
    end(walk, TRAIL_STUCK);
}

static enum remedy_result
see_video(struct walk *walk)
{
    if (walk->watch == NULL) {
        return REMEDY_DONE;
    }
    enum err err = stream_watch_end(walk->watch, &walk->gap_ms);
    if (err == ERR_CANCELLED) {
        return REMEDY_STOPPED;
    }
    if (err == OK) {
        return REMEDY_DONE;
    }
    const struct note why = walk->job.why;
    note_set(&walk->job.why, VIDEO_AWAY ": %.180s", why.text);
    return REMEDY_HURT;
}

static void
keep(struct walk *walk)
{
    enum remedy_result result = call(walk, walk->kind->keep);
    if (result == REMEDY_DONE) {
        walk->job.why = (struct note){""};
        end(walk, TRAIL_KEPT);
    } else if (!is_cut_off(walk)) {
        undo(walk, result);
    }
}

/* From the first request that changes something. */
static void
change(struct walk *walk)
{
    write_phase(walk, TRAIL_APPLYING);
    if (is_cut_off(walk)) {
        return;
    }
    enum remedy_result result = call(walk, walk->kind->apply);
    if (result == REMEDY_DONE && !is_cut_off(walk)) {
        write_phase(walk, TRAIL_PROVING);
        result = walk->err == OK ? call(walk, walk->kind->prove) : REMEDY_STOPPED;
        result = result == REMEDY_DONE ? see_video(walk) : result;
    }
    if (is_cut_off(walk)) {
        return;
    }
    if (result != REMEDY_DONE) {
        undo(walk, result);
        return;
    }
    write_phase(walk, TRAIL_KEEPING);
    if (!is_cut_off(walk)) {
        keep(walk);
    }
}

/* NULL: nothing stands in the way. */
static const char *
obstacle(const struct walk *walk, struct note *words)
{
    const struct plan *plan = walk->crew->plan;
    for (size_t i = 0; i < plan->step_count; i++) {
        const struct plan_step *other = &plan->steps[i];
        const struct trail_step state = trail_step(walk->crew->journal, other->number);
        const enum trail_phase phase = state.phase;
        for (size_t k = 0; k < PLAN_AFTER; k++) {
            if (walk->step->after[k] == other->number && phase != TRAIL_KEPT && !other->by_hand) {
                note_set(words, "step %u, which has to be done before it, is not", other->number);
                return words->text;
            }
        }
        if (other->target == walk->step->target && phase == TRAIL_STUCK) {
            note_set(words, "step %u at this device is stuck; it is left alone", other->number);
            return words->text;
        }
        if (other->target == walk->step->target && phase == TRAIL_UNDONE &&
            text_starts(state.why, VIDEO_AWAY)) {
            note_set(words,
                "video did not come back after step %u at this device; nothing more "
                "is changed there",
                other->number);
            return words->text;
        }
    }
    if (walk->step->by_hand) {
        return "to be done by hand";
    }
    return walk->kind == NULL ? "this program does not know how to do it" : NULL;
}

/* By the stream of the step before where its frames still come. */
static void
begin_watch(struct walk *walk)
{
    if (walk->watch != NULL && stream_watch_again(walk->watch) == OK) {
        return;
    }
    stream_watch_free(walk->watch);
    walk->watch = NULL;
    if (stream_watch_begin(&walk->job, &walk->watch) != OK) {
        walk->watch = NULL;
        walk->gap_ms = TRAIL_GAP_UNKNOWN;
    }
}

static void
do_step(struct walk *walk)
{
    struct note words = {""};
    const char *why = obstacle(walk, &words);
    if (why != NULL) {
        note_set(&walk->job.why, "%s", why);
        write_phase(walk, TRAIL_LEFT);
        return;
    }
    desk_tell(&walk->job, "%s", walk->step->words);
    enum remedy_result result = call(walk, walk->kind->take);
    if (result == REMEDY_DONE && walk->kind->has_video) {
        begin_watch(walk);
    }
    if (is_cut_off(walk)) {
        return;
    }
    if (result != REMEDY_DONE) {
        explain(walk, result);
        end(walk, TRAIL_LEFT);
        return;
    }
    write_phase(walk, TRAIL_TAKEN);
    if (walk->err == OK && !tell(walk, "begin")) {
        write_phase(walk, TRAIL_LEFT);
        return;
    }
    if (!is_cut_off(walk)) {
        change(walk);
    }
}

/* Nothing that rests on it may stay when it goes. */
static const char *
rests_on_it(const struct walk *walk, struct note *words)
{
    const struct plan *plan = walk->crew->plan;
    for (size_t i = 0; i < plan->step_count; i++) {
        const struct plan_step *other = &plan->steps[i];
        enum trail_phase phase = trail_step(walk->crew->journal, other->number).phase;
        for (size_t k = 0; k < PLAN_AFTER; k++) {
            if (other->after[k] == walk->step->number &&
                (phase == TRAIL_KEPT || phase == TRAIL_STUCK)) {
                note_set(
                    words, "step %u, which rests on it, could not be taken back", other->number);
                return words->text;
            }
        }
    }
    return NULL;
}

static void
undo_step(struct walk *walk)
{
    struct note words = {""};
    enum trail_phase phase = trail_step(walk->crew->journal, walk->step->number).phase;
    const char *why = phase == TRAIL_KEPT ? rests_on_it(walk, &words) : NULL;
    if (why == NULL && phase == TRAIL_KEPT && !walk->step->is_reversible) {
        why = "it can't be taken back";
    }
    if (why != NULL) {
        note_set(&walk->job.why, "%s", why);
        write_phase(walk, phase);
        return;
    }
    desk_tell(&walk->job, "taking back: %s", walk->step->words);
    note_set(&walk->job.why, "taken back by a person or after an interruption");
    undo(walk, REMEDY_STOPPED);
}

enum err
crew_step(
    struct crew *crew, const struct plan_step *step, enum crew_task task, unsigned *ret_logins)
{
    struct walk walk = {.crew = crew, .step = step, .kind = remedy_kind(step->kind)};
    const struct trail_step state = trail_step(crew->journal, step->number);
    walk.gap_ms = state.gap_ms;
    walk.logins = state.logins;
    walk.job = (struct job){
        .desk = crew->desk,
        .plan = crew->plan,
        .step = step,
        .subject = crew->plan->targets[step->target].subject,
        .driver = plan_driver(crew->plan->targets[step->target].subject->driver),
        .before = task == CREW_DO ? NULL : json_incref(state.before),
        .is_resumed = crew->is_resumed && task != CREW_DO,
    };
    arena_init(&walk.job.arena, ARENA_DEVICE_LIMIT);
    crew_held_take(crew, walk.kind, &walk.job, &walk.watch);
    if (task == CREW_DO) {
        do_step(&walk);
    } else if (walk.kind == NULL) {
        note_set(&walk.job.why, "this program does not know how to take it back");
        write_phase(&walk, TRAIL_STUCK);
    } else if (task == CREW_KEEP) {
        keep(&walk);
    } else {
        undo_step(&walk);
    }
    crew_held_give(crew, walk.kind, &walk.job, walk.watch);
    json_decref(walk.job.before);
    json_decref(walk.job.after);
    arena_wipe(&walk.job.arena);
    *ret_logins = walk.job.logins;
    return walk.err;
}
