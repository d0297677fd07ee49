#include "assess/derive_history.h"

#include "assess/record.h"
#include "base/clock.h"
#include "base/text.h"
#include "store_scratch.h"

/* A site over months: each run saves what it saw, as gatehouse does, and the clock is turned on. */

static int64_t today;

static int64_t
wall(void)
{
    return today;
}

static const struct clock_source fake = {wall, wall};

struct months {
    struct scratch scratch;
    struct store *store;
    struct site *site;
    struct subject *device; /* of the last run */
    const char *newer;      /* what the catalogue says is out, else NULL */
    const char *cloud;      /* "yes" or "no" as its settings say, else NULL */
    bool is_vms;
};

static int
begin(void **state)
{
    static struct months months;
    months = (struct months){.is_vms = false};
    scratch_make(&months.scratch);
    months.store = scratch_open(&months.scratch);
    clock_replace(&fake);
    *state = &months;
    return 0;
}

static int
end(void **state)
{
    struct months *months = *state;
    clock_replace(NULL);
    store_close(months->store);
    scratch_remove(&months->scratch);
    subject_free(months->device);
    site_free(months->site);
    return 0;
}

static void
declare(struct months *months, const char *maintenance)
{
    char text[400];
    struct note note = {""};
    (void)snprintf(text, sizeof(text), "name: shop\nmaintenance:\n%s", maintenance);
    if (site_parse(text, strlen(text), "shop.yaml", &months->site, &note) != OK) {
        fail_msg("%s", note.text);
    }
}

static struct subject *
see(const struct months *months, const char *version)
{
    const struct source source = {WITNESS_WIRE, 90, NULL};
    struct subject *device = subject_new(1);
    struct ip ip = ip_from_v4(0x0a000307);
    assert_non_null(device);
    device->kind = months->is_vms ? KIND_VMS : KIND_CAMERA;
    device->name = "Gate";
    assert_true(subject_add_address(device, &ip));
    if (months->is_vms) {
        facts_set_text(&device->facts, FACT_VMS_PRODUCT, "ZoneMinder", &source);
        facts_set_text(&device->facts, FACT_VMS_OUTDATED, months->newer, &source);
        facts_set_text(&device->facts, FACT_VMS_VERSION, version, &source);
    } else {
        facts_set_text(&device->facts, FACT_FIRMWARE_OUTDATED, months->newer, &source);
        facts_set_text(&device->facts, FACT_DEVICE_FIRMWARE, version, &source);
    }
    if (months->cloud != NULL) {
        facts_set_bool(
            &device->facts, FACT_CLOUD_ENABLED, text_equal(months->cloud, "yes"), &source);
    }
    return device;
}

/* One run on that day: history is derived from the runs before, then the run is saved. */
static void
run_on(struct months *months, const char *day, const char *version)
{
    char id[40];
    assert_int_equal(clock_parse(day, &today), OK);
    today += CLOCK_DAY / 2;
    subject_free(months->device);
    months->device = see(months, version);
    struct crowd crowd = {0};
    crowd_init(&crowd);
    crowd.subjects = &months->device;
    crowd.count = 1;
    derive_histories(&crowd, months->store, "shop", months->site);
    struct assessment assessment = {
        .site = "shop",
        .grade = "B",
        .devices = &months->device,
        .device_count = 1,
        .totals = {.started = today, .ended = today}
    };
    (void)snprintf(id, sizeof(id), "%s-1", day);
    (void)text_copy(assessment.id, sizeof(assessment.id), id);
    assert_int_equal(record_save(months->store, &assessment), OK);
}

static void
tells(const struct months *months, enum fact_id id, const char *words)
{
    const char *text = facts_text(&months->device->facts, id);
    if (words == NULL ? text != NULL : text == NULL || strcmp(text, words) != 0) {
        fail_msg("%s is \"%s\", not \"%s\"", fact_name(id), text == NULL ? "(unknown)" : text,
            words == NULL ? "(unknown)" : words);
    }
}

static const char *
rule_of(const struct months *months, const char *control_id, const char *aspect_id)
{
    const struct control *control = control_by_id(control_id);
    for (size_t i = 0; i < control->check->aspect_count; i++) {
        const struct aspect *aspect = &control->check->aspects[i];
        if (text_equal(aspect->id, aspect_id)) {
            return check_judge(control, aspect, &months->device->facts).rule->id;
        }
    }
    fail_msg("no aspect %s", aspect_id);
    return NULL;
}

