#include "ledger/proof.h"

#include "base/secret.h"
#include "ledger/key.h"
#include "test.h"

#include <stdio.h>

/* A tree of five entries "0" to "4", and all that proves the fourth. */
#define SIZE  5
#define INDEX 3

static struct key *key, *cosigner;
static struct merkle *merkle;
static struct merkle_hash leaves[SIZE];
static struct merkle_path path;
static struct buf checkpoint;
static struct policy policy;

static enum err
leaf_source(void *context, unsigned level, uint64_t index, struct merkle_hash *ret_hash)
{
    (void)context;
    struct merkle_frontier frontier = {.size = 0};
    for (uint64_t i = index << level; i < (index + 1) << level; i++) {
        merkle_grow(merkle, &frontier, &leaves[i]);
    }
    merkle_root(merkle, &frontier, ret_hash);
    return OK;
}

static void
sign(const char *text, size_t len, const struct key *by, uint64_t time)
{
    uint8_t blob[VKEY_BLOB];
    CLEANUP(buf_release) struct buf bytes;
    buf_init(&bytes, SIGNEDNOTE_LIMIT);
    if (time == 0) {
        buf_add(&bytes, text, len);
    } else {
        signednote_cosigned(&bytes, text, len, time);
    }
    key_sign(by, bytes.data, bytes.len, blob);
    struct signednote_signature signature = {key_public(by), blob, time};
    signednote_put(&checkpoint, &signature);
}

static int
begin(void **state)
{
    (void)state;
    struct merkle_frontier frontier = {.size = 0};
    struct merkle_source source = {.hash = leaf_source};
    struct checkpoint head = {.origin = "log.example", .head = {.size = SIZE}};
    char text[2 * VKEY_TEXT], vkey[VKEY_TEXT];
    CLEANUP(buf_release) struct buf body;
    merkle = merkle_new();
    for (size_t i = 0; i < SIZE; i++) {
        char entry = (char)('0' + i);
        merkle_leaf(merkle, &entry, 1, &leaves[i]);
        merkle_grow(merkle, &frontier, &leaves[i]);
    }
    merkle_root(merkle, &frontier, &head.head.root);
    buf_init(&body, SIGNEDNOTE_LIMIT);
    buf_init(&checkpoint, SIGNEDNOTE_LIMIT);
    checkpoint_put(&body, &head);
    buf_format(&checkpoint, "%s\n", body.data);
    if (secret_start() != OK || key_new("log.example", VKEY_ED25519, &key) != OK ||
        key_new("witness.example", VKEY_COSIGNER, &cosigner) != OK ||
        merkle_inclusion(merkle, &source, INDEX, SIZE, &path) != OK) {
        return -1;
    }
    sign(body.data, body.len, key, 0);
    sign(body.data, body.len, cosigner, 1764000000);
    (void)snprintf(
        text, sizeof(text), "witness w %s\nquorum w\n", vkey_text(key_public(cosigner), vkey));
    return policy_parse(text, strlen(text), &policy, NULL) == OK ? 0 : -1;
}

static int
end(void **state)
{
    (void)state;
    merkle_free(merkle);
    key_free(key);
    key_free(cosigner);
    buf_release(&checkpoint);
    return 0;
}

static struct proof
whole(void)
{
    return (struct proof){.index = INDEX,
        .path = path,
        .checkpoint = checkpoint.data,
        .checkpoint_len = checkpoint.len};
}

static enum err
check(const struct proof *proof, const struct merkle_hash *leaf, const struct policy *by)
{
    struct proof_verdict verdict;
    struct note note = {""};
    struct proof_trust trust = {.key = key_public(key), .policy = by};
    enum err err = proof_check(proof, leaf, &trust, &verdict, &note);
    assert_true(err == OK || note.text[0] != '\0');
    if (err == OK && by != NULL) {
        assert_int_equal(verdict.policy.times[0], 1764000000);
    }
    return err;
}

static void
test_a_proof_is_read_as_it_was_written(void **state)
{
    (void)state;
    struct proof proof = whole(), again;
    CLEANUP(buf_release) struct buf bytes;
    CLEANUP(buf_release) struct buf second;
    buf_init(&bytes, PROOF_LIMIT);
    buf_init(&second, PROOF_LIMIT);
    proof.extra = "AAEC";
    proof.extra_len = 4;
    proof_put(&bytes, &proof);
    assert_int_equal(proof_parse(bytes.data, bytes.len, &again, NULL), OK);
    proof_put(&second, &again);
    assert_string_equal(bytes.data, second.data);
    assert_int_equal(check(&again, &leaves[INDEX], &policy), OK);
}

static void
test_only_the_entry_at_its_index_is_proven(void **state)
{
    (void)state;
    struct proof proof = whole();
    assert_int_equal(check(&proof, &leaves[INDEX], NULL), OK);
    for (size_t i = 0; i < SIZE; i++) {
        assert_int_equal(check(&proof, &leaves[i], NULL), i == INDEX ? OK : ERR_VALUE);
    }
    for (uint64_t i = 0; i < 2 * SIZE; i++) {
        proof.index = i;
        assert_int_equal(check(&proof, &leaves[INDEX], NULL), i == INDEX ? OK : ERR_VALUE);
    }
}

static void
test_a_path_with_a_hash_more_or_less_proves_nothing(void **state)
{
    (void)state;
    struct proof proof = whole();
    proof.path.count--;
    assert_int_equal(check(&proof, &leaves[INDEX], NULL), ERR_VALUE);
    proof.path.count += 2;
    assert_int_equal(check(&proof, &leaves[INDEX], NULL), ERR_VALUE);
}

static void
test_a_quorum_that_is_not_met_refuses_the_proof(void **state)
{
    (void)state;
    struct proof proof = whole();
    const char *line = strstr(proof.checkpoint, "witness.example");
    assert_non_null(line);
    proof.checkpoint_len = (size_t)(line - proof.checkpoint) - strlen("\u2014 ");
    assert_int_equal(check(&proof, &leaves[INDEX], NULL), OK);
    assert_int_equal(check(&proof, &leaves[INDEX], &policy), ERR_MISSING);
}

static void
test_what_has_another_form_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "c2sp.org/tlog-proof@v2\nindex 1\n\n",
        "c2sp.org/tlog-proof@v1\n", "c2sp.org/tlog-proof@v1\nindex 01\n\n",
        "c2sp.org/tlog-proof@v1\nindex -1\n\n", "c2sp.org/tlog-proof@v1\nindex 1\n",
        "c2sp.org/tlog-proof@v1\nindex 1\nAAAA\n\n",
        "c2sp.org/tlog-proof@v1\nextra AA==\nextra AA==\nindex 1\n\n",
        "c2sp.org/tlog-proof@v1\r\nindex 1\r\n\r\n"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct proof proof;
        struct note note = {""};
        assert_int_equal(proof_parse(bad[i], strlen(bad[i]), &proof, &note), ERR_SYNTAX);
        assert_true(note.text[0] != '\0');
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_proof_is_read_as_it_was_written),
        cmocka_unit_test(test_only_the_entry_at_its_index_is_proven),
        cmocka_unit_test(test_a_path_with_a_hash_more_or_less_proves_nothing),
        cmocka_unit_test(test_a_quorum_that_is_not_met_refuses_the_proof),
        cmocka_unit_test(test_what_has_another_form_is_refused),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
