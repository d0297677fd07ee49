#include "reading.h"

extern const struct device_driver device_tplink;

#define SERVICE "/onvif/device_service"
#define C200    "transcript/tplink/Tapo-C200-1.1.15/GetDeviceInformation.xml"
#define C340    "transcript/tplink/VIGI-C340-2.0.4/GetDeviceInformation.xml"
#define COMMON  "transcript/onvif/common/"

static void
test_reads_what_the_transcripts_say(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct reading_row rows[] = {
        {C200, 200, SERVICE, "GetDeviceInformation", FACT_DEVICE_VENDOR, "TP-Link", NULL, 0},
        {C200, 200, SERVICE, "GetDeviceInformation", FACT_DEVICE_MODEL, "Tapo C200", NULL, 0},
        {C200, 200, SERVICE, "GetDeviceInformation", FACT_DEVICE_FIRMWARE, "1.1.15 Build 211130 Rel.15378n(4555)", NULL, 0},
        {C200, 200, SERVICE, "GetDeviceInformation", FACT_DEVICE_BUILD, "2021-11-30", NULL, 0},
        {C200, 401, SERVICE, "GetDeviceInformation", FACT_DEVICE_MODEL, NULL, NULL, 0},
        {C340, 200, SERVICE, "GetDeviceInformation", FACT_DEVICE_MODEL, "VIGI C340", NULL, 0},
        {C340, 200, SERVICE, "GetDeviceInformation", FACT_DEVICE_BUILD, "2023-09-18", NULL, 0},
        {COMMON "GetUsers.xml", 200, SERVICE, "GetUsers", FACT_USERS_LIST, "admin (Administrator)", NULL, 0},
        {COMMON "GetUsers.xml", 200, SERVICE, "GetUsers", FACT_LOGIN_ONVIF_USERS, NULL, NULL, 0},
    };
    /* clang-format on */
    reading_check(&device_tplink, rows, COUNT(rows));
}

static void
test_knows_the_words_of_a_suspension(void **state)
{
    (void)state;
    const struct answer locked =
        answer_of(200, "", "{\"error_code\":-40404,\"result\":{\"data\":{\"code\":-40404}}}");
    const struct answer asked = answer_of(200, "", "{\"error_code\":-40401}");
    assert_true(device_warning(&device_tplink, &locked).locked);
    assert_false(device_warning(&device_tplink, &asked).locked);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_what_the_transcripts_say),
        cmocka_unit_test(test_knows_the_words_of_a_suspension),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
