/* RFC 6962 section 2: tree hashes, growing trees, proofs and their checks. */
/* OpenSSL calls them old, but they are all that a short message needs (see merkle_node()). */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "ledger/merkle.h"

#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

struct merkle {
    SHA256_CTX sha;
};

struct merkle *
merkle_new(void)
{
    return calloc(1, sizeof(struct merkle));
}

void
merkle_free(struct merkle *merkle)
{
    free(merkle);
}

void
merkle_leaf(struct merkle *merkle, const void *entry, size_t len, struct merkle_hash *ret_hash)
{
    static const uint8_t leaf = 0;
    (void)SHA256_Init(&merkle->sha);
    (void)SHA256_Update(&merkle->sha, &leaf, 1);
    (void)SHA256_Update(&merkle->sha, entry, len);
    (void)SHA256_Final(ret_hash->bytes, &merkle->sha);
}

/*
 * Measured with OpenSSL 3.0 and SHA-NI: 86 ns a node and 194 ns a leaf of 300 bytes; EVP takes 116
 * and 217 with EVP_DigestInit_ex2(context, NULL, NULL), 107 and 207 with a copied context.
 */
enum err
merkle_leaf_once(const void *entry, size_t len, struct merkle_hash *ret_hash)
{
    struct merkle *merkle = merkle_new();
    if (merkle == NULL) {
        return ERR_MEMORY;
    }
    merkle_leaf(merkle, entry, len, ret_hash);
    merkle_free(merkle);
    return OK;
}

void
merkle_node(struct merkle *merkle, const struct merkle_hash *left, const struct merkle_hash *right,
    struct merkle_hash *ret_hash)
{
    uint8_t whole[1 + 2 * MERKLE_HASH];
    whole[0] = 1;
    memcpy(whole + 1, left->bytes, MERKLE_HASH);
    memcpy(whole + 1 + MERKLE_HASH, right->bytes, MERKLE_HASH);
    (void)SHA256_Init(&merkle->sha);
    (void)SHA256_Update(&merkle->sha, whole, sizeof(whole));
    (void)SHA256_Final(ret_hash->bytes, &merkle->sha);
}

bool
merkle_equal(const struct merkle_hash *a, const struct merkle_hash *b)
{
    return memcmp(a->bytes, b->bytes, MERKLE_HASH) == 0;
}

static unsigned
one_bits(uint64_t value)
{
    return (unsigned)__builtin_popcountll(value);
}

/* Zero bits below the lowest one; value is not 0. */
static unsigned
low_zeros(uint64_t value)
{
    return (unsigned)__builtin_ctzll(value);
}

void
merkle_grow(struct merkle *merkle, struct merkle_frontier *frontier, const struct merkle_hash *leaf)
{
    assert(frontier->size != UINT64_MAX);
    struct merkle_hash node = *leaf;
    unsigned count = one_bits(frontier->size);
    for (uint64_t rest = frontier->size; (rest & 1) != 0; rest >>= 1) {
        merkle_node(merkle, &frontier->nodes[--count], &node, &node);
    }
    frontier->nodes[count] = node;
    frontier->size++;
}

static void
hash_nothing(struct merkle *merkle, struct merkle_hash *ret_root)
{
    (void)SHA256_Init(&merkle->sha);
    (void)SHA256_Final(ret_root->bytes, &merkle->sha);
}

void
merkle_root(
    struct merkle *merkle, const struct merkle_frontier *frontier, struct merkle_hash *ret_root)
{
    unsigned count = one_bits(frontier->size);
    if (count == 0) {
        hash_nothing(merkle, ret_root);
        return;
    }
    struct merkle_hash root = frontier->nodes[--count];
    while (count != 0) {
        merkle_node(merkle, &frontier->nodes[--count], &root, &root);
    }
    *ret_root = root;
}

/* The largest power of two that fits into a size that is not 0, as its exponent. */
static unsigned
top_level(uint64_t size)
{
    return 63 - (unsigned)__builtin_clzll(size);
}

/* Leaves [start, end) where start is a multiple of a power of two that covers them: one hash. */
static enum err
range_hash(struct merkle *merkle, const struct merkle_source *source, uint64_t start, uint64_t end,
    struct merkle_hash *ret_hash)
{
    struct merkle_hash root = {0};
    bool is_first = true;
    /* Complete subtrees from the smallest, rightmost on, each joined to what is right of it. */
    for (uint64_t left = end; left != start;) {
        unsigned level = low_zeros(left - start);
        left -= (uint64_t)1 << level;
        struct merkle_hash part;
        enum err err = source->hash(source->context, level, left >> level, &part);
        if (err != OK) {
            return err;
        }
        if (is_first) {
            root = part;
        } else {
            merkle_node(merkle, &part, &root, &root);
        }
        is_first = false;
    }
    *ret_hash = root;
    return OK;
}

enum err
merkle_frontier_at(
    const struct merkle_source *source, uint64_t size, struct merkle_frontier *ret_frontier)
{
    struct merkle_frontier frontier = {.size = size};
    unsigned count = 0;
    uint64_t start = 0;
    while (start != size) {
        unsigned level = top_level(size - start);
        enum err err =
            source->hash(source->context, level, start >> level, &frontier.nodes[count++]);
        if (err != OK) {
            return err;
        }
        start += (uint64_t)1 << level;
    }
    *ret_frontier = frontier;
    return OK;
}

/* The largest power of two below size, which is above 1. */
static uint64_t
split(uint64_t size)
{
    return (uint64_t)1 << top_level(size - 1);
}