static void
test_says_that_a_cloud_that_was_off_is_on_again(void **state)
{
    struct months *months = *state;
    months->cloud = "yes";
    run_on(months, "2026-05-20", "5.7.0");
    tells(months, FACT_CLOUD_BACK, NULL);
    assert_string_equal(rule_of(months, "vendor-cloud", "came-back"), "not-back");
    months->cloud = "no";
    run_on(months, "2026-05-21", "5.7.0");
    tells(months, FACT_CLOUD_BACK, NULL);
    months->cloud = NULL;
    run_on(months, "2026-05-22", "5.7.0");
    tells(months, FACT_CLOUD_BACK, NULL);
    months->cloud = "yes";
    run_on(months, "2026-06-02", "5.7.3");
    tells(months, FACT_CLOUD_BACK, "yes");
    assert_string_equal(rule_of(months, "vendor-cloud", "came-back"), "cloud-back");
    run_on(months, "2026-06-03", "5.7.3");
    tells(months, FACT_CLOUD_BACK, "yes");
}

static void
test_quotes_the_days_on_which_a_version_was_seen(void **state)
{
    struct months *months = *state;
    char sentence[400];
    run_on(months, "2026-05-20", "5.7.0");
    tells(months, FACT_FIRMWARE_SEEN, "5.7.0 is seen for the first time today");
    run_on(months, "2026-06-02", "5.7.3");
    tells(months, FACT_FIRMWARE_SEEN,
        "5.7.3 is seen for the first time today; before it was 5.7.0, last seen 2026-05-20");
    months->newer = "5.7.18 is out since 2026-05-01";
    run_on(months, "2026-07-01", "5.7.3");
    tells(months, FACT_FIRMWARE_SEEN,
        "5.7.3 was first seen 2026-06-02 and last seen today; before it was 5.7.0, last seen "
        "2026-05-20");
    const struct control *control = control_by_id("camera-firmware");
    for (size_t i = 0; i < control->check->aspect_count; i++) {
        const struct aspect *aspect = &control->check->aspects[i];
        struct judgement judgement = check_judge(control, aspect, &months->device->facts);
        if (text_equal(aspect->id, "release")) {
            assert_string_equal(
                check_sentence(&judgement, &months->device->facts, sentence, sizeof(sentence)),
                "Firmware 5.7.3 is behind for more than 30 days: 5.7.18 is out since 2026-05-01. "
                "5.7.3 was first seen 2026-06-02 and last seen today; before it was 5.7.0, last "
                "seen 2026-05-20.");
        }
    }
}

static void
test_a_quarter_is_proven_by_runs_and_broken_by_a_pause(void **state)
{
    struct months *months = *state;
    run_on(months, "2026-01-05", "5.7.0");
    assert_string_equal(rule_of(months, "camera-firmware", "audit"), "audit-unknown");
    run_on(months, "2026-02-05", "5.7.0");
    tells(months, FACT_FIRMWARE_UNAUDITED,
        "runs saw it since 2026-01-05 only, and a quarter is 92 days");
    run_on(months, "2026-05-01", "5.7.0");
    tells(months, FACT_FIRMWARE_AUDITED,
        "3 runs since 2026-01-05, in the last year never more than 85 days apart");
    assert_string_equal(rule_of(months, "camera-firmware", "audit"), "audited");
    run_on(months, "2026-10-01", "5.7.0");
    tells(months, FACT_FIRMWARE_AUDITED, NULL);
    tells(months, FACT_FIRMWARE_UNAUDITED,
        "no run saw it between 2026-05-01 and 2026-10-01, 153 days");
    run_on(months, "2026-10-02", "5.7.0");
    assert_string_equal(rule_of(months, "camera-firmware", "audit"), "audit-gap");
}

static void
test_a_declared_day_loses_weight_until_a_changed_version_proves_it(void **state)
{
    struct months *months = *state;
    declare(months, "  - date: 2026-06-10\n    what: firmware\n");
    run_on(months, "2026-06-01", "5.7.3");
    tells(months, FACT_MAINTENANCE_DECLARED, "firmware on 2026-06-10, still to come");
    assert_int_equal(facts_get(&months->device->facts, FACT_MAINTENANCE_DECLARED)->confidence, 60);
    assert_string_equal(rule_of(months, "camera-firmware", "maintenance"), "window-unproven");
    run_on(months, "2026-06-12", "5.7.3");
    tells(months, FACT_MAINTENANCE_DECLARED,
        "firmware on 2026-06-10, weight 60 of 100; 5.7.3 was first seen 2026-06-01 and last seen "
        "today");
    run_on(months, "2026-07-20", "5.7.3");
    assert_int_equal(facts_get(&months->device->facts, FACT_MAINTENANCE_DECLARED)->confidence, 40);
    run_on(months, "2026-08-20", "5.7.3");
    assert_int_equal(facts_get(&months->device->facts, FACT_MAINTENANCE_DECLARED)->confidence, 20);
    run_on(months, "2027-08-20", "5.7.3");
    assert_int_equal(facts_get(&months->device->facts, FACT_MAINTENANCE_DECLARED)->confidence, 10);
    assert_string_equal(rule_of(months, "camera-firmware", "maintenance"), "window-unproven");
}

