/*
 * Events of a break-glass session while the ledger can't take them: one produced event a line in
 * run/emergency.jsonl, each on the disk before what it tells of goes on. Whoever writes one adds to
 * its detail `emergency`: true and `at`, the time (RFC 3339), because the ledger will stamp the
 * time at which the doorman hands it over.
 */
#pragma once

#include "base/buf.h"

#define EMERGENCY_MOST ((size_t)16 * 1024 * 1024) /* a longer file takes no more: ERR_FULL */

/* Appends the event and waits for the disk. ERR_VALUE: more than one line; ERR_FULL, ERR_IO. */
enum err emergency_append(
    const char *path, const void *event, size_t len, struct note *note) MUST_CHECK;
/*
 * Moves the file to `taken`, so that nobody writes to it any more, and appends its lines; what an
 * earlier run took and did not finish comes first. ERR_MISSING: there is nothing.
 */
enum err emergency_take(
    const char *path, const char *taken, struct buf *ret_lines, struct note *note) MUST_CHECK;
/* The ledger has them all. */
enum err emergency_done(const char *taken, struct note *note) MUST_CHECK;
