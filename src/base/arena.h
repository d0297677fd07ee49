/*
 * Memory of one device in one run: allocated piecewise, released at once, with a byte limit at
 * birth. The limit is the defence against a device that answers with gigabytes.
 */
#pragma once

#include "base/base.h"

#define ARENA_DEVICE_LIMIT ((size_t)8 * 1024 * 1024)

struct arena_block;

struct arena {
    struct arena_block *blocks;
    size_t used;  /* bytes handed out, padding included */
    size_t limit; /* bytes that may be handed out in all */
    bool full;    /* sticky: an allocation was refused */
};

void arena_init(struct arena *arena, size_t limit);

/* Of an arena that is still empty: its first block is memory of the caller, aligned for any type,
 * that outlives it. Short lives need no heap then. */
void arena_lend(struct arena *arena, void *memory, size_t size);

/* Frees everything that came from the arena; the arena can be initialised again. */
void arena_release(struct arena *arena);

/* The same, wiped before, for what held a password. */
void arena_wipe(struct arena *arena);

/* Zeroed memory aligned for any type; NULL when the limit is reached or memory is out. */
void *arena_alloc(struct arena *arena, size_t size);

/* Copies of text, terminated; NULL as for arena_alloc. A NULL text gives NULL. */
char *arena_copy(struct arena *arena, const char *text);
char *arena_copy_n(struct arena *arena, const char *bytes, size_t len);
char *arena_format(struct arena *arena, const char *format, ...) PRINTF(2, 3);
