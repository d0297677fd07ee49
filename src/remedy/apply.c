/* A plan as a whole: run, gone on with, taken back. */
#include "remedy/apply.h"

#include "base/clock.h"
#include "base/text.h"
#include "remedy/apply_crew.h"
#include "report/value.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static volatile sig_atomic_t stopping;

void
apply_stop(void)
{
    stopping = 1;
}

bool
crew_is_stopping(const struct crew *crew)
{
    return stopping != 0 || desk_is_stopped(crew->desk) || crew->has_failed ||
           (crew->deadline != 0 && clock_boot() >= crew->deadline);
}

/* The plan's own event; no step is under way then. */
static enum err
tell_ledger(
    const struct crew *crew, const char *phase, enum event_outcome outcome, struct note *note)
{
    const struct run_ledger *ledger = &desk_settings(crew->desk)->ledger;
    char digest[PLAN_DIGEST], object[80];
    if (ledger->write == NULL) {
        return OK;
    }
    const char *agreed = crew->plan->agreed;
    enum err err = plan_digest(crew->plan, digest);
    if (err != OK) {
        return err;
    }
    json_t *detail = json_object();
    value_put(detail, "phase", json_string(phase));
    value_put(detail, "plan", value_text(crew->plan->id));
    value_put(detail, "plan_sha256", value_text(agreed == NULL ? digest : agreed));
    value_put(detail, "assessment", value_text(crew->plan->assessment));
    value_put(detail, "steps", json_integer((json_int_t)crew->plan->step_count));
    if (text_equal(phase, "end")) {
        value_put(detail, "kept", json_integer(crew->result.kept));
        value_put(detail, "undone", json_integer(crew->result.undone));
        value_put(detail, "left", json_integer(crew->result.left));
        value_put(detail, "stuck", json_integer(crew->result.stuck));
    }
    (void)snprintf(object, sizeof(object), "fix:%s", crew->plan->id);
    struct event event = event_begin(EVENT_CONFIG_CHANGE, outcome);
    event.site = event_text(crew->plan->site[0] == '\0' ? NULL : crew->plan->site);
    event.object = event_text(object);
    event.detail = detail;
    err = ledger->write(ledger->context, &event, note);
    json_decref(detail);
    return err;
}

static void
count(struct crew *crew)
{
    struct apply_result *result = &crew->result;
    unsigned logins = result->logins;
    *result = (struct apply_result){.logins = logins, .is_stopped = false};
    for (unsigned i = 1; i <= crew->plan->step_count; i++) {
        switch (trail_step(crew->journal, i).phase) {
        case TRAIL_KEPT:
            result->kept++;
            break;
        case TRAIL_UNDONE:
            result->undone++;
            break;
        case TRAIL_LEFT:
            result->left++;
            break;
        case TRAIL_STUCK:
            result->stuck++;
            break;
        case TRAIL_WAITING:
            result->is_stopped = result->is_stopped || crew->tasks[i] != CREW_NOTHING;
            break;
        case TRAIL_TAKEN:
        case TRAIL_APPLYING:
        case TRAIL_PROVING:
        case TRAIL_KEEPING:
        case TRAIL_UNDOING:
        case TRAIL_PHASE_COUNT:
            result->is_stopped = true;
            break;
        }
    }
}

static enum err
begin(struct crew *crew, struct desk *desk, const struct plan *plan, struct note *note)
{
    *crew = (struct crew){.desk = desk, .plan = plan, .journal = desk_settings(desk)->journal};
    crew->tasks = calloc(plan->step_count + 1, sizeof(*crew->tasks));
    if (crew->tasks == NULL) {
        return ERR_MEMORY;
    }
    return tell_ledger(crew, "begin", EVENT_OK, note);
}

static enum err
finish(struct crew *crew, enum err err, struct apply_result *ret_result, struct note *note)
{
    if (err != OK) {
        free(crew->tasks);
        return err;
    }
    count(crew);
    bool is_good = crew->result.stuck == 0 && !crew->result.is_stopped && !crew->has_failed;
    err = tell_ledger(crew, "end", is_good ? EVENT_OK : EVENT_FAILED, note);
    free(crew->tasks);
    *ret_result = crew->result;
    if (crew->has_failed) {
        note_set(note,
            "the journal %.120s can't be written; gatehouse fix resume or rollback when "
            "there is space again",
            trail_folder(crew->journal));
        return ERR_IO;
    }
    return err;
}

