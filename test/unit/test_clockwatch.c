#include "daemon/clockwatch.h"

#include "test.h"

#define START INT64_C(1795378500000)

static bool
look(struct clockwatch *watch, int64_t wall, int64_t elapsed, struct clockwatch_change *change)
{
    const struct clockwatch_reading reading = {START + wall, elapsed, true, 100};
    return clockwatch_look(watch, &reading, change);
}

static void
test_a_clock_that_keeps_time_is_no_news(void **state)
{
    (void)state;
    struct clockwatch watch = {0};
    struct clockwatch_change change;
    assert_false(look(&watch, 0, 5000, &change));
    for (int64_t ms = 1000; ms < 100000; ms += 1000) {
        assert_false(look(&watch, ms + ms / 2000, 5000 + ms, &change)); /* slewed by 500 ppm */
    }
    assert_int_equal(clockwatch_quality(&watch), EVENT_CLOCK_SYNCED);
}

static void
test_a_clock_set_back_is_stepped_until_it_has_caught_up(void **state)
{
    (void)state;
    struct clockwatch watch = {0};
    struct clockwatch_change change;
    (void)look(&watch, 0, 0, &change);
    assert_true(look(&watch, 1000 - 3600000, 1000, &change));
    assert_true(change.jumped);
    assert_int_equal(change.found - change.expected, -3600000);
    assert_int_equal(change.from, EVENT_CLOCK_SYNCED);
    assert_int_equal(change.to, EVENT_CLOCK_STEPPED);
    assert_false(look(&watch, 2000 - 3600000, 2000, &change));
    assert_int_equal(clockwatch_quality(&watch), EVENT_CLOCK_STEPPED);
    assert_true(look(&watch, 1000, 3601000, &change));
    assert_false(change.jumped);
    assert_int_equal(change.to, EVENT_CLOCK_SYNCED);
}

static void
test_a_jump_forward_is_told(void **state)
{
    (void)state;
    struct clockwatch watch = {0};
    struct clockwatch_change change;
    (void)look(&watch, 0, 0, &change);
    assert_false(look(&watch, 1000 + CLOCKWATCH_JUMP, 1000, &change));
    assert_true(look(&watch, 9000, 2000, &change));
    assert_true(change.jumped);
    assert_int_equal(change.to, EVENT_CLOCK_SYNCED);
}

static void
test_sleep_of_the_machine_is_no_jump(void **state)
{
    (void)state;
    struct clockwatch watch = {0};
    struct clockwatch_change change;
    (void)look(&watch, 0, 0, &change);
    assert_false(look(&watch, 28800000, 28800000, &change));
}

static void
test_the_end_of_discipline_is_told(void **state)
{
    (void)state;
    struct clockwatch watch = {0};
    struct clockwatch_change change;
    (void)look(&watch, 0, 0, &change);
    const struct clockwatch_reading reading = {START + 1000, 1000, false, 16000000};
    assert_true(clockwatch_look(&watch, &reading, &change));
    assert_false(change.jumped);
    assert_int_equal(change.to, EVENT_CLOCK_UNSYNCED);
}

static void
test_a_clock_behind_the_ledger_at_the_start_is_stepped(void **state)
{
    (void)state;
    struct clockwatch watch = {0};
    struct clockwatch_change change;
    clockwatch_remember(&watch, START + 60000);
    (void)look(&watch, 0, 0, &change);
    assert_int_equal(clockwatch_quality(&watch), EVENT_CLOCK_STEPPED);
    assert_true(look(&watch, 60000, 60000, &change));
    assert_int_equal(change.from, EVENT_CLOCK_STEPPED);
    assert_int_equal(change.to, EVENT_CLOCK_SYNCED);
}

static void
test_reads_the_machines_clocks(void **state)
{
    (void)state;
    struct clockwatch_reading first;
    struct clockwatch_reading second;
    clockwatch_read(&first);
    clockwatch_read(&second);
    assert_true(first.wall > INT64_C(1700000000000));
    assert_true(second.elapsed >= first.elapsed);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_clock_that_keeps_time_is_no_news),
        cmocka_unit_test(test_a_clock_set_back_is_stepped_until_it_has_caught_up),
        cmocka_unit_test(test_a_jump_forward_is_told),
        cmocka_unit_test(test_sleep_of_the_machine_is_no_jump),
        cmocka_unit_test(test_the_end_of_discipline_is_told),
        cmocka_unit_test(test_a_clock_behind_the_ledger_at_the_start_is_stepped),
        cmocka_unit_test(test_reads_the_machines_clocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
