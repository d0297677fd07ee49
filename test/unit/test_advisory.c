#include "catalog/advisory.h"
#include "catalog/catalog.h"

#include "base/clock.h"
#include "base/text.h"
#include "test.h"

static const struct source seen = {.witness = WITNESS_WIRE, .confidence = 90};

struct trial {
    const char *id, *maker, *model, *version, *build;
    enum advisory_match match;
};

/* clang-format off */
static const struct trial trials[] = {
    /* Hikvision: model, version and build must all match */
    {"CVE-2017-7921", "Hikvision", "DS-2CD2532F-IWS", "V5.2.0", "2014-07-21", ADVISORY_YES},
    {"CVE-2017-7921", "Hikvision", "DS-2CD2532F-IWS", "V5.4.0 build 160530", "2016-05-30",
     ADVISORY_YES},
    {"CVE-2017-7921", "Hikvision", "DS-2CD2532F-IWS", "V5.4.0", "2016-05-31", ADVISORY_NO},
    {"CVE-2017-7921", "Hikvision", "DS-2CD2532F-IWS", "V5.4.5", "2016-05-30", ADVISORY_NO},
    {"CVE-2017-7921", "Hikvision", "DS-2CD2532F-IWS", "V5.4.0", NULL, ADVISORY_POSSIBLE},
    {"CVE-2017-7921", "Hikvision", NULL, "V5.4.0", "2016-05-30", ADVISORY_POSSIBLE},
    {"CVE-2017-7921", "Hikvision", "DS-7616NI-K2", "V5.4.0", "2016-05-30", ADVISORY_NO},
    {"CVE-2017-7921", "Dahua", "DS-2CD2532F-IWS", "V5.2.0", "2014-07-21", ADVISORY_NO},
    {"CVE-2021-36260", "Hikvision", "DS-2CD2143G0-I", "V5.5.82", "2019-09-10", ADVISORY_YES},
    {"CVE-2021-36260", "Hikvision", "DS-2CD2143G0-I", "V5.5.82", "2021-06-25", ADVISORY_POSSIBLE},
    {"CVE-2021-36260", "Hikvision", "DS-2CD2143G0-I", "V5.7.1", "2021-06-28", ADVISORY_NO},
    {"CVE-2021-36260", "Hikvision", "ds-2cd2143g0-i", NULL, NULL, ADVISORY_POSSIBLE},
    {"CVE-2024-29949", "Hikvision", "DS-7732NI-M4", "V5.03.020", NULL, ADVISORY_NO},
    {"CVE-2024-29949", "Hikvision", "DS-7732NI-M4", "V5.02.005", NULL, ADVISORY_YES},
    {"CVE-2024-29949", "Hikvision", "DS-7732NI-M4", "V5.02.006", NULL, ADVISORY_NO},
    {"CVE-2024-29949", "Hikvision", "DS-7616NI-K2", "V4.74.210", NULL, ADVISORY_NO},
    {"CVE-2025-66177", "Hikvision", "DS-7616NI-K2", "V4.74.210", "2025-08-06", ADVISORY_YES},
    {"CVE-2025-66177", "Hikvision", "DS-7616NI-K2", "V4.74.210", "2025-08-07", ADVISORY_NO},
    /* Dahua: the build date alone decides */
    {"CVE-2021-33044", "Dahua", "DH-IPC-HDW3441TM-AS", "2.800.0000016.0.R", "2020-06-05",
     ADVISORY_YES},
    {"CVE-2021-33044", "Dahua", "IPC-HFW5442E-ZE", "2.800.0000016.0.R", "2021-07-01", ADVISORY_NO},
    {"CVE-2021-33044", "Dahua", "IPC-HFW5442E-ZE", "2.800.0000016.0.R", "2021-06-10",
     ADVISORY_POSSIBLE},
    {"CVE-2021-33044", "Dahua", "IPC-HFW2431S", "2.800.0000016.0.R", "2020-06-05", ADVISORY_NO},
    {"CVE-2025-31700", "Dahua", "IPC-HFW2431S", "2.800.0000016.0.R", "2025-04-15",
     ADVISORY_POSSIBLE}, /* "certain models of the series" */
    {"CVE-2025-31700", "Dahua", "IPC-HFW2431S", "2.800.0000016.0.R", "2025-04-16", ADVISORY_NO},
    {"CVE-2025-31700", "Dahua", "IPC-HFW2431S", "2.800.0000016.0.R", NULL, ADVISORY_POSSIBLE},
    {"CVE-2019-3948", "Dahua", "IP2M-841B", "V2.520.AC00.18.R", NULL, ADVISORY_YES},
    {"CVE-2020-5735", "Dahua", "IP2M-841B", "2.520.AC00.18.R", "2019-01-01", ADVISORY_YES},
    /* Axis: long-term tracks are fixed by themselves */
    {"CVE-2023-21413", "Axis", "P3245-LV", "11.5.64", NULL, ADVISORY_YES},
    {"CVE-2023-21413", "Axis", "P3245-LV", "11.6.94", NULL, ADVISORY_NO},
    {"CVE-2023-21413", "Axis", "P3245-LV", "10.12.199", NULL, ADVISORY_POSSIBLE},
    {"CVE-2023-21413", "Axis", "P3245-LV", "10.4.0", NULL, ADVISORY_NO},
    {"CVE-2024-0054", "Axis", "M1045", "9.80.3.15", NULL, ADVISORY_POSSIBLE},
    {"CVE-2024-0054", "Axis", "M1045", "11.8.20", NULL, ADVISORY_YES},
    {"CVE-2024-0054", "Axis", "M1045", "12.1.30", NULL, ADVISORY_NO},
    {"CVE-2024-0054", "Axis", "M1045", "5.51", NULL, ADVISORY_NO},
    /* … and newer records name the fixed version of each track */
    {"CVE-2024-6979", "Axis", "P3245-LV", "11.11.93", NULL, ADVISORY_YES},
    {"CVE-2024-6979", "Axis", "P3245-LV", "11.11.94", NULL, ADVISORY_NO},
    {"CVE-2025-8998", "Axis", "P3245-LV", "9.80.123", NULL, ADVISORY_YES},
    {"CVE-2025-8998", "Axis", "P3245-LV", "9.80.124", NULL, ADVISORY_NO},
    {"CVE-2025-8998", "Axis", "P3245-LV", "6.50.5.21", NULL, ADVISORY_YES},
    {"CVE-2025-8998", "Axis", "P3245-LV", "6.50.5.22", NULL, ADVISORY_NO},
    {"CVE-2025-8998", "Axis", "P3245-LV", "10.12.306", NULL, ADVISORY_NO},
    {"CVE-2025-8998", "Axis", "P3245-LV", "12.7.27", NULL, ADVISORY_NO},
    {"CVE-2025-8998", "Axis", "M1011", "5.51.7", NULL, ADVISORY_NO},
    {"CVE-2024-8160", "Axis", "P3245-LV", "11.11.100", NULL, ADVISORY_POSSIBLE},
    {"CVE-2025-0358", "Axis", "P3245-LV", "12.3.56", NULL, ADVISORY_YES},
    {"CVE-2025-0358", "Axis", "P3245-LV", "11.11.73", NULL, ADVISORY_NO},
    /* Others */
    {"CVE-2021-40407", "Reolink", "RLC-410W", "v3.0.0.136_20121102", NULL, ADVISORY_YES},
    {"CVE-2021-40407", "Reolink", "RLC-410W", "v3.1.0.4417_2412122130", NULL, ADVISORY_NO},
    {"CVE-2020-25169", "Reolink", "RLC-520A", "v3.1.0.4417_2412122130", NULL, ADVISORY_YES},
    {"CVE-2021-4045", "TP-Link", "Tapo C200",
     "1.1.15 Build 211130 Rel.15378n(4555)",
     NULL, ADVISORY_YES},
    {"CVE-2021-4045", "TP-Link", "Tapo C200", "1.1.16 Build 211209 Rel.37726N", NULL, ADVISORY_NO},
    {"CVE-2026-0918", "TP-Link", "C220", "1.4.2 Build 251112", NULL, ADVISORY_NO},
    {"CVE-2023-0773", "Uniview", "IPC322LB-SF28-A", "CIPC-B2303.2.8.230105", NULL, ADVISORY_YES},
    {"CVE-2023-0773", "Uniview", "IPC322LB-SF28-A", "CIPC-B2303.3.1.230605", NULL, ADVISORY_NO},
    {"CVE-2023-0773", "Uniview", "IPC322LB-SF28-A", "GIPC-B6202.5.11.1", NULL, ADVISORY_NO},
    {"CVE-2024-7439", "Vivotek", "CC8160", "CC8160-VVTK-0100d", NULL, ADVISORY_YES},
    {"CVE-2023-5037", "Hanwha", "PNM-9084RQZ", "2.21.03", NULL, ADVISORY_YES},
    {"CVE-2023-5037", "Hanwha", "QNV-6082R", "1.41.16", NULL, ADVISORY_NO},
    {"CVE-2024-7029", "AVTECH", "AVM1203", "FullImg-1023-1007-1011-1009", NULL, ADVISORY_YES},
    {"CVE-2022-40799", "D-Link", "DNR-322L", "2.60B15", NULL, ADVISORY_YES},
    {"CVE-2023-52163", "Digiever", "DS-2105 Pro", "3.1.0.71-11", NULL, ADVISORY_YES},
    {"CVE-2023-34873", "Mobotix", "M26", "MX-V5.2.0.61", NULL, ADVISORY_NO},
    {"CVE-2023-34873", "Mobotix", "M26", "MX-V5.2.0.60", NULL, ADVISORY_YES},
    {"CVE-2023-21413", "Axis", "P3245-LV", "unknown", NULL, ADVISORY_POSSIBLE},
    /* VMSes: commit and package revision don't count */
    {"CVE-2026-25643", "Frigate", NULL, "0.16.3-4a1b2c3", NULL, ADVISORY_YES},
    {"CVE-2026-25643", "Frigate", NULL, "0.16.4-4a1b2c3", NULL, ADVISORY_NO},
    {"CVE-2026-54652", "Frigate", NULL, "0.17.2-3cf3d3d", NULL, ADVISORY_YES},
    {"CVE-2026-33469", "Frigate", NULL, "0.17.0-4a1b2c3", NULL, ADVISORY_YES},
    {"CVE-2026-33124", "Frigate", NULL, "0.17.0-beta1", NULL, ADVISORY_NO},
    {"CVE-2026-75608", "Frigate", NULL, "0.18.0", NULL, ADVISORY_NO},
    {"CVE-2023-31493", "ZoneMinder", NULL, "1.36.33+dfsg1-1", NULL, ADVISORY_YES},
    {"CVE-2023-26035", "ZoneMinder", NULL, "1.36.33", NULL, ADVISORY_NO},
    {"CVE-2023-26035", "ZoneMinder", NULL, "1.37.20", NULL, ADVISORY_YES},
    {"CVE-2024-51482", "ZoneMinder", NULL, "1.36.36", NULL, ADVISORY_NO},
    {"CVE-2018-7891", "Milestone XProtect", NULL, "12.1.4", NULL, ADVISORY_POSSIBLE},
    {"CVE-2025-0836", "Milestone XProtect", NULL, "25.1.10000.1", NULL, ADVISORY_YES},
    {"CVE-2025-0836", "Milestone XProtect", NULL, "24.2.14561.2269", NULL, ADVISORY_YES},
    {"CVE-2025-0836", "Milestone XProtect", NULL, "24.2.14561.2270", NULL, ADVISORY_NO},
    {"CVE-2025-0836", "Milestone XProtect", NULL, "25.2.1.1", NULL, ADVISORY_NO},
    {"CVE-2025-1688", "Milestone XProtect", NULL, "24.2.12065.1", NULL, ADVISORY_POSSIBLE},
    {"CVE-2025-1688", "Milestone XProtect", NULL, "25.1.1.1", NULL, ADVISORY_NO},
    {"CVE-2024-29947", "Hikvision", "DS-7616NI-M2", "V5.02.005", NULL, ADVISORY_YES},
    {"CVE-2024-29947", "Hikvision", "DS-7616NI-M2", "V5.02.006", NULL, ADVISORY_NO},
    {"CVE-2022-28171", "Hikvision", "DS-A81016S", "V2.3.8-6", NULL, ADVISORY_YES},
    {"CVE-2022-28171", "Hikvision", "DS-A71024R-CVS", "V1.1.5", NULL, ADVISORY_NO},
    {"CVE-2014-4878", "Hikvision", "DS-7204HVI-SV", "V2.2.10 build 131009", "2013-10-09",
     ADVISORY_POSSIBLE},
    {"CVE-2014-4878", "Hikvision", "DS-7616NI-K2", "V4.74.210", "2024-01-08", ADVISORY_NO},
    {"CVE-2024-39949", "Dahua", "DHI-NVR4216-16P-I", "4.002.0000000.1.R", "2023-12-12",
     ADVISORY_YES},
    {"CVE-2024-39949", "Dahua", "DHI-NVR4216-16P-I", "4.002.0000000.1.R", "2023-12-13",
     ADVISORY_NO},
    {"CVE-2025-31702", "Dahua", "IPC-HFW2431S", "2.800.0000016.0.R", "2025-06-30",
     ADVISORY_POSSIBLE},
    {"CVE-2025-31702", "Dahua", "IPC-HFW2431S", "2.800.0000016.0.R", "2025-07-01", ADVISORY_NO},
    {"CVE-2018-6830", "Foscam", "R2", "2.71.1.59", NULL, ADVISORY_YES},
    {"CVE-2018-6830", "Foscam", "R2", "2.71.1.60", NULL, ADVISORY_NO},
    {"CVE-2018-6830", "Foscam", "C1", "2.82.2.33", NULL, ADVISORY_POSSIBLE},
    {"CVE-2018-19063", "Foscam", "C2", "2.72.1.32", NULL, ADVISORY_YES},
    {"CVE-2018-18005", "Vivotek", "FD8136", "FD8136-VVTK-0206a", NULL, ADVISORY_POSSIBLE},
    {"CVE-2018-18005", "Vivotek", "FD8136", "FD8136-VVTK-0300a", NULL, ADVISORY_NO},
    {"CVE-2023-6116", "Hanwha", "XRN-420S", "5.01.52", NULL, ADVISORY_YES},
    {"CVE-2023-6116", "Hanwha", "XRN-420S", "5.01.53", NULL, ADVISORY_NO},
    {"CVE-2021-23847", "Bosch", "FLEXIDOME IP 4000i", "7.72", NULL, ADVISORY_YES},
    {"CVE-2021-23847", "Bosch", "FLEXIDOME IP 4000i", "7.62.0005", NULL, ADVISORY_NO},
    {"CVE-2021-23847", "Bosch", "FLEXIDOME IP 4000i", "7.80.0129", NULL, ADVISORY_POSSIBLE},
    {"CVE-2022-41677", "Bosch", "DINION IP 4000", "7.10", NULL, ADVISORY_YES},
    {"CVE-2022-41677", "Bosch", "DINION IP 4000", "8.90.0036", NULL, ADVISORY_NO},
    {"CVE-2021-41506", "Xiongmai", "AHB7804R-MH-V2", "V4.02.R11.Nat.Onvif.20160422", NULL,
     ADVISORY_YES},
    {"CVE-2021-41506", "Xiongmai", "AHB7804R-MH-V2", "V4.02.R11.C6380171.11201.141900.00000", NULL,
     ADVISORY_POSSIBLE},
    {"CVE-2021-33551", "Geutebrück", "EFD-2250", "1.12.13.2", NULL, ADVISORY_YES},
    {"CVE-2021-33551", "Geutebrück", "EFD-2250", "1.12.14.7", NULL, ADVISORY_NO},
    {"CVE-2024-8957", "PTZOptics", "PT30X-SDI", "6.3.9", NULL, ADVISORY_YES},
    {"CVE-2024-8957", "PTZOptics", "PT30X-SDI", "6.3.40", NULL, ADVISORY_NO},
    {"CVE-2023-26038", "ZoneMinder", NULL, "1.36.32", NULL, ADVISORY_YES},
    {"CVE-2023-26038", "ZoneMinder", NULL, "1.36.33", NULL, ADVISORY_NO},
    {"CVE-2020-25729", "ZoneMinder", NULL, "1.34.20", NULL, ADVISORY_YES},
    {"GHSA-28mv-hqxw-qw84", "ZoneMinder", NULL, "1.38.3", NULL, ADVISORY_YES},
    {"GHSA-28mv-hqxw-qw84", "ZoneMinder", NULL, "1.36.37", NULL, ADVISORY_POSSIBLE},
    {"GHSA-28mv-hqxw-qw84", "ZoneMinder", NULL, "1.38.4", NULL, ADVISORY_NO},
    {"GHSA-4vfc-hxpj-f7x7", "Frigate", NULL, "0.17.1-416a9b7", NULL, ADVISORY_YES},
    {"GHSA-4vfc-hxpj-f7x7", "Frigate", NULL, "0.17.2-3cf3d3d", NULL, ADVISORY_NO},
};
/* clang-format on */

