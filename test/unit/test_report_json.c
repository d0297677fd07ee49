#include "fixture_assessment.h"
#include "report/report.h"

#include <jansson.h>

#include "test.h"

static json_t *
parsed(enum fixture_kind kind)
{
    struct assessment *assessment = fixture_assessment(kind);
    const struct report_options options = {0};
    struct buf out CLEANUP(buf_release);
    buf_init(&out, REPORT_MAX);
    assert_int_equal(report_by_name("json")->write(assessment, &options, &out), OK);
    fixture_free(assessment);
    json_error_t error;
    json_t *root = json_loadb(out.data, out.len, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL) {
        fail_msg("line %d: %s", error.line, error.text);
    }
    return root;
}

static const char *
text(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static void
test_parses_back_with_every_device_and_control(void **state)
{
    (void)state;
    static const size_t devices[FIXTURE_COUNT] = {17, 17, 17, 0, 10000};
    for (enum fixture_kind kind = 0; kind < FIXTURE_COUNT; kind++) {
        json_t *root = parsed(kind);
        assert_string_equal(text(root, "schema"), ASSESSMENT_SCHEMA);
        assert_int_equal(json_array_size(json_object_get(root, "controls")), 9);
        assert_int_equal(json_array_size(json_object_get(root, "devices")), devices[kind]);
        assert_int_equal(json_is_true(json_object_get(root, "partial")), kind == FIXTURE_PARTIAL);
        json_decref(root);
    }
}

static void
test_keeps_what_devices_said_as_text(void **state)
{
    (void)state;
    json_t *root = parsed(FIXTURE_SITE);
    const json_t *device = json_array_get(json_object_get(root, "devices"), 15);
    assert_string_equal(text(device, "name"), fixture_attacks[0]);
    assert_string_equal(text(device, "version"), fixture_attacks[1]);
    assert_string_equal(text(device, "verdict"), "unknown");
    json_decref(root);
}

static void
test_shows_both_values_of_a_contradicted_fact(void **state)
{
    (void)state;
    json_t *root = parsed(FIXTURE_SITE);
    const json_t *device = json_array_get(json_object_get(root, "devices"), 4);
    const json_t *facts = json_object_get(device, "facts");
    size_t values = 0;
    for (size_t i = 0; i < json_array_size(facts); i++) {
        values += strcmp(text(json_array_get(facts, i), "name"), "cloud.enabled") == 0;
    }
    assert_int_equal(values, 2);
    json_decref(root);
}

static void
test_has_one_object_for_one_cause_with_its_devices(void **state)
{
    (void)state;
    json_t *root = parsed(FIXTURE_SITE);
    const json_t *control = json_array_get(json_object_get(root, "controls"), 0);
    const json_t *finding = json_array_get(json_object_get(control, "findings"), 0);
    const json_t *place = json_array_get(json_object_get(finding, "places"), 1);
    assert_string_equal(text(control, "id"), "default-credentials");
    assert_string_equal(text(control, "verdict"), "FAIL");
    assert_string_equal(text(finding, "id"), "default-credentials/factory-password");
    assert_int_equal(json_array_size(json_object_get(finding, "places")), 2);
    assert_string_equal(text(place, "device"), "mac:44:19:b6:01:02:0f");
    assert_string_equal(text(json_object_get(place, "evidence"), "at"), "2026-11-22T20:14:31Z");
    json_decref(root);
}

static void
test_tells_what_was_proven_of_each_device(void **state)
{
    (void)state;
    json_t *root = parsed(FIXTURE_SITE);
    const json_t *row;
    const json_t *id;
    size_t i;
    size_t j;
    size_t found = 0;
    json_array_foreach(json_object_get(root, "devices"), i, row)
    {
        json_array_foreach(json_object_get(row, "passed"), j, id)
        {
            found += strcmp(json_string_value(id), "camera-firmware/version-known") == 0;
            /* Its witnesses disagree. */
            assert_string_not_equal(json_string_value(id), "vendor-cloud/cloud-off");
        }
    }
    assert_true(found > 0);
    json_decref(root);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parses_back_with_every_device_and_control),
        cmocka_unit_test(test_keeps_what_devices_said_as_text),
        cmocka_unit_test(test_shows_both_values_of_a_contradicted_fact),
        cmocka_unit_test(test_has_one_object_for_one_cause_with_its_devices),
        cmocka_unit_test(test_tells_what_was_proven_of_each_device),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
