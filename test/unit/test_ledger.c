/* The ledger's writer: what it takes, what it keeps, what it refuses. */
#include "test.h"

#include "base/file.h"
#include "base/secret.h"
#include "ledger/ledger.h"
#include "ledger/logcopy.h"
#include "ledger/tree.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct site {
    char folder[64];
    char ledger[96];
    struct key *key;
    struct ledger_settings settings;
};

static int
remove_one(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

static int
set_up(void **state)
{
    struct site *site = calloc(1, sizeof(*site));
    assert_non_null(site);
    memcpy(site->folder, "/tmp/gatehouse-ledger-XXXXXX", sizeof("/tmp/gatehouse-ledger-XXXXXX"));
    assert_non_null(mkdtemp(site->folder));
    (void)snprintf(site->ledger, sizeof(site->ledger), "%s/l", site->folder);
    assert_int_equal(key_new("test.example/log", VKEY_ED25519, &site->key), OK);
    site->settings = (struct ledger_settings){
        .folder = site->ledger, .key = site->key, .segment_bytes = 262144, .reserve_bytes = 131072};
    struct note note = {""};
    if (ledger_create(&site->settings, &note) != OK) {
        fail_msg("%s", note.text);
    }
    *state = site;
    return 0;
}

static int
tear_down(void **state)
{
    struct site *site = *state;
    key_free(site->key);
    assert_int_equal(nftw(site->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
    free(site);
    return 0;
}

static struct ledger *
open_ledger(const struct site *site, struct ledger_recovery *ret_recovery)
{
    struct ledger *ledger = NULL;
    struct note note = {""};
    if (ledger_open(&site->settings, &ledger, ret_recovery, &note) != OK) {
        fail_msg("%s", note.text);
    }
    return ledger;
}

static size_t
make_entry(uint64_t index, char out[2048])
{
    size_t len = 20 + (size_t)(index * 7919 % 1500);
    memset(out, 'a' + (int)(index % 26), len);
    (void)snprintf(out, 20, "%019llu", (unsigned long long)index);
    return len;
}

/* Adds entries up to a size and publishes every so often. */
static void
fill(struct ledger *ledger, uint64_t until, uint64_t every)
{
    struct note note = {""};
    for (uint64_t i = ledger_size(ledger); i < until;) {
        char entry[2048];
        size_t len = make_entry(i, entry);
        uint64_t index = 0;
        enum err err = ledger_add(ledger, entry, len, false, &index);
        if (err == OK) {
            assert_int_equal(index, i);
            i++;
        }
        if (err != OK || i % every == 0) {
            assert_true(err == OK || err == ERR_LIMIT);
            if (ledger_flush(ledger, &note) != OK) {
                fail_msg("%s", note.text);
            }
        }
    }
    assert_int_equal(ledger_flush(ledger, &note), OK);
    assert_int_equal(ledger_size(ledger), until);
    assert_int_equal(ledger_published(ledger), until);
}

static void
check_checkpoint(const struct site *site, const struct key *key, uint64_t size)
{
    char path[128];
    struct buf text;
    struct note note = {""};
    struct checkpoint checkpoint;
    struct merkle *merkle = merkle_new();
    struct merkle_frontier frontier = {.size = 0};
    struct merkle_hash root;
    (void)snprintf(path, sizeof(path), "%s/log/checkpoint", site->ledger);
    buf_init(&text, 65536);
    assert_int_equal(file_read(path, &text, &note), OK);
    assert_int_equal(checkpoint_open(text.data, text.len, key_public(key), &checkpoint, &note), OK);
    assert_int_equal(checkpoint.head.size, size);
    for (uint64_t i = 0; i < size; i++) {
        char entry[2048];
        size_t len = make_entry(i, entry);
        struct merkle_hash leaf;
        merkle_leaf(merkle, entry, len, &leaf);
        merkle_grow(merkle, &frontier, &leaf);
    }
    merkle_root(merkle, &frontier, &root);
    assert_true(merkle_equal(&root, &checkpoint.head.root));
    merkle_free(merkle);
    buf_release(&text);
}

static void
test_root_is_that_of_the_entries_over_many_segments_and_openings(void **state)
{
    const struct site *site = *state;
    static const uint64_t sizes[] = {1, 2, 255, 256, 257, 700, 5000, 5000, 20000};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct ledger_recovery recovery = {0};
        struct ledger *ledger = open_ledger(site, &recovery);
        assert_int_equal(recovery.size, i == 0 ? 0 : sizes[i - 1]);
        assert_int_equal(recovery.torn, 0);
        fill(ledger, sizes[i], 777);
        ledger_close(ledger);
        check_checkpoint(site, site->key, sizes[i]);
    }
}

static void
test_second_writer_is_refused_and_a_second_creation_too(void **state)
{
    const struct site *site = *state;
    struct ledger_recovery recovery;
    struct note note = {""};
    struct ledger *ledger = open_ledger(site, &recovery);
    struct ledger *second = NULL;
    assert_int_equal(ledger_open(&site->settings, &second, &recovery, &note), ERR_REFUSED);
    assert_non_null(strstr(note.text, "another process"));
    ledger_close(ledger);
    assert_int_equal(ledger_create(&site->settings, &note), ERR_VALUE);
    ledger_close(open_ledger(site, &recovery));
}

static void
test_committed_but_unpublished_entries_are_there_after_opening_again(void **state)
{
    const struct site *site = *state;
    struct ledger_recovery recovery;
    struct ledger *ledger = open_ledger(site, &recovery);
    fill(ledger, 300, 300);
    for (uint64_t i = 300; i < 310; i++) {
        char entry[2048];
        size_t len = make_entry(i, entry);
        uint64_t index = 0;
        assert_int_equal(ledger_add(ledger, entry, len, false, &index), OK);
        struct ledger_batch *batch = ledger_seal(ledger);
        assert_null(ledger_seal(ledger));
        assert_int_equal(ledger_commit(ledger, batch), OK);
        ledger_committed(ledger, batch, OK);
    }
    assert_int_equal(ledger_published(ledger), 300);
    uint64_t index = 0;
    assert_int_equal(ledger_add(ledger, "never sealed", 12, false, &index), OK);
    ledger_close(ledger);
    ledger = open_ledger(site, &recovery);
    assert_int_equal(recovery.size, 310);
    fill(ledger, 320, 100);
    ledger_close(ledger);
    check_checkpoint(site, site->key, 320);
}

static void
test_entry_that_is_empty_or_too_long_is_refused(void **state)
{
    const struct site *site = *state;
    struct ledger_recovery recovery;
    struct ledger *ledger = open_ledger(site, &recovery);
    static char long_entry[TILE_ENTRY + 1];
    uint64_t index = 0;
    memset(long_entry, 'x', sizeof(long_entry));
    assert_int_equal(ledger_add(ledger, "", 0, false, &index), ERR_VALUE);
    assert_int_equal(ledger_add(ledger, long_entry, TILE_ENTRY + 1, false, &index), ERR_VALUE);
    assert_int_equal(ledger_add(ledger, long_entry, TILE_ENTRY, false, &index), OK);
    assert_int_equal(ledger_flush(ledger, NULL), OK);
    ledger_close(ledger);
}

static void
test_hand_over_is_signed_by_both_and_only_the_next_key_opens_it_then(void **state)
{
    struct site *site = *state;
    struct ledger_recovery recovery;
    struct note note = {""};
    struct key *next = NULL;
    struct key *other = NULL;
    assert_int_equal(key_new("test.example/log", VKEY_ED25519, &next), OK);
    assert_int_equal(key_new("other.example/log", VKEY_ED25519, &other), OK);
    struct ledger *ledger = open_ledger(site, &recovery);
    fill(ledger, 400, 150);
    assert_int_equal(ledger_hand_over(ledger, other, &note), ERR_VALUE);
    assert_int_equal(ledger_hand_over(ledger, next, &note), OK);
    fill(ledger, 500, 150);
    ledger_close(ledger);
    check_checkpoint(site, next, 500);
    assert_int_equal(ledger_open(&site->settings, &ledger, &recovery, &note), ERR_VALUE);
    char path[128];
    struct buf text;
    struct checkpoint checkpoint;
    buf_init(&text, 65536);
    (void)snprintf(path, sizeof(path), "%s/log/handover/1", site->ledger);
    assert_int_equal(file_read(path, &text, &note), OK);
    const struct key *const both[] = {site->key, next};
    for (size_t i = 0; i < COUNT(both); i++) {
        assert_int_equal(
            checkpoint_open(text.data, text.len, key_public(both[i]), &checkpoint, &note), OK);
        assert_int_equal(checkpoint.head.size, 400);
    }
    buf_release(&text);
    key_free(site->key);
    site->key = next;
    site->settings.key = next;
    ledger_close(open_ledger(site, &recovery));
    key_free(other);
}

/* The keeper frees the old key and goes on: segments that are made then are still of this log. */
static void
test_ledger_goes_on_over_new_segments_when_the_old_key_is_gone(void **state)
{
    struct site *site = *state;
    struct ledger_recovery recovery;
    struct note note = {""};
    struct key *next = NULL;
    assert_int_equal(key_new("test.example/log", VKEY_ED25519, &next), OK);
    struct ledger *ledger = open_ledger(site, &recovery);
    fill(ledger, 400, 150);
    assert_int_equal(ledger_hand_over(ledger, next, &note), OK);
    key_free(site->key);
    site->key = next;
    site->settings.key = next;
    fill(ledger, 5000, 700);
    ledger_close(ledger);
    check_checkpoint(site, next, 5000);
    ledger_close(open_ledger(site, &recovery));
    assert_int_equal(recovery.size, 5000);
}

/* Copied while it is open, a ledger of the copy has the same entries and goes on. */
static void
test_ledger_made_of_a_copy_of_the_log_goes_on_after_its_last_entry(void **state)
{
    struct site *site = *state;
    static const uint64_t sizes[] = {0, 1, 255, 256, 257, 5000, 5120};
    struct ledger_recovery recovery;
    struct note note = {""};
    struct ledger *ledger = open_ledger(site, &recovery);
    char to[96];
    char log[112];
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct logcopy copy;
        struct ledger *again = NULL;
        fill(ledger, sizes[i], 150);
        (void)snprintf(to, sizeof(to), "%s/%zu", site->folder, i);
        (void)snprintf(log, sizeof(log), "%s/log", to);
        assert_int_equal(mkdir(to, 0755), 0);
        if (logcopy_run(site->ledger, log, false, &copy, &note) != OK) {
            fail_msg("%s", note.text);
        }
        buf_release(&copy.since);
        assert_int_equal(copy.head.size, sizes[i]);
        struct ledger_settings settings = site->settings;
        settings.folder = to;
        if (ledger_restore_log(&settings, &note) != OK) {
            fail_msg("%s", note.text);
        }
        assert_int_equal(ledger_restore_log(&settings, &note), ERR_VALUE);
        assert_int_equal(ledger_open(&settings, &again, &recovery, &note), OK);
        assert_int_equal(recovery.size, sizes[i]);
        fill(again, sizes[i] + 700, 300);
        ledger_close(again);
        struct site restored = *site;
        (void)snprintf(restored.ledger, sizeof(restored.ledger), "%s", to);
        check_checkpoint(&restored, site->key, sizes[i] + 700);
        assert_int_equal(ledger_open(&settings, &again, &recovery, &note), OK);
        ledger_close(again);
    }
    ledger_close(ledger);
}

/* The copy is brought up to date, also over a partial tile; another history leaves it as it is. */
static void
test_copy_follows_the_log_and_refuses_another_history(void **state)
{
    struct site *site = *state;
    static const uint64_t sizes[] = {300, 310, 1000, 1024, 5000};
    struct ledger_recovery recovery;
    struct note note = {""};
    struct logcopy copy;
    struct site copied = *site;
    char to[128];
    (void)snprintf(to, sizeof(to), "%s/copy", site->folder);
    (void)snprintf(copied.ledger, sizeof(copied.ledger), "%s/holder", site->folder);
    assert_int_equal(mkdir(copied.ledger, 0755), 0);
    (void)snprintf(to, sizeof(to), "%s/log", copied.ledger);
    struct ledger *ledger = open_ledger(site, &recovery);
    uint64_t before = 0;
    for (size_t i = 0; i < COUNT(sizes); i++) {
        fill(ledger, sizes[i], 150);
        assert_int_equal(logcopy_run(site->ledger, to, false, &copy, &note), OK);
        buf_release(&copy.since);
        assert_int_equal(copy.before, before);
        before = sizes[i];
        check_checkpoint(&copied, site->key, sizes[i]);
    }
    ledger_close(ledger);
    (void)snprintf(site->ledger, sizeof(site->ledger), "%s/other", site->folder);
    assert_int_equal(ledger_create(&site->settings, &note), OK);
    ledger = open_ledger(site, &recovery);
    fill(ledger, 100, 150);
    assert_int_equal(logcopy_run(site->ledger, to, false, &copy, &note), ERR_VALUE);
    buf_release(&copy.since);
    assert_non_null(strstr(note.text, "does not continue"));
    assert_int_equal(logcopy_run(site->ledger, site->ledger, false, &copy, &note), ERR_VALUE);
    buf_release(&copy.since);
    ledger_close(ledger);
    check_checkpoint(&copied, site->key, 5000);
}

/* Writes over one byte of a file. */
static void
damage(const char *path, off_t at, char byte)
{
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    assert_int_equal(fwrite(&byte, 1, 1, file), 1);
    assert_int_equal(fclose(file), 0);
}

static void
test_damage_before_the_journal_s_end_is_refused_and_named(void **state)
{
    const struct site *site = *state;
    struct ledger_recovery recovery;
    struct note note = {""};
    struct ledger *ledger = open_ledger(site, &recovery);
    fill(ledger, 50, 10);
    ledger_close(ledger);
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/journal/000000000001", site->ledger);
    damage(path, 4096 + 100, '#');
    assert_int_equal(ledger_open(&site->settings, &ledger, &recovery, &note), ERR_VALUE);
    assert_non_null(strstr(note.text, "journal/000000000001 is damaged at byte 4096"));
    damage(path, 0, '#');
    assert_int_equal(ledger_open(&site->settings, &ledger, &recovery, &note), ERR_VALUE);
    assert_non_null(strstr(note.text, "its header does not hold"));
}

static void
test_unfinished_batch_at_the_end_is_dropped_and_told(void **state)
{
    const struct site *site = *state;
    struct ledger_recovery recovery;
    struct ledger *ledger = open_ledger(site, &recovery);
    fill(ledger, 2, 2);
    char entry[2048];
    size_t len = make_entry(2, entry);
    uint64_t index = 0;
    assert_int_equal(ledger_add(ledger, entry, len, false, &index), OK);
    struct ledger_batch *batch = ledger_seal(ledger);
    assert_int_equal(ledger_commit(ledger, batch), OK);
    ledger_close(ledger);
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/journal/000000000001", site->ledger);
    damage(path, 2 * 4096 + 70, '#');
    ledger = open_ledger(site, &recovery);
    assert_int_equal(recovery.size, 2);
    assert_int_equal(recovery.torn, 64 + 2 + len);
    fill(ledger, 3, 1);
    ledger_close(ledger);
    check_checkpoint(site, site->key, 3);
}

int
main(void)
{
    if (secret_start() != OK) {
        return 1;
    }
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_root_is_that_of_the_entries_over_many_segments_and_openings),
        CASE(test_second_writer_is_refused_and_a_second_creation_too),
        CASE(test_committed_but_unpublished_entries_are_there_after_opening_again),
        CASE(test_entry_that_is_empty_or_too_long_is_refused),
        CASE(test_hand_over_is_signed_by_both_and_only_the_next_key_opens_it_then),
        CASE(test_ledger_goes_on_over_new_segments_when_the_old_key_is_gone),
        CASE(test_ledger_made_of_a_copy_of_the_log_goes_on_after_its_last_entry),
        CASE(test_copy_follows_the_log_and_refuses_another_history),
        CASE(test_damage_before_the_journal_s_end_is_refused_and_named),
        CASE(test_unfinished_batch_at_the_end_is_dropped_and_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
