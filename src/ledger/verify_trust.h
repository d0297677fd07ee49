/*
 * Which hashes of a log are proven by its signed root, when its files don't all fit. Each tile is
 * known in up to three ways: from its own file, from the entries below, from the tiles below.
 * What leads to the root is true; also a mixture of these, found by trying. Part of verify.c.
 */
#pragma once

#include "ledger/verify_scan.h"

enum {
    VERIFY_BY_FILE,
    VERIFY_BY_ENTRIES,
    VERIFY_BY_TILES,
    VERIFY_WAYS /* how many */
};

/* Hashes of a tile, or of all partial ones, and how good they are. */
struct verify_truth {
    uint64_t index;
    bool is_filled, has_any, is_proven;
    struct merkle_hash hashes[TILE_WIDTH];
};

struct verify_trust {
    const struct verify_scan *scan;
    struct merkle_head head;
    struct tree *tree;
    struct merkle *merkle;
    /* Roots of full tiles as the entries say, level by level; [0] is not used. */
    struct merkle_hash *hashes[TILE_LEVELS];
    bool *is_known[TILE_LEVELS];
    uint64_t counts[TILE_LEVELS];
    bool edge_is_proven;
    unsigned hard;                         /* puzzles that took more than choosing a file */
    struct verify_truth full[TILE_LEVELS]; /* of each level the last that was asked for */
    struct verify_truth edge[TILE_LEVELS];
};

/* Sums up what the scan read. ERR_MEMORY. Release in any case. */
enum err verify_trust_init(struct verify_trust *trust, const struct verify_scan *scan,
    const struct merkle_head *head, struct tree *tree, struct merkle *merkle) MUST_CHECK;
void verify_trust_release(struct verify_trust *trust);

/* Whether the entries, all read and hashed, lead to the signed root, whatever the tiles say. */
bool verify_trust_entries(struct verify_trust *trust);
/* Decides about the partial tiles, from which all else follows. */
void verify_trust_edge(struct verify_trust *trust);
/* What is known of a tile of level 0 or above; valid until the next call for that level. */
const struct verify_truth *verify_trust_tile(struct verify_trust *trust, int level, uint64_t index);

/* The tile as one of the ways says; false: that way says nothing. */
bool verify_trust_way(struct verify_trust *trust, int way, const struct tile *tile,
    struct merkle_hash ret_hashes[TILE_WIDTH]);
