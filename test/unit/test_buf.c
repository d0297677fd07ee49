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

static size_t poured;

static bool
count(void *context, const char *bytes, size_t len)
{
    poured += len;
    assert_int_equal(bytes[len], '\0');
    return *(bool *)context;
}

static void
test_drains_what_piled_up_and_counts_it_against_its_maximum(void **state)
{
    (void)state;
    static const char block[64 * 1024];
    bool works = true;
    size_t max = 4 * 1024 * 1024;
    CLEANUP(buf_release) struct buf buf;
    buf_init(&buf, max);
    buf_pour(&buf, count, &works);
    poured = 0;
    buf_text(&buf, "short");
    buf_drain(&buf);
    assert_int_equal(poured, 0);
    while (!buf.failed) {
        buf_add(&buf, block, sizeof(block));
        buf_drain(&buf);
        assert_in_range(buf.len, 0, 2 * 1024 * 1024);
    }
    assert_in_range(poured + buf.len, max - sizeof(block), max);
}

static void
test_fails_when_its_sink_does(void **state)
{
    (void)state;
    static const char block[1024 * 1024];
    bool works = false;
    CLEANUP(buf_release) struct buf buf;
    buf_init(&buf, 2 * sizeof(block));
    buf_pour(&buf, count, &works);
    buf_add(&buf, block, sizeof(block));
    assert_int_equal(buf_error(&buf), OK);
    buf_drain(&buf);
    assert_int_equal(buf_error(&buf), ERR_LIMIT);
}

static void
test_extends_in_place_up_to_its_maximum(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf buf;
    buf_init(&buf, 1000);
    buf_text(&buf, "head");
    char *room = buf_extend(&buf, 996);
    assert_ptr_equal(room, buf.data + 4);
    memset(room, 'x', 996);
    assert_int_equal(buf.len, 1000);
    assert_int_equal(buf.data[1000], '\0');
    assert_null(buf_extend(&buf, 1));
    assert_int_equal(buf_error(&buf), ERR_LIMIT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grows_and_stays_terminated),
        cmocka_unit_test(test_fails_for_good_past_its_maximum),
        cmocka_unit_test(test_writes_integers_in_the_named_order),
        cmocka_unit_test(test_extends_in_place_up_to_its_maximum),
        cmocka_unit_test(test_drains_what_piled_up_and_counts_it_against_its_maximum),
        cmocka_unit_test(test_fails_when_its_sink_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
