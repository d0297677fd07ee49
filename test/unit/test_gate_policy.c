#include "gate/policy.h"

#include "base/text.h"
#include "test.h"

#define NOW    INT64_C(1763900000000)
#define DAY    INT64_C(86400000)
#define ANNA   0
#define GONE   1
#define ZM     0
#define FRONT  0
#define YARD   1
#define VIEWER 0
#define NIGHT  1

static struct policy policy;

static struct policy_rule *
add_rule(uint16_t role, uint32_t permits)
{
    struct policy_rule *rule = &policy.rules[policy.rule_count++];
    *rule = (struct policy_rule){.role = role, .vms = POLICY_ANY, .permits = permits};
    return rule;
}

/* Anna is a viewer: live, pictures and recordings of a week at the front camera, by day. */
static int
make_policy(void **state)
{
    (void)state;
    policy = (struct policy){.user_count = 2, .role_count = 2, .camera_count = 2, .vms_count = 2};
    policy.users[ANNA] = (struct policy_user){.name = "anna", .roles = 1, .is_enabled = true};
    policy.users[GONE] = (struct policy_user){.name = "gone", .roles = 1, .is_enabled = false};
    policy.cameras[FRONT] = (struct policy_camera){ZM, "1", "Front door"};
    policy.cameras[YARD] = (struct policy_camera){ZM, "2", "Yard"};
    struct policy_rule *rule = add_rule(VIEWER,
        1U << PERMIT_LIVE | 1U << PERMIT_SNAPSHOT | 1U << PERMIT_PLAYBACK | 1U << PERMIT_BROWSE);
    rule->cameras[0] = 1U << FRONT;
    rule->back = 7 * 86400;
    return 0;
}

static struct policy_answer
ask(enum permit permit, const char *camera, int64_t from)
{
    struct policy_question question = {
        .user = ANNA,
        .vms = ZM,
        .permit = permit,
        .cameras = &camera,
        .camera_count = camera != NULL ? 1 : 0,
        .from = from,
        .now = NOW,
        .minute = 720,
    };
    struct policy_answer answer;
    policy_ask(&policy, &question, &answer);
    return answer;
}

static bool
may(enum permit permit, const char *camera, int64_t from)
{
    return ask(permit, camera, from).is_allowed;
}

static void
test_allows_what_a_rule_says_and_names_the_role(void **state)
{
    (void)state;
    struct policy_answer answer = ask(PERMIT_LIVE, "1", NOW);
    assert_true(answer.is_allowed);
    assert_int_equal(answer.role, VIEWER);
    assert_null(answer.camera);
}

static void
test_denies_what_no_rule_says(void **state)
{
    (void)state;
    assert_false(may(PERMIT_EXPORT, "1", NOW));
    assert_string_equal(ask(PERMIT_EXPORT, "1", NOW).why, "no role allows export");
    struct policy_answer answer = ask(PERMIT_LIVE, "2", NOW);
    assert_false(answer.is_allowed);
    assert_string_equal(answer.camera, "2");
    assert_string_equal(answer.why, "no role allows live of this camera");
    assert_false(may(PERMIT_LIVE, "not known", NOW));
}

static void
test_refuses_two_cameras_of_which_one_is_not_allowed(void **state)
{
    (void)state;
    const char *const cameras[] = {"1", "2"};
    struct policy_question question = {
        .permit = PERMIT_LIVE, .cameras = cameras, .camera_count = 2, .now = NOW, .from = NOW};
    struct policy_answer answer;
    policy_ask(&policy, &question, &answer);
    assert_false(answer.is_allowed);
    assert_string_equal(answer.camera, "2");
    assert_int_equal(answer.role, POLICY_ANY);
    add_rule(VIEWER, 1U << PERMIT_LIVE)->cameras[0] = 1U << YARD;
    policy_ask(&policy, &question, &answer);
    assert_true(answer.is_allowed);
}

static void
test_a_request_for_all_cameras_needs_a_rule_for_all(void **state)
{
    (void)state;
    struct policy_question question = {
        .permit = PERMIT_LIVE, .all_cameras = true, .now = NOW, .from = NOW};
    struct policy_answer answer;
    add_rule(VIEWER, 1U << PERMIT_LIVE)->cameras[0] = 3;
    policy_ask(&policy, &question, &answer);
    assert_false(answer.is_allowed);
    add_rule(VIEWER, 1U << PERMIT_LIVE)->all_cameras = true;
    policy_ask(&policy, &question, &answer);
    assert_true(answer.is_allowed);
    assert_true(may(PERMIT_LIVE, "a camera that came today", NOW));
}

static void
test_footage_without_a_camera_needs_a_rule_for_all(void **state)
{
    (void)state;
    assert_true(may(PERMIT_BROWSE, NULL, 0));
    assert_false(may(PERMIT_LIVE, NULL, NOW));
    assert_false(may(PERMIT_PLAYBACK, NULL, NOW));
}

static void
test_refuses_recordings_that_are_too_old_or_of_unknown_time(void **state)
{
    (void)state;
    assert_true(may(PERMIT_PLAYBACK, "1", NOW - 6 * DAY));
    assert_false(may(PERMIT_PLAYBACK, "1", NOW - 8 * DAY));
    assert_false(may(PERMIT_PLAYBACK, "1", 0));
    assert_false(may(PERMIT_SNAPSHOT, "1", 0));
    assert_true(may(PERMIT_LIVE, "1", 0));
    assert_string_equal(ask(PERMIT_PLAYBACK, "1", 0).why, "no role allows playback that far back");
    assert_int_equal(ask(PERMIT_PLAYBACK, "1", NOW).back, 7 * 86400);
}

