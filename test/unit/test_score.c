#include "assess/score.h"

#include "base/text.h"
#include "test.h"

#include <stdio.h>

#include "site.h"

#define NOW INT64_C(1795377600000)

static void
judge(struct test_site *site)
{
    assert_int_equal(findings_build(&site->assessment, NULL, NOW), OK);
    assert_int_equal(score_apply(&site->assessment), OK);
}

/* Example 1 of doc/scoring.md. */
static void
test_all_in_order_is_a_hundred(void **state)
{
    (void)state;
    struct test_site site;
    site_init(&site);
    site_good_camera(site_add(&site, KIND_CAMERA, "Gate"));
    site_good_whole(site.assessment.whole);
    judge(&site);
    assert_string_equal(site.assessment.grade, "A");
    assert_int_equal(site.assessment.score, 100);
    assert_null(site.assessment.cap_why);
    assert_int_equal(site.assessment.action_count, 0);
    site_release(&site);
}

/* Example 2: two of four cameras with their cloud on, one of them with a factory password. */
static void
test_the_worked_example_of_the_document(void **state)
{
    (void)state;
    static const char *const names[] = {"Gate", "Yard", "Shop", "Till"};
    struct test_site site;
    site_init(&site);
    for (size_t i = 0; i < COUNT(names); i++) {
        site_good_camera(site_add(&site, KIND_CAMERA, names[i]));
    }
    site_good_whole(site.assessment.whole);
    site_text(site.devices[0], FACT_LOGIN_FACTORY, "admin");
    site_bool(site.devices[0], FACT_CLOUD_ENABLED, true);
    site_bool(site.devices[1], FACT_CLOUD_ENABLED, true);
    judge(&site);
    assert_int_equal(site.assessment.score_uncapped, 90);
    assert_string_equal(site.assessment.grade_uncapped, "A");
    assert_int_equal(site.assessment.score, 46);
    assert_string_equal(site.assessment.grade, "D");
    assert_string_equal(site.assessment.cap_why, "a factory password opens 1 of 4 devices");
    assert_int_equal(site.assessment.action_count, 2);
    const struct action *actions = site.assessment.actions;
    assert_string_equal(actions[0].finding->id, "default-credentials/factory-password");
    assert_string_equal(actions[0].words, "Set new passwords on Gate");
    assert_string_equal(actions[0].brings, "closes 1 gap, the last that capped the grade");
    assert_string_equal(actions[1].brings, "closes 2 gaps");
    assert_int_equal(actions[0].score_after, 94);
    assert_string_equal(actions[0].grade_after, "A");
    assert_int_equal(actions[0].finding->fix_number, 1);
    assert_int_equal(actions[1].score_after, 100);
    site_release(&site);
}

static void
test_unknown_counts_neither_way_but_bars_an_a(void **state)
{
    (void)state;
    struct test_site site;
    site_init(&site);
    site_good_camera(site_add(&site, KIND_CAMERA, "Gate"));
    site_good_whole(site.assessment.whole);
    facts_forget(&site.devices[0]->facts, FACT_LOGIN_REFUSED);
    judge(&site);
    assert_int_equal(site.assessment.score_uncapped, 100);
    assert_int_equal(site.assessment.score, 89);
    assert_string_equal(site.assessment.grade, "B");
    assert_string_equal(site.assessment.cap_why,
        "\"Default credentials\" is critical and not wholly known to be in order");
    site_release(&site);
}

static void
test_unknown_of_a_high_control_bars_nothing(void **state)
{
    (void)state;
    struct test_site site;
    site_init(&site);
    site_good_camera(site_add(&site, KIND_CAMERA, "Gate"));
    site_good_whole(site.assessment.whole);
    facts_forget(&site.devices[0]->facts, FACT_DDNS_ENABLED);
    judge(&site);
    assert_int_equal(site.assessment.score, 100);
    assert_string_equal(site.assessment.grade, "A");
    site_release(&site);
}

/* Example 3: a waiver takes the gap out of the mean, the cap stays. */
static void
test_a_waiver_never_lifts_a_cap(void **state)
{
    (void)state;
    struct test_site site;
    site_init(&site);
    site_good_camera(site_add(&site, KIND_CAMERA, "Gate"));
    site_good_whole(site.assessment.whole);
    site_text(site.devices[0], FACT_EXPOSURE_MAPPED, "8000/tcp");
    site.waivers[0] =
        (struct waiver){.finding = "vms-exposure/port-mapped", .owner = "Ann", .expires = NOW + 1};
    site.assessment.waiver_count = 1;
    judge(&site);
    assert_int_equal(site.assessment.score_uncapped, 100);
    assert_int_equal(site.assessment.score, 49);
    assert_string_equal(site.assessment.grade, "D");
    assert_int_equal(site.assessment.action_count, 0);
    site_release(&site);
}

