#include "catalog/release.h"

#include "base/clock.h"
#include "base/text.h"
#include "catalog/catalog.h"
#include "test.h"

#include <stdio.h>

static const struct source seen = {.witness = WITNESS_WIRE, .confidence = 90};

#define HEADER "{\"catalog\": 1, \"name\": \"Test\", \"date\": \"2026-06-01\"}\n"

/* A catalogue of its own, so that the claims do not depend on what is out today. */
static const char rows[] = HEADER
    "{\"release\": \"Axis\", \"versions\": \">= 12, < 13\", \"version\": \"12.11\", "
    "\"released\": \"2026-05-20\", \"newest\": \"no\", \"source\": \"s\"}\n"
    "{\"release\": \"Axis\", \"versions\": \">= 11, < 12\", \"version\": \"11.11.136\", "
    "\"released\": \"2025-03-31\", \"source\": \"s\"}\n"
    "{\"release\": \"TP-Link\", \"models\": \"*C220*\", \"version\": \"1.4.2\", "
    "\"released\": \"2025-11-12\", \"newest\": \"no\", \"source\": \"s\"}\n"
    "{\"release\": \"Uniview\", \"versions\": \"~ NVR-B3801\", "
    "\"version\": \"NVR-B3801.20.17.240507\", \"released\": \"2024-06-10\", \"source\": \"s\"}\n"
    "{\"release\": \"ZoneMinder\", \"version\": \"1.38.1\", \"released\": \"2026-03-04\", "
    "\"newest\": \"no\", \"exact\": \"no\", \"source\": \"s\"}\n"
    "{\"release\": \"ZoneMinder\", \"version\": \"1.38.4\", \"released\": \"2026-05-10\", "
    "\"source\": \"s\"}\n"
    "{\"ended\": \"ZoneMinder\", \"versions\": \"< 1.36; >= 1.37, < 1.38\", "
    "\"words\": \"the project supports 1.38\", \"source\": \"s\"}\n"
    "{\"ended\": \"Vivotek\", \"models\": \"CC8160*\", \"words\": \"end of life\", "
    "\"since\": \"2024-08-03\", \"source\": \"s\"}\n";

static int
use_own_catalog(void **state)
{
    (void)state;
    struct catalog *catalog = NULL;
    struct note note = {""};
    if (catalog_parse(rows, strlen(rows), &catalog, &note) != OK) {
        fail_msg("%s", note.text);
    }
    catalog_use(catalog);
    return 0;
}

static int
use_embedded_catalog(void **state)
{
    (void)state;
    catalog_use(NULL);
    return 0;
}

struct trial {
    const char *maker, *model, *version, *day;
    const char *newest, *outdated, *current, *ended; /* NULL: the fact must stay unknown */
};

static void
same(const struct trial *trial, const struct subject *subject, enum fact_id id, const char *wanted)
{
    const char *text = facts_text(&subject->facts, id);
    if (wanted == NULL ? text != NULL : text == NULL || strcmp(text, wanted) != 0) {
        fail_msg("%s %s: %s is \"%s\", not \"%s\"", trial->maker, trial->version, fact_name(id),
            text == NULL ? "(unknown)" : text, wanted == NULL ? "(unknown)" : wanted);
    }
}

static void
try(const struct trial *trial)
{
    int64_t now = 0;
    struct subject *subject = subject_new(1);
    bool is_vms = text_equal(trial->maker, "ZoneMinder");
    const struct advisory_target target = {
        .maker = trial->maker, .model = trial->model, .version = trial->version};
    assert_non_null(subject);
    assert_int_equal(clock_parse(trial->day, &now), OK);
    facts_set_text(
        &subject->facts, is_vms ? FACT_VMS_PRODUCT : FACT_DEVICE_VENDOR, trial->maker, &seen);
    facts_set_text(
        &subject->facts, is_vms ? FACT_VMS_VERSION : FACT_DEVICE_FIRMWARE, trial->version, &seen);
    release_apply(subject, &target, now);
    same(trial, subject, is_vms ? FACT_VMS_NEWEST : FACT_FIRMWARE_NEWEST, trial->newest);
    same(trial, subject, is_vms ? FACT_VMS_OUTDATED : FACT_FIRMWARE_OUTDATED, trial->outdated);
    same(trial, subject, is_vms ? FACT_VMS_CURRENT : FACT_FIRMWARE_CURRENT, trial->current);
    same(trial, subject, is_vms ? FACT_VMS_ENDED : FACT_FIRMWARE_ENDED, trial->ended);
    subject_free(subject);
}

