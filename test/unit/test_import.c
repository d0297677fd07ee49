#include "catalog/import.h"

#include "base/text.h"
#include "catalog/verdict.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One record in words: what a CNA wrote, in the shape of CVE JSON 5.1. */
struct record {
    const char *vendor, *product, *status; /* status: of everything else, or NULL */
    const char *versions;                  /* JSON of the list */
    const char *description;
};

#define PROSE(words) "[{\"status\":\"affected\",\"version\":\"" words "\"}]"
#define LESS(from, end)                                                                            \
    "[{\"status\":\"affected\",\"version\":\"" from "\",\"lessThan\":\"" end                       \
    "\",\"versionType\":\"custom\"}]"
#define MOST(from, end)                                                                            \
    "[{\"status\":\"affected\",\"version\":\"" from "\",\"lessThanOrEqual\":\"" end "\"}]"

static struct import import;

static struct catalog *
catalogue_of(const char *document)
{
    struct note note = {""};
    struct catalog *catalog = NULL;
    CLEANUP(buf_release) struct buf text;
    buf_init(&text, 1 << 24);
    assert_int_equal(import_init(&import), OK);
    enum err err = import_document(&import, document, strlen(document), &note);
    if (err != OK || import_finish(&import) != OK) {
        fail_msg("%s: %s", err_words(err), note.text);
    }
    buf_text(&text, "{\"catalog\":1,\"name\":\"t\",\"date\":\"2026-01-01\"}\n");
    buf_add(&text, import.lines.len == 0 ? "" : import.lines.data, import.lines.len);
    err = catalog_parse(text.data, text.len, &catalog, &note);
    if (err != OK) {
        fail_msg("%s\n%s", note.text, text.data);
    }
    import_release(&import);
    return catalog;
}

static const char record_form[] =
    "{\"dataType\":\"CVE_RECORD\",\"cveMetadata\":{\"cveId\":\"CVE-2099-1\",\"state\":"
    "\"PUBLISHED\"},"
    "\"containers\":{\"cna\":{\"descriptions\":[{\"lang\":\"en\",\"value\":\"%s\"}],"
    "\"affected\":[{\"vendor\":\"%s\",\"product\":\"%s\",\"defaultStatus\":\"%s\",\"versions\":%s}]"
    "}"
    "%s}}";

static struct catalog *
cve(const struct record *record, const char *adp)
{
    char document[8192];
    (void)snprintf(document, sizeof(document), record_form,
        record->description == NULL ? "A flaw." : record->description, record->vendor,
        record->product, record->status == NULL ? "unknown" : record->status, record->versions,
        adp == NULL ? "" : adp);
    return catalogue_of(document);
}

static enum advisory_match
judge(struct catalog *catalog, const struct advisory_target *target, struct verdict *ret_verdict)
{
    bool known =
        verdict_judge(catalog, catalog->count == 0 ? "" : catalog->rows[0].id, target, ret_verdict);
    enum advisory_match match = ret_verdict->match;
    assert_true(known);
    assert_false(text_is_empty(ret_verdict->why));
    catalog_free(catalog);
    return match;
}

struct trial {
    const char *vendor, *product, *status, *versions;
    const char *maker, *model, *version, *build;
    enum advisory_match match;
};

#define YES   ADVISORY_YES
#define NO    ADVISORY_NO
#define MAYBE ADVISORY_POSSIBLE

