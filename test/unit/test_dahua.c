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

#define ERA(name) "transcript/dahua/" name "/"
#define E24       ERA("IPC-HFW2100-2.400")
#define E26       ERA("IPC-HDBW4433R-ZS-2.622")
#define E31       ERA("IPC-HFW5442E-ZE-3.100")
#define AMC       ERA("Amcrest-IP8M-2496E-2.800.00AC006")
#define LOREX     ERA("Lorex-N841A8-4.001")
#define XVR       ERA("XVR5108HS-4.001")
#define USERS     "/cgi-bin/userManager.cgi?action=getUserInfoAll"

static void
test_reads_the_settings_of_every_era(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct reading_row rows[] = {
        {E24 "users.txt", 200, USERS, NULL, FACT_USERS_LIST, "admin (admin), 888888 (admin), 666666 (user), default (user)", NULL, 0},
        {E24 "General.txt", 200, CONFIG "General", NULL, FACT_LOCKOUT_ENABLED, "no", NULL, 0},
        {E24 "NTP.txt", 200, CONFIG "NTP", NULL, FACT_CLOCK_SYNCED, "no", NULL, 0},
        {E24 "Telnet.txt", 200, CONFIG "Telnet", NULL, FACT_SERVICE_TELNET, "yes", NULL, 0},
        {E24 "UserGlobal.txt", 200, CONFIG "UserGlobal", NULL, FACT_LOGIN_ONVIF_OPEN, "yes", NULL, 0},
        {E26 "General.txt", 200, CONFIG "General", NULL, FACT_LOCKOUT_TRIES, "10", NULL, 0},
        {E26 "General.txt", 200, CONFIG "General", NULL, FACT_LOCKOUT_SECONDS, "300", NULL, 0},
        {E26 "SNMP.txt", 200, CONFIG "SNMP", NULL, FACT_SERVICE_SNMP, "yes", NULL, 0},
        {E26 "Bonjour.txt", 200, CONFIG "Bonjour", NULL, FACT_SERVICE_BONJOUR, "yes", NULL, 0},
        {E26 "SSHD.txt", 200, CONFIG "SSHD", NULL, FACT_SERVICE_SSH, "no", NULL, 0},
        {E26 "Https.txt", 200, CONFIG "Https", NULL, FACT_TLS_ENABLED, "no", NULL, 0},
        {E31 "SNMP.txt", 200, CONFIG "SNMP", NULL, FACT_SERVICE_SNMP, "no", NULL, 0},
        {E31 "NTP.txt", 200, CONFIG "NTP", NULL, FACT_CLOCK_NTP, "10.20.0.1", NULL, 0},
        {E31 "UserGlobal.txt", 200, CONFIG "UserGlobal", NULL, FACT_LOGIN_ONVIF_OPEN, "no", NULL, 0},
        {E31 "DVRIP.txt", 200, CONFIG "DVRIP", NULL, FACT_SERVICE_PLATFORM, NULL, NULL, 0},
        {AMC "VSP_PaaS.txt", 200, CONFIG "VSP_PaaS", NULL, FACT_CLOUD_ENABLED, "yes", NULL, 0},
        {LOREX "T2UServer.txt", 200, CONFIG "T2UServer", NULL, FACT_CLOUD_ENABLED, "yes", NULL, 0},
        {XVR "DVRIP.txt", 200, CONFIG "DVRIP", NULL, FACT_SERVICE_PLATFORM, "auto register at 203.0.113.40", NULL, 0},
    };
    /* clang-format on */
    reading_check(&device_dahua, rows, COUNT(rows));
}

static const char *
read_one(const char *path, const char *body, enum fact_id fact, struct arena *arena)
{
    struct facts facts;
    const struct ask ask = {.path = path, .login = true};
    const struct answer answer = answer_of(200, "", body);
    facts_init(&facts, arena);
    (void)device_read(&device_dahua, &ask, &answer, "GET x", &facts);
    return facts_text(&facts, fact);
}