static void
test_the_role_that_goes_back_farthest_counts(void **state)
{
    (void)state;
    policy.users[ANNA].roles |= 1U << NIGHT;
    add_rule(NIGHT, 1U << PERMIT_PLAYBACK)->all_cameras = true;
    struct policy_answer answer = ask(PERMIT_PLAYBACK, "1", NOW - 100 * DAY);
    assert_true(answer.is_allowed);
    assert_int_equal(answer.role, NIGHT);
    assert_int_equal(answer.back, 0);
}

static bool
is_open_at(unsigned weekday, unsigned minute)
{
    const char *camera = "1";
    struct policy_question question = {
        .permit = PERMIT_PTZ,
        .cameras = &camera,
        .camera_count = 1,
        .now = NOW,
        .minute = (uint16_t)minute,
        .weekday = (uint8_t)weekday,
    };
    struct policy_answer answer;
    policy_ask(&policy, &question, &answer);
    return answer.is_allowed;
}

static void
test_hours_end_to_the_minute_and_count_on_their_days(void **state)
{
    (void)state;
    struct policy_rule *rule = add_rule(VIEWER, 1U << PERMIT_PTZ);
    rule->all_cameras = true;
    rule->days = 0x1f;
    rule->begin = 480;
    rule->end = 1080;
    assert_false(is_open_at(0, 479));
    assert_true(is_open_at(0, 480));
    assert_true(is_open_at(4, 1079));
    assert_false(is_open_at(4, 1080));
    assert_false(is_open_at(5, 600));
}

static void
test_hours_over_midnight_belong_to_the_day_of_their_begin(void **state)
{
    (void)state;
    struct policy_rule *rule = add_rule(VIEWER, 1U << PERMIT_PTZ);
    rule->all_cameras = true;
    rule->days = 1U << 6; /* Sunday */
    rule->begin = 1320;
    rule->end = 360;
    assert_true(is_open_at(6, 1320));
    assert_true(is_open_at(0, 359));
    assert_false(is_open_at(0, 360));
    assert_false(is_open_at(6, 100));
    assert_false(is_open_at(0, 1320));
}

static void
test_a_rule_for_one_vms_says_nothing_about_another(void **state)
{
    (void)state;
    add_rule(VIEWER, 1U << PERMIT_CONFIGURE)->vms = 1;
    policy.rules[policy.rule_count - 1].all_cameras = true;
    assert_false(may(PERMIT_CONFIGURE, NULL, 0));
    policy.rules[policy.rule_count - 1].vms = ZM;
    assert_true(may(PERMIT_CONFIGURE, NULL, 0));
}

static void
test_refuses_an_account_that_is_disabled_or_out_of_range(void **state)
{
    (void)state;
    static const uint16_t users[] = {GONE, 2, POLICY_USERS, POLICY_ANY};
    for (size_t i = 0; i < COUNT(users); i++) {
        struct policy_question question = {.user = users[i], .permit = PERMIT_BROWSE};
        struct policy_answer answer;
        policy_ask(&policy, &question, &answer);
        assert_false(answer.is_allowed);
        assert_non_null(answer.why);
    }
}

static void
test_survives_counts_and_places_beyond_the_arrays(void **state)
{
    (void)state;
    policy.rule_count = UINT32_MAX;
    policy.camera_count = UINT32_MAX;
    policy.user_count = UINT32_MAX;
    policy.rules[1].role = UINT16_MAX;
    assert_true(may(PERMIT_LIVE, "1", NOW));
    assert_false(may(PERMIT_LIVE, "none", NOW));
    struct policy_question question = {.permit = PERMITS, .all_cameras = true};
    struct policy_answer answer;
    policy_ask(&policy, &question, &answer);
    assert_false(answer.is_allowed);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_allows_what_a_rule_says_and_names_the_role, make_policy),
        cmocka_unit_test_setup(test_denies_what_no_rule_says, make_policy),
        cmocka_unit_test_setup(test_refuses_two_cameras_of_which_one_is_not_allowed, make_policy),
        cmocka_unit_test_setup(test_a_request_for_all_cameras_needs_a_rule_for_all, make_policy),
        cmocka_unit_test_setup(test_footage_without_a_camera_needs_a_rule_for_all, make_policy),
        cmocka_unit_test_setup(
            test_refuses_recordings_that_are_too_old_or_of_unknown_time, make_policy),
        cmocka_unit_test_setup(test_the_role_that_goes_back_farthest_counts, make_policy),
        cmocka_unit_test_setup(test_hours_end_to_the_minute_and_count_on_their_days, make_policy),
        cmocka_unit_test_setup(
            test_hours_over_midnight_belong_to_the_day_of_their_begin, make_policy),
        cmocka_unit_test_setup(test_a_rule_for_one_vms_says_nothing_about_another, make_policy),
        cmocka_unit_test_setup(
            test_refuses_an_account_that_is_disabled_or_out_of_range, make_policy),
        cmocka_unit_test_setup(test_survives_counts_and_places_beyond_the_arrays, make_policy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
