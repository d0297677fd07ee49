#include "reading.h"

extern const struct device_driver device_xiongmai;

#define SERVICE "/onvif/device_service"

static void
test_reads_what_the_transcripts_say(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct reading_row rows[] = {
        {"answers/onvif/generic/information.xml",
         200, SERVICE, NULL, FACT_DEVICE_VENDOR, "Xiongmai", NULL, 0},
        {"answers/onvif/generic/information.xml",
         200, SERVICE, NULL, FACT_DEVICE_KIND, "camera", NULL, 0},
        {"answers/onvif/generic/refused.xml",
         400, SERVICE, NULL, FACT_DEVICE_VENDOR, NULL, NULL, 0},
        {"answers/onvif/generic/date.xml", 200, SERVICE, NULL, FACT_DEVICE_VENDOR, NULL, NULL, 0},
    };
    /* clang-format on */
    reading_check(&device_xiongmai, rows, COUNT(rows));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_what_the_transcripts_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
