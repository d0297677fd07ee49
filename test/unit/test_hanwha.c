#include "reading.h"

extern const struct device_driver device_hanwha;

#define INFO "/stw-cgi/system.cgi?msubmenu=deviceinfo&action=view"
#define CAM  "transcript/hanwha/QNV-8080R-1.41.14/"

static void
test_reads_what_the_transcripts_say(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct reading_row rows[] = {
        {CAM "deviceinfo.txt", 200, INFO, NULL, FACT_DEVICE_VENDOR, "Hanwha", NULL, 0},
        {CAM "deviceinfo.txt", 200, INFO, NULL, FACT_DEVICE_MODEL, "QNV-8080R", NULL, 0},
        {CAM "deviceinfo.txt", 200, INFO, NULL, FACT_DEVICE_FIRMWARE, "1.41.14_20230302_R310", NULL,
         0},
        {CAM "deviceinfo.txt", 200, INFO, NULL, FACT_DEVICE_BUILD, "2023-03-02", NULL, 0},
        {CAM "deviceinfo.txt", 200, INFO, NULL, FACT_DEVICE_KIND, "camera", NULL, 0},
        {NULL, 403, INFO, NULL, FACT_DEVICE_ACTIVATED, "no", NULL, 0},
        {NULL, 401, INFO, NULL, FACT_DEVICE_ACTIVATED, "yes",
         "WWW-Authenticate: Digest realm=\"iPolis\"\r\n",
         0},
        {NULL, 403, INFO, NULL, FACT_DEVICE_ACTIVATED, NULL,
         "WWW-Authenticate: Digest realm=\"iPolis\"\r\n",
         0},
        {NULL, 401, INFO, NULL, FACT_DEVICE_ACTIVATED, NULL, NULL, 0},
    };
    /* clang-format on */
    reading_check(&device_hanwha, rows, COUNT(rows));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_what_the_transcripts_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
