/*
 * A desk of the test's own in the place of the program's, whose time goes only as a step waits: for
 * tests that take a kind's file in whole, behind this header.
 */
#pragma once

#include "base/clock.h"
#include "remedy/session.h"

static struct {
    struct desk_settings settings;
    int64_t now; /* ms */
} played_desk;

static inline const struct desk_settings *
played_settings(const struct desk *desk)
{
    (void)desk;
    return &played_desk.settings;
}

static inline enum err
played_wait(struct desk *desk, unsigned ms)
{
    (void)desk;
    played_desk.now += ms;
    return OK;
}

PRINTF(2, 3)
static inline void
played_tell(const struct job *job, const char *format, ...)
{
    (void)job;
    (void)format;
}

static inline int64_t
played_clock(void)
{
    return played_desk.now;
}

/* From here on clocks tell the played time; clock_replace(NULL) ends it. */
static inline void
played_clock_begin(int64_t now)
{
    static const struct clock_source source = {played_clock, played_clock};
    played_desk.now = now;
    clock_replace(&source);
}

/* What a job of a test holds. */
static inline void
played_job_release(struct job *job)
{
    json_decref(job->step->detail);
    json_decref(job->before);
    json_decref(job->after);
    arena_release(&job->arena);
}

#define desk_settings(desk) played_settings(desk)
#define desk_wait(desk, ms) played_wait(desk, ms)
#define desk_tell           played_tell
