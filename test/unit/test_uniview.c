#include "reading.h"

extern const struct device_driver device_uniview;

#define INFO "/LAPI/V1.0/System/DeviceInfo"
#define LAPI "/LAPI/V1.0/"
#define OLD  "transcript/uniview/IPC6322SR-X22P-B6103.16.10/"
#define NEW  "transcript/uniview/IPC3615SB-ADF28KM-B6105.12.8/"
#define NVR  "transcript/uniview/NVR302-16S2-B3801.20.17/"
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

static void
test_reads_every_era_of_firmware(void **state)
{
    (void)state;
    static const struct reading_row rows[] = {
        {OLD "DeviceInfo.json",      200, LAPI "System/DeviceInfo",         NULL, FACT_DEVICE_VENDOR,   "Uniview",
         NULL,                                                                                                                   0},
        {OLD "DeviceInfo.json",      200, LAPI "System/DeviceInfo",         NULL, FACT_DEVICE_MODEL,
         "IPC6322SR-X22P",                                                                                                 NULL, 0},
        {OLD "DeviceInfo.json",      200, LAPI "System/DeviceInfo",         NULL, FACT_DEVICE_FIRMWARE,
         "IPC_G6103-B6103.16.10.B25.201218",                                                                               NULL, 0},
        {OLD "DeviceInfo.json",      200, LAPI "System/DeviceInfo",         NULL, FACT_DEVICE_BUILD,
         "2020-12-18",                                                                                                     NULL, 0},
        {OLD "DeviceInfo.json",      200, LAPI "System/DeviceInfo",         NULL, FACT_DEVICE_KIND,     "camera",
         NULL,                                                                                                                   0},
        {OLD "DDNS.json",            200, LAPI "NetWork/DDNS",              NULL, FACT_DDNS_ENABLED,    "yes",             NULL, 0},
        {OLD "PortMap.json",         200, LAPI "Channel/0/NetWork/PortMap", NULL, FACT_UPNP_ENABLED,    "yes",
         NULL,                                                                                                                   0},
        {OLD "Telnet.json",          200, LAPI "Channel/0/NetWork/Telnet",  NULL, FACT_SERVICE_TELNET,  "yes",
         NULL,                                                                                                                   0},
        {OLD "SNMP.json",            200, LAPI "NetWork/SNMP",              NULL, FACT_SERVICE_SNMP,    "yes",             NULL, 0},
        {OLD "HTTPS.json",           200, LAPI "NetWork/HTTPS",             NULL, FACT_TLS_ENABLED,     "no",              NULL, 0},
        {OLD "HttpAuth.json",        200, LAPI "NetWork/HttpAuth",          NULL, FACT_AUTH_MODES,      "HTTP basic",
         NULL,                                                                                                                   0},
        {OLD "HttpAuth.json",        200, LAPI "NetWork/HttpAuth",          NULL, FACT_AUTH_BASIC,      "yes",             NULL, 0},
        {OLD "RtspAuth.json",        200, LAPI "NetWork/RtspAuth",          NULL, FACT_AUTH_MODES,      "RTSP none",
         NULL,                                                                                                                   0},
        {OLD "RtspAuth.json",        200, LAPI "NetWork/RtspAuth",          NULL, FACT_USERS_ANONYMOUS, NULL,              NULL,
         0                                                                                                                        },
        {OLD "NTP.json",             200, LAPI "System/Time/NTP",           NULL, FACT_CLOCK_SYNCED,    "no",              NULL, 0},
        {OLD "NTP.json",             200, LAPI "System/Time/NTP",           NULL, FACT_CLOCK_NTP,       NULL,              NULL, 0},
        {OLD "Users.json",           200, LAPI "Channel/0/System/Users",    NULL, FACT_USERS_LIST,
         "admin (level 0), guard (level 1)",                                                                               NULL, 0},
        {OLD "denied.json",          200, LAPI "Network/Cloud",             NULL, FACT_CLOUD_ENABLED,   NULL,              NULL, 0},
        {NEW "DeviceBasicInfo.json", 200, LAPI "System/DeviceBasicInfo",    NULL, FACT_DEVICE_MODEL,
         "IPC3615SB-ADF28KM-I0",                                                                                           NULL, 0},
        {NEW "DeviceBasicInfo.json", 200, LAPI "System/DeviceBasicInfo",    NULL, FACT_DEVICE_FIRMWARE,
         "GIPC-B6105.12.8.231122",                                                                                         NULL, 0},
        {NEW "DeviceBasicInfo.json", 200, LAPI "System/DeviceBasicInfo",    NULL, FACT_DEVICE_BUILD,
         "2023-11-22",                                                                                                     NULL, 0},
        {NEW "DeviceInfo.json",      200, LAPI "System/DeviceInfo",         NULL, FACT_DEVICE_NAME,     "yard",            NULL,
         0                                                                                                                        },
        {NEW "DeviceInfo.json",      200, LAPI "System/DeviceInfo",         NULL, FACT_DEVICE_HARDWARE, "A",
         NULL,                                                                                                                   0},
        {NEW "Cloud.json",           200, LAPI "Network/Cloud",             NULL, FACT_CLOUD_ENABLED,   "no",              NULL, 0},
        {NEW "Cloud.json",           200, LAPI "Network/Cloud",             NULL, FACT_CLOUD_NAME,      "EZCloud",         NULL, 0},
        {NEW "DDNS.json",            200, LAPI "NetWork/DDNS",              NULL, FACT_DDNS_ENABLED,    "no",              NULL, 0},
        {NEW "PortMap.json",         200, LAPI "Channel/0/NetWork/PortMap", NULL, FACT_UPNP_ENABLED,    "no",
         NULL,                                                                                                                   0},
        {NEW "Telnet.json",          200, LAPI "Channel/0/NetWork/Telnet",  NULL, FACT_SERVICE_TELNET,  "no",
         NULL,                                                                                                                   0},
        {NEW "SNMP.json",            200, LAPI "NetWork/SNMP",              NULL, FACT_SERVICE_SNMP,    "no",              NULL, 0},
        {NEW "HTTPS.json",           200, LAPI "NetWork/HTTPS",             NULL, FACT_TLS_ENABLED,     "yes",             NULL, 0},
        {NEW "HttpAuth.json",        200, LAPI "NetWork/HttpAuth",          NULL, FACT_AUTH_BASIC,      "no",              NULL, 0},
        {NEW "NTP.json",             200, LAPI "System/Time/NTP",           NULL, FACT_CLOCK_SYNCED,    "yes",             NULL, 0},
        {NEW "NTP.json",             200, LAPI "System/Time/NTP",           NULL, FACT_CLOCK_NTP,       "10.20.0.1",       NULL, 0},
        {NEW "Users.json",           200, LAPI "System/Users",              NULL, FACT_USERS_LIST,
         "admin (level 0), vms (level 2)",                                                                                 NULL, 0},
        {NEW "Time.json",            200, LAPI "System/Time",               NULL, FACT_CLOCK_OFFSET,    "30",              NULL, 0},
        {NVR "DeviceInfo.json",      200, LAPI "System/DeviceInfo",         NULL, FACT_DEVICE_MODEL,
         "NVR302-16S2",                                                                                                    NULL, 0},
        {NVR "DeviceInfo.json",      200, LAPI "System/DeviceInfo",         NULL, FACT_DEVICE_KIND,     "recorder",
         NULL,                                                                                                                   0},
        {NVR "DeviceInfo.json",      200, LAPI "System/DeviceInfo",         NULL, FACT_DEVICE_BUILD,
         "2024-05-07",                                                                                                     NULL, 0},
        {NVR "Cloud.json",           200, LAPI "Network/Cloud",             NULL, FACT_CLOUD_ENABLED,   "yes",             NULL, 0},
        {NVR "PortMap.json",         200, LAPI "Channel/0/NetWork/PortMap", NULL, FACT_UPNP_ENABLED,    "yes",
         NULL,                                                                                                                   0},
        {NVR "NTP.json",             200, LAPI "System/Time/NTP",           NULL, FACT_CLOCK_NTP,       "pool.ntp.org",    NULL,
         0                                                                                                                        },
        {NVR "Users.json",           200, LAPI "System/Users",              NULL, FACT_USERS_LIST,      "admin (level 0)", NULL,
         0                                                                                                                        },
    };
    reading_check(&device_uniview, rows, COUNT(rows));
}

static void
test_modes_of_both_protocols_are_told(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "{\"Response\":{\"Data\":{\"Mode\":2}}}", "{\"Response\":{\"Data\":{\"Mode\":1}}}"};
    static const char *const paths[] = {LAPI "NetWork/HttpAuth", LAPI "NetWork/RtspAuth"};
    struct arena arena;
    struct facts facts;
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    facts_init(&facts, &arena);
    for (size_t i = 0; i < COUNT(bodies); i++) {
        const struct ask ask = {.path = paths[i]};
        struct answer answer = answer_of(200, "", bodies[i]);
        (void)device_read(&device_uniview, &ask, &answer, "GET", &facts);
    }
    assert_string_equal(facts_text(&facts, FACT_AUTH_MODES), "HTTP digest, RTSP basic");
    assert_true(facts_is_yes(&facts, FACT_AUTH_BASIC));
    arena_release(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_what_the_transcripts_say),
        cmocka_unit_test(test_reads_every_era_of_firmware),
        cmocka_unit_test(test_modes_of_both_protocols_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