/* The strongest match among the rows of this id. */
static enum advisory_match
judge(const struct trial *trial)
{
    const struct advisory_target target = {.maker = trial->maker,
        .model = trial->model,
        .version = trial->version,
        .build = trial->build};
    enum advisory_match best = ADVISORY_NO;
    bool exists = false;
    for (size_t i = 0; i < catalog_current()->count; i++) {
        char why[ADVISORY_WHY];
        if (text_equal(catalog_current()->rows[i].id, trial->id)) {
            enum advisory_match match = advisory_judge(&catalog_current()->rows[i], &target, why);
            assert_true(match == ADVISORY_NO || why[0] != '\0');
            best = match > best ? match : best;
            exists = true;
        }
    }
    assert_true(exists);
    return best;
}

static void
test_ranges_are_exact(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(trials); i++) {
        if (judge(&trials[i]) != trials[i].match) {
            fail_msg("%s on %s %s: %d, expected %d", trials[i].id, trials[i].model,
                trials[i].version, (int)judge(&trials[i]), (int)trials[i].match);
        }
    }
}

static void
test_each_row_is_well_formed(void **state)
{
    (void)state;
    assert_true(catalog_current()->count >= 40);
    for (size_t i = 0; i < catalog_current()->count; i++) {
        const struct advisory *row = &catalog_current()->rows[i];
        const struct advisory_target target = {
            .maker = row->maker, .model = "x", .version = "1.2.3", .build = "2020-01-01"};
        char why[ADVISORY_WHY];
        int64_t day = 0;
        (void)advisory_judge(row, &target, why); /* asserts on an unknown operator */
        assert_true(text_starts(row->id, "CVE-") || text_starts(row->id, "GHSA-"));
        assert_true(text_equal(row->severity, "critical") || text_equal(row->severity, "high") ||
                    text_equal(row->severity, "medium") || text_equal(row->severity, "low") ||
                    text_equal(row->severity, "unknown"));
        assert_true(row->exploited[0] == '\0' || clock_parse(row->exploited, &day) == OK);
        assert_false(text_is_empty(row->source) || text_is_empty(row->effect) ||
                     text_is_empty(row->fixed) || text_is_empty(row->models));
    }
}