static void
test_a_version_that_changed_over_the_declared_day_proves_it(void **state)
{
    struct months *months = *state;
    declare(months, "  - date: 2026-06-10\n    devices: [Gate]\n");
    run_on(months, "2026-06-01", "V5.7.3 build 230819");
    run_on(months, "2026-06-12", "V5.7.18 build 240826");
    tells(months, FACT_MAINTENANCE_PROVEN,
        "everything on 2026-06-10: V5.7.3 build 230819, last seen 2026-06-01, became V5.7.18 build "
        "240826, first seen 2026-06-12");
    assert_string_equal(rule_of(months, "camera-firmware", "maintenance"), "window-kept");
    run_on(months, "2026-09-12", "V5.7.18 build 240826");
    assert_string_equal(rule_of(months, "camera-firmware", "maintenance"), "window-kept");
}

static void
test_a_change_before_or_after_the_day_or_backwards_proves_nothing(void **state)
{
    static const struct {
        const char *first, *second, *third;
    } rows[] = {
        {"5.7.0",  "5.7.3",               "5.7.3"               },
        {"5.7.18", "5.7.18",              "5.7.3"               },
        {"V5.7.3", "V5.7.3 build 230819", "V5.7.3, build 230819"},
        {"5.7.3",  "5.7.3",               "5.7.3"               },
    };
    struct months *months = *state;
    declare(months, "  - date: 2026-06-10\n");
    for (size_t i = 0; i < COUNT(rows); i++) {
        store_close(months->store);
        scratch_remove(&months->scratch);
        scratch_make(&months->scratch);
        months->store = scratch_open(&months->scratch);
        run_on(months, "2026-05-01", rows[i].first);
        run_on(months, "2026-06-09", rows[i].second);
        run_on(months, "2026-06-20", rows[i].third);
        tells(months, FACT_MAINTENANCE_PROVEN, NULL);
        assert_string_equal(rule_of(months, "camera-firmware", "maintenance"), "window-unproven");
    }
}

static void
test_a_declared_day_that_left_an_outdated_version_is_a_failure(void **state)
{
    struct months *months = *state;
    declare(months, "  - date: 2026-06-10\n    what: firmware\n");
    run_on(months, "2026-06-02", "5.7.3");
    months->newer = "5.7.18 is out since 2026-05-01";
    run_on(months, "2026-07-01", "5.7.3");
    tells(months, FACT_MAINTENANCE_MISSED,
        "firmware on 2026-06-10; 5.7.3 was first seen 2026-06-02 and last seen today; newer is "
        "5.7.18 is out since 2026-05-01");
    assert_string_equal(rule_of(months, "camera-firmware", "maintenance"), "window-missed");
}

static void
test_a_day_with_no_run_before_it_is_no_failure(void **state)
{
    struct months *months = *state;
    declare(months, "  - date: 2026-06-10\n");
    months->newer = "5.7.18 is out since 2026-05-01";
    run_on(months, "2026-07-01", "5.7.3");
    tells(months, FACT_MAINTENANCE_MISSED, NULL);
    assert_string_equal(rule_of(months, "camera-firmware", "maintenance"), "window-unproven");
}

static void
test_a_rule_is_proven_for_one_period_by_one_change(void **state)
{
    struct months *months = *state;
    months->is_vms = true;
    declare(months, "  - every: quarter\n    what: vms\n");
    run_on(months, "2026-01-05", "1.36.33");
    assert_string_equal(rule_of(months, "vms-updates", "maintenance"), "window-unproven");
    tells(months, FACT_MAINTENANCE_DECLARED, "the VMS every quarter, still to come");
    run_on(months, "2026-02-05", "1.36.34");
    tells(months, FACT_MAINTENANCE_PROVEN,
        "the VMS every quarter: 1.36.33, last seen 2026-01-05, became 1.36.34, first seen "
        "2026-02-05");
    assert_string_equal(rule_of(months, "vms-updates", "maintenance"), "window-kept");
    run_on(months, "2026-04-20", "1.36.34");
    assert_string_equal(rule_of(months, "vms-updates", "maintenance"), "window-kept");
    run_on(months, "2026-06-20", "1.36.34");
    assert_string_equal(rule_of(months, "vms-updates", "maintenance"), "window-unproven");
    tells(months, FACT_VMS_SEEN,
        "1.36.34 was first seen 2026-02-05 and last seen today; before it was 1.36.33, last seen "
        "2026-01-05");
    tells(months, FACT_FIRMWARE_AUDITED, NULL);
}

