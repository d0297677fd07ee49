/*
 * The ledger's writer: a journal with group commit, Merkle tiles, checkpoints, recovery. Single
 * writer (a lock on the folder). No thread and no loop of its own: the steps that touch the disk
 * may run in a thread of the caller's pool, at most one commit and one publish at a time; all
 * else is called from one thread.
 *
 * Story of an event: ledger_add() puts it into the batch being gathered and gives its index;
 * ledger_seal() closes the batch, ledger_commit() writes it to the journal with one fdatasync,
 * ledger_committed() makes it part of the ledger: now it may be acknowledged. ledger_publish()
 * hashes what is committed into tiles and, when asked, signs a checkpoint over it.
 *
 * Folder: journal/ (segments, reserve), log/ (checkpoint, tile/…: what the world may read), lock.
 */
#pragma once

#include "ledger/checkpoint.h"
#include "ledger/key.h"

struct ledger;
struct ledger_batch;

/* segment_bytes of a ledger that few events reach: it takes 12 MiB instead of 132 while empty. */
#define LEDGER_SMALL_SEGMENT (UINT64_C(4) * 1024 * 1024)

struct ledger_settings {
    const char *folder;
    const struct key *key;  /* must outlive the ledger; its name is the origin */
    uint64_t segment_bytes; /* of the journal; 0: 64 MiB */
    uint64_t reserve_bytes; /* kept for recovery on a full disk; 0: 4 MiB */
    uint64_t backlog_bytes; /* of the journal not yet in tiles, then add() waits; 0: 1 GiB */
};

/* What recovery found, for `system.start` and for people. */
struct ledger_recovery {
    uint64_t size;     /* entries of the ledger */
    uint64_t replayed; /* of them, those that were taken from the journal into tiles again */
    uint64_t torn;     /* bytes of an unfinished last batch that were dropped; never acknowledged */
    int64_t milliseconds;
};

/* Makes folder, first checkpoint (size 0) and log/log.vkey. ERR_VALUE when there is a ledger. */
enum err ledger_create(const struct ledger_settings *settings, struct note *note) MUST_CHECK;
/*
 * Makes a ledger of a folder that has nothing but log/, whole, durable and verified: a journal that
 * begins with the log's last entries. ERR_VALUE: it has a journal, or the checkpoint is not the
 * key's, or contradicts the tiles.
 */
enum err ledger_restore_log(const struct ledger_settings *settings, struct note *note) MUST_CHECK;
/*
 * Locks and recovers. ERR_REFUSED when another process has it; ERR_VALUE when what is on disk
 * contradicts its own checkpoint or the key; ERR_MISSING when there is none; ERR_FULL, ERR_IO.
 */
enum err ledger_open(const struct ledger_settings *settings, struct ledger **ret_ledger,
    struct ledger_recovery *ret_recovery, struct note *note) MUST_CHECK;
/* What was committed is on disk; nothing else is promised. NULL is allowed. */
void ledger_close(struct ledger *ledger);

/*
 * Copies an event into the batch being gathered. ERR_LIMIT: the batch or the backlog is full, ask
 * again after a commit or a publish. ERR_FULL: no space for a footage event; `reserved` ones still
 * go to the reserve. Over TILE_ENTRY or empty: ERR_VALUE.
 */
enum err ledger_add(struct ledger *ledger, const void *entry, size_t len, bool reserved,
    uint64_t *ret_index) MUST_CHECK;
/* Closes the batch; NULL when it is empty or one is being committed. */
struct ledger_batch *ledger_seal(struct ledger *ledger);
/*
 * Any thread: writes and syncs. ERR_FULL: nothing of it is in the ledger, and its indices are given
 * again: events that were added since move down by as many as it held. ERR_IO is fatal: the process
 * must end without acknowledging anything more.
 */
enum err ledger_commit(struct ledger *ledger, struct ledger_batch *batch) MUST_CHECK;
/* Ends a commit with its result; frees the batch. */
void ledger_committed(struct ledger *ledger, struct ledger_batch *batch, enum err err);

/* Entries that are durable: the next index after the last acknowledged one. */
uint64_t ledger_size(const struct ledger *ledger);
/* Entries that the published checkpoint covers. */
uint64_t ledger_published(const struct ledger *ledger);
/* Whether only the reserve is left, and it tries again by itself. */
bool ledger_is_full(const struct ledger *ledger);

/*
 * Tiles for everything durable, then, when `sign`, a checkpoint over it (a temporary file, sync,
 * rename). begin (loop), run (any thread; ERR_FULL: later; ERR_IO fatal), end (loop). begin gives
 * false when there is nothing to do or one is under way.
 */
bool ledger_publish_begin(struct ledger *ledger, bool sign);
enum err ledger_publish_run(struct ledger *ledger) MUST_CHECK;
void ledger_publish_end(struct ledger *ledger, enum err err);

/* The same in one call, for programs that may block: adds nothing, commits, publishes, signs. */
enum err ledger_flush(struct ledger *ledger, struct note *note) MUST_CHECK;

/*
 * Goes over to another key with the same name (origin): commits and publishes all, signs one
 * checkpoint with both keys (old first; kept as log/handover/N, N counts from 1), then only with
 * the new one, which log.vkey then shows. The entry that names the new key (`system.key`) must be
 * the last one committed (doc/ledger-format.md, "Hand-over of the key").
 */
enum err ledger_hand_over(
    struct ledger *ledger, const struct key *next, struct note *note) MUST_CHECK;