/* Every maker and VMS that the project names, and how much is known of each. */
static void
test_covers_every_maker_and_vms_with_at_least_200_flaws(void **state)
{
    (void)state;
    static const char *const makers[] = {"Hikvision", "Dahua", "Axis", "Reolink", "Uniview",
        "Hanwha", "Vivotek", "Foscam", "TP-Link", "Xiongmai", "Bosch", "TVT", "AVTECH", "D-Link",
        "Frigate", "ZoneMinder", "Shinobi", "Milestone XProtect", "DW Spectrum"};
    const struct catalog *catalog = catalog_current();
    size_t distinct = 0;
    size_t exploited = 0;
    for (size_t i = 0; i < catalog->count; i++) {
        size_t first = 0;
        while (!text_equal(catalog->rows[first].id, catalog->rows[i].id)) {
            first++;
        }
        distinct += first == i ? 1 : 0;
        exploited += first == i && !text_is_empty(catalog->rows[i].exploited) ? 1 : 0;
    }
    assert_true(distinct >= 200);
    assert_true(exploited >= 20);
    for (size_t i = 0; i < COUNT(makers); i++) {
        size_t rows = 0;
        for (size_t j = 0; j < catalog->count; j++) {
            rows += text_equal(catalog->rows[j].maker, makers[i]) ? 1 : 0;
        }
        if (rows == 0) {
            fail_msg("the catalogue has nothing about %s", makers[i]);
        }
    }
}

