/*
 * A value in shared memory with one writer and many readers, none of whom waits for another: two
 * copies and a turn that says which of them is in use. A writer that dies in the middle leaves the
 * old value whole; a reader whose copy may be torn knows it and takes another. C11 atomics only.
 */
#pragma once

#include "base/err.h"

#include <stdatomic.h>

/* Words that a value of so many bytes needs: the turn and both copies. All zero: never written. */
#define LATCH_WORDS(len) (1 + 2 * (((len) + 7) / 8))

/* The one writer's. */
void latch_put(_Atomic uint64_t *latch, const void *value, size_t len);
/* A whole copy; ERR_MISSING: never written; ERR_TIMEOUT: it changed under every attempt. */
enum err latch_get(const _Atomic uint64_t *latch, void *ret_value, size_t len) MUST_CHECK;
/* Changes with every latch_put(). */
uint64_t latch_turn(const _Atomic uint64_t *latch);
