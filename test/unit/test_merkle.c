#include "ledger/merkle.h"

#include "base/text.h"

#include "test.h"

#define LEAVES 130

static struct merkle *merkle;
static struct merkle_hash leaves[LEAVES];

static int
setup(void **state)
{
    (void)state;
    merkle = merkle_new();
    for (size_t i = 0; i < LEAVES; i++) {
        const uint8_t entry[] = {(uint8_t)i, 0x5a};
        merkle_leaf(merkle, entry, sizeof(entry), &leaves[i]);
    }
    return merkle == NULL;
}

static int
teardown(void **state)
{
    (void)state;
    merkle_free(merkle);
    return 0;
}

/* RFC 6962 section 2.1 as it is written there. */
static struct merkle_hash
naive(size_t start, size_t end)
{
    if (end - start == 1) {
        return leaves[start];
    }
    size_t k = 1;
    while (2 * k < end - start) {
        k *= 2;
    }
    struct merkle_hash left = naive(start, start + k);
    struct merkle_hash right = naive(start + k, end);
    struct merkle_hash node;
    merkle_node(merkle, &left, &right, &node);
    return node;
}

static struct merkle_head
head_of(size_t size)
{
    struct merkle_head head = {.size = size};
    struct merkle_frontier empty = {0};
    if (size == 0) {
        merkle_root(merkle, &empty, &head.root);
    } else {
        head.root = naive(0, size);
    }
    return head;
}

/* Complete subtrees of a tree of *size leaves; anything else must never be asked for. */
static enum err
hash_of(void *context, unsigned level, uint64_t index, struct merkle_hash *ret_hash)
{
    const size_t *size = context;
    assert_true(level < 8);
    assert_true((index + 1) << level <= *size);
    *ret_hash = naive((size_t)(index << level), (size_t)((index + 1) << level));
    return OK;
}

static enum err
hash_fails(void *context, unsigned level, uint64_t index, struct merkle_hash *ret_hash)
{
    (void)context;
    (void)level;
    (void)index;
    (void)ret_hash;
    return ERR_IO;
}

static void
assert_hex(const struct merkle_hash *hash, const char *expected)
{
    char hex[2 * MERKLE_HASH + 1];
    text_hex(hex, hash->bytes, MERKLE_HASH);
    assert_string_equal(hex, expected);
}

