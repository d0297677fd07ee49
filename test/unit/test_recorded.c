/* Which views were of recordings of a time, by what their events say together. */
#include "ledger/recorded.h"

#include "test.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>

#define FROM 100
#define TO   200
#define NONE LOGGED_NONE
#define MANY 200000

struct said {
    const char *phase; /* NULL: of no view */
    int64_t from, to;
};

static struct event_text
text_of(const char *text)
{
    return (struct event_text){text, text == NULL ? 0 : strlen(text)};
}

static struct logged
event_of(uint64_t index, const char *view, const char *action, const struct said *said)
{
    struct logged logged = {.index = index, .is_event = true};
    logged.texts[LOGGED_ACTION] = text_of(action);
    logged.texts[LOGGED_OUTCOME] = text_of("ok");
    logged.texts[LOGGED_USER] = text_of("anna");
    logged.texts[LOGGED_PHASE] = text_of(said->phase);
    logged.texts[LOGGED_VIEW] = text_of(said->phase == NULL ? NULL : view);
    logged.numbers[LOGGED_TIME] = 1000 + (int64_t)index;
    logged.numbers[LOGGED_FROM] = said->from;
    logged.numbers[LOGGED_TO] = said->to;
    return logged;
}

static void
take(struct recorded *recorded, const struct logged *logged)
{
    assert_int_equal(recorded_take(recorded, logged), OK);
}

static void
test_a_recording_counts_where_its_time_touches_the_one_asked_for(void **state)
{
    (void)state;
    static const struct {
        int64_t from, to;
        bool is_recorded, is_unplaced;
    } rows[] = {
        {100,  200,  true,  false},
        {50,   101,  true,  false},
        {199,  300,  true,  false},
        {0,    900,  true,  false},
        {100,  100,  true,  false},
        {50,   100,  false, false},
        {200,  300,  false, false},
        {200,  200,  false, false},
        {150,  NONE, false, true },
        {200,  NONE, false, false},
        {NONE, 101,  false, true },
        {NONE, 100,  false, false},
        {NONE, NONE, false, true },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct recorded *recorded = recorded_new(FROM, TO);
        const struct said said = {NULL, rows[i].from, rows[i].to};
        struct logged logged = event_of(i, NULL, "footage.export", &said);
        assert_non_null(recorded);
        take(recorded, &logged);
        assert_int_equal(recorded_end(recorded), OK);
        if (recorded_has(recorded, &logged) != rows[i].is_recorded ||
            recorded_unplaced(recorded) != rows[i].is_unplaced) {
            fail_msg("row %zu", i);
        }
        recorded_free(recorded);
    }
}

