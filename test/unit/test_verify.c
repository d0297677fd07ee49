#include "ledger/verify.h"

#include "base/secret.h"
#include "ledger/verify_align.h"
#include "ledger/verify_settle.h"
#include "log_maker.h"
#include "test.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct key *key;
static char top[64];
static char folder[128];
static unsigned made;

static int
begin(void **state)
{
    (void)state;
    (void)snprintf(top, sizeof(top), "/tmp/test_verify.XXXXXX");
    bool is_fine = secret_start() == OK && mkdtemp(top) != NULL &&
                   key_new("verify.example", VKEY_ED25519, &key) == OK;
    return is_fine ? 0 : -1;
}

static int
remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

static int
end(void **state)
{
    (void)state;
    key_free(key);
    return nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void
add_entries(struct log_maker *maker, uint64_t from, uint64_t to)
{
    char entry[64];
    for (uint64_t i = from; i < to; i++) {
        int len = snprintf(entry, sizeof(entry), "entry %llu of this log", (unsigned long long)i);
        log_maker_add(maker, entry, (size_t)len);
    }
}

/* A new log with an older checkpoint at half of it. */
static void
make_log(uint64_t size)
{
    struct log_maker maker;
    (void)snprintf(folder, sizeof(folder), "%s/%u", top, made++);
    log_maker_open(&maker, folder);
    add_entries(&maker, 0, size / 2);
    log_maker_sign(&maker, key, NULL, "checkpoint.old");
    add_entries(&maker, size / 2, size);
    log_maker_sign(&maker, key, NULL, "checkpoint");
    log_maker_close(&maker);
}

static void
verify_with(struct verify_settings *settings, struct verify_result *ret_result)
{
    struct note note = {""};
    settings->folder = folder;
    settings->key = settings->key == NULL ? key_public(key) : settings->key;
    settings->hashes_only = true;
    settings->jobs = 2;
    enum err err = verify_run(settings, ret_result, &note);
    if (err != OK) {
        fail_msg("%s: %s", err_words(err), note.text);
    }
    verify_result_release(ret_result);
}

static void
verify(struct verify_result *ret_result)
{
    struct verify_settings settings = {.key = NULL};
    verify_with(&settings, ret_result);
}

static void
expect(enum verify_kind kind, uint64_t index)
{
    struct verify_result result;
    verify(&result);
    assert_false(result.is_verified);
    assert_string_equal(verify_kind(result.findings[0].kind)->text, verify_kind(kind)->text);
    assert_true(result.findings[0].has_index);
    assert_int_equal(result.findings[0].index, index);
}

/* Puts one byte of a file of the log to another value. */
static void
flip(const char *file, off_t at)
{
    char path[256];
    uint8_t byte = 0;
    (void)snprintf(path, sizeof(path), "%s/log/%s", folder, file);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    assert_int_equal(close(fd), 0);
}

static void
test_logs_of_all_shapes_verify(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {
        0, 1, 2, 255, 256, 257, 511, 512, 513, 1000, 65535, 65536, 66000};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct verify_result result;
        make_log(sizes[i]);
        verify(&result);
        if (!result.is_verified) {
            fail_msg("%llu: %s", (unsigned long long)sizes[i], result.findings[0].words);
        }
        assert_int_equal(result.entries, sizes[i]);
    }
}

static void
test_a_changed_byte_is_a_rewritten_entry(void **state)
{
    (void)state;
    make_log(1000);
    flip("tile/entries/001", 10);
    expect(VERIFY_REWRITTEN, 256);
}

static void
test_a_changed_tile_is_not_blamed_on_its_entries(void **state)
{
    (void)state;
    make_log(1000);
    flip("tile/0/001", 5 * 32);
    expect(VERIFY_DAMAGED, 256 + 5);
    make_log(1000);
    flip("tile/1/000.p/3", 1 * 32);
    expect(VERIFY_DAMAGED, 256);
}

static void
test_the_root_decides_when_entry_and_tile_are_both_changed(void **state)
{
    (void)state;
    make_log(1000);
    flip("tile/entries/001", 10);
    flip("tile/0/001", 5 * 32);
    expect(VERIFY_REWRITTEN, 256);
    make_log(1000);
    flip("tile/entries/003.p/232", 10);
    flip("tile/0/003.p/232", 100 * 32);
    flip("tile/1/000.p/3", 0);
    expect(VERIFY_REWRITTEN, 768);
}

/* Puts a file of another log in the place of this one's. */
static void
take_from(const char *other, const char *file)
{
    char from[256], to[256];
    (void)snprintf(from, sizeof(from), "%s/log/%s", other, file);
    (void)snprintf(to, sizeof(to), "%s/log/%s", folder, file);
    assert_int_equal(rename(from, to), 0);
}

