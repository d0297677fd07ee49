/*
 * Reads every bundle of a log and hashes it, over many threads; remembers for each what came of
 * it. Part of verify.c.
 */
#pragma once

#include "ledger/tree.h"
#include "ledger/verify.h"

#include <stdatomic.h>

enum verify_state {
    VERIFY_UNREAD,  /* not looked at */
    VERIFY_SAME,    /* as many entries as there must be, and they fit the tile of level 0 */
    VERIFY_DIFFERS, /* as many entries, but the tile says otherwise or can't be read */
    VERIFY_SHAPE,   /* another number of entries, or what can't be cut into entries */
    VERIFY_ABSENT,  /* no such file */
    VERIFY_PRUNED,  /* no such file, by policy; its root is that of the tile of level 0 */
};

/* The bundles under one tile of level 1. */
struct verify_block {
    struct merkle_hash tops[TILE_WIDTH]; /* roots of full tiles, by SAME and DIFFERS bundles */
    uint8_t states[TILE_WIDTH];
    uint64_t entries, bytes;
    uint64_t not_events, first_no_event;
    char no_event[160]; /* what is wrong with that one */
    uint64_t steps_back, steps_unsaid, first_unsaid;
    char first_time[VERIFY_TIME], last_time[VERIFY_TIME];
    bool last_owns_up, first_owns_up;
};

/* The files that only a tree of this very size has, read first: a writer may replace them. */
struct verify_edge {
    unsigned widths[TILE_LEVELS]; /* 0: no partial tile at that level */
    enum err errs[TILE_LEVELS];
    struct merkle_hash hashes[TILE_LEVELS][TILE_WIDTH];
    enum err bundle_err;
    struct buf bundle;
};

struct verify_scan {
    const struct verify_settings *settings;
    uint64_t size;
    uint64_t first;   /* bundle at which reading begins */
    uint64_t pruned;  /* bundles before this one may be absent */
    uint64_t bundles; /* all, the partial one included */
    size_t blocks;
    struct verify_block **list; /* NULL where nothing was read */
    struct verify_edge *edge;
    struct merkle_hash leaves[TILE_WIDTH]; /* of the partial bundle */
    atomic_size_t next;                    /* block */
    atomic_size_t stop;                    /* blocks from here on are not read */
    atomic_uint_fast64_t done;             /* entries */
    atomic_int err;
};

/* Reads the partial tiles and the partial bundle. */
void verify_edge_read(struct verify_edge *edge, struct tree *tree, uint64_t size);

/* Reads from `since` on. ERR_CANCELLED, ERR_TIMEOUT, ERR_MEMORY, ERR_IO; release in any case. */
enum err verify_scan_run(struct verify_scan *scan, struct note *note) MUST_CHECK;
void verify_scan_release(struct verify_scan *scan);

/* The state of a bundle, and its root where the state has one. */
enum verify_state verify_scan_state(const struct verify_scan *scan, uint64_t bundle);
const struct merkle_hash *verify_scan_top(const struct verify_scan *scan, uint64_t bundle);

/* Hashes of the entries of a bundle's bytes, `max` at most; *ret_is_cut: bytes were left over. */
size_t verify_scan_hashes(struct merkle *merkle, const struct buf *bundle, size_t max,
    struct merkle_hash *ret_hashes, bool *ret_is_cut);
/* The root of a full tile. */
void verify_scan_root(struct merkle *merkle, const struct merkle_hash hashes[TILE_WIDTH],
    struct merkle_hash *ret_root);
