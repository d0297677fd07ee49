/* From an older key to the one that signs now, through the files that the ledger's writer leaves.
 */
#include "ledger/handover.h"
#include "ledger/ledger.h"

#include "base/secret.h"
#include "log_scratch.h"

#include <sys/stat.h>

#define KEYS 5

static struct key *keys[KEYS];
static struct key *stranger;
static char folder[256];
static struct note note;

static int
setup(void **state)
{
    (void)state;
    scratch_make("handover");
    scratch_path(folder, "ledger");
    for (size_t i = 0; i < KEYS; i++) {
        assert_int_equal(key_new("test.example/log", VKEY_ED25519, &keys[i]), OK);
    }
    assert_int_equal(key_new("test.example/log", VKEY_ED25519, &stranger), OK);
    const struct ledger_settings settings = {
        .folder = folder, .key = keys[0], .segment_bytes = 262144, .reserve_bytes = 131072};
    return ledger_create(&settings, &note) == OK ? 0 : 1;
}

static int
teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < KEYS; i++) {
        key_free(keys[i]);
    }
    key_free(stranger);
    return scratch_remove();
}

static struct ledger *
open_with(const struct key *key)
{
    const struct ledger_settings settings = {
        .folder = folder, .key = key, .segment_bytes = 262144, .reserve_bytes = 131072};
    struct ledger_recovery recovery;
    struct ledger *ledger = NULL;
    if (ledger_open(&settings, &ledger, &recovery, &note) != OK) {
        fail_msg("%s", note.text);
    }
    return ledger;
}

static void
add(struct ledger *ledger, const char *entry)
{
    uint64_t index = 0;
    assert_int_equal(ledger_add(ledger, entry, strlen(entry), false, &index), OK);
    assert_int_equal(ledger_flush(ledger, &note), OK);
}

/* The event that names both, as far as a hand-over needs it. */
static void
announce(struct ledger *ledger, const struct key *previous, const struct key *next)
{
    char from[VKEY_TEXT];
    char to[VKEY_TEXT];
    char entry[2048];
    (void)snprintf(entry, sizeof(entry),
        "{\"action\":\"system.key\",\"detail\":{\"next\":\"%s\",\"previous\":\"%s\"}}",
        vkey_text(key_public(next), to), vkey_text(key_public(previous), from));
    add(ledger, entry);
}

static enum err
follow(const struct key *trusted, struct handover *ret_handover)
{
    struct tree *tree = NULL;
    struct signednote signed_note;
    struct checkpoint checkpoint;
    CLEANUP(buf_release) struct buf text;
    buf_init(&text, TREE_CHECKPOINT);
    assert_int_equal(tree_open(folder, &tree, &note), OK);
    assert_int_equal(tree_file(tree, "checkpoint", &text, &note), OK);
    assert_int_equal(signednote_parse(text.data, text.len, &signed_note, &note), OK);
    assert_int_equal(
        checkpoint_parse(signed_note.text, signed_note.text_len, &checkpoint, &note), OK);
    enum err err =
        handover_follow(tree, checkpoint.head.size, key_public(trusted), ret_handover, &note);
    tree_close(tree);
    return err;
}

static void
assert_leads(const struct key *trusted, const struct key *expected, size_t count)
{
    struct handover handover;
    if (follow(trusted, &handover) != OK) {
        fail_msg("%s", note.text);
    }
    assert_int_equal(handover.count, count);
    assert_true(vkey_equal(&handover.keys[count], key_public(expected)));
}

static void
test_a_log_without_hand_over_leads_nowhere(void **state)
{
    (void)state;
    assert_leads(keys[0], keys[0], 0);
    assert_leads(stranger, stranger, 0);
}

static void
test_each_key_leads_to_the_one_that_signs_now(void **state)
{
    (void)state;
    struct ledger *ledger = open_with(keys[0]);
    add(ledger, "before");
    for (size_t i = 0; i < 2; i++) {
        announce(ledger, keys[i], keys[i + 1]);
        assert_int_equal(ledger_hand_over(ledger, keys[i + 1], &note), OK);
        add(ledger, "between");
    }
    ledger_close(ledger);
    assert_leads(keys[0], keys[2], 2);
    assert_leads(keys[1], keys[2], 1);
    assert_leads(keys[2], keys[2], 0);
    assert_leads(stranger, stranger, 0);
}

