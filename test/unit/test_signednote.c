#include "ledger/key.h"
#include "ledger/signednote.h"

#include "base/secret.h"

#include "test.h"

/* C2SP signed-note, "Verifier keys", example. */
#define EXAMPLE "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
#define TEXT    "This is an example message.\n"
#define DASH    "\xe2\x80\x94 "
#define LINE                                                                                       \
    DASH "example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFX" \
         "mRKuwHjG1Yu72IneyaQM=\n"
#define OTHER DASH "other AAAAAAA=\n"

static enum err
verify(const char *text, const char *vkey)
{
    struct signednote parsed;
    struct note note;
    struct vkey key;
    assert_int_equal(signednote_parse(text, strlen(text), &parsed, &note), OK);
    assert_int_equal(vkey_parse(vkey, &key), OK);
    return signednote_verify(&parsed, &key, NULL);
}

static void
test_verifies_the_example_of_the_specification(void **state)
{
    (void)state;
    assert_int_equal(verify(TEXT "\n" LINE, EXAMPLE), OK);
    assert_int_equal(verify(TEXT "\n" OTHER LINE OTHER, EXAMPLE), OK);
    assert_int_equal(
        verify("If you think cryptography is the answer to your problem,\n"
               "then you don't know what your problem is.\n\n" DASH
               "PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqf"
               "qdngotpRZb6KE6RyyBwJnAM=\n",
            "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"),
        OK);
}

static void
test_tells_unsigned_from_wrongly_signed(void **state)
{
    (void)state;
    assert_int_equal(verify(TEXT "\n" OTHER, EXAMPLE), ERR_MISSING);
    assert_int_equal(verify("this is an example message.\n\n" LINE, EXAMPLE), ERR_VALUE);
    assert_int_equal(verify(TEXT "\n\n" LINE, EXAMPLE), ERR_VALUE);
    /* One bad line of a known key condemns the note, whatever else is good. */
    assert_int_equal(
        verify(TEXT "\n" LINE DASH "example.com/foo Uw2QOgAAAAA=\n", EXAMPLE), ERR_VALUE);
    /* The same id under another name is another key, and so is the name with another id. */
    assert_int_equal(verify(TEXT "\n" DASH "example.com/fop Uw2QOgAAAAA=\n", EXAMPLE), ERR_MISSING);
    assert_int_equal(verify(TEXT "\n" DASH "example.com/foo Uw2QOwAAAAA=\n", EXAMPLE), ERR_MISSING);
}

static void
test_text_ends_at_the_last_empty_line(void **state)
{
    (void)state;
    static const char bytes[] = "one\n\ntwo\n\n" OTHER;
    struct signednote parsed;
    struct note note;
    assert_int_equal(signednote_parse(bytes, strlen(bytes), &parsed, &note), OK);
    assert_int_equal(parsed.text_len, strlen("one\n\ntwo\n"));
    assert_ptr_equal(parsed.text, bytes);
    assert_int_equal(parsed.count, 1);
    assert_string_equal(parsed.lines[0].name, "other");
}

static void
test_refuses_what_is_no_signed_note(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "\n", "\n\n", "text\n", "text\n\n", TEXT LINE,
        "\n\n" LINE, TEXT "\n" LINE "\n", TEXT "\n" LINE "more", TEXT "\n- other AAAAAAA=\n",
        TEXT "\n" DASH "other\n", TEXT "\n" DASH " AAAAAAA=\n", TEXT "\n" DASH "other  AAAAAAA=\n",
        TEXT "\n" DASH "other AAAAAAA\n", TEXT "\n" DASH "other AAAAAA==\n",
        TEXT "\n" DASH "other AAAAAAA= \n", TEXT "\n" DASH "other AAAAAAA=\r\n",
        TEXT "\n" DASH "a+b AAAAAAA=\n", "t\xff\n\n" OTHER, "t\r\n\n" OTHER, "t\t\n\n" OTHER,
        TEXT "\n" DASH "other AAAAAAA="};
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct signednote parsed;
        struct note note;
        assert_int_equal(signednote_parse(bad[i], strlen(bad[i]), &parsed, &note), ERR_SYNTAX);
    }
}

static void
test_takes_as_many_signatures_as_promised_and_no_more(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf text;
    struct signednote parsed;
    struct note note;
    buf_init(&text, 2 * SIGNEDNOTE_LIMIT);
    buf_text(&text, TEXT "\n");
    for (size_t i = 0; i < SIGNEDNOTE_SIGNATURES - 1; i++) {
        buf_text(&text, OTHER);
    }
    buf_text(&text, LINE);
    assert_int_equal(signednote_parse(text.data, text.len, &parsed, &note), OK);
    assert_int_equal(parsed.count, SIGNEDNOTE_SIGNATURES);
    buf_text(&text, OTHER);
    assert_int_equal(signednote_parse(text.data, text.len, &parsed, &note), ERR_LIMIT);
    while (text.len <= SIGNEDNOTE_LIMIT) {
        buf_text(&text, OTHER);
    }
    assert_int_equal(signednote_parse(text.data, text.len, &parsed, &note), ERR_LIMIT);
}

