/* Which switches and firewall steps a plan gets from what an assessment found. */
#include "remedy/switching.h"

#include "test.h"

#include "remedy/remedy.h"

#include <stdlib.h>

extern const struct remedy_kind remedy_firewall;

static const struct source wire = {.witness = WITNESS_CONFIG, .confidence = 90};

static const struct control cloud_control = {.id = "vendor-cloud"};
static const struct control login_control = {.id = "default-credentials"};
static const struct control log_control = {.id = "access-log"};

/* A site of one device with one finding. */
struct scene {
    struct subject *devices[1];
    struct finding_place place;
    struct finding finding;
    struct assessment *assessment;
    struct plan *plan;
};

static void
begin(struct scene *scene, const char *driver, const char *id, const struct control *control)
{
    struct ip ip;
    memset(scene, 0, sizeof(*scene));
    scene->devices[0] = subject_new(1);
    scene->devices[0]->driver = driver;
    scene->devices[0]->kind = KIND_CAMERA;
    scene->devices[0]->name = "Gate";
    assert_int_equal(ip_parse("10.0.3.7", &ip), OK);
    assert_true(subject_add_address(scene->devices[0], &ip));
    facts_set_text(&scene->devices[0]->facts, FACT_LOGIN_OWNER, "admin", &wire);
    scene->place = (struct finding_place){.subject = scene->devices[0]};
    scene->finding = (struct finding){
        .id = id,
        .rule = strchr(id, '/') + 1,
        .verdict = FAIL,
        .control = control,
        .places = &scene->place,
        .place_count = 1,
    };
    scene->assessment = assessment_new();
    scene->plan = plan_new();
    assert_non_null(scene->assessment);
    assert_non_null(scene->plan);
    scene->assessment->findings = &scene->finding;
    scene->assessment->finding_count = 1;
}

static void
end(struct scene *scene)
{
    plan_free(scene->plan);
    scene->assessment->findings = NULL;
    scene->assessment->finding_count = 0;
    assessment_free(scene->assessment);
    subject_free(scene->devices[0]);
}

static void
propose(struct scene *scene, const struct plan_choice *choice)
{
    const struct plan_from from = {.assessment = scene->assessment, .choice = choice};
    assert_int_equal(switching_propose(scene->plan, &from), OK);
    assert_int_equal(remedy_firewall.propose(scene->plan, &from), OK);
}

static void
test_plans_the_switch_of_a_cloud_that_is_on(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, "hikvision", "vendor-cloud/cloud-on", &cloud_control);
    facts_set_bool(&scene.devices[0]->facts, FACT_CLOUD_ENABLED, true, &wire);
    propose(&scene, NULL);
    assert_int_equal(scene.plan->step_count, 1);
    const struct plan_step *step = &scene.plan->steps[0];
    assert_string_equal(step->kind, "switch");
    assert_string_equal(step->words, "Switch off Hik-Connect");
    assert_string_equal(step->changes, "cloud.enabled: yes → no");
    assert_string_equal(step->rules[0], "vendor-cloud/cloud-on");
    assert_string_equal(step->from, "yes");
    assert_string_equal(step->wanted, "no");
    assert_true(step->is_reversible);
    assert_false(step->by_hand);
    end(&scene);
}

static void
test_says_where_the_password_is_not_known(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, "hikvision", "vendor-cloud/cloud-on", &cloud_control);
    facts_set_bool(&scene.devices[0]->facts, FACT_CLOUD_ENABLED, true, &wire);
    facts_forget(&scene.devices[0]->facts, FACT_LOGIN_OWNER);
    propose(&scene, NULL);
    assert_int_equal(scene.plan->step_count, 0);
    assert_int_equal(scene.plan->left_count, 1);
    assert_non_null(strstr(scene.plan->left[0], "at Gate: its password is not known"));
    end(&scene);
}

static void
test_says_what_an_update_switched_on_again(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, "hikvision", "vendor-cloud/cloud-back", &cloud_control);
    facts_set_bool(&scene.devices[0]->facts, FACT_CLOUD_ENABLED, true, &wire);
    propose(&scene, NULL);
    assert_int_equal(scene.plan->step_count, 1);
    assert_non_null(strstr(scene.plan->steps[0].words, "on again"));
    end(&scene);
}

static void
test_plans_nothing_where_the_setting_is_so_already(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, "hikvision", "vendor-cloud/cloud-seen", &cloud_control);
    facts_set_bool(&scene.devices[0]->facts, FACT_CLOUD_ENABLED, false, &wire);
    propose(&scene, NULL);
    assert_int_equal(scene.plan->step_count, 0);
    end(&scene);
}

static void
test_names_the_firewall_step_where_there_is_no_switch(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, "tplink", "vendor-cloud/cloud-unread", &cloud_control);
    scene.finding.verdict = UNKNOWN;
    propose(&scene, NULL);
    assert_int_equal(scene.plan->step_count, 1);
    const struct plan_step *step = &scene.plan->steps[0];
    assert_string_equal(step->kind, "firewall");
    assert_true(step->by_hand);
    assert_non_null(strstr(step->words, "block from 10.0.3.7 to the internet"));
    assert_non_null(strstr(step->words, "allow NTP and DNS to the gateway only"));
    end(&scene);
    /* One that no driver knows, and that was seen talking to a cloud. */
    begin(&scene, NULL, "vendor-cloud/cloud-seen", &cloud_control);
    propose(&scene, NULL);
    assert_int_equal(scene.plan->step_count, 1);
    assert_string_equal(scene.plan->steps[0].kind, "firewall");
    end(&scene);
}

