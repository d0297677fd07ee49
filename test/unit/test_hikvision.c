#include "reading.h"

extern const struct device_driver device_hikvision;

#define INFO  "/ISAPI/System/deviceInfo"
#define OLD   "answers/hikvision/DS-2CD2032-I-V5.2.5/"
#define NVR   "answers/hikvision/DS-7616NI-K2-V4.74.210/"
#define ANNKE "answers/hikvision/Annke-C800-V5.7.18/"
#define NET   "/ISAPI/System/Network/"
#define SEC   "/ISAPI/Security/"
#define E54   "transcript/hikvision/DS-2CD2142FWD-I-V5.4.5/"
#define E55   "transcript/hikvision/DS-2CD2043G0-I-V5.5.82/"
#define E57   "transcript/hikvision/Annke-NC800-V5.7.23/"
#define E58   "transcript/hikvision/DS-2CD2087G3-LI2UY-V5.8.10/"
#define V3    "transcript/hikvision/DS-7608NI-E2-V3.4.104/"
#define DOOR  "transcript/hikvision/DS-KV6113-WPE1-V2.2.62/"
#define LOOK  "transcript/hikvision/HiLook-IPC-B140H-V5.5.80/"

static void
test_reads_what_the_transcripts_say(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct reading_row rows[] = {
        {OLD "deviceInfo.xml", 200, INFO, NULL, FACT_DEVICE_VENDOR, "Hikvision", NULL, 0},
        {OLD "deviceInfo.xml", 200, INFO, NULL, FACT_DEVICE_BRAND, NULL, NULL, 0},
        {OLD "deviceInfo.xml", 200, INFO, NULL, FACT_DEVICE_MODEL, "DS-2CD2032-I", NULL, 0},
        {OLD "deviceInfo.xml", 200, INFO, NULL, FACT_DEVICE_FIRMWARE, "V5.2.5", NULL, 0},
        {OLD "deviceInfo.xml", 200, INFO, NULL, FACT_DEVICE_BUILD, "2014-12-01", NULL, 0},
        {OLD "deviceInfo.xml", 200, INFO, NULL, FACT_DEVICE_MAC, "44:19:b6:01:02:03", NULL, 0},
        {OLD "deviceInfo.xml", 200, INFO, NULL, FACT_DEVICE_KIND, "camera", NULL, 0},
        {OLD "deviceInfo.xml", 401, INFO, NULL, FACT_DEVICE_MODEL, NULL, NULL, 0},
        {NVR "deviceInfo.xml", 200, INFO, NULL, FACT_DEVICE_KIND, "recorder", NULL, 0},
        {NVR "deviceInfo.xml", 200, INFO, NULL, FACT_DEVICE_NAME, "Shop recorder", NULL, 0},
        {NVR "deviceInfo.xml", 200, INFO, NULL, FACT_DEVICE_BRAND, NULL, NULL, 0},
        {NVR "deviceInfo.xml", 200, INFO, NULL, FACT_DEVICE_BUILD, "2024-01-08", NULL, 0},
        {NVR "EZVIZ.xml", 200, NET "EZVIZ", NULL, FACT_CLOUD_ENABLED, "yes", NULL, 0},
        {NVR "EZVIZ.xml", 200, NET "EZVIZ", NULL, FACT_CLOUD_NAME, "Hik-Connect", NULL, 0},
        {NVR "UPnP.xml", 200, NET "UPnP", NULL, FACT_UPNP_ENABLED, "no", NULL, 0},
        {NVR "ddns.xml", 200, NET "ddns", NULL, FACT_DDNS_ENABLED, "yes", NULL, 0},
        {NVR "time.xml", 200, "/ISAPI/System/time", NULL, FACT_CLOCK_OFFSET, "0", NULL, 0},
        {ANNKE "deviceInfo.xml", 200, INFO, NULL, FACT_DEVICE_BRAND, "Annke", NULL, 0},
        {ANNKE "deviceInfo.xml", 200, INFO, NULL, FACT_DEVICE_VENDOR, "Hikvision", NULL, 0},
        {ANNKE "activateStatus.xml", 200, "/ISAPI/System/activateStatus", NULL,
         FACT_DEVICE_ACTIVATED, "no", NULL, 0},
        {ANNKE "activateStatus.xml", 200, "/SDK/activateStatus", NULL, FACT_DEVICE_ACTIVATED, "no",
         NULL, 0},
    };
    /* clang-format on */
    reading_check(&device_hikvision, rows, COUNT(rows));
}

