#include "ledger/tree.h"

#include "log_scratch.h"

#include <sys/stat.h>

static struct merkle *merkle;
static struct merkle_head head;
static struct tree *tree;
static struct note note;

static int
setup(void **state)
{
    (void)state;
    merkle = merkle_new();
    scratch_make("tree");
    head = scratch_put_log(merkle, SCRATCH_SIZE);
    scratch_put("checkpoint", "text\n", 5);
    return tree_open(scratch, &tree, &note) == OK ? 0 : 1;
}

static int
teardown(void **state)
{
    (void)state;
    tree_close(tree);
    merkle_free(merkle);
    return scratch_remove();
}

static void
test_proofs_from_the_files_lead_to_the_root(void **state)
{
    (void)state;
    const struct merkle_source source = tree_source(tree, SCRATCH_SIZE);
    struct merkle_frontier frontier;
    struct merkle_hash root;
    assert_int_equal(merkle_frontier_at(&source, SCRATCH_SIZE, &frontier), OK);
    merkle_root(merkle, &frontier, &root);
    assert_true(merkle_equal(&root, &head.root));
    for (uint64_t index = 0; index < SCRATCH_SIZE; index += index < 300 ? 1 : 977) {
        struct merkle_path path;
        struct merkle_hash leaf;
        const uint8_t *entry = NULL;
        size_t len = 0;
        char expected[1024];
        assert_int_equal(merkle_inclusion(merkle, &source, index, SCRATCH_SIZE, &path), OK);
        assert_int_equal(tree_entry(tree, index, SCRATCH_SIZE, &entry, &len, &note), OK);
        assert_int_equal(len, scratch_entry(index, expected));
        assert_memory_equal(entry, expected, len);
        merkle_leaf(merkle, entry, len, &leaf);
        assert_int_equal(merkle_check_inclusion(merkle, &path, index, &leaf, &head), OK);
    }
}

/* The files of the large tree serve a smaller one: full tiles stand in for its partial ones. */
static void
test_a_smaller_tree_is_read_from_full_tiles(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {1, 255, 256, 257, 300, 65535, 65536, 65537, 69888};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct merkle_frontier frontier;
        struct merkle_head old = {.size = sizes[i]};
        struct merkle_path path;
        struct merkle_source source = tree_source(tree, sizes[i]);
        assert_int_equal(merkle_frontier_at(&source, sizes[i], &frontier), OK);
        merkle_root(merkle, &frontier, &old.root);
        source = tree_source(tree, SCRATCH_SIZE);
        assert_int_equal(merkle_consistency(merkle, &source, sizes[i], SCRATCH_SIZE, &path), OK);
        assert_int_equal(merkle_check_consistency(merkle, &path, &old, &head), OK);
    }
}

static void
test_reads_hashes_and_bundles_of_any_width(void **state)
{
    (void)state;
    static struct merkle_hash hashes[TILE_WIDTH];
    CLEANUP(buf_release) struct buf bundle;
    struct merkle_hash leaf;
    char entry[1024];
    buf_init(&bundle, TREE_BUNDLE);
    merkle_leaf(merkle, entry, scratch_entry(260, entry), &leaf);
    assert_int_equal(tree_hashes(tree, &(struct tile){0, 1, 10}, hashes, &note), OK);
    assert_true(merkle_equal(&hashes[4], &leaf));
    assert_int_equal(tree_hashes(tree, &(struct tile){0, 273, 112}, hashes, &note), OK);
    assert_int_equal(tree_hashes(tree, &(struct tile){0, 273, 111}, hashes, &note), ERR_MISSING);
    assert_int_equal(tree_hashes(tree, &(struct tile){3, 0, 1}, hashes, &note), ERR_MISSING);
    assert_int_equal(tree_bundle(tree, &(struct tile){TILE_ENTRIES, 1, 10}, &bundle, &note), OK);
    assert_memory_equal(bundle.data + 2, "entry 256", 9);
    assert_int_equal(
        tree_bundle(tree, &(struct tile){TILE_ENTRIES, 300, 256}, &bundle, &note), ERR_MISSING);
    assert_non_null(strstr(note.text, "tile/entries/300"));
}

static void
test_refuses_subtrees_that_the_tree_has_not(void **state)
{
    (void)state;
    const struct merkle_source source = tree_source(tree, 1000);
    struct merkle_hash hash;
    assert_int_equal(source.hash(source.context, 0, 999, &hash), OK);
    assert_int_equal(source.hash(source.context, 0, 1000, &hash), ERR_VALUE);
    assert_int_equal(source.hash(source.context, 3, 124, &hash), OK);
    assert_int_equal(source.hash(source.context, 3, 125, &hash), ERR_VALUE);
    assert_int_equal(source.hash(source.context, 8, 3, &hash), ERR_VALUE);
    assert_int_equal(source.hash(source.context, 64, 0, &hash), ERR_VALUE);
    assert_int_equal(source.hash(source.context, 0, UINT64_MAX, &hash), ERR_VALUE);
    assert_non_null(strstr(tree_trouble(tree)->text, "no complete subtree"));
    const uint8_t *entry = NULL;
    size_t len = 0;
    assert_int_equal(tree_entry(tree, 1000, 1000, &entry, &len, &note), ERR_VALUE);
}