/* The file of a hand-over is written, then the program dies: it is made anew at the next start. */
static void
test_a_hand_over_that_was_cut_short_and_made_anew_is_followed(void **state)
{
    (void)state;
    const struct key *last = keys[3];
    struct ledger *ledger = open_with(keys[2]);
    char path[256];
    char kept[256];
    announce(ledger, keys[2], last);
    assert_int_equal(ledger_hand_over(ledger, last, &note), OK);
    ledger_close(ledger);
    /* Back to what the crash left: the hand-over's file, but the checkpoint of the old key. */
    struct tree *tree = NULL;
    struct checkpoint checkpoint;
    CLEANUP(buf_release) struct buf text;
    CLEANUP(buf_release) struct buf signed_text;
    uint8_t blob[VKEY_BLOB];
    buf_init(&text, TREE_CHECKPOINT);
    buf_init(&signed_text, TREE_CHECKPOINT);
    assert_int_equal(tree_open(folder, &tree, &note), OK);
    assert_int_equal(tree_file(tree, "checkpoint", &text, &note), OK);
    assert_int_equal(
        checkpoint_open(text.data, text.len, key_public(last), &checkpoint, &note), OK);
    tree_close(tree);
    buf_clear(&text);
    checkpoint_put(&text, &checkpoint);
    buf_add(&signed_text, text.data, text.len);
    buf_byte(&signed_text, '\n');
    key_sign(keys[2], text.data, text.len, blob);
    signednote_put(&signed_text,
        &(struct signednote_signature){.key = key_public(keys[2]), .signature = blob});
    scratch_put("ledger/log/checkpoint", signed_text.data, signed_text.len);
    ledger = open_with(keys[2]);
    announce(ledger, keys[2], last);
    assert_int_equal(ledger_hand_over(ledger, last, &note), OK);
    ledger_close(ledger);
    assert_leads(keys[0], last, 3);
    assert_leads(keys[2], last, 1);
    scratch_path(path, "ledger/log/handover/3");
    scratch_path(kept, "kept");
    assert_int_equal(rename(path, kept), 0);
    assert_leads(keys[2], keys[2], 0); /* the row of numbers ends at the gap */
    assert_int_equal(rename(kept, path), 0);
}

static void
test_a_hand_over_that_was_touched_is_refused_by_name(void **state)
{
    (void)state;
    struct handover handover;
    CLEANUP(buf_release) struct buf good;
    CLEANUP(buf_release) struct buf bad;
    char path[256];
    buf_init(&good, 65536);
    buf_init(&bad, 65536);
    scratch_path(path, "ledger/log/handover/1");
    assert_int_equal(file_read(path, &good, &note), OK);
    /* Without the new key's signature. */
    char *second = strstr(strstr(good.data, "\n\n") + 2, "\n") + 1;
    scratch_put("ledger/log/handover/1", good.data, (size_t)(second - good.data));
    assert_int_equal(follow(keys[0], &handover), ERR_VALUE);
    assert_non_null(strstr(note.text, "handover/1"));
    /* With another text. */
    buf_add(&bad, good.data, good.len);
    *strchr(bad.data, '\n') = ' ';
    scratch_put("ledger/log/handover/1", bad.data, bad.len);
    assert_int_not_equal(follow(keys[0], &handover), OK);
    scratch_put("ledger/log/handover/1", "", 0);
    assert_int_not_equal(follow(keys[0], &handover), OK);
    scratch_put("ledger/log/handover/1", good.data, good.len);
    assert_int_equal(follow(keys[0], &handover), OK);
}

/* Leaves the ledger as no honest keeper would: the last test. */
static void
test_an_entry_that_names_another_key_as_the_old_one_leads_nowhere(void **state)
{
    (void)state;
    struct handover handover;
    struct ledger *ledger = open_with(keys[3]);
    announce(ledger, stranger, keys[4]);
    assert_int_equal(ledger_hand_over(ledger, keys[4], &note), OK);
    ledger_close(ledger);
    assert_int_equal(follow(keys[0], &handover), ERR_VALUE);
    assert_non_null(strstr(note.text, "names another key as the one before"));
    assert_int_equal(follow(keys[3], &handover), ERR_VALUE);
    assert_leads(keys[4], keys[4], 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_log_without_hand_over_leads_nowhere),
        cmocka_unit_test(test_each_key_leads_to_the_one_that_signs_now),
        cmocka_unit_test(test_a_hand_over_that_was_cut_short_and_made_anew_is_followed),
        cmocka_unit_test(test_a_hand_over_that_was_touched_is_refused_by_name),
        cmocka_unit_test(test_an_entry_that_names_another_key_as_the_old_one_leads_nowhere),
    };
    return secret_start() == OK ? cmocka_run_group_tests(tests, setup, teardown) : 1;
}