/* Leaves and roots that RFC 6962 implementations share (certificate-transparency's tests). */
static void
test_gives_the_known_roots(void **state)
{
    (void)state;
    static const struct {
        const char *entry;
        size_t len;
    } entries[] = {
        {"",                                                                 0 },
        {"\x00",                                                             1 },
        {"\x10",                                                             1 },
        {"\x20\x21",                                                         2 },
        {"\x30\x31",                                                         2 },
        {"\x40\x41\x42\x43",                                                 4 },
        {"\x50\x51\x52\x53\x54\x55\x56\x57",                                 8 },
        {"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16}
    };
    static const char *const roots[] = {
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    };
    struct merkle_frontier frontier = {0};
    for (size_t i = 0; i < COUNT(roots); i++) {
        struct merkle_hash root;
        merkle_root(merkle, &frontier, &root);
        assert_hex(&root, roots[i]);
        assert_int_equal(frontier.size, i);
        if (i < COUNT(entries)) {
            struct merkle_hash leaf, once;
            merkle_leaf(merkle, entries[i].entry, entries[i].len, &leaf);
            assert_int_equal(merkle_leaf_once(entries[i].entry, entries[i].len, &once), OK);
            assert_true(merkle_equal(&leaf, &once));
            merkle_grow(merkle, &frontier, &leaf);
        }
    }
}

static void
test_grown_tree_has_the_root_of_the_definition(void **state)
{
    (void)state;
    struct merkle_frontier frontier = {0};
    for (size_t size = 1; size <= LEAVES; size++) {
        merkle_grow(merkle, &frontier, &leaves[size - 1]);
        struct merkle_hash root;
        merkle_root(merkle, &frontier, &root);
        struct merkle_hash expected = naive(0, size);
        assert_true(merkle_equal(&root, &expected));
        struct merkle_frontier again;
        const struct merkle_source source = {.hash = hash_of, .context = &size};
        assert_int_equal(merkle_frontier_at(&source, size, &again), OK);
        assert_int_equal(again.size, size);
        unsigned count = (unsigned)__builtin_popcountll(size);
        assert_memory_equal(again.nodes, frontier.nodes, count * sizeof(frontier.nodes[0]));
    }
}

/* RFC 6962 section 2.1.1, PATH(m, D[n]). */
static void
naive_path(size_t index, size_t start, size_t end, struct merkle_path *path)
{
    if (end - start == 1) {
        return;
    }
    size_t k = 1;
    while (2 * k < end - start) {
        k *= 2;
    }
    bool is_left = index < start + k;
    naive_path(index, is_left ? start : start + k, is_left ? start + k : end, path);
    path->hashes[path->count++] = is_left ? naive(start + k, end) : naive(start, start + k);
}

/* RFC 6962 section 2.1.2, SUBPROOF(m, D[n], b). */
static void
naive_subproof(size_t old, size_t start, size_t end, struct merkle_path *path)
{
    if (old == end) {
        if (start != 0) {
            path->hashes[path->count++] = naive(start, end);
        }
        return;
    }
    size_t k = 1;
    while (2 * k < end - start) {
        k *= 2;
    }
    bool is_left = old <= start + k;
    naive_subproof(old, is_left ? start : start + k, is_left ? start + k : end, path);
    path->hashes[path->count++] = is_left ? naive(start + k, end) : naive(start, start + k);
}

static void
assert_same_path(const struct merkle_path *a, const struct merkle_path *b)
{
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        assert_true(merkle_equal(&a->hashes[i], &b->hashes[i]));
    }
}

static void
test_every_inclusion_proof_is_the_definition_and_leads_to_the_root(void **state)
{
    (void)state;
    for (size_t size = 1; size <= LEAVES; size++) {
        const struct merkle_source source = {.hash = hash_of, .context = &size};
        struct merkle_head head = head_of(size);
        for (size_t index = 0; index < size; index++) {
            struct merkle_path path;
            struct merkle_path expected = {0};
            assert_int_equal(merkle_inclusion(merkle, &source, index, size, &path), OK);
            naive_path(index, 0, size, &expected);
            assert_same_path(&path, &expected);
            assert_int_equal(
                merkle_check_inclusion(merkle, &path, index, &leaves[index], &head), OK);
        }
    }
}

static void
test_every_consistency_proof_is_the_definition_and_holds(void **state)
{
    (void)state;
    for (size_t size = 0; size <= LEAVES; size++) {
        const struct merkle_source source = {.hash = hash_of, .context = &size};
        struct merkle_head head = head_of(size);
        for (size_t old = 0; old <= size; old++) {
            struct merkle_path path;
            struct merkle_path expected = {0};
            struct merkle_head before = head_of(old);
            assert_int_equal(merkle_consistency(merkle, &source, old, size, &path), OK);
            if (old != 0) {
                naive_subproof(old, 0, size, &expected);
            }
            assert_same_path(&path, &expected);
            assert_int_equal(merkle_check_consistency(merkle, &path, &before, &head), OK);
        }
    }
}

