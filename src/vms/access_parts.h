/* What the files of the access engine share; nobody else includes it. */
#pragma once

#include "vms/access_driver.h"

#define ACCESS_CAPTURES (ACCESS_CAMERAS + 16) /* of one row */

/* A piece of the request that a pattern's {name} took. */
struct access_capture {
    const char *name; /* in the pattern, not terminated */
    size_t name_len;
    const char *text; /* not terminated */
    size_t len;
};

struct access_captures {
    struct access_capture rows[ACCESS_CAPTURES];
    size_t count;
};

/* Whether a path fits a pattern; adds to the captures. Bounded in steps, whatever the bytes. */
bool access_match_path(
    const char *pattern, const char *path, struct access_captures *captures) MUST_CHECK;
/* The same of parameters. OK; ERR_MISSING: they don't fit; ERR_VALUE: there twice. */
enum err access_match_params(const char *pattern, const struct access_params *params,
    struct access_captures *captures, struct note *note) MUST_CHECK;

/*
 * Captures into cameras, times, object. ERR_MISSING: one can't be read; ERR_LIMIT, ERR_MEMORY.
 */
enum err access_build(
    const struct access_captures *captures, struct arena *arena, struct access *access) MUST_CHECK;
/* Object and view, where the row's own code has not said them. */
enum err access_build_names(
    const char *path, unsigned flags, struct arena *arena, struct access *access) MUST_CHECK;

/* Which rows of a gate may fit a path, in their order. */
#define ACCESS_INDEX_SLOTS 512
#define ACCESS_INDEX_ROWS  1024
#define ACCESS_INDEX_END   UINT16_MAX

struct access_index {
    const struct vms_gate *gate;
    uint16_t first[ACCESS_INDEX_SLOTS]; /* rows by the literal beginning of their path */
    uint16_t next[ACCESS_INDEX_ROWS];
    uint16_t word[ACCESS_INDEX_ROWS];   /* of its first parameter; 0: it needs none */
    uint64_t begins[ACCESS_INDEX_ROWS]; /* set of the first bytes behind the slash, modulo 64 */
};

/* Where a look-up stands: three chains, merged by the rows' order. */
struct access_cursor {
    const struct access_index *index;
    uint64_t begin; /* of the path, as in index->begins */
    uint16_t at[3];
};

/* The gate's index, made at its first use; NULL when it has too many rows. */
const struct access_index *access_index_of(const struct vms_gate *gate);
void access_index_begin(
    const struct access_index *index, const char *path, struct access_cursor *ret_cursor);
/* The next row, or ACCESS_INDEX_END. */
uint16_t access_index_next(struct access_cursor *cursor);

/* A set of "name=value" words of a request: a row whose first word is not in it can't fit. */
struct access_words {
    uint64_t bits[16];
};
void access_words_of(const struct access_params *params, struct access_words *ret_words);
bool access_words_may_hold(const struct access_words *words, uint16_t word);