/* A cosignature by a key made here, with its time. */
static void
put_cosignature(struct buf *out, const struct key *key, const char *text, uint64_t time)
{
    CLEANUP(buf_release) struct buf cosigned;
    uint8_t blob[VKEY_BLOB];
    buf_init(&cosigned, 4096);
    signednote_cosigned(&cosigned, text, strlen(text), time);
    key_sign(key, cosigned.data, cosigned.len, blob);
    signednote_put(out,
        &(struct signednote_signature){.key = key_public(key), .signature = blob, .time = time});
}

static void
test_cosignature_gives_its_time_and_covers_it(void **state)
{
    (void)state;
    struct key *key = NULL;
    struct signednote parsed;
    struct note note;
    uint64_t time = 0;
    CLEANUP(buf_release) struct buf text;
    CLEANUP(buf_release) struct buf again;
    buf_init(&text, 4096);
    buf_init(&again, 4096);
    assert_int_equal(key_new("witness.example/w1", VKEY_COSIGNER, &key), OK);
    buf_text(&text, TEXT "\n" LINE);
    put_cosignature(&text, key, TEXT, 1679315147);
    assert_int_equal(signednote_parse(text.data, text.len, &parsed, &note), OK);
    assert_int_equal(signednote_verify(&parsed, key_public(key), &time), OK);
    assert_int_equal(time, 1679315147);
    assert_int_equal(verify(text.data, EXAMPLE), OK);
    /* The time is inside what is signed: with another one the signature is wrong. */
    char *base64 = strstr(text.data, "witness.example/w1 ") + strlen("witness.example/w1 ");
    base64[14] = base64[14] == 'A' ? 'B' : 'A';
    assert_int_equal(signednote_parse(text.data, text.len, &parsed, &note), OK);
    assert_int_equal(signednote_verify(&parsed, key_public(key), &time), ERR_VALUE);
    assert_int_equal(time, 1679315147);
    /* A time above 2^63 - 1 is none. */
    buf_text(&again, TEXT "\n");
    put_cosignature(&again, key, TEXT, (uint64_t)1 << 63);
    assert_int_equal(signednote_parse(again.data, again.len, &parsed, &note), OK);
    assert_int_equal(signednote_verify(&parsed, key_public(key), &time), ERR_VALUE);
    key_free(key);
}

/* What the witness signs, letter by letter: C2SP tlog-cosignature, "Ed25519 signed message". */
static void
test_cosigned_text_is_that_of_the_specification(void **state)
{
    (void)state;
    static const char body[] = "example.com/behind-the-sofa\n20852163\n"
                               "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    CLEANUP(buf_release) struct buf text;
    buf_init(&text, 4096);
    signednote_cosigned(&text, body, strlen(body), 1679315147);
    assert_string_equal(text.data, "cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n"
                                   "20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n");
}

/* A log's key does not cosign and a witness's key does not sign, even if the bytes are the same. */
static void
test_kinds_of_signatures_are_not_interchangeable(void **state)
{
    (void)state;
    struct key *key = NULL;
    struct vkey log;
    struct signednote parsed;
    struct note note;
    CLEANUP(buf_release) struct buf text;
    buf_init(&text, 4096);
    assert_int_equal(key_new("both", VKEY_COSIGNER, &key), OK);
    assert_int_equal(vkey_make("both", VKEY_ED25519, key_public(key)->public_key, &log), OK);
    buf_text(&text, TEXT "\n");
    put_cosignature(&text, key, TEXT, 7);
    assert_int_equal(signednote_parse(text.data, text.len, &parsed, &note), OK);
    assert_int_equal(signednote_verify(&parsed, key_public(key), NULL), OK);
    assert_int_equal(signednote_verify(&parsed, &log, NULL), ERR_MISSING);
    key_free(key);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verifies_the_example_of_the_specification),
        cmocka_unit_test(test_tells_unsigned_from_wrongly_signed),
        cmocka_unit_test(test_text_ends_at_the_last_empty_line),
        cmocka_unit_test(test_refuses_what_is_no_signed_note),
        cmocka_unit_test(test_takes_as_many_signatures_as_promised_and_no_more),
        cmocka_unit_test(test_cosignature_gives_its_time_and_covers_it),
        cmocka_unit_test(test_cosigned_text_is_that_of_the_specification),
        cmocka_unit_test(test_kinds_of_signatures_are_not_interchangeable),
    };
    return secret_start() == OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
