/*
 * Makes the tiles of a log from its entries, in order: keeps the right edge of the tree in memory
 * and writes what is full. Every file of the tree has one possible content, so writing one again
 * is harmless, and nothing is ever emptied first.
 */
#pragma once

#include "base/buf.h"
#include "ledger/merkle.h"
#include "ledger/tile.h"

struct tiler_edge {
    uint64_t index; /* of the tile being filled */
    unsigned count;
    struct merkle_hash hashes[TILE_WIDTH];
    uint64_t partials; /* 1 + index of the last tile that was published unfinished */
};

struct tiler {
    int log; /* the folder; borrowed */
    struct merkle *merkle;
    uint64_t size;
    uint64_t repair;   /* below it an earlier run may have left unfinished tiles */
    struct buf bundle; /* the entries of the last, unfinished bundle */
    struct tiler_edge edges[TILE_LEVELS];
};

/* ERR_MEMORY. The edge is that of an empty tree. */
enum err tiler_init(struct tiler *tiler, int log) MUST_CHECK;
void tiler_release(struct tiler *tiler);
/* Takes up a tree whose first `size` entries, a multiple of TILE_WIDTH, are in full tiles.
 * ERR_VALUE: they are not; ERR_IO. */
enum err tiler_load(struct tiler *tiler, uint64_t size, struct note *note) MUST_CHECK;
/*
 * Adds entries in bundle form; *count becomes how many were not taken, *payload what is left.
 * ERR_FULL, ERR_IO: a tile could not be written; go on with the rest later.
 */
enum err tiler_add(struct tiler *tiler, struct reader *payload, uint64_t *count) MUST_CHECK;
/* Writes every tile that is full. */
enum err tiler_settle(struct tiler *tiler) MUST_CHECK;
/* The root over all entries so far; after tiler_settle(). */
void tiler_root(const struct tiler *tiler, struct merkle_hash *ret_root);
/* Writes the unfinished tiles that a checkpoint of this size needs; after tiler_settle(). */
enum err tiler_partials(struct tiler *tiler) MUST_CHECK;

/* Starts the files of full tiles below `size` and at or above `from` on their way to the disk,
 * then waits for them and their folders; both multiples of TILE_WIDTH. */
enum err tiler_sync(int log, uint64_t from, uint64_t size) MUST_CHECK;
