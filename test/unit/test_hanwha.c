#include "reading.h"

extern const struct device_driver device_hanwha;

#define INFO           "/stw-cgi/system.cgi?msubmenu=deviceinfo&action=view"
#define STATUS         "/init-cgi/pw_init.cgi?msubmenu=statuscheck&action=view"
#define DATE           "/stw-cgi/system.cgi?msubmenu=date&action=view"
#define SECURITY(name) "/stw-cgi/security.cgi?msubmenu=" name "&action=view"
#define NETWORK(name)  "/stw-cgi/network.cgi?msubmenu=" name "&action=view"
#define SND            "transcript/hanwha/SND-6084R-1.10_150430/"
#define XNP            "transcript/hanwha/XNP-6320H-1.41.16/"
#define PNM            "transcript/hanwha/PNM-C7083RVD-2.21.01/"
#define NVR            "transcript/hanwha/PRN-4011-2.10/"
#define FRESH          "transcript/hanwha/XNV-C8083R-2.02-new/"
#define CAM            "transcript/hanwha/QNV-8080R-1.41.14/"

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

static void
test_reads_every_era_of_firmware(void **state)
{
    (void)state;
    static const struct reading_row rows[] = {
        {SND "deviceinfo.txt",    200, INFO,                  NULL, FACT_DEVICE_MODEL,     "SND-6084R",             NULL, 0},
        {SND "deviceinfo.txt",    200, INFO,                  NULL, FACT_DEVICE_FIRMWARE,  "1.10_150430",           NULL, 0},
        {SND "deviceinfo.txt",    200, INFO,                  NULL, FACT_DEVICE_BUILD,     "2015-04-30",            NULL, 0},
        {SND "deviceinfo.txt",    200, INFO,                  NULL, FACT_DEVICE_KIND,      "camera",                NULL, 0},
        {SND "users.txt",         200, SECURITY("users"),     NULL, FACT_USERS_LIST,
         "admin (administrator), user1 (user)",                                                                     NULL, 0},
        {SND "guest.txt",         200, SECURITY("guest"),     NULL, FACT_USERS_ANONYMOUS,  "yes",                   NULL, 0},
        {SND "rtsp.txt",          200, SECURITY("rtsp"),      NULL, FACT_USERS_ANONYMOUS,  "yes",                   NULL, 0},
        {SND "ssl.txt",           200, SECURITY("ssl"),       NULL, FACT_TLS_ENABLED,      "no",                    NULL, 0},
        {SND "bonjour.txt",       200, NETWORK("bonjour"),    NULL, FACT_SERVICE_BONJOUR,  "yes",                   NULL, 0},
        {SND "dynamicdns.txt",    200, NETWORK("dynamicdns"), NULL, FACT_DDNS_ENABLED,     "yes",                   NULL, 0},
        {SND "dynamicdns.txt",    200, NETWORK("dynamicdns"), NULL, FACT_UPNP_ENABLED,     "yes",                   NULL, 0},
        {SND "snmp.txt",          200, NETWORK("snmp"),       NULL, FACT_SERVICE_SNMP,     "yes",                   NULL, 0},
        {SND "date.txt",          200, DATE,                  NULL, FACT_CLOCK_SYNCED,     "no",                    NULL, 0},
        {SND "date.txt",          200, DATE,                  NULL, FACT_CLOCK_OFFSET,     "30",                    NULL, 0},
        {XNP "deviceinfo.txt",    200, INFO,                  NULL, FACT_DEVICE_MODEL,     "XNP-6320H",             NULL, 0},
        {XNP "deviceinfo.txt",    200, INFO,                  NULL, FACT_DEVICE_BUILD,     "2023-07-19",            NULL, 0},
        {XNP "users.txt",         200, SECURITY("users"),     NULL, FACT_USERS_LIST,
         "admin (administrator), vms (user)",                                                                       NULL, 0},
        {XNP "guest.txt",         200, SECURITY("guest"),     NULL, FACT_USERS_ANONYMOUS,  "no",                    NULL, 0},
        {XNP "rtsp.txt",          200, SECURITY("rtsp"),      NULL, FACT_USERS_ANONYMOUS,  "no",                    NULL, 0},
        {XNP "ssl.txt",           200, SECURITY("ssl"),       NULL, FACT_TLS_ENABLED,      "yes",                   NULL, 0},
        {XNP "bonjour.txt",       200, NETWORK("bonjour"),    NULL, FACT_SERVICE_BONJOUR,  "no",                    NULL, 0},
        {XNP "dynamicdns.txt",    200, NETWORK("dynamicdns"), NULL, FACT_DDNS_ENABLED,     "no",                    NULL, 0},
        {XNP "dynamicdns.txt",    200, NETWORK("dynamicdns"), NULL, FACT_UPNP_ENABLED,     "no",                    NULL, 0},
        {XNP "snmp.txt",          200, NETWORK("snmp"),       NULL, FACT_SERVICE_SNMP,     "no",                    NULL, 0},
        {XNP "date.txt",          200, DATE,                  NULL, FACT_CLOCK_SYNCED,     "yes",                   NULL, 0},
        {XNP "date.txt",          200, DATE,                  NULL, FACT_CLOCK_NTP,        "10.20.0.1",             NULL, 0},
        {XNP "date.txt",          200, DATE,                  NULL, FACT_CLOCK_OFFSET,     "0",                     NULL, 0},
        {XNP "statuscheck.txt",   200, STATUS,                NULL, FACT_DEVICE_ACTIVATED, "yes",                   NULL, 0},
        {PNM "deviceinfo.txt",    200, INFO,                  NULL, FACT_DEVICE_MODEL,     "PNM-C7083RVD",          NULL, 0},
        {PNM "deviceinfo.txt",    200, INFO,                  NULL, FACT_DEVICE_FIRMWARE,  "2.21.01_20220517_R276", NULL,
         0                                                                                                                 },
        {PNM "deviceinfo.txt",    200, INFO,                  NULL, FACT_DEVICE_BUILD,     "2022-05-17",            NULL, 0},
        {PNM "deviceinfo.txt",    200, INFO,                  NULL, FACT_DEVICE_KIND,      "camera",                NULL, 0},
        {PNM "users.txt",         200, SECURITY("users"),     NULL, FACT_USERS_LIST,
         "admin (administrator), lobby (user)",                                                                     NULL, 0},
        {PNM "guest.txt",         200, SECURITY("guest"),     NULL, FACT_USERS_ANONYMOUS,  "no",                    NULL, 0},
        {PNM "rtsp.txt",          200, SECURITY("rtsp"),      NULL, FACT_USERS_ANONYMOUS,  "no",                    NULL, 0},
        {PNM "ssl.txt",           200, SECURITY("ssl"),       NULL, FACT_TLS_ENABLED,      "yes",                   NULL, 0},
        {PNM "bonjour.txt",       200, NETWORK("bonjour"),    NULL, FACT_SERVICE_BONJOUR,  "yes",                   NULL, 0},
        {PNM "dynamicdns.txt",    200, NETWORK("dynamicdns"), NULL, FACT_DDNS_ENABLED,     "no",                    NULL, 0},
        {PNM "dynamicdns.txt",    200, NETWORK("dynamicdns"), NULL, FACT_UPNP_ENABLED,     "no",                    NULL, 0},
        {PNM "snmp.txt",          200, NETWORK("snmp"),       NULL, FACT_SERVICE_SNMP,     "yes",                   NULL, 0},
        {PNM "date.txt",          200, DATE,                  NULL, FACT_CLOCK_SYNCED,     "yes",                   NULL, 0},
        {PNM "date.txt",          200, DATE,                  NULL, FACT_CLOCK_NTP,        "pool.ntp.org",          NULL, 0},
        {PNM "date.txt",          200, DATE,                  NULL, FACT_CLOCK_OFFSET,     "0",                     NULL, 0},
        {PNM "statuscheck.txt",   200, STATUS,                NULL, FACT_DEVICE_ACTIVATED, "yes",                   NULL, 0},
        {NVR "deviceinfo.txt",    200, INFO,                  NULL, FACT_DEVICE_MODEL,     "PRN-4011",              NULL, 0},
        {NVR "deviceinfo.txt",    200, INFO,                  NULL, FACT_DEVICE_KIND,      "recorder",              NULL, 0},
        {NVR "deviceinfo.txt",    200, INFO,                  NULL, FACT_DEVICE_BUILD,     "2018-03-29",            NULL, 0},
        {NVR "users.txt",         200, SECURITY("users"),     NULL, FACT_USERS_LIST,
         "admin (Admin), tarak (User)",                                                                             NULL, 0},
        {NVR "p2p.txt",           200, NETWORK("p2p"),        NULL, FACT_CLOUD_ENABLED,    "yes",                   NULL, 0},
        {NVR "p2p.txt",           200, NETWORK("p2p"),        NULL, FACT_CLOUD_NAME,       "Wisenet P2P",           NULL, 0},
        {NVR "dynamicdns.txt",    200, NETWORK("dynamicdns"), NULL, FACT_DDNS_ENABLED,     "yes",                   NULL, 0},
        {NVR "dynamicdns.txt",    200, NETWORK("dynamicdns"), NULL, FACT_UPNP_ENABLED,     NULL,                    NULL, 0},
        {NVR "snmp.txt",          200, NETWORK("snmp"),       NULL, FACT_SERVICE_SNMP,     "no",                    NULL, 0},
        {NVR "date.txt",          200, DATE,                  NULL, FACT_CLOCK_NTP,        "203.248.240.140",       NULL, 0},
        {FRESH "statuscheck.txt", 200, STATUS,                NULL, FACT_DEVICE_ACTIVATED, "no",                    NULL, 0},
    };
    reading_check(&device_hanwha, rows, COUNT(rows));
}

