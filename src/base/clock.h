/* All time comes from here, so that tests can replace it. Milliseconds everywhere. */
#pragma once

#include "base/err.h"

#define CLOCK_TEXT 32
#define CLOCK_DAY  INT64_C(86400000)

/* Milliseconds since 1970-01-01 UTC. */
int64_t clock_wall(void);
/* Milliseconds that only go forward; for pace and time-outs. */
int64_t clock_mono(void);
/* The same, and it counts the time for which the machine slept. */
int64_t clock_boot(void);

/* How much of `ms` is left since then (clock_mono()); all of it for 0, which is no time. */
unsigned clock_left(int64_t since, unsigned ms);

/* Replaces both clocks; NULL brings the real ones back. Tests only. */
struct clock_source {
    int64_t (*wall)(void);
    int64_t (*mono)(void);
};
void clock_replace(const struct clock_source *source);

/* "2026-11-22T20:15:00Z" (RFC 3339, UTC); returns out. */
const char *clock_text(int64_t wall, char out[CLOCK_TEXT]);
/* "2026-11-22"; returns out. */
const char *clock_date(int64_t wall, char out[CLOCK_TEXT]);
/* Reads a date or an RFC 3339 time with Z or offset; a time without either is UTC. */
enum err clock_parse(const char *text, int64_t *ret_wall) MUST_CHECK;