/* Calls the check with the path spoilt in every way that leaves its kind alone. */
static void
assert_spoilt_paths_fail(const struct merkle_path *path,
    enum err (*check)(const struct merkle_path *path, void *context), void *context)
{
    struct merkle_path bad = *path;
    for (size_t i = 0; i < path->count; i++) {
        bad.hashes[i].bytes[i % MERKLE_HASH] ^= 1;
        assert_int_equal(check(&bad, context), ERR_VALUE);
        bad = *path;
        memmove(&bad.hashes[i], &bad.hashes[i + 1],
            (path->count - i) * sizeof(bad.hashes[0])); /* one dropped */
        bad.count--;
        assert_int_equal(check(&bad, context), ERR_VALUE);
        bad = *path;
    }
    for (size_t i = 0; i <= path->count; i++) {
        memmove(&bad.hashes[i + 1], &bad.hashes[i], (path->count - i) * sizeof(bad.hashes[0]));
        memset(&bad.hashes[i], 0x77, sizeof(bad.hashes[0])); /* one added */
        bad.count++;
        assert_int_equal(check(&bad, context), ERR_VALUE);
        bad = *path;
    }
    for (size_t i = 1; i < path->count; i++) {
        if (merkle_equal(&bad.hashes[i], &bad.hashes[i - 1])) {
            continue;
        }
        bad.hashes[i] = path->hashes[i - 1];
        bad.hashes[i - 1] = path->hashes[i];
        assert_int_equal(check(&bad, context), ERR_VALUE);
        bad = *path;
    }
    bad.count = 2 * MERKLE_DEPTH;
    assert_int_equal(check(&bad, context), ERR_VALUE);
    bad.count = SIZE_MAX;
    assert_int_equal(check(&bad, context), ERR_VALUE);
}

struct inclusion {
    uint64_t index;
    struct merkle_head head;
};

static enum err
check_inclusion(const struct merkle_path *path, void *context)
{
    const struct inclusion *at = context;
    return merkle_check_inclusion(merkle, path, at->index, &leaves[at->index], &at->head);
}

static void
test_refuses_every_spoilt_inclusion_proof(void **state)
{
    (void)state;
    for (size_t size = 1; size <= LEAVES; size += size < 40 ? 1 : 9) {
        const struct merkle_source source = {.hash = hash_of, .context = &size};
        for (size_t index = 0; index < size; index++) {
            struct merkle_path path;
            struct inclusion at = {.index = index, .head = head_of(size)};
            assert_int_equal(merkle_inclusion(merkle, &source, index, size, &path), OK);
            assert_spoilt_paths_fail(&path, check_inclusion, &at);
            for (size_t other = 0; other <= size; other++) {
                enum err err =
                    merkle_check_inclusion(merkle, &path, other, &leaves[index], &at.head);
                assert_int_equal(err, other == index ? OK : ERR_VALUE);
            }
            struct merkle_hash leaf = leaves[index];
            leaf.bytes[31] ^= 0x80;
            assert_int_equal(
                merkle_check_inclusion(merkle, &path, index, &leaf, &at.head), ERR_VALUE);
            at.head.root.bytes[0] ^= 1;
            assert_int_equal(check_inclusion(&path, &at), ERR_VALUE);
        }
    }
}

struct consistency {
    struct merkle_head old;
    struct merkle_head head;
};

static enum err
check_consistency(const struct merkle_path *path, void *context)
{
    const struct consistency *at = context;
    return merkle_check_consistency(merkle, path, &at->old, &at->head);
}

static void
test_refuses_every_spoilt_consistency_proof(void **state)
{
    (void)state;
    for (size_t size = 0; size <= LEAVES; size += size < 40 ? 1 : 9) {
        const struct merkle_source source = {.hash = hash_of, .context = &size};
        for (size_t old = 0; old <= size; old++) {
            struct merkle_path path;
            struct consistency at = {.old = head_of(old), .head = head_of(size)};
            assert_int_equal(merkle_consistency(merkle, &source, old, size, &path), OK);
            assert_spoilt_paths_fail(&path, check_consistency, &at);
            at.old.root.bytes[31] ^= 1;
            assert_int_equal(check_consistency(&path, &at), ERR_VALUE);
            at.old.root.bytes[31] ^= 1;
            at.head.root.bytes[0] ^= 1;
            assert_int_equal(check_consistency(&path, &at), old == 0 && size != 0 ? OK : ERR_VALUE);
        }
    }
}

