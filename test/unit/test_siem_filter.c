#include "siem/filter.h"

#include "test.h"

#define TAIL ",\"time\":\"2026-11-23T02:14:05.123Z\",\"v\":1}"
#define EXPORT                                                                                     \
    "{\"action\":\"footage.export\",\"actor\":{\"user\":\"anna\"},\"outcome\":\"refused\","        \
    "\"target\":{\"cameras\":[\"gate\",\"yard\"]}" TAIL
#define LOGIN "{\"action\":\"auth.login\",\"actor\":{\"user\":\"bob\"},\"outcome\":\"ok\"" TAIL

#define SEALED                                                                                     \
    "{\"action\":\"auth.login\",\"actor\":{\"user\":\"sealed:2026-0123456789abcdef:AAAA\"},"       \
    "\"outcome\":\"ok\"" TAIL

struct wish {
    enum siem_filter_part part;
    const char *value;
};

static bool
passes(const struct siem_filter *filter, const char *entry)
{
    struct logged *logged = logged_new();
    assert_non_null(logged);
    (void)logged_read(logged, entry, strlen(entry));
    bool is_in = siem_filter_passes(filter, logged);
    logged_free(logged);
    return is_in;
}

static void
test_lets_pass_what_one_value_of_each_part_fits(void **state)
{
    (void)state;
    static const struct {
        struct wish wishes[3];
        size_t count;
        bool export, login;
    } rows[] = {
        {{{0}},                                                                                0, true,  true },
        {{{SIEM_FILTER_ACTION, "footage.*"}},                                                  1, true,  false},
        {{{SIEM_FILTER_ACTION, "footage.export"}},                                             1, true,  false},
        {{{SIEM_FILTER_ACTION, "footage.live"}},                                               1, false, false},
        {{{SIEM_FILTER_ACTION, "footage.*"}, {SIEM_FILTER_ACTION, "auth.login"}},              2, true,  true },
        {{{SIEM_FILTER_OUTCOME, "refused"}, {SIEM_FILTER_OUTCOME, "failed"}},                  2, true,  false},
        {{{SIEM_FILTER_CAMERA, "yard"}},                                                       1, true,  false},
        {{{SIEM_FILTER_CAMERA, "yar"}},                                                        1, false, false},
        {{{SIEM_FILTER_USER, "bob"}},                                                          1, false, true },
        {{{SIEM_FILTER_USER, "anna"}, {SIEM_FILTER_CAMERA, "door"}},                           2, false, false},
        {{{SIEM_FILTER_USER, "anna"}, {SIEM_FILTER_USER, "bob"}, {SIEM_FILTER_OUTCOME, "ok"}}, 3,
         false,                                                                                          true },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct siem_filter filter = siem_filter_begin();
        for (size_t j = 0; j < rows[i].count; j++) {
            assert_int_equal(
                siem_filter_add(&filter, rows[i].wishes[j].part, rows[i].wishes[j].value), OK);
        }
        if (passes(&filter, EXPORT) != rows[i].export || passes(&filter, LOGIN) != rows[i].login) {
            fail_msg("row %zu", i);
        }
    }
}

static void
test_holds_back_what_matters_less(void **state)
{
    (void)state;
    struct siem_filter filter = siem_filter_begin();
    filter.least = SIEM_HIGH;
    assert_true(passes(&filter, EXPORT)); /* refused: high */
    assert_false(passes(&filter, LOGIN));
    filter.least = SIEM_CRITICAL;
    assert_false(passes(&filter, EXPORT));
}

static void
test_lets_pass_what_is_no_event(void **state)
{
    (void)state;
    struct siem_filter filter = siem_filter_begin();
    filter.least = SIEM_CRITICAL;
    assert_int_equal(siem_filter_add(&filter, SIEM_FILTER_USER, "bob"), OK);
    assert_true(passes(&filter, "entry 7"));
}

static void
test_lets_pass_whose_user_is_sealed(void **state)
{
    (void)state;
    struct siem_filter filter = siem_filter_begin();
    assert_int_equal(siem_filter_add(&filter, SIEM_FILTER_USER, "bob"), OK);
    assert_true(passes(&filter, SEALED));
    assert_int_equal(siem_filter_add(&filter, SIEM_FILTER_OUTCOME, "failed"), OK);
    assert_false(passes(&filter, SEALED));
}

static void
test_refuses_values_that_nothing_can_have(void **state)
{
    (void)state;
    struct siem_filter filter = siem_filter_begin();
    assert_int_equal(siem_filter_add(&filter, SIEM_FILTER_OUTCOME, "fine"), ERR_VALUE);
    assert_int_equal(siem_filter_add(&filter, SIEM_FILTER_ACTION, "footage"), ERR_VALUE);
    assert_int_equal(siem_filter_add(&filter, SIEM_FILTER_ACTION, "*"), ERR_VALUE);
    for (size_t i = 0; i < SIEM_FILTER_VALUES; i++) {
        assert_int_equal(siem_filter_add(&filter, SIEM_FILTER_USER, "bob"), OK);
    }
    assert_int_equal(siem_filter_add(&filter, SIEM_FILTER_USER, "eve"), ERR_LIMIT);
}

static void
test_every_action_has_a_name_and_every_level_a_place(void **state)
{
    (void)state;
    for (int action = 0; action < EVENT_ACTIONS; action++) {
        char entry[200];
        struct logged *logged = logged_new();
        (void)snprintf(entry, sizeof(entry), "{\"action\":\"%s\",\"outcome\":\"failed\"" TAIL,
            event_action((enum event_action)action)->text);
        assert_true(logged_read(logged, entry, strlen(entry)));
        struct siem_sense sense = siem_sense(logged);
        assert_true(sense.is_known && sense.action == (enum event_action)action);
        assert_non_null(sense.title);
        assert_null(strpbrk(sense.title, "|\\=\"")); /* it stands unescaped in CEF and JSON */
        logged_free(logged);
    }
    for (int level = 1; level < SIEM_LEVELS; level++) {
        const struct siem_scale *less = siem_scale((enum siem_level)(level - 1));
        const struct siem_scale *more = siem_scale((enum siem_level)level);
        enum siem_level parsed = SIEM_INFO;
        assert_true(more->syslog < less->syslog && more->cef > less->cef);
        assert_true(more->ocsf > less->ocsf && more->ecs > less->ecs && more->cef <= 10);
        assert_int_equal(siem_level_parse(more->word, &parsed), OK);
        assert_int_equal(parsed, level);
    }
    enum siem_level level = SIEM_INFO;
    assert_int_equal(siem_level_parse("severe", &level), ERR_VALUE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lets_pass_what_one_value_of_each_part_fits),
        cmocka_unit_test(test_holds_back_what_matters_less),
        cmocka_unit_test(test_lets_pass_what_is_no_event),
        cmocka_unit_test(test_lets_pass_whose_user_is_sealed),
        cmocka_unit_test(test_refuses_values_that_nothing_can_have),
        cmocka_unit_test(test_every_action_has_a_name_and_every_level_a_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