enum err
apply_plan(
    struct desk *desk, const struct plan *plan, struct apply_result *ret_result, struct note *note)
{
    struct crew crew;
    enum err err = begin(&crew, desk, plan, note);
    for (unsigned i = 1; i <= plan->step_count && err == OK; i++) {
        bool is_waiting = trail_step(crew.journal, i).phase == TRAIL_WAITING;
        crew.tasks[i] = is_waiting ? CREW_DO : CREW_NOTHING;
    }
    crew.deadline = clock_boot() + (int64_t)plan->dead_man_s * 1000;
    err = err == OK ? crew_run(&crew) : err;
    return finish(&crew, err, ret_result, note);
}

/* What a crash left of a step, and what is to be done with it. */
static enum crew_task
settle_task(enum trail_phase phase)
{
    switch (phase) {
    case TRAIL_KEEPING:
        return CREW_KEEP;
    case TRAIL_APPLYING:
    case TRAIL_PROVING:
    case TRAIL_UNDOING:
    case TRAIL_STUCK:
        return CREW_UNDO;
    case TRAIL_WAITING:
    case TRAIL_TAKEN: /* nothing was sent */
    case TRAIL_KEPT:
    case TRAIL_UNDONE:
    case TRAIL_LEFT:
    case TRAIL_PHASE_COUNT:
        break;
    }
    return CREW_NOTHING;
}

/* Steps that were never begun end so; in the journal, so that the plan can end. */
static enum err
leave_waiting(struct crew *crew, const char *why)
{
    enum err err = OK;
    for (unsigned i = 1; i <= crew->plan->step_count && err == OK; i++) {
        enum trail_phase phase = trail_step(crew->journal, i).phase;
        if (phase == TRAIL_WAITING || phase == TRAIL_TAKEN) {
            const struct trail_step state = {.why = why};
            err = trail_write(crew->journal, i, TRAIL_LEFT, &state);
        }
    }
    crew->has_failed = crew->has_failed || err == ERR_IO;
    return err;
}

enum err
apply_resume(struct desk *desk, const struct plan *plan, bool goes_on,
    struct apply_result *ret_result, struct note *note)
{
    struct crew crew;
    enum err err = begin(&crew, desk, plan, note);
    crew.is_resumed = true;
    crew.is_backward = true;
    for (unsigned i = 1; i <= plan->step_count && err == OK; i++) {
        crew.tasks[i] = settle_task(trail_step(crew.journal, i).phase);
    }
    err = err == OK ? crew_run(&crew) : err;
    if (err == OK && !goes_on && !crew_is_stopping(&crew)) {
        err = leave_waiting(&crew, "the plan was ended before it");
    }
    if (err == OK && goes_on && !crew_is_stopping(&crew)) {
        crew.is_backward = false;
        for (unsigned i = 1; i <= plan->step_count; i++) {
            enum trail_phase phase = trail_step(crew.journal, i).phase;
            bool is_open = phase == TRAIL_WAITING || phase == TRAIL_TAKEN;
            crew.tasks[i] = is_open ? CREW_DO : CREW_NOTHING;
        }
        crew.deadline = clock_boot() + (int64_t)plan->dead_man_s * 1000;
        err = crew_run(&crew);
    }
    return finish(&crew, err, ret_result, note);
}

enum err
apply_rollback(
    struct desk *desk, const struct plan *plan, struct apply_result *ret_result, struct note *note)
{
    struct crew crew;
    enum err err = begin(&crew, desk, plan, note);
    crew.is_resumed = true;
    crew.is_backward = true;
    for (unsigned i = 1; i <= plan->step_count && err == OK; i++) {
        enum trail_phase phase = trail_step(crew.journal, i).phase;
        bool is_done = phase == TRAIL_KEPT || phase == TRAIL_KEEPING;
        crew.tasks[i] = is_done ? CREW_UNDO : settle_task(phase);
    }
    err = err == OK ? crew_run(&crew) : err;
    if (err == OK && !crew_is_stopping(&crew)) {
        err = leave_waiting(&crew, "the plan was taken back before it");
    }
    return finish(&crew, err, ret_result, note);
}