/* clang-format off */
static const struct trial trials[] = {
    /* a range that begins where it ends: the old form's "<" and "<=" */
    {"hikvision", "DS-3WF01C-2N/O", NULL, LESS("V1.0.4", "V1.0.4"), "Hikvision", "DS-3WF01C-2N/O", "V1.0.3", NULL, YES},
    {"hikvision", "DS-3WF01C-2N/O", NULL, LESS("V1.0.4", "V1.0.4"), "Hikvision", "DS-3WF01C-2N/O", "V1.0.4", NULL, NO},
    {"TP-Link", "Tapo C200", NULL, MOST("1.15", "1.15"), "TP-Link", "Tapo C200", "1.1.14", NULL, MAYBE},
    {"TP-Link", "Tapo C200", NULL, MOST("1.15", "1.15"), "TP-Link", "Tapo C200", "1.16.0", NULL, NO},
    /* between */
    {"Hikvision", "HikCentral Professional", NULL, PROSE("Versions between V2.3.1 and V2.6.2"), "HikCentral Professional", NULL, "V2.6.2", NULL, YES},
    {"Hikvision", "HikCentral Professional", NULL, PROSE("Versions between V2.3.1 and V2.6.2"), "HikCentral Professional", NULL, "V2.6.3", NULL, NO},
    {"Hikvision", "HikCentral Professional", NULL, PROSE("Versions between V2.3.1 and V2.6.2"), "HikCentral Professional", NULL, "V2.3.0", NULL, NO},
    {"Hikvision", "HikCentral Professional", NULL, PROSE("Versions between V2.3.1"), "HikCentral Professional", NULL, "V2.6.3", NULL, MAYBE},
    /* revisions of the source, which no device tells; beside them what the description says */
    {"blakeblackshear", "frigate", "unaffected", "[{\"status\":\"affected\",\"versionType\":\"git\",\"version\":\"1da177e4c3\",\"lessThan\":\"9e7d31841e\"}]", "Frigate", NULL, "0.14.1", NULL, MAYBE},
    {"blakeblackshear", "frigate", "unaffected", "[{\"status\":\"affected\",\"versionType\":\"git\",\"version\":\"1da177e4c3\",\"lessThan\":\"9e7d31841e\"},{\"status\":\"affected\",\"version\":\"0.13\",\"lessThan\":\"0.15.1\"}]", "Frigate", NULL, "0.12.0", NULL, NO},
    /* a range whose status changes inside */
    {"Genetec", "Security Center", "unaffected", "[{\"status\":\"affected\",\"version\":\"5.9.0\",\"lessThan\":\"5.12.0\",\"changes\":[{\"at\":\"5.10.4\",\"status\":\"unaffected\"},{\"at\":\"5.11.0\",\"status\":\"affected\"}]}]", "Genetec Security Center", NULL, "5.10.3", NULL, YES},
    {"Genetec", "Security Center", "unaffected", "[{\"status\":\"affected\",\"version\":\"5.9.0\",\"lessThan\":\"5.12.0\",\"changes\":[{\"at\":\"5.10.4\",\"status\":\"unaffected\"},{\"at\":\"5.11.0\",\"status\":\"affected\"}]}]", "Genetec Security Center", NULL, "5.10.5", NULL, NO},
    {"Genetec", "Security Center", "unaffected", "[{\"status\":\"affected\",\"version\":\"5.9.0\",\"lessThan\":\"5.12.0\",\"changes\":[{\"at\":\"5.10.4\",\"status\":\"unaffected\"},{\"at\":\"5.11.0\",\"status\":\"affected\"}]}]", "Genetec Security Center", NULL, "5.11.1", NULL, YES},
    {"Genetec", "Security Center", "unaffected", "[{\"status\":\"affected\",\"version\":\"5.9.0\",\"lessThan\":\"5.12.0\",\"changes\":[{\"at\":\"5.10.4\",\"status\":\"unaffected\"},{\"at\":\"5.11.0\",\"status\":\"affected\"}]}]", "Genetec Security Center", NULL, "5.12.0", NULL, NO},
    /* all by default, but what is cleared */
    {"Reolink", "RLC-410W", "affected", "[{\"status\":\"unaffected\",\"version\":\"3.0.0.136\",\"lessThanOrEqual\":\"*\"}]", "Reolink", "RLC-410W", "v3.0.0.100", NULL, YES},
    {"Reolink", "RLC-410W", "affected", "[{\"status\":\"unaffected\",\"version\":\"3.0.0.136\",\"lessThanOrEqual\":\"*\"}]", "Reolink", "RLC-410W", "v3.0.0.200", NULL, NO},
    /* names: a kind's word in the middle, a tail of digits, other scripts, more models than one */
    {"Bosch", "FLEXIDOME IP 5000i", NULL, LESS("0", "7.80"), "Bosch", "FLEXIDOME IP 5000i", "7.70", NULL, YES},
    {"Hikvision", "DS-K1T8003/8004", NULL, LESS("0", "V1.4.21"), "Hikvision", "DS-K1T8004", "V1.4.20", NULL, YES},
    {"lorextechnology", "w461asc-e_firmware", NULL, LESS("0", "2.8"), "Dahua", "W461ASC-E", "2.7.1", NULL, YES},
    {"海康威视", "DS-2CD2143G2-I", NULL, PROSE("V5.7.3之前的版本"), "Hikvision", "DS-2CD2143G2-I", "V5.7.2", NULL, MAYBE},
    {"Hikvision", "DS-76xxNI-Q1(/xP)", NULL, PROSE("Build date before 250807"), "Hikvision", "DS-7608NI-Q1", "V4.30", "2021-01-01", YES},
    {"Axis Communications AB", "Camera\",\"platforms\":[\"M1\"],\"x\":\"", NULL, LESS("0", "2.0"), "Axis", "M1", "1.0", NULL, YES},
    /* operators inside the text, one and two tracks */
    {"ZoneMinder", "zoneminder", NULL, PROSE("< 1.36.34"), "ZoneMinder", NULL, "1.36.33", NULL, YES},
    {"ZoneMinder", "zoneminder", NULL, PROSE("< 1.36.34"), "ZoneMinder", NULL, "1.36.34", NULL, NO},
    {"ZoneMinder", "zoneminder", NULL, PROSE(">= 1.37.0, < 1.37.61"), "ZoneMinder", NULL, "1.37.60", NULL, YES},
    {"ZoneMinder", "zoneminder", NULL, PROSE(">= 1.37.0, < 1.37.61"), "ZoneMinder", NULL, "1.36.9", NULL, NO},
    {"ZoneMinder", "zoneminder", NULL, PROSE("1.37.*"), "ZoneMinder", NULL, "1.37.12", NULL, YES},
    {"ZoneMinder", "zoneminder", NULL, PROSE("1.37.*"), "ZoneMinder", NULL, "1.38.0", NULL, NO},
    {"ZoneMinder", "zoneminder", NULL, PROSE("\\\\u003c.1.36.34"), "ZoneMinder", NULL, "1.36.33", NULL, YES},
    {"AlexxIT", "go2rtc", NULL, PROSE("<= 1.8.5"), "go2rtc", NULL, "1.8.5", NULL, YES},
    {"AlexxIT", "go2rtc", NULL, PROSE("<= 1.8.5"), "go2rtc", NULL, "1.8.5.1", NULL, MAYBE},
    {"blakeblackshear", "frigate", NULL, PROSE("< 0.13.0-beta3"), "Frigate", NULL, "0.13.0-beta2", NULL, YES},
    {"blakeblackshear", "frigate", NULL, PROSE("< 0.13.0-beta3"), "Frigate", NULL, "0.13.0", NULL, NO},
    /* full-width brackets, words around */
    {"Hikvision", "DS-76xxNI-Mx", NULL, PROSE("Versions after V5.00.000 (including V5.00.000) and before V5.02.006（not including V5.02.006）"), "Hikvision", "DS-7616NI-M2", "V5.02.005", NULL, YES},
    {"Hikvision", "DS-76xxNI-Mx", NULL, PROSE("Versions after V5.00.000 (including V5.00.000) and before V5.02.006（not including V5.02.006）"), "Hikvision", "DS-7616NI-M2", "V5.00.000", NULL, YES},
    {"Hikvision", "DS-76xxNI-Mx", NULL, PROSE("Versions after V5.00.000 (including V5.00.000) and before V5.02.006（not including V5.02.006）"), "Hikvision", "DS-7616NI-M2", "V5.02.006", NULL, NO},
    {"Hikvision", "DS-76xxNI-Mx", NULL, PROSE("Versions after V5.00.000 (including V5.00.000) and before V5.02.006（not including V5.02.006）"), "Hikvision", "DS-2CD2143G0-I", "V5.02.005", NULL, NO},
    {"Hikvision", "HikCentral Professional", NULL, PROSE("Versions below V2.5.1 (including V2.5.1)"), "HikCentral Professional", NULL, "V2.5.1", NULL, YES},
    {"Hikvision", "HikCentral Professional", NULL, PROSE("Versions below V2.5.1 (including V2.5.1)"), "HikCentral Professional", NULL, "V2.5.2", NULL, NO},
    /* builds beside versions, and as the only key */
    {"Hikvision", "DS-7604NI-K1 / 4P(B)", NULL, PROSE("V4.30.096build221220 and the versions prior to it"), "Hikvision", "DS-7604NI-K1/4P(B)", "V4.30.096 build 221220", NULL, YES},
    {"Hikvision", "DS-7604NI-K1 / 4P(B)", NULL, PROSE("V4.30.096build221220 and the versions prior to it"), "Hikvision", "DS-7604NI-K1/4P(B)", "V4.30.096 build 230301", NULL, NO},
    {"Hikvision", "DS-7604NI-K1 / 4P(B)", NULL, PROSE("V4.30.096build221220 and the versions prior to it"), "Hikvision", "DS-7604NI-K1/4P(B)", "V4.30.096", NULL, MAYBE},
    {"Hikvision", "DS-7604NI-K1 / 4P(B)", NULL, PROSE("V4.30.096build221220 and the versions prior to it"), "Hikvision", "DS-7604NI-K1", "V4.30.090", NULL, MAYBE},
    {"Hikvision", "DS-2CD2xxx", NULL, PROSE("Build date before 250807"), "Hikvision", "DS-2CD2143G0-I", "V5.7.1", "2025-08-06", YES},
    {"Hikvision", "DS-2CD2xxx", NULL, PROSE("Build date before 250807"), "Hikvision", "DS-2CD2143G0-I", "V5.7.1", "2025-08-07", NO},
    {"Hikvision", "DS-2CD2xxx", NULL, PROSE("Build date before 250807"), "Hikvision", "DS-2CD2143G0-I", "V5.7.1", NULL, MAYBE},
    {"Dahua", "NVR4XXX", NULL, PROSE("NVR4XXX Versions which Build time before 2023/12/13"), "Dahua", "DHI-NVR4104HS", "4.000.R", "2023-12-12", YES},
    {"Dahua", "NVR4XXX", NULL, PROSE("NVR4XXX Versions which Build time before 2023/12/13"), "Dahua", "DHI-NVR4104HS", "4.000.R", "2023-12-13", NO},
    {"Dahua", "NVR4XXX", NULL, PROSE("Build time\u00a0before 2024/1/22"), "Dahua", "NVR4216", "4.000.R", "2024-01-21", YES},
    {"Dahua", "IPC-HX8XXX", NULL, PROSE("Buildtime before June, 2021"), "Dahua", "DH-IPC-HFW8231E", "2.800.0000000.31.R", "2021-05-31", YES},
    {"Dahua", "IPC-HX8XXX", NULL, PROSE("Buildtime before June, 2021"), "Dahua", "DH-IPC-HFW8231E", "2.800.0000000.31.R", "2021-06-01", NO},
    {"Dahua", "IPC", NULL, PROSE("Affected products include certain models from the IPC-1XXX series, and limited to versions which build time before April 16, 2025."), "Dahua", "IPC-HFW1430S", "2.800.R", "2025-04-15", MAYBE},
    {"Dahua", "IPC", NULL, PROSE("Affected products include certain models from the IPC-1XXX series, and limited to versions which build time before April 16, 2025."), "Dahua", "IPC-HFW1430S", "2.800.R", "2025-04-16", NO},
    {"Amcrest", "IP2M-841B", NULL, LESS("0", "2.800.00AC000.0.R.200330"), "Dahua", "IP2M-841B", "2.800.00AC000.0.R.200329", NULL, YES},
    {"Amcrest", "IP2M-841B", NULL, LESS("0", "2.800.00AC000.0.R.200330"), "Dahua", "IP2M-841B", "2.800.00AC000.0.R", NULL, MAYBE},
    {"TP-Link", "Tapo C220", NULL, LESS("0", "1.4.2 Build 251112"), "TP-Link", "C220", "1.4.1 Build 250101 Rel.1n", NULL, YES},
    {"TP-Link", "Tapo C220", NULL, LESS("0", "1.4.2 Build 251112"), "TP-Link", "Tapo C220", "1.4.2 Build 251112 Rel.1n", NULL, NO},
    /* dashes of every kind, tracks of AXIS OS */
    {"Axis Communications AB", "AXIS OS", "unaffected", PROSE("AXIS OS 10.5 – 11.5"), "Axis", "P3245-LV", "11.5.64", NULL, YES},
    {"Axis Communications AB", "AXIS OS", "unaffected", PROSE("AXIS OS 10.5 – 11.5"), "Axis", "P3245-LV", "11.6.94", NULL, NO},
    {"Axis Communications AB", "AXIS OS", "unaffected", PROSE("6.50 - 11.10"), "Axis", "P3245-LV", "10.12.199", NULL, MAYBE},
    {"Axis Communications AB", "AXIS OS", "unaffected", PROSE("11.11"), "Axis", "P3245-LV", "11.11.73", NULL, YES},
    {"Axis Communications AB", "AXIS Camera Station Pro", "unaffected", PROSE("<6.9"), "AXIS Camera Station Pro", NULL, "6.8.3", NULL, YES},
    /* behind the version */
    {"Hanwha Vision Co., Ltd.", "HRX-1620", "unaffected", PROSE("3.05.62 and prior versions"), "Hanwha", "HRX-1620", "3.05.62", NULL, YES},
    {"Hanwha Vision Co., Ltd.", "HRX-1620", "unaffected", PROSE("3.05.62 and prior versions"), "Hanwha", "HRX-1620", "3.05.64", NULL, NO},
    {"Hanwha Vision Co., Ltd.", "HRX-1620", "unaffected", PROSE("3.05.62 and prior versions"), "Hanwha", NULL, "3.05.62", NULL, MAYBE},
    {"Hanwha Vision Co., Ltd.", "A-Series, Q-Series, PNM-series Camera", "unaffected", PROSE("Prior to version 1.41.16;Prior to version 2.22.00;"), "Hanwha", "QNV-6082R", "1.41.15", NULL, MAYBE},
    {"Hanwha Vision Co., Ltd.", "A-Series, Q-Series, PNM-series Camera", "unaffected", PROSE("Prior to version 1.41.16;Prior to version 2.22.00;"), "Hanwha", "QNV-6082R", "2.22.00", NULL, NO},
    /* bounds with letters in front, single versions */
    {"Uniview", "NVR301-04S2-P4", "unaffected", LESS("0", "NVR-B3801.20.17.240507"), "Uniview", "NVR301-04S2-P4", "NVR-B3801.20.16.240101", NULL, YES},
    {"Uniview", "NVR301-04S2-P4", "unaffected", LESS("0", "NVR-B3801.20.17.240507"), "Uniview", "NVR301-04S2-P4", "NVR-B3601.20.16.240101", NULL, MAYBE},
    {"AVTech", "AVM1203 (IP Camera)", "unaffected", MOST("0", "FullImg-1023-1007-1011-1009"), "AVTECH", "AVM1203", "FullImg-1023-1007-1011-1009", NULL, YES},
    {"AVTech", "AVM1203 (IP Camera)", "unaffected", MOST("0", "FullImg-1023-1007-1011-1009"), "AVTECH", "AVM1203", "FullImg-1024-1000-1000-1000", NULL, NO},
    {"Vivotek", "CC8160", NULL, PROSE("VVTK-0100d"), "Vivotek", "CC8160", "CC8160-VVTK-0100d", NULL, YES},
    {"Vivotek", "CC8160", NULL, PROSE("VVTK-0100d"), "Vivotek", "FD8136", "FD8136-VVTK-0100d", NULL, NO},
    {"D-Link", "DCS-8300LHV2", NULL, PROSE("1.06.01"), "D-Link", "DCS-8300LHV2", "1.06.01", NULL, YES},
    {"D-Link", "DCS-8300LHV2", NULL, PROSE("1.06.01"), "D-Link", "DCS-8300LHV2", "1.05.00", NULL, MAYBE},
    {"D-Link", "DCS-8300LHV2", "unaffected", PROSE("1.06.01"), "D-Link", "DCS-8300LHV2", "1.05.00", NULL, NO},
    {"Reolink", "duo_2_wifi_camera_firmware", NULL, PROSE("3.0.0.1889_23031701"), "Reolink", "Reolink Duo 2 WiFi", "v3.0.0.1889_23031701", NULL, YES},
    /* structured ends */
    {"PTZOptics", "PT30X-SDI", "unaffected", LESS("0", "6.3.40"), "PTZOptics", "PT30X-SDI", "6.3.39", NULL, YES},
    {"PTZOptics", "PT30X-SDI", "unaffected", LESS("unspecified", "6.3.40"), "PTZOptics", "PT30X-SDI", "6.3.40", NULL, NO},
    {"PTZOptics", "PT30X-SDI", "unaffected", LESS("6.0", "unspecified"), "PTZOptics", "PT30X-SDI", "6.3.40", NULL, MAYBE},
    {"PTZOptics", "PT30X-SDI", "unaffected", LESS("0", "*"), "PTZOptics", "PT30X-SDI", "9.9", NULL, YES},
    {"PTZOptics", "PT30X-SDI", "unaffected", LESS("0", "the next release"), "PTZOptics", "PT30X-SDI", "9.9", NULL, MAYBE},
    {"PTZOptics", "PT30X-SDI", "affected", "[]", "PTZOptics", "PT30X-SDI", "9.9", NULL, YES},
    {"Milestone Systems", "XProtect VMS", "unaffected", LESS("23.1", "23.1.157.1.1470"), "Milestone XProtect", NULL, "2023 R1", NULL, YES},
    {"Milestone Systems", "XProtect VMS", "unaffected", PROSE("2020 R3"), "Milestone XProtect", NULL, "20.3", NULL, YES},
    /* what can't be read is possible, never more and never less */
    {"Dahua", "Some Dahua IP Camera devices", NULL, PROSE("n/a"), "Dahua", "IPC-HFW2431S", "2.8", NULL, MAYBE},
    {"Reolink", "E1 Zoom", NULL, PROSE("unspecified"), "Reolink", "E1 Zoom", "3.0.0.716", NULL, MAYBE},
    {"Reolink", "E1 Zoom", NULL, PROSE("fixed in 3.0.0.717"), "Reolink", "E1 Zoom", "3.0.0.718", NULL, MAYBE},
    {"Reolink", "E1 Zoom", NULL, PROSE("all versions except 3.0.0.5"), "Reolink", "E1 Zoom", "3.0.0.5", NULL, MAYBE},
    {"Reolink", "E1 Zoom", NULL, PROSE("R.47.0.0 AutoCAD 2021"), "Reolink", "E1 Zoom", "1.0.0", NULL, MAYBE},
    {"Dahua", "Digital Video Recorder", NULL, PROSE("DHI-HCVR51A04HE-S3"), "Dahua", "DHI-HCVR51A04HE-S3", "3.2", NULL, MAYBE},
    {"Annke", "V3.4.106", NULL, PROSE("<= 200422"), "Hikvision", "N48PBB", "V3.4.106", "2020-04-22", MAYBE},
    {"Reolink", "E1 Zoom", NULL, PROSE("3.0.0.716 and earlier"), "Axis", "E1 Zoom", "3.0.0.1", NULL, NO},
};
/* clang-format on */