/* By the shipped catalogue: ZoneMinder 1.38.4 is of 2026-08-10, 1.38.1 of 2026-03-04 or before. */
static void
test_an_update_is_in_time_or_late_by_the_runs_around_it(void **state)
{
    static const struct {
        const char *before, *after, *version;
        const char *rule;
    } rows[] = {
        {"2026-08-01", "2026-09-09", "1.38.4", "patched-in-time"},
        {"2026-08-01", "2026-09-10", "1.38.4", "no-update-seen" }, /* it may have been in time */
        {"2026-09-09", "2026-09-20", "1.38.4", "no-update-seen" },
        {"2026-09-10", "2026-09-20", "1.38.4", "patched-late"   },
        {"2026-03-01", "2026-03-10", "1.38.1", "no-update-seen" }, /* released when, exactly? */
        {"2026-04-10", "2026-04-11", "1.38.1", "patched-late"   },
        {"2026-08-01", "2026-08-20", "1.38.3", "no-update-seen" }, /* not in the catalogue */
    };
    struct months *months = *state;
    months->is_vms = true;
    for (size_t i = 0; i < COUNT(rows); i++) {
        store_close(months->store);
        scratch_remove(&months->scratch);
        scratch_make(&months->scratch);
        months->store = scratch_open(&months->scratch);
        run_on(months, rows[i].before, "1.36.33");
        run_on(months, rows[i].after, rows[i].version);
        assert_string_equal(rule_of(months, "vms-updates", "pace"), rows[i].rule);
    }
    tells(months, FACT_UPDATE_LATE, NULL);
}

static void
test_a_window_is_only_for_its_devices_and_its_kind(void **state)
{
    struct months *months = *state;
    declare(months, "  - date: 2026-06-10\n    what: vms\n"
                    "  - date: 2026-06-11\n    devices: [10.0.3.8, Yard]\n");
    run_on(months, "2026-06-01", "5.7.3");
    run_on(months, "2026-06-20", "5.7.18");
    tells(months, FACT_MAINTENANCE_DECLARED, NULL);
    assert_string_equal(rule_of(months, "camera-firmware", "maintenance"), "no-window");
}

static void
test_without_a_store_nothing_is_seen_for_the_first_time(void **state)
{
    struct months *months = *state;
    declare(months, "  - date: 2026-06-10\n");
    run_on(months, "2026-06-20", "5.7.18");
    subject_free(months->device);
    months->device = see(months, "5.7.18");
    derive_history(months->device, NULL, months->site, today);
    tells(months, FACT_FIRMWARE_SEEN, NULL);
    tells(months, FACT_MAINTENANCE_DECLARED,
        "everything on 2026-06-10, weight 60 of 100; earlier runs are not remembered");
    assert_string_equal(rule_of(months, "camera-firmware", "audit"), "audit-unknown");
}

static void
test_says_nothing_without_a_version_and_survives_a_clock_set_back(void **state)
{
    struct months *months = *state;
    declare(months, "  - date: 2026-06-10\n");
    run_on(months, "2026-06-01", NULL);
    tells(months, FACT_FIRMWARE_SEEN, NULL);
    tells(months, FACT_MAINTENANCE_DECLARED, NULL);
    run_on(months, "2026-06-20", "5.7.18");
    run_on(months, "2020-01-01", "5.7.3");
    tells(months, FACT_FIRMWARE_SEEN, "5.7.3 is seen for the first time today");
    tells(months, FACT_FIRMWARE_AUDITED, NULL);
}

int
main(void)
{
#define OVER_MONTHS(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        OVER_MONTHS(test_says_that_a_cloud_that_was_off_is_on_again),
        OVER_MONTHS(test_quotes_the_days_on_which_a_version_was_seen),
        OVER_MONTHS(test_a_quarter_is_proven_by_runs_and_broken_by_a_pause),
        OVER_MONTHS(test_a_declared_day_loses_weight_until_a_changed_version_proves_it),
        OVER_MONTHS(test_a_version_that_changed_over_the_declared_day_proves_it),
        OVER_MONTHS(test_a_change_before_or_after_the_day_or_backwards_proves_nothing),
        OVER_MONTHS(test_a_declared_day_that_left_an_outdated_version_is_a_failure),
        OVER_MONTHS(test_a_day_with_no_run_before_it_is_no_failure),
        OVER_MONTHS(test_a_rule_is_proven_for_one_period_by_one_change),
        OVER_MONTHS(test_an_update_is_in_time_or_late_by_the_runs_around_it),
        OVER_MONTHS(test_a_window_is_only_for_its_devices_and_its_kind),
        OVER_MONTHS(test_without_a_store_nothing_is_seen_for_the_first_time),
        OVER_MONTHS(test_says_nothing_without_a_version_and_survives_a_clock_set_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
