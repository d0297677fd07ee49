#include "ledger/policy.h"

#include "base/secret.h"
#include "ledger/key.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#define KEYS 34

static struct key *log_key, *cosigners[KEYS];
static char log_text[VKEY_TEXT], texts[KEYS][VKEY_TEXT];
static struct policy policy;
static struct note note;
static struct buf file;

static int
make_keys(void **state)
{
    (void)state;
    char name[32];
    bool is_fine = secret_start() == OK && key_new("log.example", VKEY_ED25519, &log_key) == OK;
    for (size_t i = 0; i < KEYS && is_fine; i++) {
        (void)snprintf(name, sizeof(name), "w%zu.example", i);
        is_fine = key_new(name, VKEY_COSIGNER, &cosigners[i]) == OK;
        (void)vkey_text(key_public(cosigners[i]), texts[i]);
    }
    (void)vkey_text(key_public(log_key), log_text);
    buf_init(&file, POLICY_LIMIT);
    return is_fine ? 0 : -1;
}

static int
drop_keys(void **state)
{
    (void)state;
    key_free(log_key);
    for (size_t i = 0; i < KEYS; i++) {
        key_free(cosigners[i]);
    }
    buf_release(&file);
    return 0;
}

/* The witnesses w0 to w(count - 1), then more text; note is what the parser said. */
static enum err
parse(size_t count, const char *rest)
{
    buf_clear(&file);
    for (size_t i = 0; i < count; i++) {
        buf_format(&file, "witness w%zu %s\n", i, texts[i]);
    }
    buf_text(&file, rest);
    note.text[0] = '\0';
    return policy_parse(file.data, file.len, &policy, &note);
}

static void
expect_refused(size_t count, const char *rest, const char *in_note)
{
    assert_int_not_equal(parse(count, rest), OK);
    if (strstr(note.text, in_note) == NULL) {
        fail_msg("\"%s\" is not in \"%s\"", in_note, note.text);
    }
}

static void
test_reads_two_levels_of_groups(void **state)
{
    (void)state;
    const char *rest =
        "group X 2 w0 w1 w2\n\tgroup  Y any w3 w4 \n# words\n\ngroup Z all X Y\nquorum Z";
    assert_int_equal(parse(5, rest), OK);
    assert_false(policy_is_met(&policy, 0));
    assert_false(policy_is_met(&policy, 0x07));
    assert_false(policy_is_met(&policy, 0x19));
    assert_true(policy_is_met(&policy, 0x0b));
    assert_true(policy_is_met(&policy, 0x16));
}

static void
test_quorum_none_needs_nobody_and_a_witness_can_be_the_quorum(void **state)
{
    (void)state;
    assert_int_equal(parse(0, "quorum none\n"), OK);
    assert_true(policy_is_met(&policy, 0));
    assert_int_equal(parse(2, "quorum w1\n"), OK);
    assert_false(policy_is_met(&policy, 1));
    assert_true(policy_is_met(&policy, 2));
}

static void
test_an_error_names_the_line_and_the_word(void **state)
{
    (void)state;
    expect_refused(2, "quorum w7\n", "line 3");
    expect_refused(2, "quorum w7\n", "w7");
    expect_refused(1, "witnes w9 x\n", "witnes");
    expect_refused(2, "group g 3 w0 w1\nquorum g\n", "line 3");
    expect_refused(2, "group g 0 w0 w1\nquorum g\n", "from 1");
    expect_refused(2, "group g any w0 w0\nquorum g\n", "already");
    expect_refused(2, "group g any w0\ngroup h any w0\nquorum g\n", "already");
    expect_refused(2, "group g any h\ngroup h any w0\nquorum g\n", "h");
    expect_refused(2, "group w0 any w1\nquorum w0\n", "taken");
    expect_refused(2, "group none any w1\nquorum none\n", "taken");
    expect_refused(2, "group g any none\nquorum none\n", "none");
    expect_refused(1, "quorum w0\nquorum w0\n", "second quorum");
    expect_refused(1, "", "quorum");
    expect_refused(0, "log nonsense\nquorum none\n", "nonsense");
    expect_refused(0, "quorum none\001\n", "control");
    expect_refused(0, "quorum none more\n", "line 1");
}

