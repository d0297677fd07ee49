/*
 * One file of the journal: a page that says what it is, then batches of entries, each on pages of
 * its own, so that no page with an acknowledged entry is ever written again for another. A batch
 * is a head and a payload in the form of an entry bundle (tile.h), under a mark (Poly1305, key
 * drawn at random for each use of the file): neither what an earlier use left nor what an entry
 * imitates can pass for a batch.
 */
#pragma once

#include "base/err.h"

#define SEGMENT_PAGE  4096
#define SEGMENT_HEAD  64 /* of a batch, before its payload */
#define SEGMENT_KEY   32
#define SEGMENT_NAME  24
#define SEGMENT_BATCH ((size_t)8 * 1024 * 1024) /* longest batch, head included */

struct segment {
    int fd;
    uint64_t number;  /* its name, 12 digits; the order of use */
    bool is_unnamed;  /* the reserve, in use, but not yet by its number */
    uint64_t bytes;   /* of the file */
    uint64_t used;    /* where the next batch goes */
    uint64_t durable; /* where the last committed batch ends */
    uint64_t first;   /* index of its first entry */
    uint64_t end;     /* index after its last one; first == end: it holds none */
    bool is_reserve;  /* for what may use the space kept back */
    uint8_t key[SEGMENT_KEY];
};

struct segment_batch {
    uint64_t first;
    uint32_t count;
    uint32_t bytes; /* of the payload */
};

struct segment_form {
    const char *name;
    const char *origin;
    uint64_t bytes;
    bool is_reserve;
};

/* How many bytes of a file a batch of that length, head included, takes. */
uint64_t segment_span(size_t len);

/*
 * Makes the file `form->name`, or takes the one that is there for a new use: space, header, synced;
 * the folder is not. ERR_FULL, ERR_IO.
 */
enum err segment_make(
    int folder, const struct segment_form *form, struct segment **ret_segment) MUST_CHECK;
/* Opens one. ERR_VALUE: not a whole header of that origin. */
enum err segment_open(int folder, const char *name, const char *origin,
    struct segment **ret_segment, struct note *note) MUST_CHECK;
void segment_close(struct segment *segment);
/* "000000000012"; returns out. */
const char *segment_name(uint64_t number, char out[SEGMENT_NAME]);

/* Fills in the head of bytes[SEGMENT_HEAD + batch->bytes]. */
void segment_seal(const struct segment *segment, const struct segment_batch *batch, uint8_t *bytes);
/*
 * The batch at an offset into bytes[SEGMENT_BATCH]. ERR_MISSING: there is none that is whole.
 */
enum err segment_read(const struct segment *segment, uint64_t at, uint8_t *bytes,
    struct segment_batch *ret_batch) MUST_CHECK;
/* Whether a head stands there that claims to be of this index, whole or not; its whole length. */
size_t segment_claim(const struct segment *segment, uint64_t at, uint64_t first);