static void
test_each_mess_form_gets_the_right_verdict(void **state)
{
    (void)state;
    size_t wrong = 0;
    for (size_t i = 0; i < COUNT(trials); i++) {
        const struct trial *t = &trials[i];
        struct verdict verdict;
        const struct record record = {t->vendor, t->product, t->status, t->versions, NULL};
        const struct advisory_target target = {
            .maker = t->maker, .model = t->model, .version = t->version, .build = t->build};
        if (judge(cve(&record, NULL), &target, &verdict) != t->match) {
            print_message("row %zu, %s %s on %s %s %s: %s, expected %s (%s)\n", i, t->product,
                t->versions, t->model == NULL ? "" : t->model, t->version,
                t->build == NULL ? "" : t->build, verdict_words(verdict.match),
                verdict_words(t->match), verdict.why);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

#define ADP(vendor, product, versions)                                                             \
    ",\"adp\":[{\"providerMetadata\":{\"shortName\":\"CISA-ADP\"},\"affected\":[{\"vendor\":"      \
    "\"" vendor "\",\"product\":\"" product "\",\"versions\":" versions "}]}]"

static void
test_the_makers_own_range_is_preferred_and_the_other_one_shown(void **state)
{
    (void)state;
    const struct record record = {
        "ZoneMinder", "zoneminder", NULL, PROSE(">= 1.37.0, < 1.37.61"), NULL};
    const struct advisory_target target = {.maker = "ZoneMinder", .version = "1.37.61"};
    struct verdict verdict;
    struct catalog *catalog =
        cve(&record, ADP("zoneminder", "zoneminder", MOST("1.37.0", "1.37.61")));
    assert_int_equal(judge(catalog, &target, &verdict), ADVISORY_NO);
    assert_true(text_starts(verdict.other, "affected: "));
    assert_true(text_contains(verdict.other, "CISA-ADP"));
}

static void
test_an_exact_range_of_another_decides_where_the_maker_says_nothing(void **state)
{
    (void)state;
    const struct record record = {
        "n/a", "n/a", NULL, PROSE("n/a"), "TP-Link Tapo C100 v1.1.15 allows a crash."};
    struct advisory_target target = {.maker = "TP-Link", .model = "C100", .version = "1.1.15"};
    struct verdict verdict;
    const char *adp = ADP("tp-link", "tapo_c100", PROSE("1.1.15"));
    assert_int_equal(judge(cve(&record, adp), &target, &verdict), ADVISORY_YES);
    target.version = "1.1.16";
    assert_int_equal(judge(cve(&record, adp), &target, &verdict), ADVISORY_NO);
    target.version = "1.1.14";
    assert_int_equal(judge(cve(&record, adp), &target, &verdict), ADVISORY_POSSIBLE);
    target.model = "C220";
    assert_int_equal(judge(cve(&record, adp), &target, &verdict), ADVISORY_NO);
}

static void
test_a_range_in_the_description_alone_is_never_affected(void **state)
{
    (void)state;
    const struct record record = {"n/a", "n/a", NULL, PROSE("n/a"),
        "D-Link DCS-2530L before 1.06.01 devices allow a remote read of the password."};
    struct advisory_target target = {.maker = "D-Link", .model = "DCS-2530L", .version = "1.05"};
    struct verdict verdict;
    assert_int_equal(judge(cve(&record, NULL), &target, &verdict), ADVISORY_POSSIBLE);
    assert_true(text_contains(verdict.why, "before 1.06.01"));
    target.version = NULL;
    assert_int_equal(judge(cve(&record, NULL), &target, &verdict), ADVISORY_POSSIBLE);
}

static void
test_versions_that_the_record_clears_are_not_affected(void **state)
{
    (void)state;
    const struct record record = {"Reolink", "E1 Zoom", NULL,
        "[{\"status\":\"affected\",\"version\":\"some builds\"},"
        "{\"status\":\"unaffected\",\"version\":\"3.0.0.900\"}]",
        NULL};
    struct advisory_target target = {
        .maker = "Reolink", .model = "E1 Zoom", .version = "3.0.0.900"};
    struct verdict verdict;
    assert_int_equal(judge(cve(&record, NULL), &target, &verdict), ADVISORY_NO);
    target.version = "3.0.0.901";
    assert_int_equal(judge(cve(&record, NULL), &target, &verdict), ADVISORY_POSSIBLE);
}

static const char nvd[] =
    "{\"resultsPerPage\":1,\"format\":\"NVD_CVE\",\"version\":\"2.0\",\"vulnerabilities\":[{"
    "\"cve\":{"
    "\"id\":\"CVE-2099-2\",\"vulnStatus\":\"Analyzed\",\"cisaExploitAdd\":\"2026-01-05\","
    "\"descriptions\":[{\"lang\":\"en\",\"value\":\"A flaw.\"}],\"metrics\":{\"cvssMetricV31\":[{"
    "\"cvssData\":{\"baseSeverity\":\"CRITICAL\"}}]},\"configurations\":[{\"operator\":\"AND\","
    "\"nodes\":[{\"operator\":\"OR\",\"negate\":false,\"cpeMatch\":[{\"vulnerable\":true,"
    "\"criteria\":\"cpe:2.3:o:hikvision:ds-7604ni-m1\\\\/4p_firmware:*:*:*:*:*:*:*:*\","
    "\"versionStartIncluding\":\"5.00.000\",\"versionEndExcluding\":\"5.01.070\"}]},"
    "{\"operator\":\"OR\",\"cpeMatch\":[{\"vulnerable\":false,"
    "\"criteria\":\"cpe:2.3:h:hikvision:ds-7604ni-m1\\\\/4p:-:*:*:*:*:*:*:*\"}]}]}]}},"
    "{\"cve\":{\"id\":\"CVE-2099-3\",\"vulnStatus\":\"Awaiting Analysis\"}}]}";

static void
test_reads_nvd_and_refuses_what_it_has_not_analysed(void **state)
{
    (void)state;
    struct advisory_target target = {
        .maker = "Hikvision", .model = "DS-7604NI-M1/4P", .version = "V5.01.069"};
    struct verdict verdict;
    struct note note;
    assert_int_equal(judge(catalogue_of(nvd), &target, &verdict), ADVISORY_YES);
    target.version = "V5.01.070";
    assert_int_equal(judge(catalogue_of(nvd), &target, &verdict), ADVISORY_NO);
    struct catalog *catalog = catalogue_of(nvd);
    assert_string_equal(catalog->rows[0].severity, "critical");
    assert_string_equal(catalog->rows[0].exploited, "2026-01-05");
    catalog_free(catalog);
    assert_int_equal(import_init(&import), OK);
    assert_int_equal(import_document(&import, nvd, strlen(nvd), &note), OK);
    assert_int_equal(import.imported, 1);
    assert_int_equal(import.refused, 1);
    import_release(&import);
}

#define CSAF(tree, status)                                                                         \
    "{\"document\":{\"csaf_version\":\"2.0\",\"tracking\":{\"id\":\"icsa-99-1\"}},"                \
    "\"product_tree\":{\"branches\":[{\"category\":\"vendor\",\"name\":\"GeutebrÃ¼ck\","         \
    "\"branches\":[" tree                                                                          \
    "]}]},\"vulnerabilities\":[{\"cve\":\"CVE-2099-4\",\"product_status\":{" status "}}]}"
#define CSAF_PRODUCT(name, category, version, id)                                                  \
    "{\"category\":\"product_name\",\"name\":\"" name "\",\"branches\":[{\"category\":\"" category \
    "\",\"name\":\"" version "\",\"product\":{\"product_id\":\"" id "\",\"name\":\"x\"}}]}"

static void
test_reads_csaf_ranges_where_a_bar_means_and_or_or(void **state)
{
    (void)state;
    static const char both[] = CSAF(CSAF_PRODUCT("EFD-22xx", "product_version_range",
                                        ">=  5.3.1 build 150410 | <= 5.4.4  Build 161125", "A"),
        "\"known_affected\":[\"A\"]");
    static const char either[] = CSAF(CSAF_PRODUCT("EFD-22xx", "product_version_range",
                                          "<= 1.12.0.27 | 1.12.13.2 | 1.12.14.5", "A"),
        "\"known_affected\":[\"A\"]");
    static const struct {
        const char *document, *version;
        enum advisory_match match;
    } rows[] = {
        {both,   "5.3.1 build 150410", YES},
        {both,   "5.4.4 build 161125", YES},
        {both,   "5.4.4 build 161126", NO },
        {both,   "5.3.1 build 150409", NO },
        {either, "1.12.0.27",          YES},
        {either, "1.12.13.2",          YES},
        {either, "1.12.13.3",          NO },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct verdict verdict;
        const struct advisory_target target = {
            .maker = "Geutebrück", .model = "EFD-2250", .version = rows[i].version};
        assert_int_equal(judge(catalogue_of(rows[i].document), &target, &verdict), rows[i].match);
    }
}

static void
test_reads_csaf_firmware_installed_on_a_model(void **state)
{
    (void)state;
    static const char document[] =
        "{\"document\":{\"csaf_version\":\"2.0\",\"tracking\":{\"id\":\"icsa-99-2\"}},"
        "\"product_tree\":{\"branches\":[{\"category\":\"vendor\",\"name\":\"Mobotix\","
        "\"branches\":["
        "{\"category\":\"product_name\",\"name\":\"M26\",\"product\":{\"product_id\":\"H\","
        "\"name\":\"x\"}}," CSAF_PRODUCT("Firmware", "product_version_range",
            "vers:all/<MX-V5.2.0.61", "B") "," CSAF_PRODUCT("Firmware", "product_version",
            "MX-V5.2.0.61", "G") "]}],\"relationships\":["
                                 "{\"category\":\"installed_on\",\"product_reference\":\"B\","
                                 "\"relates_to_product_reference\":\"H\","
                                 "\"full_product_name\":{\"product_id\":\"BH\",\"name\":\"x\"}},"
                                 "{\"category\":\"installed_on\",\"product_reference\":\"G\","
                                 "\"relates_to_product_reference\":\"H\","
                                 "\"full_product_name\":{\"product_id\":\"GH\",\"name\":\"x\"}}]},"
                                 "\"vulnerabilities\":[{\"cve\":\"CVE-2099-5\",\"product_status\":{"
                                 "\"known_affected\":[\"BH\"],"
                                 "\"fixed\":[\"GH\"]}}]}";
    struct verdict verdict;
    struct advisory_target target = {.maker = "Mobotix", .model = "M26", .version = "MX-V5.2.0.60"};
    assert_int_equal(judge(catalogue_of(document), &target, &verdict), YES);
    target.version = "MX-V5.2.0.61";
    assert_int_equal(judge(catalogue_of(document), &target, &verdict), NO);
    target.model = "M16";
    assert_int_equal(judge(catalogue_of(document), &target, &verdict), NO);
}

static void
test_the_list_of_exploited_flaws_flags_rows_of_its_numbers(void **state)
{
    (void)state;
    static const char kev[] =
        "{\"catalogVersion\":\"2026.01.01\",\"vulnerabilities\":[{\"cveID\":\"CVE-2099-1\","
        "\"dateAdded\":\"2026-01-01\"},{\"cveID\":\"x\"},{\"cveID\":\"CVE-2099-9\",\"dateAdded\":"
        "\"?\"}]}";
    struct note note;
    assert_int_equal(import_init(&import), OK);
    assert_int_equal(import_document(&import, kev, strlen(kev), &note), OK);
    assert_int_equal(import.imported, 1);
    assert_int_equal(import.refused, 2);
    import_release(&import);
    struct catalog *catalog = catalogue_of(kev);
    assert_int_equal(catalog->exploited_count, 1);
    catalog_free(catalog);
}

static void
test_refuses_with_a_reason_what_is_no_record(void **state)
{
    (void)state;
    static const char *const none[] = {"", "{", "[]", "{}", "{\"a\":1}", "null", "7"};
    struct note note;
    for (size_t i = 0; i < COUNT(none); i++) {
        note.text[0] = '\0';
        assert_int_equal(import_init(&import), OK);
        assert_int_not_equal(import_document(&import, none[i], strlen(none[i]), &note), OK);
        assert_false(text_is_empty(note.text));
        import_release(&import);
    }
}

static void
test_reads_a_byte_order_mark_and_names_the_way_out_of_utf16(void **state)
{
    (void)state;
    static const char marked[] = "\xef\xbb\xbf{\"dataType\":\"CVE_RECORD\",\r\n\"dataVersion\":"
                                 "\"6.0\",\"cveMetadata\":{\"cveId\":\"CVE-2099-1\"},"
                                 "\"containers\":{\"cna\":{\"affected\":[{\"vendor\":\"Axis\","
                                 "\"product\":\"M1\",\"versions\":[{\"version\":\"1.0\","
                                 "\"status\":\"affected\"}]}]}}}";
    struct note note = {""};
    assert_int_equal(import_init(&import), OK);
    assert_int_equal(import_document(&import, marked, strlen(marked), &note), OK);
    assert_int_equal(import.imported, 1);
    assert_int_not_equal(import_document(&import, "\xff\xfe{\0", 4, &note), OK);
    assert_non_null(strstr(note.text, "iconv"));
    import_release(&import);
}

static void
test_a_rejected_record_is_refused(void **state)
{
    (void)state;
    static const char rejected[] = "{\"dataType\":\"CVE_RECORD\",\"cveMetadata\":{\"cveId\":\"CVE-"
                                   "2099-1\",\"state\":\"REJECTED\"},"
                                   "\"containers\":{\"cna\":{\"rejectedReasons\":[]}}}";
    struct note note;
    assert_int_equal(import_init(&import), OK);
    assert_int_equal(import_document(&import, rejected, strlen(rejected), &note), OK);
    assert_int_equal(import.refused, 1);
    import_release(&import);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_mess_form_gets_the_right_verdict),
        cmocka_unit_test(test_the_makers_own_range_is_preferred_and_the_other_one_shown),
        cmocka_unit_test(test_an_exact_range_of_another_decides_where_the_maker_says_nothing),
        cmocka_unit_test(test_a_range_in_the_description_alone_is_never_affected),
        cmocka_unit_test(test_versions_that_the_record_clears_are_not_affected),
        cmocka_unit_test(test_reads_nvd_and_refuses_what_it_has_not_analysed),
        cmocka_unit_test(test_reads_csaf_ranges_where_a_bar_means_and_or_or),
        cmocka_unit_test(test_reads_csaf_firmware_installed_on_a_model),
        cmocka_unit_test(test_the_list_of_exploited_flaws_flags_rows_of_its_numbers),
        cmocka_unit_test(test_refuses_with_a_reason_what_is_no_record),
        cmocka_unit_test(test_reads_a_byte_order_mark_and_names_the_way_out_of_utf16),
        cmocka_unit_test(test_a_rejected_record_is_refused),
    };
    return cmocka_run_group_tests_name("import", tests, NULL, NULL);
}
