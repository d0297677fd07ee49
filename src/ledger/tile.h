/*
 * Names of the static files of a log and the form of an entry bundle (C2SP tlog-tiles): which tile
 * holds what, and its path below the log's folder. Pure.
 */
#pragma once

#include "base/buf.h"
#include "base/reader.h"

#define TILE_WIDTH   256   /* hashes of a full tile, entries of a full bundle */
#define TILE_LEVELS  8     /* levels that 64-bit sizes can reach */
#define TILE_ENTRIES (-1)  /* the level of entry bundles */
#define TILE_PATH    64    /* room for any path */
#define TILE_ENTRY   65535 /* longest entry: its length is 16 bits */

struct tile {
    int level; /* 0 leaf hashes, 1 roots of level 0's tiles, …, TILE_ENTRIES */
    uint64_t index;
    unsigned width; /* 1 to TILE_WIDTH */
};

/* "tile/0/x001/x234/067", "tile/entries/000.p/12"; returns out. */
const char *tile_path(const struct tile *tile, char out[TILE_PATH]);
/* The way back, strict: ERR_VALUE for anything that tile_path() would not write. */
enum err tile_parse(const char *path, struct tile *ret_tile) MUST_CHECK;
/* How wide a tile is in a tree of that size: TILE_WIDTH full, less partial, 0 not there. */
unsigned tile_width(int level, uint64_t index, uint64_t size);

/* Appends length and entry; an entry over TILE_ENTRY fails the buffer. */
void tile_put_entry(struct buf *bundle, const void *entry, size_t len);
/* The next entry of a bundle, inside the reader's bytes; NULL at the end or when it is cut. */
const uint8_t *tile_next_entry(struct reader *bundle, size_t *ret_len);
