/*
 * The journal: where an entry is durable first. Segments in order of use: those that hold entries,
 * the last of them the current one; then up to two that are ready, made ahead of need, so that a
 * full disk is noticed while there is still space; and the reserve. A segment all of whose entries
 * are durable in tiles is used again, or removed.
 *
 * Three callers: one thread places batches and hears how they went, one (at a time) writes a
 * batch, one (at a time) prepares, reads and retires. The lists are under a lock.
 */
#pragma once

#include "ledger/segment.h"

#include <pthread.h>

#define JOURNAL_READY     2
#define JOURNAL_FOLDER    "journal"
#define JOURNAL_SPARE     "spare"
#define JOURNAL_RESERVE   "reserve"
#define JOURNAL_MARK      "durable" /* how far tiles are durable; without it more is made again */
#define JOURNAL_MARK_HEAD "gatehouse durable tiles\n"

struct journal_settings {
    const char *origin; /* copied: a hand-over frees the key that had it */
    uint64_t segment_bytes, reserve_bytes;
    uint64_t limit_bytes; /* of all segments together */
};

struct journal {
    struct journal_settings settings;
    char *origin; /* of the settings, its own copy */
    int folder;
    pthread_mutex_t lock;
    struct segment **held; /* oldest first; at least one once it is open */
    size_t held_count, held_size;
    struct segment *ready[JOURNAL_READY];
    size_t ready_count;
    struct segment *reserve; /* NULL: used, or not made yet */
    uint64_t next_number;
    bool is_full; /* the last try to get space failed for lack of it */
    struct {
        size_t held; /* the segment being read, and where */
        uint64_t at;
    } reading;
};

/* What was found when it was opened. */
struct journal_found {
    uint64_t first, end; /* indices of its entries; both 0 for a new one */
    uint64_t durable;    /* entries below are known to be durable in tiles */
    uint64_t torn;       /* bytes of an unfinished batch at the end */
};

/* Where a batch goes. */
struct journal_place {
    struct segment *segment;
    uint64_t at;
};

/* Makes the folder and what it needs at first. */
enum err journal_create(
    int ledger, const struct journal_settings *settings, struct note *note) MUST_CHECK;
/*
 * Reads every batch. The last one may never have reached the disk even where it can be read (its
 * sync failed, or never was): it is written again and synced. ERR_MISSING: there is no journal;
 * ERR_VALUE: damaged before its end.
 */
enum err journal_open(int ledger, const struct journal_settings *settings,
    struct journal **ret_journal, struct journal_found *ret_found, struct note *note) MUST_CHECK;
void journal_close(struct journal *journal);

/* The longest batch, head included, that can be placed now. */
size_t journal_room(struct journal *journal, bool is_reserved);
/* Takes the room; the batch is known to fit. */
struct journal_place journal_place(struct journal *journal, size_t len, bool is_reserved);
/*
 * Writes and syncs a sealed batch, zeros up to the page's end included. ERR_FULL: it is not in the
 * journal.
 */
enum err journal_write(struct journal *journal, const struct journal_place *place,
    const void *bytes, size_t len) MUST_CHECK;
/* How it went: the batch is in the journal, or its room is free again. */
void journal_done(struct journal *journal, const struct journal_place *place,
    const struct segment_batch *batch, enum err err);

/* Whether journal_prepare() has something to do. */
bool journal_wants(struct journal *journal);
/* Gets ready what is missing: segments, the reserve. ERR_FULL, ERR_IO. */
enum err journal_prepare(struct journal *journal) MUST_CHECK;
/* Whether the last try to get space failed; or says so of another try. */
bool journal_is_full(struct journal *journal);
void journal_set_full(struct journal *journal, bool is_full);

/* Reading begins with the batch that holds the index. ERR_MISSING: none does. */
enum err journal_seek(struct journal *journal, uint64_t index, uint8_t *bytes) MUST_CHECK;
/* The next committed batch into bytes[SEGMENT_BATCH]; ERR_MISSING: no more. */
enum err journal_next(
    struct journal *journal, uint8_t *bytes, struct segment_batch *ret_batch) MUST_CHECK;
/* Entries below the index are durable elsewhere: notes it, frees segments that hold no other. */
enum err journal_retire(struct journal *journal, uint64_t durable) MUST_CHECK;
/* Entries below are durable in tiles and not needed in the journal, as its mark says; also while
 * another process writes. ERR_MISSING: there is no journal. */
enum err journal_durable(int ledger, uint64_t *ret_durable) MUST_CHECK;
/* Whether it takes more than half of what it may. */
bool journal_is_long(struct journal *journal);
