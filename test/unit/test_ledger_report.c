/* The report over a ledger: sums, bounds, and where each pattern begins to be told. */
#include "report/ledger/hits.h"

#include "base/clock.h"
#include "ledger/seal.h"
#include "report/ledger/ledger_report.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FROM INT64_C(1790553600000) /* Monday 2026-09-28 */
#define MANY 12000

/* Events are kept and told twice, as the command does. */
struct site {
    struct tally *tally;
    char **events;
    size_t count;
};

static void
setup(struct site *site)
{
    const struct tally_settings settings = {FROM, FROM + TALLY_WEEK, 0, "[0-9]{3,}"};
    *site = (struct site){.tally = tally_new(&settings)};
    site->events = calloc(MANY, sizeof(*site->events));
    assert_non_null(site->tally);
    assert_non_null(site->events);
}

static void PRINTF(5, 6) say(
    struct site *site, int64_t time, const char *action, const char *user, const char *more, ...)
{
    char rest[512];
    char text[EVENT_TIME];
    va_list args;
    va_start(args, more);
    (void)vsnprintf(rest, sizeof(rest), more, args);
    va_end(args);
    assert_true(site->count < MANY);
    assert_true(asprintf(&site->events[site->count],
                    "{\"action\":\"%s\",\"actor\":{\"ip\":\"10.0.0.7\",\"user\":\"%s\"}%s,"
                    "\"time\":\"%s\",\"v\":1}",
                    action, user, rest, event_time_text(time, text)) > 0);
    site->count++;
}

static struct hits *
finish(struct site *site)
{
    struct logged *logged = logged_new();
    assert_non_null(logged);
    for (int turn = 0; turn < 2; turn++) {
        for (size_t i = 0; i < site->count; i++) {
            assert_true(logged_read(logged, site->events[i], strlen(site->events[i])));
            logged->index = i;
            int64_t time = logged->numbers[LOGGED_TIME];
            if (turn == 1) {
                assert_true(tally_add(site->tally, logged));
            } else if (time >= FROM && time < FROM + TALLY_WEEK) {
                assert_true(tally_name(site->tally, logged));
            }
        }
        if (turn == 0) {
            tally_choose(site->tally);
        }
    }
    logged_free(logged);
    tally_end(site->tally);
    struct hits *hits = hits_new(site->tally);
    assert_non_null(hits);
    return hits;
}

static void
teardown(struct site *site, struct hits *hits)
{
    for (size_t i = 0; i < site->count; i++) {
        free(site->events[i]);
    }
    free(site->events);
    hits_free(hits);
    tally_free(site->tally);
}

#define SHOT ",\"outcome\":\"ok\",\"target\":{\"cameras\":[\"%s\"]}"

/* Eight weeks of an account that works from 9 to 16 on weekdays, 10 pictures a day. */
static void
add_past(struct site *site, const char *user)
{
    for (int day = -56; day < 0; day++) {
        if ((day % 7 + 7) % 7 < 5) {
            for (int i = 0; i < 10; i++) {
                char camera[8];
                (void)snprintf(camera, sizeof(camera), "cam%d", i % 5);
                say(site, FROM + day * CLOCK_DAY + (9 + i % 7) * TALLY_HOUR + i, "footage.snapshot",
                    user, SHOT, camera);
            }
        }
    }
}

static void
test_tells_unusual_hours_from_the_third_act(void **state)
{
    (void)state;
    for (int acts = 2; acts <= 3; acts++) {
        struct site site;
        setup(&site);
        add_past(&site, "anna");
        for (int i = 0; i < acts; i++) {
            say(&site, FROM + CLOCK_DAY + 3 * TALLY_HOUR + i, "footage.snapshot", "anna", SHOT,
                "cam1");
        }
        struct hits *hits = finish(&site);
        assert_int_equal(hits->found[PATTERN_HOURS], acts == 3);
        assert_int_equal(hits->count, acts == 3);
        if (acts == 3) {
            assert_string_equal(hits->rows[0].user, "anna");
            assert_int_equal(hits->rows[0].marks.first[0].index, site.count - 3);
        }
        teardown(&site, hits);
    }
}