/* Shapes of public RPC2 clients. */
static void
test_reads_the_same_settings_out_of_rpc2(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        const char *body;
        enum fact_id fact;
        const char *expected;
    } rows[] = {
        {MAGIC "getSoftwareVersion",
         "{\"id\":3,\"params\":{\"version\":{\"BuildDate\":\"2016-06-04\",\"Version\":\"2.420."
            "0000.20.R\"}},\"result\":true}",                                                        FACT_DEVICE_BUILD,     "2016-06-04"                   },
        {MAGIC "getVendor",          "{\"params\":{\"Vendor\":\"Amcrest\"},\"result\":true}",
         FACT_DEVICE_BRAND,                                                                                                 "Amcrest"                      },
        {MAGIC "getVendor",          "{\"params\":{\"Vendor\":\"General\"},\"result\":true}",
         FACT_DEVICE_BRAND,                                                                                                 NULL                           },
        {CONFIG "General",
         "{\"params\":{\"table\":{\"LockLoginEnable\":false,\"LockLoginTimes\":3}},\"result\":"
            "true}",                                                                                 FACT_LOCKOUT_ENABLED,  "no"                           },
        {CONFIG "T2UServer",         "{\"params\":{\"table\":[{\"Enable\":true}]},\"result\":true}",
         FACT_CLOUD_ENABLED,                                                                                                "yes"                          },
        {CONFIG "DDNS",
         "{\"params\":{\"table\":[{\"Enable\":false},{\"Enable\":true}]},\"result\":true}",          FACT_DDNS_ENABLED,     "yes"                          },
        {USERS,
         "{\"params\":{\"users\":[{\"Group\":\"admin\",\"Name\":\"admin\",\"Password\":\"x\"}]},"
            "\"result\":true}",                                                                      FACT_USERS_LIST,       "admin (admin)"                },
        {CONFIG "DVRIP",
         "{\"params\":{\"table\":{\"RegisterServer\":{\"Enable\":true,\"Servers\":[{\"Address\":"
            "\"198.51.100.3\"}]}}}}",                                                                FACT_SERVICE_PLATFORM, "auto register at 198.51.100.3"},
        {CONFIG "General",           "{\"error\":{\"code\":268894210},\"result\":false}",
         FACT_LOCKOUT_ENABLED,                                                                                              NULL                           },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct arena arena;
        arena_init(&arena, ARENA_DEVICE_LIMIT);
        const char *text = read_one(rows[i].path, rows[i].body, rows[i].fact, &arena);
        assert_int_equal(text == NULL, rows[i].expected == NULL);
        if (text != NULL) {
            assert_string_equal(text, rows[i].expected);
        }
        arena_release(&arena);
    }
}

static void
test_a_clock_is_wrong_only_beyond_every_zone(void **state)
{
    (void)state;
    static const char path[] = "/cgi-bin/global.cgi?action=getCurrentTime";
    struct arena arena;
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    assert_null(read_one(path, "result=2026-11-23 04:15:00\r\n", FACT_CLOCK_OFFSET, &arena));
    assert_non_null(read_one(path, "result=2000-01-01 00:01:02\r\n", FACT_CLOCK_OFFSET, &arena));
    assert_null(read_one(path, "result=never\r\n", FACT_CLOCK_OFFSET, &arena));
    arena_release(&arena);
}

