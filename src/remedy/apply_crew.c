/*
 * Which step may run: devices side by side, the steps of one device in their order, none before
 * those that it waits for, one of the serial kinds at a time. A step waits only for steps before
 * it, so the first that is left can always run.
 */
#include "remedy/apply_crew.h"

#include "base/text.h"

#include <pthread.h>
#include <stdlib.h>

#define THREADS 64

struct gang {
    struct crew *crew;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool *is_busy; /* by target */
    bool is_serial_busy;
    unsigned running;
    enum err err;
};

static bool
is_serial(const struct plan_step *step)
{
    const struct remedy_kind *kind = remedy_kind(step->kind);
    return kind != NULL && kind->is_serial;
}

static bool
waits_for(const struct plan_step *step, unsigned number)
{
    for (size_t i = 0; i < PLAN_AFTER; i++) {
        if (step->after[i] == number) {
            return true;
        }
    }
    return false;
}

/* Whether `other` has to be over before `step` begins. */
static bool
comes_first(const struct crew *crew, const struct plan_step *other, const struct plan_step *step)
{
    if (crew->is_backward) {
        return (other->target == step->target && other->number > step->number) ||
               waits_for(other, step->number);
    }
    return (other->target == step->target && other->number < step->number) ||
           waits_for(step, other->number);
}

static bool
is_free(const struct gang *gang, const struct plan_step *step)
{
    const struct crew *crew = gang->crew;
    if (gang->is_busy[step->target] || (gang->is_serial_busy && is_serial(step))) {
        return false;
    }
    for (size_t i = 0; i < crew->plan->step_count; i++) {
        const struct plan_step *other = &crew->plan->steps[i];
        if (crew->tasks[other->number] != CREW_NOTHING && other != step &&
            comes_first(crew, other, step)) {
            return false;
        }
    }
    return true;
}

static const struct plan_step *
next_step(const struct gang *gang)
{
    const struct plan *plan = gang->crew->plan;
    for (size_t i = 0; i < plan->step_count; i++) {
        size_t at = gang->crew->is_backward ? plan->step_count - 1 - i : i;
        const struct plan_step *step = &plan->steps[at];
        if (gang->crew->tasks[step->number] != CREW_NOTHING && is_free(gang, step)) {
            return step;
        }
    }
    return NULL;
}

static void
run_one(struct gang *gang, const struct plan_step *step)
{
    struct crew *crew = gang->crew;
    enum crew_task task = crew->tasks[step->number];
    bool serial = is_serial(step);
    unsigned logins = 0;
    gang->is_busy[step->target] = true;
    gang->is_serial_busy = gang->is_serial_busy || serial;
    gang->running++;
    (void)pthread_mutex_unlock(&gang->lock);
    enum err err = crew_step(crew, step, task, &logins);
    (void)pthread_mutex_lock(&gang->lock);
    crew->tasks[step->number] = CREW_NOTHING;
    crew->result.logins += logins;
    gang->is_busy[step->target] = false;
    gang->is_serial_busy = gang->is_serial_busy && !serial;
    gang->running--;
    if (err != OK) {
        crew->has_failed = true;
        gang->err = err;
    }
    (void)pthread_cond_broadcast(&gang->changed);
}

static void *
work(void *context)
{
    struct gang *gang = context;
    (void)pthread_mutex_lock(&gang->lock);
    for (;;) {
        bool stops = crew_is_stopping(gang->crew);
        const struct plan_step *step = stops ? NULL : next_step(gang);
        if (step != NULL) {
            run_one(gang, step);
        } else if (gang->running == 0 || stops) {
            break;
        } else {
            (void)pthread_cond_wait(&gang->changed, &gang->lock);
        }
    }
    (void)pthread_cond_broadcast(&gang->changed);
    (void)pthread_mutex_unlock(&gang->lock);
    return NULL;
}

enum err
crew_run(struct crew *crew)
{
    pthread_t threads[THREADS];
    size_t wanted = desk_settings(crew->desk)->devices_at_once, count = 0;
    struct gang gang = {.crew = crew};
    wanted = wanted == 0 ? 8 : wanted;
    wanted = wanted > THREADS ? THREADS : wanted;
    wanted = wanted > crew->plan->target_count ? crew->plan->target_count : wanted;
    gang.is_busy = calloc(crew->plan->target_count + 1, sizeof(*gang.is_busy));
    crew->held = calloc(crew->plan->target_count + 1, sizeof(*crew->held));
    if (gang.is_busy == NULL || crew->held == NULL) {
        free(gang.is_busy);
        free(crew->held);
        return ERR_MEMORY;
    }
    (void)pthread_mutex_init(&gang.lock, NULL);
    (void)pthread_cond_init(&gang.changed, NULL);
    while (count < wanted && pthread_create(&threads[count], NULL, work, &gang) == 0) {
        count++;
    }
    if (count == 0) {
        (void)work(&gang);
    }
    for (size_t i = 0; i < count; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    (void)pthread_mutex_destroy(&gang.lock);
    (void)pthread_cond_destroy(&gang.changed);
    free(gang.is_busy);
    for (size_t i = 0; i < crew->plan->target_count; i++) {
        crew_held_close(crew, i);
    }
    free(crew->held);
    crew->held = NULL;
    return gang.err == ERR_IO ? OK : gang.err; /* has_failed says it */
}