static void
test_another_brand_of_the_maker_is_possible_not_sure(void **state)
{
    (void)state;
    struct advisory_target target = {
        .maker = "Hikvision", .model = "C800", .version = "V5.5.82", .build = "2019-09-10"};
    char why[ADVISORY_WHY];
    for (size_t i = 0; i < catalog_current()->count; i++) {
        if (text_equal(catalog_current()->rows[i].id, "CVE-2021-36260")) {
            assert_int_equal(
                advisory_judge(&catalog_current()->rows[i], &target, why), ADVISORY_NO);
            target.rebranded = true;
            assert_int_equal(
                advisory_judge(&catalog_current()->rows[i], &target, why), ADVISORY_POSSIBLE);
            assert_string_equal(why, "Hikvision sells it under another model name");
        }
    }
}

static struct subject *
camera(const char *vendor, const char *model, const char *firmware)
{
    struct subject *subject = subject_new(1);
    assert_non_null(subject);
    facts_set_text(&subject->facts, FACT_DEVICE_VENDOR, vendor, &seen);
    facts_set_text(&subject->facts, FACT_DEVICE_MODEL, model, &seen);
    facts_set_text(&subject->facts, FACT_DEVICE_FIRMWARE, firmware, &seen);
    return subject;
}

static int64_t
day(const char *text)
{
    int64_t wall = 0;
    assert_int_equal(clock_parse(text, &wall), OK);
    return wall;
}

