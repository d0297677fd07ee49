#include "assess/findings.h"

#include "base/text.h"
#include "test.h"
#include "vms/vms.h"

#include <stdio.h>

#include "site.h"

#define NOW INT64_C(1795377600000)

static const struct finding *
find(const struct test_site *site, const char *id)
{
    for (size_t i = 0; i < site->assessment.finding_count; i++) {
        if (text_equal(site->assessment.findings[i].id, id)) {
            return &site->assessment.findings[i];
        }
    }
    return NULL;
}

static const struct control_result *
control(const struct test_site *site, const char *id)
{
    return &site->assessment.controls[control_by_id(id) - controls];
}

static void
build(struct test_site *site, const struct findings_fixes *fixes)
{
    assert_int_equal(findings_build(&site->assessment, fixes, NOW), OK);
}

static void
test_one_cause_is_one_finding_with_its_devices(void **state)
{
    (void)state;
    struct test_site site;
    site_init(&site);
    site_text(site_add(&site, KIND_CAMERA, "Gate"), FACT_LOGIN_FACTORY, "admin");
    site_text(site_add(&site, KIND_CAMERA, "Yard"), FACT_LOGIN_FACTORY, "root");
    site_good_camera(site_add(&site, KIND_CAMERA, "Shop"));
    build(&site, NULL);
    const struct finding *finding = find(&site, "default-credentials/factory-password");
    assert_non_null(finding);
    assert_int_equal(finding->place_count, 2);
    assert_string_equal(finding->title, "A factory password opens 2 of 3 devices");
    assert_string_equal(
        finding->places[1].sentence, "Account root opens with its factory password.");
    assert_ptr_equal(finding->places[1].subject, site.devices[1]);
    assert_int_equal(control(&site, "default-credentials")->verdict, FAIL);
    assert_string_equal(
        control(&site, "default-credentials")->sentence, "A factory password opens 2 of 3 devices");
    site_release(&site);
}

static void
test_a_printer_is_no_camera(void **state)
{
    (void)state;
    struct test_site site;
    site_init(&site);
    struct subject *printer = site_add(&site, KIND_PRINTER, NULL);
    site_bool(printer, FACT_EXPOSURE_PUBLIC, true);
    site_text(printer, FACT_EXPOSURE_MAPPED, "9100/tcp");
    site_good_whole(site.assessment.whole);
    build(&site, NULL);
    assert_null(find(&site, "vms-exposure/public-address"));
    assert_null(find(&site, "vms-exposure/port-mapped"));
    assert_int_equal(control(&site, "vendor-cloud")->verdict, NOT_APPLICABLE);
    assert_int_equal(control(&site, "vendor-cloud")->applicable, 0);
    site_release(&site);
}

static void
test_a_site_in_order_passes_all_but_what_it_lacks(void **state)
{
    (void)state;
    struct test_site site;
    site_init(&site);
    site_good_camera(site_add(&site, KIND_CAMERA, "Gate"));
    site_good_whole(site.assessment.whole);
    build(&site, NULL);
    assert_int_equal(site.assessment.finding_count, 0);
    for (size_t i = 0; i < control_count; i++) {
        enum verdict wanted = text_equal(controls[i].id, "vms-updates") ? NOT_APPLICABLE : PASS;
        assert_int_equal(site.assessment.controls[i].verdict, wanted);
        assert_true(site.assessment.controls[i].sentence[0] != '\0');
    }
    site_release(&site);
}

static void
test_unknown_is_grouped_and_never_a_pass(void **state)
{
    (void)state;
    struct test_site site;
    site_init(&site);
    site_good_camera(site_add(&site, KIND_CAMERA, "Gate"));
    site_good_camera(site_add(&site, KIND_CAMERA, "Yard"));
    site_good_whole(site.assessment.whole);
    facts_forget(&site.devices[0]->facts, FACT_DDNS_ENABLED);
    facts_forget(&site.devices[1]->facts, FACT_DDNS_ENABLED);
    site.devices[1]->trouble = "it answers one byte a second";
    build(&site, NULL);
    const struct finding *finding = find(&site, "vendor-cloud/ddns-unknown");
    assert_non_null(finding);
    assert_int_equal(finding->verdict, UNKNOWN);
    assert_int_equal(finding->place_count, 2);
    assert_true(text_starts(finding->title, "2 of 2 devices: Whether dynamic DNS"));
    assert_true(text_ends(finding->places[1].sentence,
        "It could not be asked to the end: it answers one byte a second."));
    assert_int_equal(control(&site, "vendor-cloud")->verdict, UNKNOWN);
    assert_int_equal(control(&site, "vendor-cloud")->unknown, 2);
    site_release(&site);
}