static void
test_calls_no_hour_unusual_without_a_past(void **state)
{
    struct site site;
    (void)state;
    setup(&site);
    for (int i = 0; i < 9; i++) {
        say(&site, FROM + 3 * TALLY_HOUR + i, "footage.snapshot", "anna", SHOT, "cam1");
    }
    struct hits *hits = finish(&site);
    assert_int_equal(hits->count, 0);
    assert_false(hits->is_judged[PATTERN_HOURS]);
    assert_int_equal(tally_median(site.tally, &site.tally->all, TALLY_SNAPSHOTS), -1);
    teardown(&site, hits);
}

static void
test_tells_refusals_from_the_tenth(void **state)
{
    (void)state;
    for (int count = 9; count <= 10; count++) {
        struct site site;
        setup(&site);
        for (int i = 0; i < count; i++) {
            say(&site, FROM + i, "footage.live", "anna",
                ",\"outcome\":\"refused\",\"target\":{\"cameras\":[\"safe\"]}");
        }
        struct hits *hits = finish(&site);
        assert_int_equal(hits->found[PATTERN_REFUSED], count == 10);
        assert_int_equal(site.tally->all.now.of[TALLY_REFUSED], count);
        assert_int_equal(site.tally->all.now.of[TALLY_VIEWS], 0);
        teardown(&site, hits);
    }
}

static void
test_counts_only_the_part_of_a_view_that_is_in_the_time(void **state)
{
    struct site site;
    (void)state;
    setup(&site);
    say(&site, FROM + TALLY_HOUR, "footage.live", "anna",
        ",\"bytes\":9007199254740991,\"detail\":{\"duration_ms\":7200000,\"phase\":\"end\","
        "\"view\":\"v1\"}"
        ",\"outcome\":\"ok\",\"target\":{\"cameras\":[\"cam1\"]}");
    say(&site, FROM + TALLY_WEEK + TALLY_HOUR, "footage.live", "anna",
        ",\"detail\":{\"duration_ms\":5400000,\"phase\":\"end\",\"view\":\"v2\"},\"outcome\":\"ok\""
        ",\"target\":{\"cameras\":[\"cam1\"]}");
    struct hits *hits = finish(&site);
    assert_int_equal(site.tally->all.now.of[TALLY_WATCH_MS], TALLY_HOUR + TALLY_HOUR / 2);
    assert_int_equal(site.tally->heat[0][0], TALLY_HOUR);
    assert_int_equal(site.tally->heat[6][23], TALLY_HOUR / 2);
    assert_int_equal(site.tally->days[0].of[TALLY_WATCH_MS], TALLY_HOUR);
    teardown(&site, hits);
}

static void
test_sums_who_has_no_place_as_others(void **state)
{
    struct site site;
    (void)state;
    setup(&site);
    for (int i = 0; i < TALLY_USERS + 50; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "user%d", i);
        say(&site, FROM + i, "footage.snapshot", name, SHOT, "cam1");
        say(&site, FROM + i, "auth.fail", "typed-by-a-stranger", ",\"outcome\":\"refused\"");
    }
    struct hits *hits = finish(&site);
    assert_int_equal(site.tally->user_count, TALLY_USERS);
    assert_int_equal(site.tally->users[TALLY_USERS].row.now.of[TALLY_SNAPSHOTS], 50);
    assert_int_equal(site.tally->users[TALLY_USERS].row.now.of[TALLY_FAILURES], TALLY_USERS + 50);
    assert_int_equal(site.tally->all.now.of[TALLY_SNAPSHOTS], TALLY_USERS + 50);
    assert_int_equal(
        names_place(&site.tally->users_known, &(struct event_text){"typed-by-a-stranger", 19}),
        NAMES_OTHER);
    teardown(&site, hits);
}

static void
test_names_are_bounded(void **state)
{
    static struct names names;
    (void)state;
    names_init(&names);
    for (int i = 0; i < NAMES_MOST + 10; i++) {
        char text[16];
        int len = snprintf(text, sizeof(text), "n%d", i);
        names_count(&names, &(struct event_text){text, (size_t)len});
    }
    char *longer = calloc(1, NAMES_LEN + 2);
    assert_non_null(longer);
    names_count(&names, &(struct event_text){longer, NAMES_LEN + 1});
    assert_int_equal(names.count, NAMES_MOST);
    assert_int_equal(names.unnamed, 11);
    assert_int_equal(names_choose(&names, 5), 5);
    free(longer);
    names_release(&names);
}

