/*
 * The threads of a loop's pool, made before the process shuts itself in: a thread that is still
 * being made would ask for what seccomp refuses.
 */
#pragma once

#include "base/err.h"

#include <uv.h>

#define POOL_MOST 9

/* Sets how many there are, 1 to POOL_MOST, and returns when all of them run. The loop must be idle.
 */
enum err pool_start(uv_loop_t *loop, unsigned count) MUST_CHECK;
