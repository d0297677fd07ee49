#include "reading.h"

extern const struct device_driver device_onvif;

#define SERVICE "/onvif/device_service"

static void
test_reads_what_the_transcripts_say(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct reading_row rows[] = {
        {"answers/onvif/generic/date.xml", 200, SERVICE, "GetSystemDateAndTime", FACT_CLOCK_OFFSET,
         "-300", NULL, 0},
        {"answers/onvif/generic/date.xml", 401, SERVICE, "GetSystemDateAndTime", FACT_CLOCK_OFFSET,
         NULL, NULL, 0},
        {"answers/onvif/generic/information.xml",
         200, SERVICE, "GetDeviceInformation", FACT_DEVICE_VENDOR, "H264", NULL, 0},
        {"answers/onvif/generic/information.xml",
         200, SERVICE, "GetDeviceInformation", FACT_DEVICE_MODEL, "XM530_50X50-WG_8M", NULL, 0},
        {"answers/onvif/generic/information.xml",
         200, SERVICE, "GetDeviceInformation", FACT_DEVICE_HARDWARE, "00001", NULL, 0},
        {"answers/onvif/generic/information.xml",
         200, SERVICE, "GetDeviceInformation", FACT_LOGIN_ONVIF_OPEN, "yes", NULL, 0},
        {"answers/onvif/generic/refused.xml",
         400, SERVICE, "GetDeviceInformation", FACT_LOGIN_ONVIF_OPEN, "no", NULL, 0},
        {"answers/onvif/generic/refused.xml",
         400, SERVICE, "GetDeviceInformation", FACT_DEVICE_MODEL, NULL, NULL, 0},
        {NULL, 404, SERVICE, "GetDeviceInformation", FACT_LOGIN_ONVIF_OPEN, NULL, NULL, 0},
        {"answers/onvif/generic/interfaces.xml",
         200, SERVICE, "GetNetworkInterfaces", FACT_DEVICE_MAC, "00:12:31:01:02:03", NULL, 0},
    };
    /* clang-format on */
    reading_check(&device_onvif, rows, COUNT(rows));
}

static void
test_ignores_a_date_that_is_none(void **state)
{
    (void)state;
    struct arena arena;
    struct facts facts;
    const struct ask *ask = device_ask(&device_onvif, 0);
    const struct answer answer = answer_of(200, "",
        "<E><UTCDateTime><Time><Hour>25</Hour></Time><Date><Year>99999</Year></Date></"
        "UTCDateTime></E>");
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    facts_init(&facts, &arena);
    assert_int_equal(device_read(&device_onvif, ask, &answer, "POST x", &facts), 0);
    arena_release(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_what_the_transcripts_say),
        cmocka_unit_test(test_ignores_a_date_that_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