static void
test_a_sealed_name_stays_its_mark(void **state)
{
    struct site site;
    (void)state;
    setup(&site);
    for (int i = 0; i < 12; i++) {
        say(&site, FROM + i, "footage.live", "sealed:2026-00112233445566aa",
            ",\"outcome\":\"refused\",\"target\":{\"cameras\":[\"safe\"]}");
    }
    struct hits *hits = finish(&site);
    assert_int_equal(hits->count, 1);
    assert_true(strncmp(hits->rows[0].user, SEAL_PREFIX, strlen(SEAL_PREFIX)) == 0);
    teardown(&site, hits);
}

static void
add_exports(struct site *site, int first, int end, int count)
{
    for (int day = first; day < end; day++) {
        for (int i = 0; (day % 7 + 7) % 7 < 5 && i < count; i++) {
            say(site, FROM + day * CLOCK_DAY + 10 * TALLY_HOUR + i * 60000, "footage.export",
                "anna",
                ",\"outcome\":\"ok\",\"reason\":\"case 4711\""
                ",\"target\":{\"cameras\":[\"cam%d\"]}",
                i % 5);
        }
    }
}

static void
test_tells_no_burst_of_who_exports_as_many_in_an_hour_as_before(void **state)
{
    (void)state;
    for (int count = 6; count <= 13; count += 7) {
        struct site site;
        setup(&site);
        add_exports(&site, -56, 0, 6);
        add_exports(&site, 0, 4, 6);
        add_exports(&site, 4, 5, count);
        struct hits *hits = finish(&site);
        assert_int_equal(hits->found[PATTERN_BURST], count == 13);
        if (count == 13) {
            assert_non_null(strstr(hits->rows[0].words, "13 exports in one hour"));
            assert_non_null(strstr(hits->rows[0].words, "before was 6."));
            assert_int_equal(hits->rows[0].marks.first[0].index, site.count - 13);
        }
        teardown(&site, hits);
    }
}

static void
test_says_of_an_account_without_a_past_that_nothing_is_known_of_it(void **state)
{
    struct site site;
    (void)state;
    setup(&site);
    for (int i = 0; i < 60; i++) {
        char camera[8];
        (void)snprintf(camera, sizeof(camera), "cam%d", i % 5);
        say(&site, FROM + i, "footage.snapshot", "ben", SHOT, camera);
    }
    for (int i = 0; i < 60; i++) {
        say(&site, FROM + 60 + i, "footage.snapshot", "new", SHOT, "cam1");
    }
    struct hits *hits = finish(&site);
    assert_int_equal(hits->found[PATTERN_CAMERA], 1);
    assert_non_null(strstr(hits->rows[0].words, "nothing is known"));
    assert_null(strstr(hits->rows[0].words, " 0 %"));
    teardown(&site, hits);
}

static void
test_words_of_patterns_never_accuse(void **state)
{
    static const char *const words[] = {"suspici", "abuse", "misuse", "guilt", "violat", "illegal"};
    (void)state;
    for (size_t i = 0; i < PATTERNS; i++) {
        const struct pattern_row *row = &pattern_rows[i];
        assert_true(strlen(row->innocent) > 10);
        for (size_t word = 0; word < COUNT(words); word++) {
            assert_null(strcasestr(row->words, words[word]));
            assert_null(strcasestr(row->innocent, words[word]));
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tells_unusual_hours_from_the_third_act),
        cmocka_unit_test(test_calls_no_hour_unusual_without_a_past),
        cmocka_unit_test(test_tells_refusals_from_the_tenth),
        cmocka_unit_test(test_counts_only_the_part_of_a_view_that_is_in_the_time),
        cmocka_unit_test(test_sums_who_has_no_place_as_others),
        cmocka_unit_test(test_names_are_bounded),
        cmocka_unit_test(test_a_sealed_name_stays_its_mark),
        cmocka_unit_test(test_tells_no_burst_of_who_exports_as_many_in_an_hour_as_before),
        cmocka_unit_test(test_says_of_an_account_without_a_past_that_nothing_is_known_of_it),
        cmocka_unit_test(test_words_of_patterns_never_accuse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