/* More than 65,536 entries: there are full tiles between the root and the tiles of the leaves. */
static void
test_an_entry_rewritten_with_every_full_tile_above_it_is_found(void **state)
{
    (void)state;
    static const char *const files[] = {"tile/entries/005", "tile/0/005", "tile/1/000"};
    struct log_maker maker;
    char forged[128];
    (void)snprintf(forged, sizeof(forged), "%s/%u", top, made++);
    log_maker_open(&maker, forged);
    add_entries(&maker, 0, 1287);
    log_maker_add(&maker, "nobody was there", 16);
    add_entries(&maker, 1288, 66000);
    log_maker_sign(&maker, key, NULL, "checkpoint");
    log_maker_close(&maker);
    make_log(66000);
    for (size_t i = 0; i < COUNT(files); i++) {
        take_from(forged, files[i]);
    }
    expect(VERIFY_REWRITTEN, 0);
}

static void
test_another_key_and_a_changed_signature_are_told_apart(void **state)
{
    (void)state;
    struct key *other = NULL;
    struct verify_result result;
    assert_int_equal(key_new("verify.example", VKEY_ED25519, &other), OK);
    make_log(10);
    struct verify_settings settings = {.key = key_public(other)};
    verify_with(&settings, &result);
    assert_int_equal(result.findings[0].kind, VERIFY_NOT_SIGNED);
    key_free(other);
    flip("checkpoint", 16); /* the size */
    verify(&result);
    assert_false(result.is_verified);
    assert_int_equal(result.findings[0].kind, VERIFY_FALSE_SIGNATURE);
}

static void
test_a_key_from_the_log_itself_is_said_to_be_its_own(void **state)
{
    (void)state;
    struct verify_result result;
    make_log(10);
    struct verify_settings settings = {.folder = folder, .hashes_only = true};
    assert_int_equal(verify_run(&settings, &result, NULL), OK);
    assert_true(result.is_verified);
    assert_true(result.key_is_own);
    verify_result_release(&result);
}

/* A whole log of somebody else's, with its own log.vkey, is not one that the policy names. */
static void
test_a_policy_that_names_logs_believes_no_other_key(void **state)
{
    (void)state;
    const char *const names[] = {"verify.example", "another.example"};
    for (size_t i = 0; i < COUNT(names); i++) {
        struct key *other = NULL;
        struct policy policy = {.log_count = 1, .quorum = POLICY_NONE};
        struct verify_result result;
        assert_int_equal(key_new(names[i], VKEY_ED25519, &other), OK);
        policy.logs[0].key = *key_public(other);
        make_log(10);
        struct verify_settings settings = {
            .folder = folder, .policy = &policy, .hashes_only = true};
        assert_int_equal(verify_run(&settings, &result, NULL), OK);
        assert_false(result.is_verified);
        assert_int_equal(result.findings[0].kind, VERIFY_NOT_SIGNED);
        verify_result_release(&result);
        policy.logs[0].key = *key_public(key);
        assert_int_equal(verify_run(&settings, &result, NULL), OK);
        assert_true(result.is_verified);
        assert_false(result.key_is_own);
        verify_result_release(&result);
        key_free(other);
    }
}

static void
test_a_limit_of_time_ends_it(void **state)
{
    (void)state;
    struct verify_result result;
    make_log(100000);
    struct verify_settings settings = {.folder = folder, .limit_ms = 1, .jobs = 1};
    assert_int_equal(verify_run(&settings, &result, NULL), ERR_TIMEOUT);
    assert_false(result.is_verified);
    verify_result_release(&result);
}

static void
test_a_folder_that_is_no_log_can_not_be_read(void **state)
{
    (void)state;
    struct verify_result result;
    struct note note = {""};
    struct verify_settings settings = {.folder = "/nowhere/at/all", .key = key_public(key)};
    assert_int_equal(verify_run(&settings, &result, &note), ERR_MISSING);
    assert_non_null(strstr(note.text, "/nowhere"));
    verify_result_release(&result);
}

/* Hashes of one repeated byte, from text: "abcd" are four of them. */
static size_t
hashes_of(const char *text, struct merkle_hash *out)
{
    for (size_t i = 0; text[i] != '\0'; i++) {
        memset(out[i].bytes, text[i], MERKLE_HASH);
    }
    return strlen(text);
}

