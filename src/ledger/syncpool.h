/*
 * Threads that wait for a disk together: syncs of many files at the same time share their flushes,
 * one after the other each waits for its own. A process that is about to be shut in starts them
 * before; without them the caller does all.
 */
#pragma once

#include "ledger/tile.h"

#define SYNCPOOL_THREADS 8

/* Once per process. ERR_SYSTEM: no thread could be made; everything works without. */
enum err syncpool_start(void) MUST_CHECK;
/* Syncs so many full tiles of a level from this one on. OK only when each of them was synced. */
enum err syncpool_sync(int log, const struct tile *first, size_t count) MUST_CHECK;
