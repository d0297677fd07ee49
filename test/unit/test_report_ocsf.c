#include "fixture_assessment.h"
#include "report/report.h"

#include <jansson.h>

#include "test.h"

#define LINES 200

static size_t
written(struct assessment *assessment, json_t **ret_events)
{
    const struct report_options options = {0};
    struct buf out CLEANUP(buf_release);
    buf_init(&out, REPORT_MAX);
    assert_int_equal(report_by_name("ocsf")->write(assessment, &options, &out), OK);
    size_t count = 0, start = 0;
    for (size_t i = 0; i < out.len; i++) {
        if (out.data[i] == '\n') {
            assert_true(count < LINES);
            ret_events[count] =
                json_loadb(out.data + start, i - start, JSON_REJECT_DUPLICATES, NULL);
            assert_non_null(ret_events[count++]);
            start = i + 1;
        }
    }
    assert_int_equal(start, out.len);
    return count;
}

static void
release(json_t **events, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        json_decref(events[i]);
    }
}

static int64_t
number(const json_t *event, const char *name)
{
    return json_integer_value(json_object_get(event, name));
}

static const char *
text(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static size_t
of_class(json_t *const *events, size_t count, int64_t class_uid, const json_t **ret_first)
{
    size_t found = 0;
    for (size_t i = count; i-- > 0;) {
        if (number(events[i], "class_uid") == class_uid) {
            *ret_first = events[i];
            found++;
        }
    }
    return found;
}

static void
test_writes_one_inventory_event_a_device_and_one_finding_a_place(void **state)
{
    (void)state;
    struct assessment *assessment = fixture_assessment(FIXTURE_SITE);
    size_t places = 0, passes = 0;
    for (size_t i = 0; i < assessment->finding_count; i++) {
        places += assessment->findings[i].place_count;
    }
    for (size_t i = 0; i < control_count; i++) {
        passes += assessment->controls[i].verdict == PASS ? 1U : 0U;
    }
    json_t *events[LINES];
    const json_t *first = NULL;
    size_t count = written(assessment, events);
    assert_int_equal(of_class(events, count, 5001, &first), assessment->device_count);
    assert_int_equal(of_class(events, count, 2003, &first), places + passes);
    release(events, count);
    fixture_free(assessment);
}

static void
test_type_is_class_and_activity_and_time_is_milliseconds(void **state)
{
    (void)state;
    struct assessment *assessment = fixture_assessment(FIXTURE_SITE);
    json_t *events[LINES];
    size_t count = written(assessment, events);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(number(events[i], "type_uid"),
            number(events[i], "class_uid") * 100 + number(events[i], "activity_id"));
        assert_int_equal(number(events[i], "time"), assessment->totals.ended);
        assert_int_equal(number(events[i], "category_uid"), number(events[i], "class_uid") / 1000);
    }
    release(events, count);
    fixture_free(assessment);
}

static void
test_names_every_flaw_of_a_device_with_its_severity_and_fix(void **state)
{
    (void)state;
    struct assessment *assessment = fixture_assessment(FIXTURE_SITE);
    struct subject *device = assessment->devices[0];
    facts_forget(&device->facts, FACT_FIRMWARE_ADVISORY);
    const struct source source = {.witness = WITNESS_WIRE, .confidence = 100};
    facts_set_text(&device->facts, FACT_FIRMWARE_ADVISORY,
        "CVE-2021-36260 (critical, exploited: anyone runs commands (OEM too); fixed: build "
        "210628), XYZ-7 (low: crash; fixed: none known), and 3 more",
        &source);
    json_t *events[LINES];
    const json_t *first = NULL;
    size_t count = written(assessment, events);
    assert_true(of_class(events, count, 2002, &first) >= 1);
    const json_t *flaws = json_object_get(first, "vulnerabilities");
    assert_int_equal(json_array_size(flaws), 2);
    const json_t *flaw = json_array_get(flaws, 0);
    assert_string_equal(text(json_object_get(flaw, "cve"), "uid"), "CVE-2021-36260");
    assert_string_equal(text(flaw, "severity"), "critical");
    assert_true(json_is_true(json_object_get(flaw, "is_exploit_available")));
    assert_true(json_is_true(json_object_get(flaw, "is_fix_available")));
    assert_int_equal(number(first, "severity_id"), 5);
    flaw = json_array_get(flaws, 1);
    assert_string_equal(text(json_object_get(flaw, "advisory"), "uid"), "XYZ-7");
    assert_true(json_is_false(json_object_get(flaw, "is_fix_available")));
    release(events, count);
    fixture_free(assessment);
}

static void
test_a_waived_place_is_suppressed_and_unknown_is_a_warning(void **state)
{
    (void)state;
    struct assessment *assessment = fixture_assessment(FIXTURE_SITE);
    json_t *events[LINES];
    size_t count = written(assessment, events), suppressed = 0, warnings = 0;
    for (size_t i = 0; i < count; i++) {
        const json_t *compliance = json_object_get(events[i], "compliance");
        suppressed += compliance != NULL && number(events[i], "status_id") == 3 ? 1U : 0U;
        if (compliance != NULL && number(compliance, "status_id") == 2) {
            assert_int_equal(number(events[i], "severity_id"), 1);
            warnings++;
        }
    }
    assert_true(suppressed > 0);
    assert_true(warnings > 0);
    release(events, count);
    fixture_free(assessment);
}

static void
test_text_of_devices_breaks_no_line(void **state)
{
    (void)state;
    struct assessment *assessment = fixture_assessment(FIXTURE_SITE);
    json_t *events[LINES];
    size_t count = written(assessment, events), seen = 0;
    for (size_t i = 0; i < count; i++) {
        const char *name = text(json_object_get(events[i], "device"), "name");
        seen += name != NULL && strcmp(name, fixture_attacks[0]) == 0 ? 1U : 0U;
    }
    assert_true(seen > 0);
    release(events, count);
    fixture_free(assessment);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writes_one_inventory_event_a_device_and_one_finding_a_place),
        cmocka_unit_test(test_type_is_class_and_activity_and_time_is_milliseconds),
        cmocka_unit_test(test_names_every_flaw_of_a_device_with_its_severity_and_fix),
        cmocka_unit_test(test_a_waived_place_is_suppressed_and_unknown_is_a_warning),
        cmocka_unit_test(test_text_of_devices_breaks_no_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