static void
test_reads_small_files_up_to_the_limit(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf text;
    buf_init(&text, 8);
    assert_int_equal(tree_file(tree, "checkpoint", &text, &note), OK);
    assert_string_equal(text.data, "text\n");
    assert_int_equal(tree_file(tree, "checkpoint", &text, &note), ERR_LIMIT);
    assert_string_equal(text.data, "text\n");
    assert_int_equal(tree_file(tree, "missing", &text, &note), ERR_MISSING);
}

/* Whatever has a tile's name but is not one is refused by name and not waited for. */
static void
test_refuses_links_pipes_folders_and_wrong_lengths(void **state)
{
    (void)state;
    static struct merkle_hash hashes[TILE_WIDTH + 1];
    struct tree *bad = NULL;
    CLEANUP(buf_release) struct buf bundle;
    char path[256];
    char name[16];
    buf_init(&bundle, TREE_BUNDLE);
    scratch_path(path, "bad");
    scratch_put("bad/checkpoint", "", 0);
    scratch_put("bad/tile/0/000", hashes, sizeof(hashes[0]) * TILE_WIDTH - 1);
    scratch_put("bad/tile/0/001", hashes, sizeof(hashes[0]) * TILE_WIDTH + 1);
    scratch_put("bad/tile/0/002", hashes, 0);
    scratch_put("bad/tile/0/003.p/2", hashes, sizeof(hashes[0]) * 3);
    scratch_put("bad/tile/0/005/file", "", 0);
    assert_int_equal(tree_open(path, &bad, &note), OK);
    scratch_path(path, "bad/tile/0/004");
    assert_int_equal(symlink("000", path), 0);
    scratch_path(path, "bad/tile/0/006");
    assert_int_equal(mkfifo(path, 0600), 0);
    for (unsigned i = 0; i < 7; i++) {
        const struct tile tile = {0, i, i == 3 ? 2 : TILE_WIDTH};
        assert_int_equal(tree_hashes(bad, &tile, hashes, &note), ERR_SYNTAX);
        (void)snprintf(name, sizeof(name), "tile/0/00%u", i);
        assert_non_null(strstr(note.text, name));
    }
    scratch_put("bad/tile/entries/000.p/2", "\0\1x\0", 4);
    const uint8_t *entry = NULL;
    size_t len = 0;
    assert_int_equal(tree_entry(bad, 0, 2, &entry, &len, &note), OK);
    assert_int_equal(tree_entry(bad, 1, 2, &entry, &len, &note), ERR_SYNTAX);
    assert_non_null(strstr(note.text, "tile/entries/000.p/2"));
    scratch_path(path, "bad/tile/entries/001");
    scratch_put("bad/tile/entries/001", "", 0);
    assert_int_equal(truncate(path, (off_t)TREE_BUNDLE + 1), 0);
    const struct tile large = {TILE_ENTRIES, 1, TILE_WIDTH};
    assert_int_equal(tree_bundle(bad, &large, &bundle, &note), ERR_SYNTAX);
    assert_int_equal(truncate(path, (off_t)TREE_BUNDLE), 0);
    assert_int_equal(tree_bundle(bad, &large, &bundle, &note), OK);
    tree_close(bad);
}

static void
test_opens_a_log_or_the_ledger_around_it(void **state)
{
    (void)state;
    char path[256];
    struct tree *other = NULL;
    CLEANUP(buf_release) struct buf text;
    buf_init(&text, 100);
    scratch_put("ledger/log/checkpoint", "inner", 5);
    scratch_path(path, "ledger");
    assert_int_equal(tree_open(path, &other, &note), OK);
    assert_int_equal(tree_file(other, "checkpoint", &text, &note), OK);
    assert_string_equal(text.data, "inner");
    tree_close(other);
    scratch_put("empty/file", "", 0);
    scratch_path(path, "empty");
    assert_int_equal(tree_open(path, &other, &note), ERR_MISSING);
    scratch_path(path, "nowhere");
    assert_int_equal(tree_open(path, &other, &note), ERR_MISSING);
    assert_non_null(strstr(note.text, "nowhere"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_proofs_from_the_files_lead_to_the_root),
        cmocka_unit_test(test_a_smaller_tree_is_read_from_full_tiles),
        cmocka_unit_test(test_reads_hashes_and_bundles_of_any_width),
        cmocka_unit_test(test_refuses_subtrees_that_the_tree_has_not),
        cmocka_unit_test(test_reads_small_files_up_to_the_limit),
        cmocka_unit_test(test_refuses_links_pipes_folders_and_wrong_lengths),
        cmocka_unit_test(test_opens_a_log_or_the_ledger_around_it),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
