#include "reading.h"

extern const struct device_driver vms_nxwitness;

#define INFO   "/rest/v4/servers/this/info"
#define MODULE "/api/moduleInformation"
#define NX     "answers/nxwitness/6.1/"
#define OLD    "answers/nxwitness/old/"

static void
test_reads_what_the_transcripts_say(void **state)
{
    (void)state;
    static const struct reading_row rows[] = {
        {NX "info.json",    200, INFO,               NULL, FACT_VMS_PRODUCT,      "DW Spectrum", NULL, 0},
        {NX "info.json",    200, INFO,               NULL, FACT_VMS_VERSION,      "6.1.0.41903", NULL, 0},
        {NX "info.json",    200, INFO,               NULL, FACT_VMS_LIMIT,        "yes",         NULL, 0},
        {NX "info.json",    200, INFO,               NULL, FACT_DEVICE_ACTIVATED, NULL,          NULL, 0},
        {NX "fresh.json",   200, INFO,               NULL, FACT_VMS_PRODUCT,      "Nx Witness",  NULL, 0},
        {NX "fresh.json",   200, INFO,               NULL, FACT_DEVICE_ACTIVATED, "no",          NULL, 0},
        {OLD "module.json", 200, MODULE,             NULL, FACT_VMS_PRODUCT,      "Hanwha Wave", NULL, 0},
        {OLD "module.json", 200, MODULE,             NULL, FACT_VMS_VERSION,      "4.2.0.32840", NULL, 0},
        {NULL,              401, "/rest/v4/devices", NULL, FACT_VMS_AUTH,         "yes",         NULL, 0},
        {NX "info.json",    200, "/rest/v4/devices", NULL, FACT_VMS_AUTH,         NULL,          NULL, 0},
    };
    reading_check(&vms_nxwitness, rows, COUNT(rows));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_what_the_transcripts_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