static void
test_nothing_judged_has_no_grade(void **state)
{
    (void)state;
    struct test_site site;
    site_init(&site);
    (void)site_add(&site, KIND_CAMERA, "Gate");
    judge(&site);
    assert_string_equal(site.assessment.grade, "-");
    assert_int_equal(site.assessment.action_count, 0);
    assert_true(text_contains(site.assessment.grade_why, "there is no grade"));
    site_release(&site);
}

static void
test_a_run_that_stopped_before_any_device_has_no_grade(void **state)
{
    (void)state;
    struct test_site site;
    site_init(&site);
    site_good_whole(site.assessment.whole);
    site.assessment.partial = true;
    judge(&site);
    assert_string_equal(site.assessment.grade, "-");
    assert_int_equal(site.assessment.action_count, 0);
    site_release(&site);
}

static void
test_a_note_costs_nothing(void **state)
{
    (void)state;
    struct test_site site;
    site_init(&site);
    site_good_camera(site_add(&site, KIND_CAMERA, "Gate"));
    site_good_whole(site.assessment.whole);
    site_text(site.devices[0], FACT_DEVICE_COVERED, "Hikvision");
    site_bool(site.devices[0], FACT_RTSP_PLAIN, true);
    judge(&site);
    assert_int_equal(site.assessment.score, 100);
    assert_int_equal(site.assessment.finding_count, 2);
    site_release(&site);
}

static void
test_at_most_three_actions_and_each_adds_to_the_last(void **state)
{
    (void)state;
    struct test_site site;
    site_init(&site);
    struct subject *gate = site_add(&site, KIND_CAMERA, "Gate");
    site_good_camera(gate);
    site_good_whole(site.assessment.whole);
    site_text(gate, FACT_LOGIN_FACTORY, "admin");
    site_text(gate, FACT_EXPOSURE_MAPPED, "8000/tcp");
    site_bool(gate, FACT_CLOUD_ENABLED, true);
    site_bool(gate, FACT_UPNP_ENABLED, true);
    site_int(gate, FACT_CLOCK_OFFSET, 4000);
    judge(&site);
    const struct action *actions = site.assessment.actions;
    assert_int_equal(site.assessment.action_count, 3);
    assert_true(actions[0].finding->advice->caps && actions[1].finding->advice->caps);
    for (size_t i = 0; i < 3; i++) {
        assert_true(actions[i].score_after >=
                    (i == 0 ? site.assessment.score : actions[i - 1].score_after));
        assert_string_equal(actions[i].grade_after, score_grade(actions[i].score_after));
    }
    assert_string_equal(actions[0].brings, "closes 1 gap; 1 more cause keeps the grade at D");
    assert_true(actions[1].score_after > 49);
    site_release(&site);
}

static void
test_grades_have_their_published_bounds(void **state)
{
    (void)state;
    static const struct {
        unsigned score;
        const char *grade;
    } bounds[] = {
        {100, "A"},
        {90,  "A"},
        {89,  "B"},
        {75,  "B"},
        {74,  "C"},
        {50,  "C"},
        {49,  "D"},
        {25,  "D"},
        {24,  "F"},
        {0,   "F"}
    };
    for (size_t i = 0; i < COUNT(bounds); i++) {
        assert_string_equal(score_grade(bounds[i].score), bounds[i].grade);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_in_order_is_a_hundred),
        cmocka_unit_test(test_the_worked_example_of_the_document),
        cmocka_unit_test(test_unknown_counts_neither_way_but_bars_an_a),
        cmocka_unit_test(test_unknown_of_a_high_control_bars_nothing),
        cmocka_unit_test(test_a_waiver_never_lifts_a_cap),
        cmocka_unit_test(test_nothing_judged_has_no_grade),
        cmocka_unit_test(test_a_run_that_stopped_before_any_device_has_no_grade),
        cmocka_unit_test(test_a_note_costs_nothing),
        cmocka_unit_test(test_at_most_three_actions_and_each_adds_to_the_last),
        cmocka_unit_test(test_grades_have_their_published_bounds),
    };
    return cmocka_run_group_tests_name("score", tests, NULL, NULL);
}
