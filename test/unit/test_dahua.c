#include "reading.h"

extern const struct device_driver device_dahua;

#define MAGIC   "/cgi-bin/magicBox.cgi?action="
#define CONFIG  "/cgi-bin/configManager.cgi?action=getConfig&name="
#define CAMERA  "answers/dahua/IPC-HFW4431R-Z-2.800.0000016.0.R/"
#define AMCREST "answers/dahua/Amcrest-IP2M-841-2.623.00AC004.0.R/"

static void
test_reads_what_the_transcripts_say(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct reading_row rows[] = {
        {CAMERA "getSoftwareVersion.txt", 200, MAGIC "getSoftwareVersion", NULL, FACT_DEVICE_VENDOR,
         "Dahua", NULL, 0},
        {CAMERA "getSoftwareVersion.txt", 200, MAGIC "getSoftwareVersion", NULL,
         FACT_DEVICE_FIRMWARE,
         "2.800.0000016.0.R,build:2020-06-05",
         NULL, 0},
        {CAMERA "getSoftwareVersion.txt", 200, MAGIC "getSoftwareVersion", NULL, FACT_DEVICE_BUILD,
         "2020-06-05", NULL, 0},
        {CAMERA "getDeviceType.txt", 200, MAGIC "getDeviceType", NULL, FACT_DEVICE_MODEL,
         "IPC-HFW4431R-Z", NULL, 0},
        {CAMERA "getDeviceClass.txt", 200, MAGIC "getDeviceClass", NULL, FACT_DEVICE_KIND, "camera",
         NULL, 0},
        {CAMERA "getVendor.txt", 200, MAGIC "getVendor", NULL, FACT_DEVICE_BRAND, NULL, NULL, 0},
        {CAMERA "getMachineName.txt", 200, MAGIC "getMachineName", NULL, FACT_DEVICE_NAME,
         "4C012345PAZABCD", NULL, 0},
        {CAMERA "getSystemInfo.txt", 200, MAGIC "getSystemInfo", NULL, FACT_DEVICE_SERIAL,
         "4C012345PAZABCD", NULL, 0},
        {CAMERA "T2UServer.txt", 200, CONFIG "T2UServer", NULL, FACT_CLOUD_ENABLED, "yes", NULL, 0},
        {CAMERA "UPnP.txt", 200, CONFIG "UPnP", NULL, FACT_UPNP_ENABLED, "no", NULL, 0},
        {CAMERA "DDNS.txt", 200, CONFIG "DDNS", NULL, FACT_DDNS_ENABLED, "yes", NULL, 0},
        {AMCREST "getSoftwareVersion.txt", 200, MAGIC "getSoftwareVersion", NULL, FACT_DEVICE_BUILD,
         "2020-03-16", NULL, 0},
        {AMCREST "getVendor.txt", 200, MAGIC "getVendor", NULL, FACT_DEVICE_BRAND, "Amcrest", NULL,
         0},
        {AMCREST "T2UServer.txt", 200, CONFIG "T2UServer", NULL, FACT_CLOUD_ENABLED, "no", NULL, 0},
        {AMCREST "DDNS.txt", 200, CONFIG "DDNS", NULL, FACT_DDNS_ENABLED, "no", NULL, 0},
        {NULL, 200, CONFIG "DDNS", NULL, FACT_DDNS_ENABLED, NULL, NULL, 0},
    };
    /* clang-format on */
    reading_check(&device_dahua, rows, COUNT(rows));
}

static void
test_reads_the_serial_number_from_the_refusal(void **state)
{
    (void)state;
    struct arena arena;
    struct facts facts;
    const struct ask ask = {.path = MAGIC "getSoftwareVersion", .login = true};
    const struct answer answer = answer_of(401,
        "WWW-Authenticate: Digest realm=\"Login to 4C012345PAZABCD\", qop=\"auth\", "
        "nonce=\"1\"\r\n",
        "");
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    facts_init(&facts, &arena);
    assert_int_equal(device_read(&device_dahua, &ask, &answer, "GET x", &facts), 1);
    assert_string_equal(facts_text(&facts, FACT_DEVICE_SERIAL), "4C012345PAZABCD");
    assert_true(device_probe_matches(&device_dahua.probes[0], &answer));
    arena_release(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_what_the_transcripts_say),
        cmocka_unit_test(test_reads_the_serial_number_from_the_refusal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
