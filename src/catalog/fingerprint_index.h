/*
 * Which fingerprints of a key can match a text at all. Most patterns cannot match without some
 * literal piece; four of its bytes are looked up while the text is walked once, and only the
 * patterns that were hit are run. A pattern without such a piece is always run.
 */
#pragma once

#include "base/err.h"

struct fingerprint_index;

/* patterns: of one key, in the order in which they are tried; copied from, not kept. */
enum err fingerprint_index_new(
    const char *const *patterns, size_t count, struct fingerprint_index **ret_index) MUST_CHECK;
void fingerprint_index_free(struct fingerprint_index *index);

/* Begins a text: afterwards fingerprint_index_next gives the candidates in order. */
void fingerprint_index_scan(struct fingerprint_index *index, const char *bytes, size_t len);

/* The next candidate at or after from; count of patterns when there is none. */
size_t fingerprint_index_next(const struct fingerprint_index *index, size_t from);

/* Patterns that are always run. */
size_t fingerprint_index_unfiltered(const struct fingerprint_index *index);
