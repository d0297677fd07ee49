/*
 * The Merkle tree of RFC 6962 section 2 over SHA-256: leaves, nodes, roots, proofs. Pure; tiles and
 * files are elsewhere. A leaf is SHA-256(0x00 || entry), a node SHA-256(0x01 || left || right).
 */
#pragma once

#include "base/err.h"

#define MERKLE_HASH  32
#define MERKLE_DEPTH 64 /* levels of the largest tree; no proof is longer than twice that */

struct merkle_hash {
    uint8_t bytes[MERKLE_HASH];
};

/* A hashing context of OpenSSL, used again and again; one per thread. */
struct merkle;
struct merkle *merkle_new(void);
void merkle_free(struct merkle *merkle);

void merkle_leaf(
    struct merkle *merkle, const void *entry, size_t len, struct merkle_hash *ret_hash);
/* The same of one entry, without a context that is kept; ERR_MEMORY. */
enum err merkle_leaf_once(const void *entry, size_t len, struct merkle_hash *ret_hash) MUST_CHECK;
/* ret_hash may be one of the two. */
void merkle_node(struct merkle *merkle, const struct merkle_hash *left,
    const struct merkle_hash *right, struct merkle_hash *ret_hash);
bool merkle_equal(const struct merkle_hash *a, const struct merkle_hash *b);

/* A tree that only grows: the roots of its complete subtrees, largest first. */
struct merkle_frontier {
    uint64_t size;
    struct merkle_hash nodes[MERKLE_DEPTH]; /* as many as `size` has one bits */
};
void merkle_grow(
    struct merkle *merkle, struct merkle_frontier *frontier, const struct merkle_hash *leaf);
/* The empty tree's root is SHA-256 of nothing. */
void merkle_root(
    struct merkle *merkle, const struct merkle_frontier *frontier, struct merkle_hash *ret_root);

/* Where hashes come from: the root of leaves [index << level, (index + 1) << level), all there. */
struct merkle_source {
    enum err (*hash)(void *context, unsigned level, uint64_t index, struct merkle_hash *ret_hash);
    void *context;
};

/* A proof's hashes in the order of RFC 6962 (the leaf's sibling first). */
struct merkle_path {
    size_t count;
    struct merkle_hash hashes[2 * MERKLE_DEPTH];
};

/* The frontier of the first `size` leaves. */
enum err merkle_frontier_at(const struct merkle_source *source, uint64_t size,
    struct merkle_frontier *ret_frontier) MUST_CHECK;
/* RFC 6962 section 2.1.1; ERR_VALUE unless index < size. */
enum err merkle_inclusion(struct merkle *merkle, const struct merkle_source *source, uint64_t index,
    uint64_t size, struct merkle_path *ret_path) MUST_CHECK;
/* RFC 6962 section 2.1.2; empty for old 0 and old == size; ERR_VALUE when old > size. */
enum err merkle_consistency(struct merkle *merkle, const struct merkle_source *source, uint64_t old,
    uint64_t size, struct merkle_path *ret_path) MUST_CHECK;

/* A tree's head, without its origin. */
struct merkle_head {
    uint64_t size;
    struct merkle_hash root;
};

/* OK only when the path leads from that leaf to the head; ERR_VALUE otherwise. Never reads past it.
 */
enum err merkle_check_inclusion(struct merkle *merkle, const struct merkle_path *path,
    uint64_t index, const struct merkle_hash *leaf, const struct merkle_head *head) MUST_CHECK;
/* OK only when the old tree is the beginning of the new one; ERR_VALUE otherwise. */
enum err merkle_check_consistency(struct merkle *merkle, const struct merkle_path *path,
    const struct merkle_head *old, const struct merkle_head *head) MUST_CHECK;