static void
try_all(const struct trial *trials, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        try(&trials[i]);
    }
}

static void
test_a_version_is_compared_inside_its_own_series(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct trial trials[] = {
        {"Axis", "P3245", "11.11.73", "2026-06-10", "11.11.136 of 2025-03-31",
         "11.11.136 is out since 2025-03-31", NULL, NULL},
        {"Axis", "P3245", "11.11.136", "2026-06-10", "11.11.136 of 2025-03-31", NULL,
         "newest is 11.11.136 of 2025-03-31, catalogue of 2026-06-01", NULL},
        {"Axis", "P3245", "12.1.30", "2026-06-18", "12.11 of 2026-05-20", NULL, NULL, NULL},
        {"Axis", "P3245", "12.1.30", "2026-06-20", "12.11 of 2026-05-20",
         "12.11 is out since 2026-05-20", NULL, NULL},
        {"Axis", "P3245", "9.80.3.15", "2026-06-20", NULL, NULL, NULL, NULL},
        {"Uniview", "NVR301-04S2-P4", "NVR-B3801.20.17.240506", "2026-06-10",
         "NVR-B3801.20.17.240507 of 2024-06-10", "NVR-B3801.20.17.240507 is out since 2024-06-10",
         NULL, NULL},
        {"Uniview", "NVR301-04S2-P4", "NVR-B0029.9.33.240101", "2026-06-10", NULL, NULL, NULL, NULL},
    };
    /* clang-format on */
    try_all(trials, COUNT(trials));
}

static void
test_a_release_that_need_not_be_the_newest_makes_nothing_current(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct trial trials[] = {
        {"TP-Link", "Tapo C220", "1.4.2 Build 251112 Rel.1n", "2026-06-10", "1.4.2 of 2025-11-12",
         NULL, NULL, NULL},
        {"TP-Link", "Tapo C220", "1.4.1 Build 250901 Rel.1n", "2026-06-10", "1.4.2 of 2025-11-12",
         "1.4.2 is out since 2025-11-12", NULL, NULL},
        {"TP-Link", "Tapo C200", "1.1.22", "2026-06-10", NULL, NULL, NULL, NULL},
        {"TP-Link", NULL, "1.1.22", "2026-06-10", NULL, NULL, NULL, NULL},
        {"TP-Link", "Tapo C220", NULL, "2026-06-10", NULL, NULL, NULL, NULL},
        {"TP-Link", "Tapo C220", "unknown", "2026-06-10", NULL, NULL, NULL, NULL},
    };
    /* clang-format on */
    try_all(trials, COUNT(trials));
}

static void
test_thirty_days_are_given_and_an_old_catalogue_calls_nothing_current(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct trial trials[] = {
        {"ZoneMinder", NULL, "1.38.3", "2026-06-09", "1.38.4 of 2026-05-10", NULL,
         "1.38.4 is out since 2026-05-10, less than 30 days", NULL},
        {"ZoneMinder", NULL, "1.38.3", "2026-06-10", "1.38.4 of 2026-05-10",
         "1.38.4 is out since 2026-05-10", NULL, NULL},
        /* behind for more than 30 days, by an older release, while the newest is just out */
        {"ZoneMinder", NULL, "1.38.0", "2026-06-01", "1.38.4 of 2026-05-10",
         "1.38.1 is out since 2026-03-04 at the latest", NULL, NULL},
        {"ZoneMinder", NULL, "1.38.4", "2026-07-01", "1.38.4 of 2026-05-10", NULL,
         "newest is 1.38.4 of 2026-05-10, catalogue of 2026-06-01", NULL},
        {"ZoneMinder", NULL, "1.38.4", "2026-07-02", "1.38.4 of 2026-05-10", NULL, NULL, NULL},
    };
    /* clang-format on */
    try_all(trials, COUNT(trials));
}