static void
test_writes_what_it_found_about_firmware(void **state)
{
    (void)state;
    struct subject *subject = camera("Hikvision", "DS-2CD2532F-IWS", "V5.2.0 build 140721");
    advisory_apply(subject, day("2026-11-22"));
    assert_string_equal(
        facts_text(&subject->facts, FACT_FIRMWARE_EXPLOITED), "CVE-2017-7921, CVE-2021-36260");
    assert_true(text_starts(facts_text(&subject->facts, FACT_FIRMWARE_ADVISORY),
        "CVE-2017-7921 (critical, exploited: "));
    assert_true(text_contains(
        facts_text(&subject->facts, FACT_FIRMWARE_JUDGED), "advisories for Hikvision"));
    assert_string_equal(facts_text(&subject->facts, FACT_DEVICE_BUILD), "2014-07-21");
    assert_int_equal(facts_get(&subject->facts, FACT_FIRMWARE_AGE)->number, 4507);
    assert_non_null(facts_get(&subject->facts, FACT_FIRMWARE_ADVISORY)->evidence);
    subject_free(subject);
}

static void
test_what_can_not_be_compared_is_unjudged(void **state)
{
    (void)state;
    struct subject *subject = camera("Hikvision", "DS-2CD2143G0-I", "V5.5.82");
    advisory_apply(subject, day("2026-11-22"));
    assert_null(facts_text(&subject->facts, FACT_FIRMWARE_ADVISORY));
    assert_string_equal(facts_text(&subject->facts, FACT_FIRMWARE_UNJUDGED),
        "CVE-2021-36260, because its build is not known; others likewise");
    subject_free(subject);
    subject = camera("Unheard Of", "X", "1.0");
    advisory_apply(subject, day("2026-11-22"));
    assert_null(facts_text(&subject->facts, FACT_FIRMWARE_JUDGED));
    subject_free(subject);
}