static void
test_contradicted_findings_come_first(void **state)
{
    (void)state;
    struct test_site site;
    site_init(&site);
    static const struct source told = {.witness = WITNESS_CONFIG, .confidence = 95};
    struct subject *gate = site_add(&site, KIND_CAMERA, "Gate");
    site_good_camera(gate);
    site_text(gate, FACT_LOGIN_FACTORY, "admin");
    facts_set_bool(&gate->facts, FACT_UPNP_ENABLED, true, &told);
    build(&site, NULL);
    assert_string_equal(site.assessment.findings[0].id, "upnp/device-upnp-on");
    assert_true(site.assessment.findings[0].contradicted);
    assert_string_equal(site.assessment.findings[1].id, "default-credentials/factory-password");
    site_release(&site);
}

static void
test_a_waiver_covers_its_device_until_it_expires(void **state)
{
    (void)state;
    struct test_site site;
    site_init(&site);
    site_bool(site_add(&site, KIND_CAMERA, "Gate"), FACT_CLOUD_ENABLED, true);
    site_bool(site_add(&site, KIND_CAMERA, "Yard"), FACT_CLOUD_ENABLED, true);
    site_bool(site_add(&site, KIND_CAMERA, "Shop"), FACT_CLOUD_ENABLED, true);
    site.waivers[0] =
        (struct waiver){.finding = "vendor-cloud/cloud-on", .device = "gate", .expires = NOW + 1};
    site.waivers[1] =
        (struct waiver){.finding = "vendor-cloud/cloud-on", .device = "10.0.0.11", .expires = NOW};
    site.waivers[2] =
        (struct waiver){.finding = "vendor-cloud/ddns-on", .device = NULL, .expires = NOW + 1};
    site.assessment.waiver_count = 3;
    build(&site, NULL);
    const struct finding *finding = find(&site, "vendor-cloud/cloud-on");
    assert_non_null(finding);
    assert_ptr_equal(finding->places[0].waiver, &site.waivers[0]);
    assert_null(finding->places[1].waiver);
    assert_null(finding->places[2].waiver);
    assert_null(finding->waiver);
    assert_int_equal(control(&site, "vendor-cloud")->failed, 2);
    assert_int_equal(control(&site, "vendor-cloud")->waived, 1);
    assert_string_equal(findings_action(&site.assessment.arena, finding),
        "Turn off vendor cloud and P2P on Yard and Shop");
    site_release(&site);
}

static void
test_a_waiver_without_a_device_covers_all(void **state)
{
    (void)state;
    struct test_site site;
    site_init(&site);
    site_bool(site_add(&site, KIND_CAMERA, "Gate"), FACT_CLOUD_ENABLED, true);
    site.waivers[0] = (struct waiver){.finding = "vendor-cloud/cloud-on", .expires = NOW + 1};
    site.assessment.waiver_count = 1;
    build(&site, NULL);
    assert_non_null(find(&site, "vendor-cloud/cloud-on")->waiver);
    assert_int_not_equal(control(&site, "vendor-cloud")->verdict, FAIL);
    site_release(&site);
}

static const struct device_fix *
fix_of(const char *driver, const char *finding)
{
    static const struct device_fix fix = {
        "vendor-cloud/cloud-on", "Platform Access > Hik-Connect: off.", "The app stops.", NULL};
    return text_equal(driver, "hikvision") && text_equal(finding, fix.rule) ? &fix : NULL;
}

static void
test_a_driver_knows_better_steps(void **state)
{
    (void)state;
    static const struct findings_fixes fixes = {fix_of};
    struct test_site site;
    site_init(&site);
    struct subject *gate = site_add(&site, KIND_CAMERA, "Gate");
    site_bool(gate, FACT_CLOUD_ENABLED, true);
    site_text(gate, FACT_DEVICE_VENDOR, "Hikvision");
    gate->driver = "hikvision";
    build(&site, &fixes);
    const struct finding *finding = find(&site, "vendor-cloud/cloud-on");
    assert_string_equal(finding->close, "Platform Access > Hik-Connect: off.");
    assert_string_equal(finding->effect, "The app stops.");
    assert_string_equal(finding->verify, finding->advice->verify);
    site_bool(site_add(&site, KIND_CAMERA, "Yard"), FACT_CLOUD_ENABLED, true);
    build(&site, &fixes);
    finding = find(&site, "vendor-cloud/cloud-on");
    assert_true(text_starts(
        finding->close, "Hikvision: Platform Access > Hik-Connect: off.\nThe others: Open "));
    assert_string_equal(finding->effect, finding->advice->effect);
    site_release(&site);
}