static void
test_each_change_of_a_sequence_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *truth, *found; /* the first four are of this bundle */
        enum verify_kind kind;
        size_t at;
    } cases[] = {
        {"abcdefgh", "abXdefgh",  VERIFY_REWRITTEN, 2},
        {"abcdefgh", "Xbcdefgh",  VERIFY_REWRITTEN, 0},
        {"abcdefgh", "abdefgh",   VERIFY_DROPPED,   2},
        {"abcdefgh", "abcefgh",   VERIFY_DROPPED,   3},
        {"abcdefgh", "fgh",       VERIFY_DROPPED,   0},
        {"abcdefgh", "abXcdefgh", VERIFY_INSERTED,  2},
        {"abcdefgh", "abcXdefgh", VERIFY_INSERTED,  3},
        {"abcdefgh", "abbcdefgh", VERIFY_INSERTED,  2},
        {"abcdefgh", "acbdefgh",  VERIFY_REORDERED, 1},
        {"abcdefgh", "dbcaefgh",  VERIFY_REORDERED, 0},
        {"abcdefgh", "abcgefdh",  VERIFY_REORDERED, 3},
        {"abcdefgh", "abcaefgh",  VERIFY_REWRITTEN, 3},
        {"abcdefgh", "abgdefgh",  VERIFY_REWRITTEN, 2},
    };
    struct merkle_hash truth[16], found[16];
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct verify_alignment alignment;
        struct verify_align align = {.truth = truth, .found = found, .width = 4, .own = 4};
        align.truth_count = hashes_of(cases[i].truth, truth);
        align.found_count = hashes_of(cases[i].found, found);
        align.own = align.found_count < 4 ? align.found_count : 4;
        verify_align(&align, &alignment);
        if (alignment.kind != cases[i].kind || alignment.at != cases[i].at) {
            fail_msg("%s for %s: %s at %zu", cases[i].found, cases[i].truth,
                verify_kind(alignment.kind)->text, alignment.at);
        }
    }
}

struct goal {
    const struct merkle_hash *hashes;
    size_t count;
    unsigned tries;
};

static bool
is_goal(void *context, const struct merkle_hash *hashes)
{
    struct goal *goal = context;
    goal->tries++;
    return memcmp(goal->hashes, hashes, goal->count * sizeof(*hashes)) == 0;
}

static bool
settles(const char *truth, const char *a, const char *b)
{
    struct merkle_hash goal_hashes[32], ways[2][32], found[32];
    struct goal goal = {.hashes = goal_hashes, .count = hashes_of(truth, goal_hashes)};
    struct verify_settle settle = {.count = goal.count, .group_count = 1, .fits = is_goal};
    settle.context = &goal;
    settle.ways[0] = ways[0];
    settle.ways[1] = ways[1];
    assert_int_equal(hashes_of(a, ways[0]), goal.count);
    assert_int_equal(hashes_of(b, ways[1]), goal.count);
    bool settled = verify_settle(&settle, found);
    assert_true(goal.tries < 10000);
    assert_true(!settled || memcmp(found, goal_hashes, goal.count * sizeof(found[0])) == 0);
    return settled;
}

static void
test_the_truth_is_put_together_from_two_damaged_sequences(void **state)
{
    (void)state;
    assert_true(settles("abcdefgh", "abcdefgh", "XXXXXXXX"));
    assert_true(settles("abcdefgh", "XXXXXXXX", "abcdefgh"));
    assert_true(settles("abcdefgh", "abXdefgh", "abcdeYgh"));
    assert_true(settles("abcdefgh", "XbXdefgh", "aYcdeYgY"));
    assert_true(settles("abcdefghijklmnopqrstuvwx", "abcdefghijklmnopqrstuvXx",
        "abdefghijklmnopqrstuvwxy")); /* one flipped, the other has lost one */
    assert_false(settles("abcdefgh", "abXdefgh", "abYdefgh"));
    assert_false(settles("abcdefghijklmnopqrst", "ABCDEFGHIJKLMNOPQRST", "01234567890123456789"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_logs_of_all_shapes_verify),
        cmocka_unit_test(test_a_changed_byte_is_a_rewritten_entry),
        cmocka_unit_test(test_a_changed_tile_is_not_blamed_on_its_entries),
        cmocka_unit_test(test_the_root_decides_when_entry_and_tile_are_both_changed),
        cmocka_unit_test(test_an_entry_rewritten_with_every_full_tile_above_it_is_found),
        cmocka_unit_test(test_another_key_and_a_changed_signature_are_told_apart),
        cmocka_unit_test(test_a_key_from_the_log_itself_is_said_to_be_its_own),
        cmocka_unit_test(test_a_policy_that_names_logs_believes_no_other_key),
        cmocka_unit_test(test_a_limit_of_time_ends_it),
        cmocka_unit_test(test_a_folder_that_is_no_log_can_not_be_read),
        cmocka_unit_test(test_each_change_of_a_sequence_is_named),
        cmocka_unit_test(test_the_truth_is_put_together_from_two_damaged_sequences),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
