/*
 * The search index: one SQLite file that says which entries of each chunk of the log have a user, a
 * camera, a word. It is made from the log, can be thrown away at any time, and decides nothing:
 * what it points to is read from the log and looked at again. Only whole chunks are in it.
 */
#pragma once

#include "ledger/logged.h"
#include "ledger/merkle.h"
#include "ledger/places.h"

#define INDEX_SECRET  16
#define INDEX_BUCKETS 16384 /* words of one hash share a bucket */

enum index_kind {
    INDEX_ACTION,
    INDEX_OUTCOME,
    INDEX_USER,
    INDEX_IP,
    INDEX_SESSION,
    INDEX_OBJECT,
    INDEX_CAMERA,
    INDEX_LONG, /* the end of a view of QUERY_LONG_MS or more */
    INDEX_WORD,
    INDEX_KINDS,
};

struct index;

/* What of the log is in it: the tree of its entries, so that another log's index is noticed. */
struct index_state {
    struct merkle_frontier frontier;
    uint8_t secret[INDEX_SECRET];
};

/* About one chunk. Without events first > last. */
struct index_chunk {
    uint64_t number;
    int64_t first, last;
    uint64_t strange;
};

/*
 * Opens, or makes an empty one when `write`. ERR_SYNTAX: damaged, or of another version; ERR_VALUE:
 * not an index at all; ERR_MISSING, ERR_IO, ERR_FULL; ERR_STORE: held by another process.
 */
enum err index_open(
    const char *path, bool write, struct index **ret_index, struct note *note) MUST_CHECK;
void index_close(struct index *index);
/* Whether the file says that it is one, or is empty, or not there. */
bool index_is_one(const char *path);
/*
 * Empties an index that another process may have open, unless its state is no longer that one:
 * somebody else has emptied it.
 */
enum err index_reset(struct index *index, const struct index_state *state) MUST_CHECK;
/* Removes the file, whatever it is; only for one that can't be opened or is damaged. */
enum err index_remove(const char *path, struct note *note) MUST_CHECK;

/* Between these two chunks are added, all or none; begin reads the state that others left. */
enum err index_begin(struct index *index, struct index_state *ret_state) MUST_CHECK;
enum err index_end(struct index *index, const struct index_state *state, enum err err) MUST_CHECK;
enum err index_state(struct index *index, struct index_state *ret_state) MUST_CHECK;
/* Why the last call failed. */
const struct note *index_trouble(const struct index *index);

enum err index_add_chunk(struct index *index, const struct index_chunk *chunk) MUST_CHECK;
/* Values of a chunk ascend: by kind, then as memcmp. */
struct index_posting {
    uint64_t chunk;
    enum index_kind kind;
    const char *text; /* but of a word: NULL */
    size_t len;
    unsigned bucket;
    const struct buf *places;
};
enum err index_add(struct index *index, const struct index_posting *posting) MUST_CHECK;

/* ERR_MISSING when it is not there. */
enum err index_chunk(
    struct index *index, uint64_t number, struct index_chunk *ret_chunk) MUST_CHECK;
/* Adds the places of a value to the set; none is OK. `posting` names it. */
enum err index_find(
    struct index *index, const struct index_posting *posting, struct places *places) MUST_CHECK;
/* The same for every text of a kind that the function takes. */
typedef bool index_takes_fn(const void *context, const char *text, size_t len);
struct index_filter {
    index_takes_fn *takes;
    const void *context;
};
enum err index_find_all(struct index *index, const struct index_posting *posting,
    const struct index_filter *filter, struct places *places) MUST_CHECK;

/* The bucket of a word, letter case of ASCII ignored. */
unsigned index_bucket(const uint8_t secret[INDEX_SECRET], const char *word, size_t len);