/* A fix under a rule that no table says would never be shown. */
static void
assert_fixes_have_rules(const struct device_driver *driver)
{
    for (size_t i = 0; i < driver->fix_count; i++) {
        char id[64];
        const char *slash = strchr(driver->fixes[i].rule, '/');
        assert_non_null(slash);
        (void)text_copy(id, (size_t)(slash - driver->fixes[i].rule) + 1, driver->fixes[i].rule);
        const struct control *about = control_by_id(id);
        if (about == NULL || control_advice(about, slash + 1) == NULL) {
            fail_msg(
                "%s has a fix for %s, which no rule says", driver->name, driver->fixes[i].rule);
        }
        assert_ptr_equal(findings_fix(driver->name, driver->fixes[i].rule), &driver->fixes[i]);
    }
}

static void
test_each_fix_of_a_driver_has_its_rule(void **state)
{
    (void)state;
    for (size_t i = 0; i < device_driver_count; i++) {
        assert_fixes_have_rules(device_drivers[i]);
    }
    for (size_t i = 0; i < vms_driver_count; i++) {
        assert_fixes_have_rules(vms_drivers[i]);
    }
    assert_null(findings_fix("no such driver", "vendor-cloud/cloud-on"));
}

static void
test_actions_name_few_devices_and_count_many(void **state)
{
    (void)state;
    struct test_site site;
    site_init(&site);
    struct subject *gate = site_add(&site, KIND_CAMERA, "Gate");
    site_text(gate, FACT_DEVICE_VENDOR, "Dahua");
    site_text(gate, FACT_DEVICE_MODEL, "IPC-HDW1230");
    site_text(gate, FACT_LOGIN_FACTORY, "admin");
    struct subject *other = site_add(&site, KIND_CAMERA, NULL);
    site_text(other, FACT_DEVICE_VENDOR, "Dahua");
    site_text(other, FACT_LOGIN_FACTORY, "admin");
    build(&site, NULL);
    const struct finding *finding = find(&site, "default-credentials/factory-password");
    assert_string_equal(findings_action(&site.assessment.arena, finding),
        "Set new passwords on Gate (Dahua IPC-HDW1230) and Dahua at 10.0.0.11");
    for (size_t i = 0; i < 3; i++) {
        struct subject *more = site_add(&site, KIND_CAMERA, NULL);
        site_text(more, FACT_DEVICE_VENDOR, "Dahua");
        site_text(more, FACT_LOGIN_FACTORY, "admin");
    }
    build(&site, NULL);
    finding = find(&site, "default-credentials/factory-password");
    assert_string_equal(
        findings_action(&site.assessment.arena, finding), "Set new passwords on 5 Dahua cameras");
    site_release(&site);
}

static void
test_a_full_arena_is_an_error_not_a_shorter_report(void **state)
{
    (void)state;
    struct test_site site;
    site_init(&site);
    site_add(&site, KIND_CAMERA, "Gate");
    arena_release(&site.assessment.arena);
    arena_init(&site.assessment.arena, 2000);
    assert_int_equal(findings_build(&site.assessment, NULL, NOW), ERR_LIMIT);
    site_release(&site);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_cause_is_one_finding_with_its_devices),
        cmocka_unit_test(test_a_printer_is_no_camera),
        cmocka_unit_test(test_a_site_in_order_passes_all_but_what_it_lacks),
        cmocka_unit_test(test_unknown_is_grouped_and_never_a_pass),
        cmocka_unit_test(test_contradicted_findings_come_first),
        cmocka_unit_test(test_a_waiver_covers_its_device_until_it_expires),
        cmocka_unit_test(test_a_waiver_without_a_device_covers_all),
        cmocka_unit_test(test_a_driver_knows_better_steps),
        cmocka_unit_test(test_each_fix_of_a_driver_has_its_rule),
        cmocka_unit_test(test_actions_name_few_devices_and_count_many),
        cmocka_unit_test(test_a_full_arena_is_an_error_not_a_shorter_report),
    };
    return cmocka_run_group_tests_name("findings", tests, NULL, NULL);
}
