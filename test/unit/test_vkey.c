#include "ledger/vkey.h"

#include "test.h"

/* C2SP signed-note, "Verifier keys", example; golang.org/x/mod/sumdb/note, package documentation.
 */
#define EXAMPLE "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
#define PETER   "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"

static void
test_reads_known_keys_and_writes_them_back(void **state)
{
    (void)state;
    static const char *const keys[] = {EXAMPLE, PETER};
    for (size_t i = 0; i < COUNT(keys); i++) {
        struct vkey key;
        struct vkey made;
        char text[VKEY_TEXT];
        assert_int_equal(vkey_parse(keys[i], &key), OK);
        assert_int_equal(key.type, VKEY_ED25519);
        assert_string_equal(vkey_text(&key, text), keys[i]);
        assert_int_equal(vkey_make(key.name, key.type, key.public_key, &made), OK);
        assert_true(vkey_equal(&made, &key));
    }
}

static void
test_key_id_depends_on_name_type_and_key(void **state)
{
    (void)state;
    struct vkey key;
    struct vkey other;
    assert_int_equal(vkey_parse(EXAMPLE, &key), OK);
    assert_int_equal(vkey_make("example.com/fop", key.type, key.public_key, &other), OK);
    assert_false(vkey_equal(&key, &other));
    assert_memory_not_equal(key.id, other.id, VKEY_ID);
    assert_int_equal(vkey_make(key.name, VKEY_COSIGNER, key.public_key, &other), OK);
    assert_memory_not_equal(key.id, other.id, VKEY_ID);
    char text[VKEY_TEXT];
    struct vkey again;
    assert_int_equal(vkey_parse(vkey_text(&other, text), &again), OK);
    assert_int_equal(again.type, VKEY_COSIGNER);
}

static void
test_refuses_keys_that_are_not_exactly_one(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum err err;
    } bad[] = {
        {"",                                                                      ERR_SYNTAX     },
        {"example.com/foo",                                                       ERR_SYNTAX     },
        {"+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",                ERR_SYNTAX     },
        {"a b+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",             ERR_SYNTAX     },
        {"example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", ERR_SYNTAX     },
        {"example.com/foo+530d903+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",  ERR_SYNTAX     },
        {"example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2",  ERR_SYNTAX     },
        {EXAMPLE "\n",                                                            ERR_SYNTAX     },
        {EXAMPLE "AAAA",                                                          ERR_SYNTAX     },
        {"example.com/foo+530d903a+",                                             ERR_SYNTAX     },
        {"example.com/foo+530d903a+AQ==",                                         ERR_SYNTAX     },
        {"example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", ERR_VALUE      },
        {"example.com/fop+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", ERR_VALUE      },
        {"example.com/foo+530d903a+AOkyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", ERR_UNSUPPORTED},
        {"example.com/foo+530d903a+BukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", ERR_UNSUPPORTED},
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct vkey key;
        assert_int_equal(vkey_parse(bad[i].text, &key), bad[i].err);
    }
}

static void
test_names_have_no_blank_no_plus_and_fit(void **state)
{
    (void)state;
    static const char *const good[] = {"x", "example.com/log42", "caf\xc3\xa9", "a=b"};
    static const char *const bad[] = {"", "a b", "a+b", "a\nb", "a\tb", "b\xc2\xa0",
        "a\xe2\x80\xa8", "\xe3\x80\x80", "a\xe2\x80\x89z", "\xff", "a\x7f", "\xc2\x85"};
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_true(vkey_is_name(good[i]));
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_false(vkey_is_name(bad[i]));
    }
    char name[VKEY_NAME + 1];
    memset(name, 'n', sizeof(name));
    name[VKEY_NAME] = '\0';
    assert_false(vkey_is_name(name));
    name[VKEY_NAME - 1] = '\0';
    assert_true(vkey_is_name(name));
    struct vkey key;
    struct vkey again;
    char text[VKEY_TEXT];
    static const uint8_t bytes[VKEY_PUBLIC] = {1};
    assert_int_equal(vkey_make(name, VKEY_ED25519, bytes, &key), OK);
    assert_int_equal(vkey_parse(vkey_text(&key, text), &again), OK);
    assert_int_equal(vkey_make("a b", VKEY_ED25519, bytes, &key), ERR_VALUE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_known_keys_and_writes_them_back),
        cmocka_unit_test(test_key_id_depends_on_name_type_and_key),
        cmocka_unit_test(test_refuses_keys_that_are_not_exactly_one),
        cmocka_unit_test(test_names_have_no_blank_no_plus_and_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
