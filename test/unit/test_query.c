#include "ledger/query.h"
#include "ledger/when.h"

#include "test.h"

#define NOW INT64_C(1795400045123) /* 2026-11-23T02:14:05.123Z, a Monday */

static void
test_reads_times_as_people_type_them(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool end;
        const char *time;
    } rows[] = {
        {"2026-11-01",                false, "2026-11-01T00:00:00Z"},
        {"2026-11-01",                true,  "2026-11-02T00:00:00Z"},
        {"2026-11-01T10:20:30Z",      true,  "2026-11-01T10:20:30Z"},
        {"2026-11-01T10:20:30.999Z",  false, "2026-11-01T10:20:30Z"},
        {"2026-11-01T10:20:30+02:00", false, "2026-11-01T08:20:30Z"},
        {"2026-11-01 10:20",          false, "2026-11-01T10:20:00Z"},
        {"2026-11-01 10:20+01:00",    false, "2026-11-01T09:20:00Z"},
        {"2026-03-29 02:30",          false, "2026-03-29T02:30:00Z"}, /* no such time in Berlin */
        {"now",                       false, "2026-11-23T02:14:05Z"},
        {"today",                     false, "2026-11-23T00:00:00Z"},
        {"today",                     true,  "2026-11-24T00:00:00Z"},
        {"today 14:00",               true,  "2026-11-23T14:00:00Z"},
        {"yesterday",                 false, "2026-11-22T00:00:00Z"},
        {"yesterday",                 true,  "2026-11-23T00:00:00Z"},
        {"yesterday 23:59:58",        false, "2026-11-22T23:59:58Z"},
        {"-2d",                       false, "2026-11-21T02:14:05Z"},
        {"-90m",                      false, "2026-11-23T00:44:05Z"},
        {"-5s",                       false, "2026-11-23T02:14:00Z"},
        {"-1w",                       false, "2026-11-16T02:14:05Z"},
        {"2 days ago",                false, "2026-11-21T02:14:05Z"},
        {"1 hour ago",                false, "2026-11-23T01:14:05Z"},
        {"3 weeks ago",               false, "2026-11-02T02:14:05Z"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[CLOCK_TEXT];
        int64_t time = 0;
        assert_int_equal(when_parse(rows[i].text, NOW, rows[i].end, &time), OK);
        assert_string_equal(clock_text(time, text), rows[i].time);
    }
    int64_t time = 0;
    assert_int_equal(when_parse("2026-11-01T10:20:30.999Z", NOW, false, &time), OK);
    assert_int_equal(time % 1000, 999);
}

static void
test_refuses_times_that_are_none(void **state)
{
    (void)state;
    static const char *const rows[] = {"", " ", "-", "-d", "-2", "-2x", "2 days", "days ago",
        "tomorrow", "today 25:00", "today 1:00", "today 10", "today 10:00:00:00", "2026-02-30",
        "2026-13-01", "2026-11-01T", "2026-11-01 10", "2026-11-01x10:20:30Z", "-99999999d",
        "99999999 days ago", "20261101", "2026/11/01"};
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t time = 77;
        if (when_parse(rows[i], NOW, false, &time) != ERR_VALUE || time != 77) {
            fail_msg("a time: \"%s\"", rows[i]);
        }
    }
}

static const char entry[] =
    "{\"action\":\"footage.live\",\"actor\":{\"ip\":\"10.0.0.7\",\"user\":\"Anna M\xc3\xbcller\"},"
    "\"id\":\"e-00000001\",\"outcome\":\"refused\",\"reason\":\"No right: front-door (night)\","
    "\"site\":\"north\",\"target\":{\"cameras\":[\"gate\",\"front-door\"]},\"time\":"
    "\"2026-11-23T02:14:05.123Z\",\"v\":1}";

static bool
matches(const struct query *query)
{
    struct logged *logged = logged_new();
    assert_non_null(logged);
    bool matched = query_match(query, logged, entry, sizeof(entry) - 1);
    logged_free(logged);
    return matched;
}