static void
test_an_end_of_support_is_told_with_its_day_where_it_is_known(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct trial trials[] = {
        {"ZoneMinder", NULL, "1.34.26", "2026-06-01", "1.38.4 of 2026-05-10",
         "1.38.1 is out since 2026-03-04 at the latest",
         NULL, "the project supports 1.38"},
        {"ZoneMinder", NULL, "1.36.33", "2026-06-01", "1.38.4 of 2026-05-10",
         "1.38.1 is out since 2026-03-04 at the latest", NULL, NULL},
        {"ZoneMinder", NULL, NULL, "2026-06-01", NULL, NULL, NULL, NULL},
        {"Vivotek", "CC8160", "CC8160-VVTK-0100d", "2026-06-01", NULL, NULL, NULL,
         "end of life, since 2024-08-03"},
        {"Vivotek", "CC8160", NULL, "2026-06-01", NULL, NULL, NULL,
         "end of life, since 2024-08-03"},
        {"Vivotek", "IB9365", "IB9365-VVTK-0100d", "2026-06-01", NULL, NULL, NULL, NULL},
    };
    /* clang-format on */
    try_all(trials, COUNT(trials));
}

static void
test_refuses_a_series_that_can_not_be_narrowed(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "{\"release\": \"A\", \"versions\": \"< 1; > 3\", \"version\": \"2\", \"released\": "
        "\"2026-01-01\", \"source\": \"s\"}",
        "{\"release\": \"A\", \"versions\": \"? < 1\", \"version\": \"2\", \"released\": "
        "\"2026-01-01\", \"source\": \"s\"}",
        "{\"release\": \"A\", \"version\": \"2; < 9\", \"released\": \"2026-01-01\", \"source\": "
        "\"s\"}",
        "{\"release\": \"A\", \"version\": \"2\", \"released\": \"\", \"source\": \"s\"}",
        "{\"ended\": \"A\", \"versions\": \"old ones\", \"words\": \"w\", \"source\": \"s\"}",
        "{\"ended\": \"A\", \"words\": \"w\", \"since\": \"spring\", \"source\": \"s\"}",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        char text[400];
        struct catalog *catalog = NULL;
        struct note note = {""};
        (void)snprintf(text, sizeof(text), HEADER "%s\n", bad[i]);
        assert_int_not_equal(catalog_parse(text, strlen(text), &catalog, &note), OK);
        assert_true(text_starts(note.text, "catalogue, line 2: "));
    }
}

static void
test_the_embedded_catalogue_knows_releases_and_ends(void **state)
{
    (void)state;
    const struct catalog *catalog = catalog_current();
    assert_true(catalog->release_count >= 10);
    assert_true(catalog->end_count >= 8);
    for (size_t i = 0; i < catalog->release_count; i++) {
        assert_false(text_is_empty(catalog->releases[i].source));
    }
}

int
main(void)
{
#define OWN(test) cmocka_unit_test_setup_teardown(test, use_own_catalog, use_embedded_catalog)
    const struct CMUnitTest tests[] = {
        OWN(test_a_version_is_compared_inside_its_own_series),
        OWN(test_a_release_that_need_not_be_the_newest_makes_nothing_current),
        OWN(test_thirty_days_are_given_and_an_old_catalogue_calls_nothing_current),
        OWN(test_an_end_of_support_is_told_with_its_day_where_it_is_known),
        cmocka_unit_test(test_refuses_a_series_that_can_not_be_narrowed),
        cmocka_unit_test(test_the_embedded_catalogue_knows_releases_and_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
