#include "base/reader.h"

#include "test.h"

static void
test_reads_integers_and_stops_at_the_end(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7};
    struct reader reader;
    reader_init(&reader, bytes, sizeof(bytes));
    assert_int_equal(reader_u16be(&reader), 0x0102);
    assert_int_equal(reader_u32le(&reader), 0x06050403);
    assert_int_equal(reader_left(&reader), 1);
    assert_int_equal(reader_u16le(&reader), 0);
    assert_int_equal(reader_error(&reader), ERR_SYNTAX);
    assert_int_equal(reader_u8(&reader), 0);
    assert_null(reader_bytes(&reader, SIZE_MAX));
}

static void
test_reads_lines_with_any_ending(void **state)
{
    (void)state;
    struct reader reader;
    reader_init(&reader, "one\r\ntwo\n\nlast", 14);
    static const char *const expected[] = {"one", "two", "", "last"};
    const char *line = NULL;
    size_t len = 0;
    for (size_t i = 0; i < COUNT(expected); i++) {
        assert_true(reader_line(&reader, &line, &len));
        assert_int_equal(len, strlen(expected[i]));
        assert_memory_equal(line, expected[i], len);
    }
    assert_false(reader_line(&reader, &line, &len));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_integers_and_stops_at_the_end),
        cmocka_unit_test(test_reads_lines_with_any_ending),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
