#include "assess/record.h"

#include "store_scratch.h"

static void
test_keeps_devices_facts_and_findings_of_an_assessment(void **state)
{
    (void)state;
    struct scratch scratch;
    struct arena arena;
    struct store_run run;
    const struct source source = {WITNESS_CONFIG, 90, NULL};
    struct subject *gate = subject_new(1);
    struct subject *whole = subject_new(0);
    struct ip ip = ip_from_v4(0x0a000307);
    gate->kind = KIND_CAMERA;
    gate->name = "Gate";
    gate->confidence = 95;
    assert_true(subject_add_address(gate, &ip));
    facts_set_text(&gate->facts, FACT_DEVICE_FIRMWARE, "5.5.82", &source);
    facts_set_bool(&gate->facts, FACT_CLOUD_ENABLED, true, &source);
    const struct waiver waiver = {.finding = "vendor-cloud/cloud-on"};
    const struct finding_place open[] = {
        {.subject = gate, .sentence = "P2P is on.", .waiver = &waiver}
    };
    const struct finding_place site[] = {
        {.subject = whole, .sentence = "A router opens ports."}
    };
    /* clang-format off */
    struct finding findings[] = {
        {.id = "vendor-cloud/cloud-on", .verdict = FAIL, .places = open, .place_count = 1,
         .waiver = &waiver},
        {.id = "upnp/igd", .verdict = FAIL, .places = site, .place_count = 1},
    };
    /* clang-format on */
    struct subject *devices[] = {gate};
    const struct assessment assessment = {.id = "20261122T201500Z-1a2b3c",
        .site = "shop",
        .grade = "D",
        .score = 44,
        .devices = devices,
        .device_count = 1,
        .findings = findings,
        .finding_count = COUNT(findings)};

    scratch_make(&scratch);
    struct store *store = scratch_open(&scratch);
    arena_init(&arena, 1 << 20);
    assert_int_equal(record_save(store, &assessment), OK);
    assert_int_equal(store_load_run(store, "shop", "last", &arena, &run), OK);
    assert_string_equal(run.grade, "D");
    assert_int_equal(run.fail_count, 1); /* the waived one is not open */
    assert_int_equal(run.device_count, 1);
    assert_string_equal(run.devices[0].key, "ip:10.0.3.7");
    assert_string_equal(run.devices[0].title, "Gate");
    assert_string_equal(run.devices[0].version, "5.5.82");
    assert_int_equal(run.devices[0].fact_count, 2);
    assert_string_equal(run.devices[0].facts[1].name, "cloud.enabled");
    assert_string_equal(run.devices[0].facts[1].value, "yes");
    assert_int_equal(run.finding_count, 2);
    assert_string_equal(run.findings[0].device, "ip:10.0.3.7");
    assert_true(run.findings[0].waived);
    assert_string_equal(run.findings[1].device, "site");
    assert_string_equal(run.findings[1].verdict, "FAIL");
    store_close(store);
    arena_release(&arena);
    scratch_remove(&scratch);
    subject_free(gate);
    subject_free(whole);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keeps_devices_facts_and_findings_of_an_assessment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
