#include "ledger/base64.h"

#include "test.h"

/* RFC 4648 section 10. */
static void
test_goes_both_ways_by_the_vectors_of_the_standard(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        char text[16];
        char bytes[8];
        size_t len = 9;
        assert_string_equal(base64_encode("foobar", i, text, sizeof(text)), texts[i]);
        assert_int_equal(base64_decode(text, strlen(text), bytes, sizeof(bytes), &len), OK);
        assert_int_equal(len, i);
        assert_memory_equal(bytes, "foobar", i);
    }
}

static void
test_refuses_every_other_spelling(void **state)
{
    (void)state;
    static const char *const bad[] = {"Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm8", "=",
        "====", "Zm9v\n", " Zm9v", "Zm 9v", "Zm9-", "Zm9_", "Zg==Zg==", "Zm9\xaf", "Zm9\xab",
        "\xc3\xa4Zg", "Zm9vZm9vZm9v"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        char bytes[8];
        size_t len = 7;
        assert_int_equal(
            base64_decode(bad[i], strlen(bad[i]), bytes, sizeof(bytes), &len), ERR_SYNTAX);
        assert_int_equal(len, 7);
    }
    for (int byte = 0; byte < 256; byte++) {
        const char text[4] = {'Z', 'm', '9', (char)byte};
        char bytes[8];
        size_t len = 0;
        bool is_letter = byte != 0 && strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                             "0123456789+/",
                                          byte) != NULL;
        enum err err = base64_decode(text, sizeof(text), bytes, sizeof(bytes), &len);
        assert_int_equal(err, is_letter ? OK : ERR_SYNTAX);
    }
}

static void
test_puts_no_more_than_it_promises(void **state)
{
    (void)state;
    static char bytes[BASE64_PUT + 1];
    CLEANUP(buf_release) struct buf out;
    buf_init(&out, (size_t)64 * 1024);
    base64_put(&out, bytes, BASE64_PUT);
    assert_int_equal(buf_error(&out), OK);
    assert_int_equal(out.len, BASE64_SIZE(BASE64_PUT) - 1);
    base64_put(&out, bytes, sizeof(bytes));
    assert_int_equal(buf_error(&out), ERR_LIMIT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_goes_both_ways_by_the_vectors_of_the_standard),
        cmocka_unit_test(test_refuses_every_other_spelling),
        cmocka_unit_test(test_puts_no_more_than_it_promises),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
