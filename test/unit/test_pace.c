#include "wire/pace.h"

#include "base/clock.h"
#include "test.h"

static int64_t now;

static int64_t
fake_now(void)
{
    return now;
}

static const struct clock_source fake = {fake_now, fake_now};

static int
use_fake_clock(void **state)
{
    (void)state;
    now = 1000000;
    clock_replace(&fake);
    return 0;
}

static int
use_real_clock(void **state)
{
    (void)state;
    clock_replace(NULL);
    return 0;
}

/* Packets that get through in so many milliseconds when one always wants to send. */
static unsigned
count_packets(struct pace *pace, unsigned hosts, unsigned cost, int64_t ms)
{
    unsigned packets = 0;
    for (int64_t end = now + ms; now < end; now++) {
        for (unsigned i = 0; i < hosts; i++) {
            struct ip host = ip_from_v4(0x0a000001U + i);
            while (pace_take(pace, &host, cost) == 0) {
                packets += cost;
            }
        }
    }
    return packets;
}

static void
test_one_host_gets_no_more_than_its_rate(void **state)
{
    (void)state;
    struct pace pace;
    pace_init(&pace, 1000, 40);
    unsigned packets = count_packets(&pace, 1, PACE_CONNECT, 10000);
    assert_in_range(packets, 400, 400 + 10);
    pace_release(&pace);
}

static void
test_all_hosts_together_get_no_more_than_the_rate(void **state)
{
    (void)state;
    struct pace pace;
    pace_init(&pace, 1000, 40);
    unsigned packets = count_packets(&pace, 300, PACE_CONNECT, 5000);
    assert_in_range(packets, 4900, 5000 + 100);
    pace_release(&pace);
}

static void
test_long_rest_saves_up_no_more_than_a_burst(void **state)
{
    (void)state;
    struct pace pace;
    struct ip host = ip_from_v4(0x0a000001U);
    pace_init(&pace, 1000, 40);
    assert_int_equal(pace_take(&pace, &host, PACE_REQUEST), 0);
    now += 1000 * CLOCK_DAY;
    assert_in_range(count_packets(&pace, 1, PACE_DATAGRAM, 1), 1, 10);
    pace_release(&pace);
}

static void
test_wait_is_as_long_as_it_says(void **state)
{
    (void)state;
    struct pace pace;
    struct ip host = ip_from_v4(0x0a000001U);
    pace_init(&pace, 1000, 4);
    assert_int_equal(pace_take(&pace, &host, PACE_REQUEST), 0);
    int64_t wait = pace_take(&pace, &host, PACE_CONNECT);
    assert_int_equal(wait, 500);
    now += wait - 1;
    assert_int_equal(pace_take(&pace, &host, PACE_CONNECT), 1);
    now++;
    assert_int_equal(pace_take(&pace, &host, PACE_CONNECT), 0);
    pace_release(&pace);
}

static void
test_even_the_slowest_pace_lets_a_request_through(void **state)
{
    (void)state;
    struct pace pace;
    struct ip host = ip_from_v4(0x0a000001U);
    pace_init(&pace, 0, 0);
    assert_int_equal(pace_take(&pace, &host, PACE_REQUEST), 0);
    assert_int_equal(pace_take(&pace, &host, PACE_REQUEST), 6000);
    now += 6000;
    assert_int_equal(pace_take(&pace, &host, PACE_REQUEST), 0);
    pace_release(&pace);
}

static void
test_clock_going_back_gives_nothing(void **state)
{
    (void)state;
    struct pace pace;
    struct ip host = ip_from_v4(0x0a000001U);
    pace_init(&pace, 6, 6);
    assert_int_equal(pace_take(&pace, &host, PACE_REQUEST), 0);
    now -= 500000;
    assert_true(pace_take(&pace, &host, PACE_DATAGRAM) > 0);
    pace_release(&pace);
}

static void
test_rested_hosts_are_forgotten(void **state)
{
    (void)state;
    struct pace pace;
    pace_init(&pace, 1000000, 40);
    for (unsigned i = 0; i < 65536; i++) {
        struct ip host = ip_from_v4(0x0a000000U + i);
        assert_int_equal(pace_take(&pace, &host, PACE_CONNECT), 0);
        now++;
    }
    assert_true(pace.host_size <= 1024);
    pace_release(&pace);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_host_gets_no_more_than_its_rate),
        cmocka_unit_test(test_all_hosts_together_get_no_more_than_the_rate),
        cmocka_unit_test(test_long_rest_saves_up_no_more_than_a_burst),
        cmocka_unit_test(test_wait_is_as_long_as_it_says),
        cmocka_unit_test(test_even_the_slowest_pace_lets_a_request_through),
        cmocka_unit_test(test_clock_going_back_gives_nothing),
        cmocka_unit_test(test_rested_hosts_are_forgotten),
    };
    return cmocka_run_group_tests(tests, use_fake_clock, use_real_clock);
}