static void
test_reads_the_settings_of_every_era(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct reading_row rows[] = {
        {E54 "users.xml", 200, SEC "users", NULL, FACT_USERS_LIST, "admin (Administrator), guard (Viewer)", NULL, 0},
        {E54 "illegalLoginLock.xml", 200, SEC "illegalLoginLock", NULL, FACT_LOCKOUT_ENABLED, "no", NULL, 0},
        {E54 "illegalLoginLock.xml", 200, SEC "illegalLoginLock", NULL, FACT_LOCKOUT_TRIES, NULL, NULL, 0},
        {E54 "adminAccesses.xml", 200, SEC "adminAccesses", NULL, FACT_TLS_ENABLED, "no", NULL, 0},
        {E54 "webCertificate.xml", 200, SEC "webCertificate", NULL, FACT_AUTH_MODES, "web digest/basic", NULL, 0},
        {E54 "webCertificate.xml", 200, SEC "webCertificate", NULL, FACT_AUTH_BASIC, "yes", NULL, 0},
        {E54 "channel101.xml", 200, "/ISAPI/Streaming/channels/101", NULL, FACT_AUTH_MODES, "RTSP digest/basic", NULL, 0},
        {E54 "time.xml", 200, "/ISAPI/System/time", NULL, FACT_CLOCK_SYNCED, "no", NULL, 0},
        {E54 "ssh.xml", 200, NET "ssh", NULL, FACT_SERVICE_SSH, "yes", NULL, 0},
        {E54 "telnetd.xml", 200, NET "telnetd", NULL, FACT_SERVICE_TELNET, "no", NULL, 0},
        {E54 "SNMP.xml", 200, NET "SNMP", NULL, FACT_SERVICE_SNMP, "yes", NULL, 0},
        {E55 "illegalLoginLock.xml", 200, SEC "illegalLoginLock", NULL, FACT_LOCKOUT_ENABLED, "yes", NULL, 0},
        {E55 "illegalLoginLock.xml", 200, SEC "illegalLoginLock", NULL, FACT_LOCKOUT_TRIES, "7", NULL, 0},
        {E55 "illegalLoginLock.xml", 200, SEC "illegalLoginLock", NULL, FACT_LOCKOUT_SECONDS, "1800", NULL, 0},
        {E55 "SNMP.xml", 200, NET "SNMP", NULL, FACT_SERVICE_SNMP, "no", NULL, 0},
        {E55 "Ehome.xml", 200, NET "Ehome", NULL, FACT_SERVICE_PLATFORM, "ISUP (EHome) at 203.0.113.7", NULL, 0},
        {E55 "time.xml", 200, "/ISAPI/System/time", NULL, FACT_CLOCK_SYNCED, "yes", NULL, 0},
        {E55 "ntpServers.xml", 200, "/ISAPI/System/time/ntpServers", NULL, FACT_CLOCK_NTP, "pool.ntp.org", NULL, 0},
        {E55 "webCertificate.xml", 200, SEC "webCertificate", NULL, FACT_AUTH_BASIC, "no", NULL, 0},
        {E55 "adminAccesses.xml", 200, SEC "adminAccesses", NULL, FACT_TLS_ENABLED, "yes", NULL, 0},
        {E57 "deviceInfo.xml", 200, INFO, NULL, FACT_DEVICE_BRAND, "Annke", NULL, 0},
        {E57 "deviceInfo.xml", 200, INFO, NULL, FACT_DEVICE_KIND, "camera", NULL, 0},
        {E57 "deviceInfo.xml", 200, INFO, NULL, FACT_DEVICE_BUILD, "2024-04-12", NULL, 0},
        {LOOK "deviceInfo.xml", 200, INFO, NULL, FACT_DEVICE_BRAND, "HiLook", NULL, 0},
        {E58 "illegalLoginLock.xml", 200, SEC "illegalLoginLock", NULL, FACT_LOCKOUT_TRIES, "5", NULL, 0},
        {E58 "Bonjour.xml", 200, NET "Bonjour", NULL, FACT_SERVICE_BONJOUR, "no", NULL, 0},
        {V3 "deviceInfo.xml", 200, INFO, NULL, FACT_DEVICE_KIND, "recorder", NULL, 0},
        {V3 "users.xml", 200, SEC "users", NULL, FACT_USERS_LIST, "admin (Administrator), till (Operator), office (Viewer)", NULL, 0},
        {V3 "ddns.xml", 200, NET "ddns", NULL, FACT_DDNS_ENABLED, "yes", NULL, 0},
        {DOOR "deviceInfo.xml", 200, INFO, NULL, FACT_DEVICE_KIND, "door station", NULL, 0},
        {DOOR "SIP.xml", 200, NET "SIP", NULL, FACT_SERVICE_PLATFORM, "SIP at 10.20.0.5", NULL, 0},
        {E55 "notSupport.xml", 403, NET "ssh", NULL, FACT_SERVICE_SSH, NULL, NULL, 0},
        {E55 "notSupport.xml", 200, NET "ssh", NULL, FACT_SERVICE_SSH, NULL, NULL, 0},
    };
    /* clang-format on */
    reading_check(&device_hikvision, rows, COUNT(rows));
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
  /* vms vendors tests of public readers of userCheck */
        {"<userCheck><statusValue>401</statusValue><lockStatus>lock</lockStatus>"
         "<unlockTime>1785</unlockTime><retryLoginTime>0</retryLoginTime></userCheck>", true,  0,  1785},
        {"<userCheck><lockStatus>unlock</lockStatus><unlockTime>0</unlockTime>"
         "<retryLoginTime>3</retryLoginTime></userCheck>",                              false, 3,  0   },
        {"<SessionLogin><statusValue>401</statusValue><retryLoginTime> 4 </retryLoginTime>"
         "</SessionLogin>",                                                             false, 4,  0   },
        {"{\"lockStatus\": \"locked\", \"unlockTime\": 90}",                                     true,  -1, 90  },
        {"<html>401</html>",                                                                     false, -1, 0   },
        {"<retryLoginTime>many</retryLoginTime>",                                                false, -1, 0   },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct answer answer = answer_of(401, "", rows[i].body);
        struct device_warning warning = device_warning(&device_hikvision, &answer);
        assert_int_equal(warning.locked, rows[i].locked);
        assert_int_equal(warning.left, rows[i].left);
        assert_int_equal(warning.seconds, rows[i].seconds);
    }
}