static void
test_new_firmware_matches_nothing(void **state)
{
    (void)state;
    struct subject *subject = camera("Hikvision", "DS-2CD2143G2-I", "V5.8.5 build 260901");
    advisory_apply(subject, day("2026-11-22"));
    assert_null(facts_text(&subject->facts, FACT_FIRMWARE_ADVISORY));
    assert_null(facts_text(&subject->facts, FACT_FIRMWARE_UNJUDGED));
    assert_non_null(facts_text(&subject->facts, FACT_FIRMWARE_JUDGED));
    subject_free(subject);
}

static void
test_a_version_is_compared_as_its_maker_publishes_it(void **state)
{
    (void)state;
    static const struct {
        const char *firmware;
        bool affected;
    } rows[] = {
        {"25500593",  true },
        {"43500643",  true },
        {"6.43.0027", true },
        {"49500760",  false}
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct subject *subject = camera("Bosch", "NBN-50022-C", rows[i].firmware);
        advisory_apply(subject, day("2026-11-22"));
        const char *advisory = facts_text(&subject->facts, FACT_FIRMWARE_ADVISORY);
        assert_int_equal(
            advisory != NULL && text_contains(advisory, "CVE-2022-41677"), rows[i].affected);
        assert_non_null(facts_text(&subject->facts, FACT_FIRMWARE_UNJUDGED));
        subject_free(subject);
    }
}