static void
test_plans_no_switch_that_the_settings_do_not_have(void **state)
{
    (void)state;
    struct scene scene;
    /* Telnet is open, and firmware of that age has no setting for it. */
    begin(&scene, "hikvision", "default-credentials/telnet-open", &login_control);
    scene.finding.verdict = NOTE;
    propose(&scene, NULL);
    assert_int_equal(scene.plan->step_count, 1);
    assert_string_equal(scene.plan->steps[0].kind, "firewall");
    assert_true(scene.plan->steps[0].by_hand);
    assert_non_null(strstr(scene.plan->steps[0].words, "reach TCP port 23 (telnet) of 10.0.3.7"));
    end(&scene);
    begin(&scene, "hikvision", "default-credentials/telnet-open", &login_control);
    scene.finding.verdict = NOTE;
    facts_set_bool(&scene.devices[0]->facts, FACT_SERVICE_TELNET, true, &wire);
    propose(&scene, NULL);
    assert_int_equal(scene.plan->step_count, 1);
    assert_string_equal(scene.plan->steps[0].kind, "switch");
    end(&scene);
    /* One without any such switch. */
    begin(&scene, "tplink", "default-credentials/ftp-open", &login_control);
    scene.finding.verdict = NOTE;
    propose(&scene, NULL);
    assert_int_equal(scene.plan->step_count, 1);
    assert_non_null(strstr(scene.plan->steps[0].changes, "to 10.0.3.7, TCP port 21 (FTP): drop"));
    end(&scene);
}

static void
test_plans_what_closes_no_gap_only_on_request(void **state)
{
    (void)state;
    static const char *const named[] = {"default-credentials/bonjour-on"};
    const struct plan_choice choice = {.controls = named, .control_count = 1};
    struct scene scene;
    begin(&scene, "axis", named[0], &login_control);
    scene.finding.verdict = NOTE;
    facts_set_bool(&scene.devices[0]->facts, FACT_SERVICE_BONJOUR, true, &wire);
    propose(&scene, NULL);
    assert_int_equal(scene.plan->step_count, 0);
    assert_int_equal(scene.plan->left_count, 1);
    assert_non_null(strstr(scene.plan->left[0], "--control default-credentials/bonjour-on"));
    propose(&scene, &choice);
    assert_int_equal(scene.plan->step_count, 1);
    end(&scene);
}

static void
test_leaves_digest_only_to_a_person(void **state)
{
    (void)state;
    static const char *const named[] = {"default-credentials/basic-auth"};
    const struct plan_choice choice = {.controls = named, .control_count = 1};
    struct scene scene;
    begin(&scene, "axis", named[0], &login_control);
    scene.finding.verdict = NOTE;
    facts_set_bool(&scene.devices[0]->facts, FACT_AUTH_BASIC, true, &wire);
    propose(&scene, &choice);
    assert_int_equal(scene.plan->step_count, 1);
    assert_true(scene.plan->steps[0].by_hand);
    assert_non_null(strstr(scene.plan->steps[0].words, "digest"));
    end(&scene);
}

static void
test_sets_the_time_server_that_is_named_and_no_other_text(void **state)
{
    (void)state;
    const struct plan_choice choice = {.ntp = "10.20.0.1"};
    const struct plan_choice strange = {.ntp = "10.20.0.1&x=y"};
    struct scene scene;
    begin(&scene, "dahua", "access-log/no-time-server", &log_control);
    scene.finding.verdict = NOTE;
    facts_set_bool(&scene.devices[0]->facts, FACT_CLOCK_SYNCED, false, &wire);
    propose(&scene, NULL);
    propose(&scene, &strange);
    assert_int_equal(scene.plan->step_count, 0);
    assert_int_equal(scene.plan->left_count, 2);
    propose(&scene, &choice);
    assert_int_equal(scene.plan->step_count, 1);
    assert_string_equal(
        json_string_value(json_object_get(scene.plan->steps[0].detail, "ntp")), "10.20.0.1");
    assert_non_null(strstr(scene.plan->steps[0].changes, "clock.synced: no → yes"));
    end(&scene);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plans_the_switch_of_a_cloud_that_is_on),
        cmocka_unit_test(test_says_where_the_password_is_not_known),
        cmocka_unit_test(test_says_what_an_update_switched_on_again),
        cmocka_unit_test(test_plans_nothing_where_the_setting_is_so_already),
        cmocka_unit_test(test_names_the_firewall_step_where_there_is_no_switch),
        cmocka_unit_test(test_plans_no_switch_that_the_settings_do_not_have),
        cmocka_unit_test(test_plans_what_closes_no_gap_only_on_request),
        cmocka_unit_test(test_leaves_digest_only_to_a_person),
        cmocka_unit_test(test_sets_the_time_server_that_is_named_and_no_other_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
