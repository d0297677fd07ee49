/*
 * Which entries of a chunk have something: a bit each, and the short form that lies on the disk
 * (the places as 16-bit numbers, or the bits where that is shorter). Pure.
 */
#pragma once

#include "base/buf.h"

#define PLACES_CHUNK 16384 /* entries of a chunk; a whole number of bundles */
#define PLACES_WORDS (PLACES_CHUNK / 64)
#define PLACES_BYTES (PLACES_CHUNK / 8) /* of the bits: exactly this long, all else are numbers */

struct places {
    uint64_t bits[PLACES_WORDS];
};

void places_none(struct places *places);
/* The first `count`. */
void places_first(struct places *places, size_t count);
void places_add(struct places *places, size_t place);
bool places_has(const struct places *places, size_t place);
size_t places_count(const struct places *places);
void places_and(struct places *places, const struct places *other);
/* The next place from `at` on, or the one before when `back` (at itself counts); -1: none. */
int places_next(const struct places *places, int at, bool back);

/* Appends the short form; of ascending numbers, and of bits. */
void places_put(struct buf *out, const uint16_t *numbers, size_t count);
void places_put_bits(struct buf *out, const struct places *places);
/* Adds what the short form says; ERR_SYNTAX. */
enum err places_take(struct places *places, const void *bytes, size_t len) MUST_CHECK;