static void
test_a_maker_known_by_its_mac_alone_is_neither_blamed_nor_cleared(void **state)
{
    (void)state;
    static const char *const versions[] = {"V5.2.0 build 140721", "V5.8.5 build 260901"};
    const struct source guess = {WITNESS_WIRE, 35, NULL};
    for (size_t i = 0; i < COUNT(versions); i++) {
        struct subject *subject = camera(NULL, "DS-2CD2532F-IWS", versions[i]);
        facts_set_text(&subject->facts, FACT_DEVICE_VENDOR, "Hikvision", &guess);
        advisory_apply(subject, day("2026-11-22"));
        assert_null(facts_text(&subject->facts, FACT_FIRMWARE_ADVISORY));
        assert_null(facts_text(&subject->facts, FACT_FIRMWARE_EXPLOITED));
        assert_null(facts_text(&subject->facts, FACT_FIRMWARE_JUDGED));
        subject_free(subject);
    }
}

static struct subject *
vms(const char *product, const char *version)
{
    struct subject *subject = subject_new(1);
    assert_non_null(subject);
    facts_set_text(&subject->facts, FACT_VMS_PRODUCT, product, &seen);
    facts_set_text(&subject->facts, FACT_VMS_VERSION, version, &seen);
    return subject;
}

static void
test_a_release_of_more_than_thirty_days_makes_outdated(void **state)
{
    (void)state;
    struct subject *subject = vms("Frigate", "0.16.4-4a1b2c3");
    advisory_apply(subject, day("2026-07-27"));
    assert_null(facts_text(&subject->facts, FACT_VMS_OUTDATED));
    assert_non_null(facts_text(&subject->facts, FACT_VMS_CURRENT));
    subject_free(subject);
    subject = vms("Frigate", "0.16.4-4a1b2c3");
    advisory_apply(subject, day("2026-07-28"));
    assert_string_equal(
        facts_text(&subject->facts, FACT_VMS_OUTDATED), "0.17.2 is out since 2026-06-27");
    assert_true(text_contains(facts_text(&subject->facts, FACT_VMS_ADVISORY), "CVE-2026-75607"));
    subject_free(subject);
}

static void
test_an_old_catalogue_calls_nothing_current(void **state)
{
    (void)state;
    struct subject *subject = vms("ZoneMinder", "1.38.4");
    advisory_apply(subject, day("2026-09-21"));
    assert_non_null(facts_text(&subject->facts, FACT_VMS_CURRENT));
    subject_free(subject);
    subject = vms("ZoneMinder", "1.38.4");
    advisory_apply(subject, day("2026-09-22"));
    assert_null(facts_text(&subject->facts, FACT_VMS_CURRENT));
    assert_null(facts_text(&subject->facts, FACT_VMS_OUTDATED));
    assert_string_equal(facts_text(&subject->facts, FACT_VMS_NEWEST), "1.38.4 of 2026-08-10");
    subject_free(subject);
}

static void
test_hostile_versions_are_compared_with_nothing(void **state)
{
    (void)state;
    char version[600];
    memset(version, '9', sizeof(version) - 1);
    version[sizeof(version) - 1] = '\0';
    struct subject *subject = camera("Axis", "[*?{%s", version);
    advisory_apply(subject, day("2026-11-22"));
    assert_null(facts_text(&subject->facts, FACT_FIRMWARE_ADVISORY));
    assert_non_null(facts_text(&subject->facts, FACT_FIRMWARE_UNJUDGED));
    subject_free(subject);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges_are_exact),
        cmocka_unit_test(test_each_row_is_well_formed),
        cmocka_unit_test(test_covers_every_maker_and_vms_with_at_least_200_flaws),
        cmocka_unit_test(test_another_brand_of_the_maker_is_possible_not_sure),
        cmocka_unit_test(test_writes_what_it_found_about_firmware),
        cmocka_unit_test(test_what_can_not_be_compared_is_unjudged),
        cmocka_unit_test(test_new_firmware_matches_nothing),
        cmocka_unit_test(test_a_version_is_compared_as_its_maker_publishes_it),
        cmocka_unit_test(test_a_maker_known_by_its_mac_alone_is_neither_blamed_nor_cleared),
        cmocka_unit_test(test_a_release_of_more_than_thirty_days_makes_outdated),
        cmocka_unit_test(test_an_old_catalogue_calls_nothing_current),
        cmocka_unit_test(test_hostile_versions_are_compared_with_nothing),
    };
    return cmocka_run_group_tests_name("advisory", tests, NULL, NULL);
}