/* A proof for another old size, or to another tree, says nothing about this one. */
static void
test_refuses_consistency_between_wrong_sizes(void **state)
{
    (void)state;
    size_t size = 70;
    const struct merkle_source source = {.hash = hash_of, .context = &size};
    struct merkle_path path;
    struct merkle_head head = head_of(size);
    for (size_t old = 1; old < size; old++) {
        assert_int_equal(merkle_consistency(merkle, &source, old, size, &path), OK);
        for (size_t other = 1; other <= size; other++) {
            struct merkle_head before = head_of(other);
            assert_int_equal(merkle_check_consistency(merkle, &path, &before, &head),
                other == old ? OK : ERR_VALUE);
        }
    }
    struct merkle_head larger = head_of(71);
    path.count = 0;
    assert_int_equal(merkle_check_consistency(merkle, &path, &larger, &head), ERR_VALUE);
    assert_int_equal(merkle_consistency(merkle, &source, 71, 70, &path), ERR_VALUE);
    assert_int_equal(merkle_inclusion(merkle, &source, 70, 70, &path), ERR_VALUE);
}

/* Subtrees of a giant tree whose leaves are all the same: one hash for each level. */
static enum err
hash_of_same(void *context, unsigned level, uint64_t index, struct merkle_hash *ret_hash)
{
    const uint64_t *size = context;
    assert_true(level < 64);
    assert_true(index <= (*size >> level) - 1);
    *ret_hash = leaves[0];
    for (unsigned i = 0; i < level; i++) {
        merkle_node(merkle, ret_hash, ret_hash, ret_hash);
    }
    return OK;
}

static void
test_works_at_the_largest_sizes(void **state)
{
    (void)state;
    const uint64_t half = (uint64_t)1 << 63;
    const uint64_t sizes[] = {
        half - 1, half, half + 1, half + (half >> 1), UINT64_MAX - 1, UINT64_MAX};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        uint64_t size = sizes[i];
        const struct merkle_source source = {.hash = hash_of_same, .context = &size};
        struct merkle_frontier frontier;
        struct merkle_head head = {.size = size};
        assert_int_equal(merkle_frontier_at(&source, size, &frontier), OK);
        merkle_root(merkle, &frontier, &head.root);
        const uint64_t places[] = {0, 1, size / 2, size - 2, size - 1};
        for (size_t j = 0; j < COUNT(places); j++) {
            struct merkle_path path;
            assert_int_equal(merkle_inclusion(merkle, &source, places[j], size, &path), OK);
            assert_true(path.count <= MERKLE_DEPTH);
            assert_int_equal(
                merkle_check_inclusion(merkle, &path, places[j], &leaves[0], &head), OK);
            struct merkle_head old = {.size = places[j]};
            assert_int_equal(merkle_frontier_at(&source, old.size, &frontier), OK);
            merkle_root(merkle, &frontier, &old.root);
            assert_int_equal(merkle_consistency(merkle, &source, old.size, size, &path), OK);
            assert_int_equal(merkle_check_consistency(merkle, &path, &old, &head), OK);
        }
    }
}

static void
test_passes_on_what_the_source_says(void **state)
{
    (void)state;
    const struct merkle_source source = {.hash = hash_fails};
    struct merkle_path path = {.count = 7};
    struct merkle_frontier frontier;
    assert_int_equal(merkle_inclusion(merkle, &source, 3, 9, &path), ERR_IO);
    assert_int_equal(merkle_consistency(merkle, &source, 3, 9, &path), ERR_IO);
    assert_int_equal(merkle_frontier_at(&source, 9, &frontier), ERR_IO);
    assert_int_equal(path.count, 7);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gives_the_known_roots),
        cmocka_unit_test(test_grown_tree_has_the_root_of_the_definition),
        cmocka_unit_test(test_every_inclusion_proof_is_the_definition_and_leads_to_the_root),
        cmocka_unit_test(test_every_consistency_proof_is_the_definition_and_holds),
        cmocka_unit_test(test_refuses_every_spoilt_inclusion_proof),
        cmocka_unit_test(test_refuses_every_spoilt_consistency_proof),
        cmocka_unit_test(test_refuses_consistency_between_wrong_sizes),
        cmocka_unit_test(test_works_at_the_largest_sizes),
        cmocka_unit_test(test_passes_on_what_the_source_says),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
