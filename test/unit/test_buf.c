#include "base/buf.h"

#include "test.h"

static void
test_grows_and_stays_terminated(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf buf;
    buf_init(&buf, 100000);
    assert_string_equal(buf.data, "");
    for (int i = 0; i < 1000; i++) {
        buf_format(&buf, "%04d ", i);
    }
    assert_int_equal(buf_error(&buf), OK);
    assert_int_equal(buf.len, 5000);
    assert_int_equal(strlen(buf.data), 5000);
}

static void
test_fails_for_good_past_its_maximum(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf buf;
    buf_init(&buf, 8);
    buf_text(&buf, "12345678");
    assert_int_equal(buf_error(&buf), OK);
    buf_byte(&buf, '9');
    assert_int_equal(buf_error(&buf), ERR_LIMIT);
    assert_string_equal(buf.data, "12345678");
    buf_clear(&buf);
    buf_text(&buf, "ok");
    assert_int_equal(buf_error(&buf), OK);
    assert_string_equal(buf.data, "ok");
}

static void
test_writes_integers_in_the_named_order(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf buf;
    buf_init(&buf, 16);
    buf_u16be(&buf, 0x0102);
    buf_u32le(&buf, 0x03040506);
    assert_memory_equal(buf.data, "\x01\x02\x06\x05\x04\x03", 6);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grows_and_stays_terminated),
        cmocka_unit_test(test_fails_for_good_past_its_maximum),
        cmocka_unit_test(test_writes_integers_in_the_named_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
