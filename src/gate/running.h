/* Whether `gatehouse serve` runs for a gateway's folder: one at a time, by a lock in run/. */
#pragma once

#include "base/err.h"

#include <sys/types.h>

/*
 * Takes the lock for as long as this process lives. ERR_REFUSED: another process has it, the note
 * says which.
 */
enum err running_take(const char *run, struct note *note) MUST_CHECK;
/* Its process, 0: none. */
pid_t running_pid(const char *run);