static void
test_an_unsupported_setting_says_nothing(void **state)
{
    (void)state;
    static const char *const menus[] = {NETWORK("p2p"), NETWORK("dynamicdns"), NETWORK("snmp"),
        SECURITY("guest"), SECURITY("users"), SECURITY("ssl")};
    struct arena arena;
    struct facts facts;
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    facts_init(&facts, &arena);
    for (size_t i = 0; i < COUNT(menus); i++) {
        const struct ask ask = {.path = menus[i], .login = true};
        struct answer answer = answer_of(200, "", "NG\r\nError Code: 608\r\n");
        assert_int_equal(device_read(&device_hanwha, &ask, &answer, "GET", &facts), 0);
    }
    arena_release(&arena);
}

static void
test_passwords_of_a_recorder_stay_out_of_the_evidence(void **state)
{
    (void)state;
    const struct ask ask = {.path = SECURITY("users"), .login = true};
    struct arena arena;
    struct facts facts;
    struct buf body;
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    facts_init(&facts, &arena);
    buf_init(&body, ANSWER_BODY);
    assert_int_equal(transcript_read(NVR "users.txt", &body), OK);
    struct answer answer = answer_of(200, "", body.data);
    (void)device_read(&device_hanwha, &ask, &answer, "GET http://10.0.0.7/", &facts);
    const struct fact *fact = facts_get(&facts, FACT_USERS_LIST);
    assert_non_null(fact);
    assert_null(strstr(fact->text, "7i8"));
    assert_null(strstr(fact->evidence->answer, "7i8"));
    buf_release(&body);
    arena_release(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_what_the_transcripts_say),
        cmocka_unit_test(test_reads_every_era_of_firmware),
        cmocka_unit_test(test_an_unsupported_setting_says_nothing),
        cmocka_unit_test(test_passwords_of_a_recorder_stay_out_of_the_evidence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
