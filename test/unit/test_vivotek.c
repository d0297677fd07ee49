#include "reading.h"

extern const struct device_driver device_vivotek;

#define GET "/cgi-bin/admin/getparam.cgi?"
#define CAM "answers/vivotek/CC8160/"
#define NET GET "upnpportforwarding_enable&ddns_enable"

static void
test_reads_what_the_transcripts_say(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct reading_row rows[] = {
        {CAM "system_info.txt", 200, GET "system_info", NULL, FACT_DEVICE_MODEL, "CC8160", NULL, 0},
        {CAM "system_info.txt", 200, GET "system_info", NULL, FACT_DEVICE_FIRMWARE,
         "CC8160-VVTK-0100d", NULL, 0},
        {CAM "network.txt", 200, NET, NULL, FACT_UPNP_ENABLED, "yes", NULL, 0},
        {CAM "network.txt", 200, NET, NULL, FACT_DDNS_ENABLED, "no", NULL, 0},
    };
    /* clang-format on */
    reading_check(&device_vivotek, rows, COUNT(rows));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_what_the_transcripts_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