static void
test_the_last_event_that_says_both_ends_decides_for_all_of_the_view(void **state)
{
    (void)state;
    static const struct {
        struct said said[3];
        bool is_recorded, is_unplaced;
    } rows[] = {
        {{{"begin", 100, 200}, {"goes-on", 100, 110}, {"end", 300, 310}},       false, false},
        {{{"begin", 300, 310}, {"goes-on", 300, 310}, {"end", 100, 110}},       true,  false},
        {{{"begin", 300, NONE}, {"goes-on", NONE, NONE}, {"end", 100, 110}},    true,  false},
        {{{"begin", 100, 200}, {"goes-on", 300, 310}, {"end", NONE, NONE}},     false, false},
        {{{"begin", 100, 200}, {"goes-on", NONE, NONE}, {"end", NONE, NONE}},   true,  false},
        {{{"begin", NONE, NONE}, {"goes-on", NONE, NONE}, {"end", NONE, NONE}}, false, true },
        {{{"begin", 150, NONE}, {"goes-on", 150, NONE}, {"end", 300, NONE}},    false, false},
        {{{"begin", NONE, NONE}, {"goes-on", 300, 310}, {"goes-on", 300, 320}}, false, false},
        {{{"begin", 150, NONE}, {"goes-on", 20, 30}, {"goes-on", 20, 40}},      false, false},
        {{{"begin", 20, 180}, {"goes-on", 20, 30}, {"goes-on", 20, 40}},        false, true },
        {{{"begin", 20, 180}, {"goes-on", 20, 30}, {"goes-on", 20, 150}},       true,  false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct recorded *recorded = recorded_new(FROM, TO);
        assert_non_null(recorded);
        for (size_t j = 0; j < 3; j++) {
            struct logged logged = event_of(j, "view-1", "footage.playback", &rows[i].said[j]);
            take(recorded, &logged);
        }
        assert_int_equal(recorded_end(recorded), OK);
        for (size_t j = 0; j < 3; j++) {
            struct logged logged = event_of(j, "view-1", "footage.playback", &rows[i].said[j]);
            if (recorded_has(recorded, &logged) != rows[i].is_recorded) {
                fail_msg("row %zu, event %zu", i, j);
            }
        }
        if (recorded_unplaced(recorded) != rows[i].is_unplaced) {
            fail_msg("row %zu: unplaced", i);
        }
        recorded_free(recorded);
    }
}

static void
test_views_of_others_and_other_views_are_not_joined(void **state)
{
    (void)state;
    const struct said begin = {"begin", 300, 400};
    const struct said end = {"end", 100, 200};
    struct recorded *recorded = recorded_new(FROM, TO);
    struct logged hers = event_of(1, "view-1", "footage.playback", &begin);
    struct logged another = event_of(2, "view-2", "footage.playback", &begin);
    struct logged his = event_of(3, "view-1", "footage.playback", &end);
    his.texts[LOGGED_USER] = text_of("ben");
    take(recorded, &hers);
    take(recorded, &another);
    take(recorded, &his);
    assert_int_equal(recorded_end(recorded), OK);
    assert_false(recorded_has(recorded, &hers));
    assert_false(recorded_has(recorded, &another));
    assert_true(recorded_has(recorded, &his));
    recorded_free(recorded);
}

static void
test_what_was_not_shown_or_over_before_or_live_is_not_counted(void **state)
{
    (void)state;
    const struct said nothing = {NULL, NONE, NONE};
    const struct said begin = {"begin", NONE, NONE};
    struct recorded *recorded = recorded_new(CLOCK_DAY * 2, CLOCK_DAY * 3);
    struct logged refused = event_of(1, NULL, "footage.export", &nothing);
    struct logged before = event_of(2, NULL, "footage.export", &nothing);
    struct logged live = event_of(3, "view-1", "footage.live", &begin);
    struct logged long_before = event_of(4, "view-2", "footage.playback", &begin);
    struct logged open = event_of(5, "view-3", "footage.playback", &begin);
    refused.texts[LOGGED_OUTCOME] = text_of("refused");
    refused.numbers[LOGGED_TIME] = CLOCK_DAY * 4;
    before.numbers[LOGGED_TIME] = CLOCK_DAY * 2 - 1;
    live.numbers[LOGGED_TIME] = CLOCK_DAY * 4;
    long_before.numbers[LOGGED_TIME] = CLOCK_DAY - 1;
    open.numbers[LOGGED_TIME] = CLOCK_DAY + 1;
    take(recorded, &refused);
    take(recorded, &before);
    take(recorded, &live);
    take(recorded, &long_before);
    take(recorded, &open);
    assert_int_equal(recorded_end(recorded), OK);
    assert_int_equal(recorded_unplaced(recorded), 1);
    recorded_free(recorded);
}

static void
test_views_that_ended_and_were_of_another_time_cost_no_memory(void **state)
{
    (void)state;
    const struct said begin = {"begin", 100, 200};
    const struct said end = {"end", 300, 400};
    struct recorded *recorded = recorded_new(FROM, TO);
    size_t before = mallinfo2().uordblks;
    char view[32];
    for (uint64_t i = 0; i < MANY; i++) {
        (void)snprintf(view, sizeof(view), "view-%llu", (unsigned long long)i);
        struct logged first = event_of(2 * i, view, "footage.playback", &begin);
        struct logged last = event_of(2 * i + 1, view, "footage.playback", &end);
        take(recorded, &first);
        take(recorded, &last);
    }
    assert_true(mallinfo2().uordblks < before + 4096);
    assert_int_equal(recorded_end(recorded), OK);
    assert_int_equal(recorded_unplaced(recorded), 0);
    recorded_free(recorded);
}

static void
test_more_open_views_than_the_limit_are_refused(void **state)
{
    (void)state;
    const struct said begin = {"begin", 100, 200};
    struct recorded *recorded = recorded_new(FROM, TO);
    char view[32];
    enum err err = OK;
    uint64_t count = 0;
    while (err == OK && count <= RECORDED_OPEN) {
        (void)snprintf(view, sizeof(view), "view-%llu", (unsigned long long)count++);
        struct logged logged = event_of(count, view, "footage.playback", &begin);
        err = recorded_take(recorded, &logged);
    }
    assert_int_equal(err, ERR_LIMIT);
    assert_int_equal(count, RECORDED_OPEN + 1);
    recorded_free(recorded);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_recording_counts_where_its_time_touches_the_one_asked_for),
        cmocka_unit_test(test_the_last_event_that_says_both_ends_decides_for_all_of_the_view),
        cmocka_unit_test(test_views_of_others_and_other_views_are_not_joined),
        cmocka_unit_test(test_what_was_not_shown_or_over_before_or_live_is_not_counted),
        cmocka_unit_test(test_views_that_ended_and_were_of_another_time_cost_no_memory),
        cmocka_unit_test(test_more_open_views_than_the_limit_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