static void
test_a_question_without_a_login_tells_the_tries_left(void **state)
{
    (void)state;
    struct arena arena;
    struct facts facts;
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    facts_init(&facts, &arena);
    const struct ask ask = {.path = SEC "userCheck"};
    const struct answer answer =
        answer_of(401, "", "<userCheck><retryLoginTime>6</retryLoginTime></userCheck>");
    (void)device_read(&device_hikvision, &ask, &answer, "GET x", &facts);
    assert_string_equal(facts_text(&facts, FACT_LOCKOUT_LEFT), "6");
    arena_release(&arena);
}

static void
test_knows_which_models_have_no_factory_password(void **state)
{
    (void)state;
    static const struct {
        const char *model;
        const char *firmware;
        const char *build;
        int activated; /* -1 unknown */
        bool none;
    } rows[] = {
        {"DS-2CD2032-I", "V5.2.5",              "2014-12-01", -1, false},
        {"DS-2CD2032-I", "V5.2.5",              NULL,         1,  false},
        {"DS-2CD2032-I", "V5.5.82",             NULL,         -1, true },
        {"DS-2CD2032-I", "V5.5.82build 190910", NULL,         1,  true },
        {"DS-7616NI-K2", "V4.74.210",           "2024-01-08", -1, true },
        {"DS-7616NI-K2", "V3.1.2",              NULL,         -1, false},
        {"DS-7616NI-K2", "V3.4.2",              NULL,         1,  true },
        {NULL,           NULL,                  NULL,         -1, false},
        {NULL,           NULL,                  NULL,         0,  true },
        {NULL,           NULL,                  NULL,         1,  true },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct arena arena;
        struct facts facts;
        const struct source source = {.confidence = 90};
        arena_init(&arena, ARENA_DEVICE_LIMIT);
        facts_init(&facts, &arena);
        facts_set_text(&facts, FACT_DEVICE_MODEL, rows[i].model, &source);
        facts_set_text(&facts, FACT_DEVICE_FIRMWARE, rows[i].firmware, &source);
        facts_set_text(&facts, FACT_DEVICE_BUILD, rows[i].build, &source);
        if (rows[i].activated >= 0) {
            facts_set_bool(&facts, FACT_DEVICE_ACTIVATED, rows[i].activated == 1, &source);
        }
        assert_int_equal(device_hikvision.no_factory(&facts) != NULL, rows[i].none);
        arena_release(&arena);
    }
}

static void
test_never_quotes_the_cloud_verification_code(void **state)
{
    (void)state;
    struct buf body;
    struct arena arena;
    struct facts facts;
    buf_init(&body, ANSWER_BODY);
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    facts_init(&facts, &arena);
    assert_int_equal(transcript_read(NVR "EZVIZ.xml", &body), OK);
    struct answer answer = answer_of(200, "", body.data);
    const struct ask ask = {.path = NET "EZVIZ", .login = true};
    assert_int_equal(device_read(&device_hikvision, &ask, &answer, "GET x", &facts), 2);
    assert_null(strstr(facts_get(&facts, FACT_CLOUD_ENABLED)->evidence->answer, "ABCDEF"));
    assert_int_equal(facts_get(&facts, FACT_CLOUD_ENABLED)->witness, WITNESS_CONFIG);
    arena_release(&arena);
    buf_release(&body);
}

static void
test_proof_is_a_document_that_can_be_read(void **state)
{
    (void)state;
    struct answer page = answer_of(200, "", "<html><title>index</title></html>");
    struct answer info = answer_of(200, "", "<DeviceInfo><model>DS-2CD</model></DeviceInfo>");
    assert_false(device_proves(&device_hikvision, &page));
    assert_true(device_proves(&device_hikvision, &info));
    info.status = 401;
    assert_false(device_proves(&device_hikvision, &info));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_what_the_transcripts_say),
        cmocka_unit_test(test_reads_the_settings_of_every_era),
        cmocka_unit_test(test_a_refusal_says_how_many_tries_are_left),
        cmocka_unit_test(test_a_question_without_a_login_tells_the_tries_left),
        cmocka_unit_test(test_knows_which_models_have_no_factory_password),
        cmocka_unit_test(test_never_quotes_the_cloud_verification_code),
        cmocka_unit_test(test_proof_is_a_document_that_can_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
