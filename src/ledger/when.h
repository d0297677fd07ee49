/* Times as a person types them for a search. Everything is UTC unless an offset is written. Pure.
 */
#pragma once

#include "base/err.h"

/*
 * RFC 3339 ("2026-11-23T02:14:05Z", "2026-11-23 02:14+01:00"), a date, "now", "today", "yesterday",
 * these two with a time of day ("today 14:00"), "-90m", "-2d", "2 days ago". A whole day is its
 * first moment, or with `end` the first moment after it. ERR_VALUE.
 */
enum err when_parse(const char *text, int64_t now, bool end, int64_t *ret_time) MUST_CHECK;
/* "4 h 02 min", "12 min 04 s", "3.2 s"; returns out. */
#define WHEN_LENGTH 40
const char *when_length(int64_t milliseconds, char out[WHEN_LENGTH]);
