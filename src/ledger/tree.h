/*
 * Reading a log's folder of static files (C2SP tlog-tiles): ours, a copy of it, or another log's.
 * Nothing in it is believed: every size is bounded, and what does not fit is ERR_SYNTAX with a
 * note that names the file. Not for use by two threads; each opens its own.
 */
#pragma once

#include "base/buf.h"
#include "ledger/merkle.h"
#include "ledger/tile.h"

#define TREE_BUNDLE     ((size_t)TILE_WIDTH * (TILE_ENTRY + 2))
#define TREE_CHECKPOINT ((size_t)64 * 1024)

struct tree;

/* The folder with "checkpoint" and "tile/"; a ledger's folder (with "log/" in it) will do too. */
enum err tree_open(const char *folder, struct tree **ret_tree, struct note *note) MUST_CHECK;
void tree_close(struct tree *tree);
/* The descriptor of the folder, for openat(). */
int tree_folder(const struct tree *tree);

/* Appends a small file such as "checkpoint"; ERR_MISSING, ERR_LIMIT. */
enum err tree_file(
    struct tree *tree, const char *name, struct buf *ret_text, struct note *note) MUST_CHECK;

/*
 * The first `width` hashes of a tile, from the partial tile of that width or the full one;
 * ERR_MISSING, ERR_SYNTAX for a file of another length.
 */
enum err tree_hashes(struct tree *tree, const struct tile *tile,
    struct merkle_hash ret_hashes[TILE_WIDTH], struct note *note) MUST_CHECK;
/*
 * The bytes of a bundle with at least `width` entries (cleared first; made with TREE_BUNDLE as
 * its maximum). Entries are not looked at.
 */
enum err tree_bundle(struct tree *tree, const struct tile *tile, struct buf *ret_bundle,
    struct note *note) MUST_CHECK;

/* One entry of a tree of that size: its bytes, valid until the next call. */
enum err tree_entry(struct tree *tree, uint64_t index, uint64_t size, const uint8_t **ret_entry,
    size_t *ret_len, struct note *note) MUST_CHECK;

/* Hashes of complete subtrees of a tree of that size, for merkle.h; what it read stays near. */
struct merkle_source tree_source(struct tree *tree, uint64_t size);
/* Why the last call of a source failed. */
const struct note *tree_trouble(const struct tree *tree);