static void
test_matches_when_every_part_does(void **state)
{
    (void)state;
    static const struct {
        enum query_part part;
        const char *value;
        bool matches;
    } rows[] = {
        {QUERY_USER,    "Anna M\xc3\xbcller", true },
        {QUERY_USER,    "Anna",               false},
        {QUERY_CAMERA,  "front-door",         true },
        {QUERY_CAMERA,  "gate",               true },
        {QUERY_CAMERA,  "gat",                false},
        {QUERY_ACTION,  "footage.*",          true },
        {QUERY_ACTION,  "footage.live",       true },
        {QUERY_ACTION,  "footage.li",         false},
        {QUERY_ACTION,  "auth.*",             false},
        {QUERY_OUTCOME, "refused",            true },
        {QUERY_OUTCOME, "ok",                 false},
        {QUERY_SESSION, "s-1",                false},
        {QUERY_OBJECT,  "",                   false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct query query = query_begin();
        assert_true(matches(&query));
        assert_int_equal(query_set(&query, rows[i].part, rows[i].value), OK);
        assert_int_equal(matches(&query), rows[i].matches);
    }
    struct query query = query_begin();
    assert_int_equal(query_set(&query, QUERY_OUTCOME, "okay"), ERR_VALUE);
    assert_int_equal(query_set(&query, QUERY_ACTION, "footage*"), ERR_VALUE);
    assert_int_equal(query_set(&query, QUERY_ACTION, "footage"), ERR_VALUE);
}

static void
test_matches_times_up_to_but_not_at_the_end(void **state)
{
    (void)state;
    struct query query = query_begin();
    query.from = NOW;
    query.to = NOW + 1;
    assert_true(matches(&query));
    query.to = NOW;
    assert_false(matches(&query));
    query.from = NOW + 1;
    query.to = INT64_MAX;
    assert_false(matches(&query));
}

static void
test_matches_addresses_by_network(void **state)
{
    (void)state;
    static const struct {
        const char *net;
        bool matches;
    } rows[] = {
        {"10.0.0.7",    true },
        {"10.0.0.0/24", true },
        {"0.0.0.0/0",   true },
        {"10.0.1.0/24", false},
        {"::/0",        false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct query query = query_begin();
        assert_int_equal(query_set_net(&query, rows[i].net), OK);
        assert_int_equal(matches(&query), rows[i].matches);
    }
}

static void
test_matches_whole_words_of_any_text(void **state)
{
    (void)state;
    static const struct {
        const char *words;
        bool matches;
    } rows[] = {
        {"front-door",         true },
        {"FRONT",              true },
        {"door right",         true },
        {"anna m\xc3\xbcller", true },
        {"(night)",            true },
        {"fron",               false},
        {"ront-door",          false},
        {"right door-front",   false},
        {"10.0.0.7",           true },
        {"10.0.0",             true },
        {"10.0.0.70",          false},
        {"2026",               false}, /* times are not text */
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct query query = query_begin();
        assert_int_equal(query_set_words(&query, rows[i].words), OK);
        if (matches(&query) != rows[i].matches) {
            fail_msg("wrong for \"%s\"", rows[i].words);
        }
    }
    struct query query = query_begin();
    assert_int_equal(query_set_words(&query, " "), ERR_VALUE);
    assert_int_equal(query_set_words(&query, "a --"), ERR_VALUE);
    assert_int_equal(
        query_set_words(&query, "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17"), ERR_LIMIT);
}

static void
test_writes_lengths_of_time_for_people(void **state)
{
    (void)state;
    char text[WHEN_LENGTH];
    assert_string_equal(when_length(3250, text), "3.2 s");
    assert_string_equal(when_length(724000, text), "12 min 04 s");
    assert_string_equal(when_length(4 * 3600000 + 120000, text), "4 h 02 min");
    assert_string_equal(when_length(-1, text), "?");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_times_as_people_type_them),
        cmocka_unit_test(test_refuses_times_that_are_none),
        cmocka_unit_test(test_matches_when_every_part_does),
        cmocka_unit_test(test_matches_times_up_to_but_not_at_the_end),
        cmocka_unit_test(test_matches_addresses_by_network),
        cmocka_unit_test(test_matches_whole_words_of_any_text),
        cmocka_unit_test(test_writes_lengths_of_time_for_people),
    };
    return cmocka_run_group_tests_name("query", tests, NULL, NULL);
}
