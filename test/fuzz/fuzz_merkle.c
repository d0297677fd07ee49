/*
 * Proofs with sizes and hashes of somebody else: none is believed that was not made for them, and
 * one that was is believed at any size.
 */
#include "ledger/merkle.h"

#include "base/reader.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct merkle *merkle;

static void
must(bool is_so)
{
    if (!is_so) {
        abort();
    }
}

static uint64_t
take_u64(struct reader *reader)
{
    uint64_t high = reader_u32be(reader);
    return high << 32 | reader_u32be(reader);
}

static void
take_hash(struct reader *reader, struct merkle_hash *ret_hash)
{
    const uint8_t *bytes = reader_bytes(reader, MERKLE_HASH);
    memset(ret_hash, 0, sizeof(*ret_hash));
    if (bytes != NULL) {
        memcpy(ret_hash->bytes, bytes, MERKLE_HASH);
    }
}

/* A tree of any size whose leaves are all the same. */
static enum err
hash_of_same(void *context, unsigned level, uint64_t index, struct merkle_hash *ret_hash)
{
    const uint64_t *size = context;
    must(level < MERKLE_DEPTH && index < *size >> level);
    memset(ret_hash, 0, sizeof(*ret_hash));
    for (unsigned i = 0; i < level; i++) {
        merkle_node(merkle, ret_hash, ret_hash, ret_hash);
    }
    return OK;
}

static void
try_made(uint64_t old, uint64_t size, uint64_t flip)
{
    const struct merkle_source source = {.hash = hash_of_same, .context = &size};
    const struct merkle_hash leaf = {0};
    struct merkle_frontier frontier;
    struct merkle_path path;
    struct merkle_head before = {.size = old};
    struct merkle_head head = {.size = size};
    must(merkle_frontier_at(&source, size, &frontier) == OK);
    merkle_root(merkle, &frontier, &head.root);
    must(merkle_frontier_at(&source, old, &frontier) == OK);
    merkle_root(merkle, &frontier, &before.root);
    must(merkle_consistency(merkle, &source, old, size, &path) == OK);
    must(merkle_check_consistency(merkle, &path, &before, &head) == OK);
    if (path.count != 0) {
        path.hashes[flip % path.count].bytes[flip / path.count % MERKLE_HASH] ^= 1;
        must(merkle_check_consistency(merkle, &path, &before, &head) == ERR_VALUE);
    }
    if (old == size) {
        return;
    }
    must(merkle_inclusion(merkle, &source, old, size, &path) == OK);
    must(merkle_check_inclusion(merkle, &path, old, &leaf, &head) == OK);
    path.count++;
    must(merkle_check_inclusion(merkle, &path, old, &leaf, &head) == ERR_VALUE);
    path.count--;
    if (path.count != 0) {
        path.hashes[flip % path.count].bytes[flip / path.count % MERKLE_HASH] ^= 1;
        must(merkle_check_inclusion(merkle, &path, old, &leaf, &head) == ERR_VALUE);
    }
}

/* What is believed is not believed any more with one bit of the proof turned. */
static void
try_given(struct merkle_path *path, const struct merkle_head *old, const struct merkle_head *head)
{
    enum err included = merkle_check_inclusion(merkle, path, old->size, &old->root, head);
    enum err consistent = merkle_check_consistency(merkle, path, old, head);
    for (size_t i = 0; i < path->count && (included == OK || consistent == OK); i++) {
        path->hashes[i].bytes[i % MERKLE_HASH] ^= 1;
        must(merkle_check_inclusion(merkle, path, old->size, &old->root, head) == ERR_VALUE);
        must(merkle_check_consistency(merkle, path, old, head) == ERR_VALUE);
        path->hashes[i].bytes[i % MERKLE_HASH] ^= 1;
    }
}

/* Old size or index, size, roots and hashes, as they come. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader reader;
    struct merkle_path path = {0};
    struct merkle_head old = {0};
    struct merkle_head head = {0};
    if (merkle == NULL) {
        merkle = merkle_new();
        must(merkle != NULL);
    }
    reader_init(&reader, data, size);
    old.size = take_u64(&reader);
    head.size = take_u64(&reader);
    take_hash(&reader, &old.root);
    take_hash(&reader, &head.root);
    while (reader_left(&reader) >= MERKLE_HASH && path.count < COUNT(path.hashes)) {
        take_hash(&reader, &path.hashes[path.count++]);
    }
    try_given(&path, &old, &head);
    if (old.size <= head.size) {
        try_made(
            old.size, head.size, (uint64_t)path.hashes[0].bytes[0] << 8 | path.hashes[0].bytes[1]);
    }
    return 0;
}
