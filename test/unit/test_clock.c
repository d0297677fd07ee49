#include "base/clock.h"

#include "test.h"

static void
test_writes_and_reads_back_a_time(void **state)
{
    (void)state;
    char text[CLOCK_TEXT];
    int64_t wall = 0;
    assert_string_equal(clock_text(INT64_C(1795378500000), text), "2026-11-22T20:15:00Z");
    assert_int_equal(clock_parse("2026-11-22T20:15:00Z", &wall), OK);
    assert_int_equal(wall, INT64_C(1795378500000));
    assert_int_equal(clock_parse("2026-11-22T21:15:00.5+01:00", &wall), OK);
    assert_int_equal(wall, INT64_C(1795378500000));
    assert_int_equal(clock_parse("2026-11-22", &wall), OK);
    assert_string_equal(clock_date(wall, text), "2026-11-22");
}

static void
test_refuses_what_is_no_time(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "soon", "2026-13-01", "2026-02-30", "2026-11-22T",
        "2026-11-22T20:15", "2026-11-22T20:15:00X", "2026-11-22T20:15:00+1",
        "2026-11-22T20:15:00+123456"};
    int64_t wall = 42;
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(clock_parse(bad[i], &wall), ERR_VALUE);
        assert_int_equal(wall, 42);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writes_and_reads_back_a_time),
        cmocka_unit_test(test_refuses_what_is_no_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