static void
path_reverse(struct merkle_path *path)
{
    for (size_t i = 0; i < path->count / 2; i++) {
        struct merkle_hash swap = path->hashes[i];
        path->hashes[i] = path->hashes[path->count - 1 - i];
        path->hashes[path->count - 1 - i] = swap;
    }
}

enum err
merkle_inclusion(struct merkle *merkle, const struct merkle_source *source, uint64_t index,
    uint64_t size, struct merkle_path *ret_path)
{
    struct merkle_path path = {0};
    if (index >= size) {
        return ERR_VALUE;
    }
    /* From the root down: what is on the other side of each split. */
    for (uint64_t start = 0, end = size; end - start > 1;) {
        uint64_t middle = start + split(end - start);
        bool is_left = index < middle;
        enum err err = range_hash(merkle, source, is_left ? middle : start, is_left ? end : middle,
            &path.hashes[path.count++]);
        if (err != OK) {
            return err;
        }
        *(is_left ? &end : &start) = middle;
    }
    path_reverse(&path);
    *ret_path = path;
    return OK;
}

enum err
merkle_consistency(struct merkle *merkle, const struct merkle_source *source, uint64_t old,
    uint64_t size, struct merkle_path *ret_path)
{
    struct merkle_path path = {0};
    if (old > size) {
        return ERR_VALUE;
    }
    uint64_t start = 0;
    uint64_t end = old == 0 ? 0 : size;
    while (old != end) {
        uint64_t middle = start + split(end - start);
        bool is_left = old <= middle;
        enum err err = range_hash(merkle, source, is_left ? middle : start, is_left ? end : middle,
            &path.hashes[path.count++]);
        if (err != OK) {
            return err;
        }
        *(is_left ? &end : &start) = middle;
    }
    /* The old tree's last complete subtree goes without saying only when it is the old tree. */
    if (start != 0 && old != 0) {
        enum err err = range_hash(merkle, source, start, old, &path.hashes[path.count++]);
        if (err != OK) {
            return err;
        }
    }
    path_reverse(&path);
    *ret_path = path;
    return OK;
}

/* One step of the way up; false when the path has ended too early. */
static bool
take(const struct merkle_path *path, size_t *used, struct merkle_hash *ret_hash)
{
    if (*used >= path->count || *used >= COUNT(path->hashes)) {
        return false;
    }
    *ret_hash = path->hashes[(*used)++];
    return true;
}

/* A node on its way up to the root: its place in its level, and that of the level's last node. */
struct climb {
    uint64_t index;
    uint64_t last;
};

/* Goes up past the levels at which the node has no sibling at all. */
static void
climb_lone(struct climb *climb)
{
    while ((climb->index & 1) == 0 && climb->index == climb->last && climb->last != 0) {
        climb->index >>= 1;
        climb->last >>= 1;
    }
}

static void
climb_up(struct climb *climb)
{
    climb->index >>= 1;
    climb->last >>= 1;
}

enum err
merkle_check_inclusion(struct merkle *merkle, const struct merkle_path *path, uint64_t index,
    const struct merkle_hash *leaf, const struct merkle_head *head)
{
    if (index >= head->size) {
        return ERR_VALUE;
    }
    struct climb climb = {.index = index, .last = head->size - 1};
    struct merkle_hash root = *leaf;
    size_t used = 0;
    for (climb_lone(&climb); climb.last != 0; climb_lone(&climb)) {
        struct merkle_hash other;
        if (!take(path, &used, &other)) {
            return ERR_VALUE;
        }
        bool is_right = (climb.index & 1) != 0;
        merkle_node(merkle, is_right ? &other : &root, is_right ? &root : &other, &root);
        climb_up(&climb);
    }
    return used == path->count && merkle_equal(&root, &head->root) ? OK : ERR_VALUE;
}

/* Sizes that need no path: then there must be none. */
static enum err
check_trivial(struct merkle *merkle, const struct merkle_path *path, const struct merkle_head *old,
    const struct merkle_head *head)
{
    struct merkle_hash nothing;
    hash_nothing(merkle, &nothing);
    const struct merkle_hash *expected = old->size == 0 ? &nothing : &head->root;
    bool is_head_empty = head->size == 0;
    return path->count == 0 && merkle_equal(&old->root, expected) &&
                   (!is_head_empty || merkle_equal(&head->root, &nothing))
               ? OK
               : ERR_VALUE;
}

enum err
merkle_check_consistency(struct merkle *merkle, const struct merkle_path *path,
    const struct merkle_head *old, const struct merkle_head *head)
{
    if (old->size > head->size) {
        return ERR_VALUE;
    }
    if (old->size == 0 || old->size == head->size) {
        return check_trivial(merkle, path, old, head);
    }
    /* Both roots grow from the old tree's last complete subtree, whose level is `level`. */
    unsigned level = low_zeros(old->size);
    struct climb climb = {
        .index = (old->size - 1) >> level,
        .last = (head->size - 1) >> level,
    };
    size_t used = 0;
    struct merkle_hash before = old->root;
    if (climb.index != 0 && !take(path, &used, &before)) {
        return ERR_VALUE;
    }
    struct merkle_hash after = before;
    for (climb_lone(&climb); climb.last != 0; climb_lone(&climb)) {
        struct merkle_hash other;
        if (!take(path, &used, &other)) {
            return ERR_VALUE;
        }
        if ((climb.index & 1) != 0) {
            merkle_node(merkle, &other, &before, &before);
            merkle_node(merkle, &other, &after, &after);
        } else {
            merkle_node(merkle, &after, &other, &after);
        }
        climb_up(&climb);
    }
    bool is_good = used == path->count && merkle_equal(&before, &old->root) &&
                   merkle_equal(&after, &head->root);
    return is_good ? OK : ERR_VALUE;
}