static void
test_a_refusal_says_how_many_tries_are_left(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        bool locked;
        int left;
        unsigned seconds;
    } rows[] = {
  /* notes of a public RPC2 client */
        {"{\"error\":{\"code\":268632085,\"message\":\"Component error: User or password not "
         "valid!\"},\"id\":3,\"params\":{\"remainLockSecond\":0,\"remainLoginTimes\":4},"
         "\"result\":false,\"session\":2147483643}",            false, 4,  0   },
        {"{\"error\":{\"code\":268632081},\"params\":{\"remainLockSecond\":1790,"
         "\"remainLoginTimes\":0},\"result\":false}",           true,  0,  1790},
        {"Error\r\nUser Locked! Please try again after 30 minutes.\r\n", true,  -1, 1800},
        {"Error\r\nInvalid Authority!\r\n",                              false, -1, 0   },
        {"",                                                             false, -1, 0   },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct answer answer = answer_of(401, "", rows[i].body);
        struct device_warning warning = device_warning(&device_dahua, &answer);
        assert_int_equal(warning.locked, rows[i].locked);
        assert_int_equal(warning.left, rows[i].left);
        assert_int_equal(warning.seconds, rows[i].seconds);
    }
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

/* What devices of public issues answer (github rroller/dahua, issues 9, 59 and 304). */
static void
test_takes_no_class_number_for_a_model(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        const char *info;
        const char *model;
    } rows[] = {
        {"type=31\r\n",             "deviceType=31\r\nupdateSerial=NVR2X-4KS3\r\n",    "NVR2X-4KS3"},
        {"type=IP Camera\r\n",      "deviceType=IP Camera\nupdateSerial=IPC-HDW1\n",   "IPC-HDW1"  },
        {"type=AD410\r\n",          "deviceType=AD410\r\nupdateSerial=DB6I\r\n",       "AD410"     },
        {"type=DH-XVR5108C-X \r\n", "processor=ST7108\r\nupdateSerial=XVR5108C-X\r\n",
         "XVR5108C-X"                                                                              },
        {"type=31\r\n",             "deviceType=31\r\nprocessor=ST7108\r\n",           NULL        },
        {"type=IPC-A46\n",          "serialNumber=1\n",                                "IPC-A46"   },
    };
    const struct ask type = {.path = MAGIC "getDeviceType", .login = true};
    const struct ask info = {.path = MAGIC "getSystemInfo", .login = true};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct arena arena;
        struct facts facts;
        const struct answer one = answer_of(200, "", rows[i].type);
        const struct answer two = answer_of(200, "", rows[i].info);
        arena_init(&arena, ARENA_DEVICE_LIMIT);
        facts_init(&facts, &arena);
        (void)device_read(&device_dahua, &type, &one, "GET x", &facts);
        (void)device_read(&device_dahua, &info, &two, "GET x", &facts);
        const char *model = facts_text(&facts, FACT_DEVICE_MODEL);
        assert_string_equal(model == NULL ? "" : model, rows[i].model == NULL ? "" : rows[i].model);
        arena_release(&arena);
    }
}

static void
test_reads_the_build_date_of_a_line_of_its_own(void **state)
{
    (void)state;
    struct arena arena;
    struct facts facts;
    const struct ask ask = {.path = MAGIC "getSoftwareVersion", .login = true};
    const struct answer answer =
        answer_of(200, "", "version=2.420.AC00.15.R\r\nBuildDate=2016-09-08\r\n");
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    facts_init(&facts, &arena);
    (void)device_read(&device_dahua, &ask, &answer, "GET x", &facts);
    assert_string_equal(facts_text(&facts, FACT_DEVICE_FIRMWARE), "2.420.AC00.15.R");
    assert_string_equal(facts_text(&facts, FACT_DEVICE_BUILD), "2016-09-08");
    arena_release(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_what_the_transcripts_say),
        cmocka_unit_test(test_reads_the_settings_of_every_era),
        cmocka_unit_test(test_reads_the_same_settings_out_of_rpc2),
        cmocka_unit_test(test_a_clock_is_wrong_only_beyond_every_zone),
        cmocka_unit_test(test_a_refusal_says_how_many_tries_are_left),
        cmocka_unit_test(test_reads_the_serial_number_from_the_refusal),
        cmocka_unit_test(test_takes_no_class_number_for_a_model),
        cmocka_unit_test(test_reads_the_build_date_of_a_line_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