static void
test_refuses_a_key_twice_and_one_for_another_purpose(void **state)
{
    (void)state;
    char rest[4 * VKEY_TEXT];
    (void)snprintf(rest, sizeof(rest), "log %s\nlog %s\nquorum none\n", log_text, log_text);
    expect_refused(0, rest, "twice");
    (void)snprintf(rest, sizeof(rest), "witness other %s\nquorum none\n", texts[0]);
    expect_refused(1, rest, "twice");
    (void)snprintf(rest, sizeof(rest), "log %s\nquorum none\n", texts[0]);
    expect_refused(0, rest, "log key");
    (void)snprintf(rest, sizeof(rest), "witness w %s\nquorum none\n", log_text);
    expect_refused(0, rest, "cosigner");
}

static void
test_takes_32_of_each_and_no_more(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf rest;
    buf_init(&rest, POLICY_LIMIT);
    buf_text(&rest, "group g0 any w0\n");
    for (int i = 1; i < POLICY_GROUPS; i++) {
        buf_format(&rest, "group g%d all w%d g%d\n", i, i, i - 1);
    }
    buf_text(&rest, "quorum g31\n");
    assert_int_equal(parse(POLICY_WITNESSES, rest.data), OK);
    assert_true(policy_is_met(&policy, UINT32_MAX));
    assert_false(policy_is_met(&policy, UINT32_MAX >> 1));
    assert_int_equal(parse(POLICY_WITNESSES + 1, "quorum none\n"), ERR_LIMIT);
    buf_text(&rest, "group more any g31\n");
    assert_int_equal(parse(POLICY_WITNESSES, rest.data), ERR_LIMIT);
}

static void
cosign(struct buf *out, const char *text, const struct key *key, uint64_t time)
{
    uint8_t blob[VKEY_BLOB];
    CLEANUP(buf_release) struct buf bytes;
    buf_init(&bytes, SIGNEDNOTE_LIMIT);
    if (time == 0) {
        buf_text(&bytes, text);
    } else {
        signednote_cosigned(&bytes, text, strlen(text), time);
    }
    key_sign(key, bytes.data, bytes.len, blob);
    struct signednote_signature signature = {key_public(key), blob, time};
    signednote_put(out, &signature);
}

static void
test_judges_a_note_by_its_signatures(void **state)
{
    (void)state;
    static const char text[] = "log.example\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";
    struct signednote signed_note;
    struct policy_verdict verdict;
    char rest[2 * VKEY_TEXT];
    CLEANUP(buf_release) struct buf bytes;
    (void)snprintf(rest, sizeof(rest), "group g 2 w0 w1 w2\nlog %s\nquorum g\n", log_text);
    assert_int_equal(parse(3, rest), OK);
    buf_init(&bytes, SIGNEDNOTE_LIMIT);
    buf_format(&bytes, "%s\n", text);
    cosign(&bytes, text, log_key, 0);
    cosign(&bytes, text, cosigners[1], 1764000000);
    cosign(&bytes, text, cosigners[7], 1764000001); /* a stranger */
    assert_int_equal(signednote_parse(bytes.data, bytes.len, &signed_note, &note), OK);
    assert_int_equal(policy_judge(&policy, &signed_note, &verdict, &note), OK);
    assert_true(verdict.has_log);
    assert_false(verdict.is_met);
    assert_int_equal(verdict.cosigned, 2);
    assert_int_equal(verdict.times[1], 1764000000);
    cosign(&bytes, text, cosigners[2], 1764000002);
    assert_int_equal(signednote_parse(bytes.data, bytes.len, &signed_note, &note), OK);
    assert_int_equal(policy_judge(&policy, &signed_note, &verdict, &note), OK);
    assert_true(verdict.is_met);
    cosign(&bytes, "other text\n", cosigners[0], 1764000003);
    assert_int_equal(signednote_parse(bytes.data, bytes.len, &signed_note, &note), OK);
    assert_int_equal(policy_judge(&policy, &signed_note, &verdict, &note), ERR_VALUE);
    assert_non_null(strstr(note.text, "w0"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_two_levels_of_groups),
        cmocka_unit_test(test_quorum_none_needs_nobody_and_a_witness_can_be_the_quorum),
        cmocka_unit_test(test_an_error_names_the_line_and_the_word),
        cmocka_unit_test(test_refuses_a_key_twice_and_one_for_another_purpose),
        cmocka_unit_test(test_takes_32_of_each_and_no_more),
        cmocka_unit_test(test_judges_a_note_by_its_signatures),
    };
    return cmocka_run_group_tests(tests, make_keys, drop_keys);
}
