#include "reading.h"

extern const struct device_driver device_uniview;

#define INFO "/LAPI/V1.0/System/DeviceInfo"
#define CAM  "transcript/uniview/IPC322LB-SF28-A-B2303.2.8/"

static void
test_reads_what_the_transcripts_say(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct reading_row rows[] = {
        {CAM "DeviceInfo.json", 200, INFO, NULL, FACT_DEVICE_VENDOR, "Uniview", NULL, 0},
        {CAM "DeviceInfo.json", 200, INFO, NULL, FACT_DEVICE_MODEL, "IPC322LB-SF28-A", NULL, 0},
        {CAM "DeviceInfo.json", 200, INFO, NULL, FACT_DEVICE_FIRMWARE, "CIPC-B2303.2.8.230105",
         NULL, 0},
        {CAM "DeviceInfo.json", 200, INFO, NULL, FACT_DEVICE_BUILD, "2023-01-05", NULL, 0},
        {CAM "denied.json", 401, INFO, NULL, FACT_DEVICE_MODEL, NULL, NULL, 0},
        {CAM "denied.json", 200, INFO, NULL, FACT_DEVICE_VENDOR, NULL, NULL, 0},
    };
    /* clang-format on */
    reading_check(&device_uniview, rows, COUNT(rows));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_what_the_transcripts_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
