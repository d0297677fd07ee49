/*
 * What the steps of one device hand on to one another: its log-in, and the stream that is watched.
 * A step that was not kept leaves nothing, since nobody knows what its device makes of either.
 */
#include "remedy/apply_crew.h"

#include "base/clock.h"
#include "remedy/session.h"

#define FRESH_MS 30000 /* many cameras forget a session after a minute */

static struct job
stand_in(const struct crew *crew, size_t target)
{
    struct subject *subject = crew->plan->targets[target].subject;
    return (struct job){
        .desk = crew->desk,
        .plan = crew->plan,
        .subject = subject,
        .driver = plan_driver(subject->driver),
    };
}

static void
close_both(struct session *session, struct stream_watch *watch)
{
    stream_watch_free(watch);
    session_close(session);
}

void
crew_held_close(struct crew *crew, size_t target)
{
    struct crew_held *held = &crew->held[target];
    struct job job = stand_in(crew, target);
    session_move(held->session, &job);
    stream_watch_move(held->watch, &job);
    close_both(held->session, held->watch);
    *held = (struct crew_held){.session = NULL};
}

void
crew_held_take(struct crew *crew, const struct remedy_kind *kind, struct job *job,
    struct stream_watch **ret_watch)
{
    struct crew_held *held = &crew->held[job->step->target];
    if (kind != NULL && kind->has_video) {
        stream_watch_move(held->watch, job);
        *ret_watch = held->watch;
        held->watch = NULL;
    }
    if (kind != NULL && kind->shares_login && clock_mono() - held->since < FRESH_MS) {
        session_move(held->session, job);
        job->session = held->session;
        held->session = NULL;
    }
    crew_held_close(crew, job->step->target);
}

/* Whether another step at the device is to be done. */
static bool
goes_on(const struct crew *crew, const struct plan_step *step)
{
    for (size_t i = 0; i < crew->plan->step_count; i++) {
        const struct plan_step *other = &crew->plan->steps[i];
        if (other != step && other->target == step->target &&
            crew->tasks[other->number] == CREW_DO) {
            return true;
        }
    }
    return false;
}

void
crew_held_give(
    struct crew *crew, const struct remedy_kind *kind, struct job *job, struct stream_watch *watch)
{
    const struct plan_step *step = job->step;
    enum trail_phase phase = trail_step(crew->journal, step->number).phase;
    bool is_well = phase == TRAIL_KEPT || phase == TRAIL_LEFT;
    if (kind == NULL || !kind->has_video || !is_well || crew_is_stopping(crew) ||
        !goes_on(crew, step)) {
        close_both(job->session, watch);
        return;
    }
    if (!kind->shares_login) {
        session_close(job->session);
        job->session = NULL;
    }
    crew->held[step->target] = (struct crew_held){job->session, watch, clock_mono()};
}
