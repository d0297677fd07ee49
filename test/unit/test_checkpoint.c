#include "ledger/checkpoint.h"
#include "ledger/key.h"

#include "base/secret.h"

#include "test.h"

#define ROOT  "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
#define SOFA  "example.com/behind-the-sofa\n20852163\n" ROOT "\n"
#define EMPTY "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

static struct note note;

static enum err
parse(const char *text, struct checkpoint *ret_checkpoint)
{
    return checkpoint_parse(text, strlen(text), ret_checkpoint, &note);
}

static void
test_reads_the_example_and_writes_it_back(void **state)
{
    (void)state;
    struct checkpoint checkpoint;
    CLEANUP(buf_release) struct buf out;
    buf_init(&out, 4096);
    assert_int_equal(parse(SOFA, &checkpoint), OK);
    assert_string_equal(checkpoint.origin, "example.com/behind-the-sofa");
    assert_int_equal(checkpoint.head.size, 20852163);
    assert_int_equal(checkpoint.head.root.bytes[0], 0x0a);
    assert_int_equal(checkpoint.head.root.bytes[31], 0x62);
    checkpoint_put(&out, &checkpoint);
    assert_string_equal(out.data, SOFA);
    assert_int_equal(parse("x\n0\n" EMPTY "\n", &checkpoint), OK);
    assert_int_equal(parse("x\n18446744073709551615\n" EMPTY "\n", &checkpoint), OK);
    assert_int_equal(checkpoint.head.size, UINT64_MAX);
    assert_int_equal(parse(SOFA "an extension\nanother\n", &checkpoint), OK);
}

static void
test_refuses_what_is_no_checkpoint(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "x\n", "x\n1\n", "x\n1\n" ROOT, "\n1\n" ROOT "\n",
        "x\n\n" ROOT "\n", "x\n01\n" ROOT "\n", "x\n-1\n" ROOT "\n", "x\n+1\n" ROOT "\n",
        "x\n1 \n" ROOT "\n", "x\n0x1\n" ROOT "\n", "x\n18446744073709551616\n" ROOT "\n",
        "x\n99999999999999999999999999999999999\n" ROOT "\n", "x\n1\n\n",
        "x\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I\n",
        "x\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n",
        "x\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jx\n", "x\n1\n" ROOT "AAAA\n",
        "x\n1\n" ROOT "\r\n", SOFA "\n", SOFA "extension\n\nmore\n", SOFA "extension"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct checkpoint checkpoint;
        assert_int_equal(parse(bad[i], &checkpoint), ERR_SYNTAX);
    }
}

/* A note with `text`, signed by the key. */
static void
sign(struct buf *out, const struct key *key, const char *text)
{
    uint8_t blob[VKEY_BLOB];
    buf_clear(out);
    buf_format(out, "%s\n", text);
    key_sign(key, text, strlen(text), blob);
    signednote_put(out, &(struct signednote_signature){.key = key_public(key), .signature = blob});
}

static void
test_opens_only_its_own_logs_signed_checkpoint(void **state)
{
    (void)state;
    struct key *key = NULL;
    struct key *other = NULL;
    struct checkpoint checkpoint;
    CLEANUP(buf_release) struct buf text;
    buf_init(&text, 4096);
    assert_int_equal(key_new("example.com/behind-the-sofa", VKEY_ED25519, &key), OK);
    assert_int_equal(key_new("example.com/behind-the-sofa", VKEY_ED25519, &other), OK);
    sign(&text, key, SOFA);
    const struct vkey *vkey = key_public(key);
    assert_int_equal(checkpoint_open(text.data, text.len, vkey, &checkpoint, &note), OK);
    assert_int_equal(checkpoint.head.size, 20852163);
    assert_int_equal(
        checkpoint_open(text.data, text.len, key_public(other), &checkpoint, &note), ERR_MISSING);
    text.data[30] ^= 1;
    assert_int_equal(checkpoint_open(text.data, text.len, vkey, &checkpoint, &note), ERR_VALUE);
    sign(&text, key, "another.log\n1\n" ROOT "\n");
    assert_int_equal(checkpoint_open(text.data, text.len, vkey, &checkpoint, &note), ERR_VALUE);
    sign(&text, key, "no checkpoint\n");
    assert_int_equal(checkpoint_open(text.data, text.len, vkey, &checkpoint, &note), ERR_SYNTAX);
    assert_int_equal(checkpoint_open(SOFA, strlen(SOFA), vkey, &checkpoint, &note), ERR_SYNTAX);
    key_free(key);
    key_free(other);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_the_example_and_writes_it_back),
        cmocka_unit_test(test_refuses_what_is_no_checkpoint),
        cmocka_unit_test(test_opens_only_its_own_logs_signed_checkpoint),
    };
    return secret_start() == OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
