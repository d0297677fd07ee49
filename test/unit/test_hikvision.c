#include "reading.h"

extern const struct device_driver device_hikvision;

#define INFO  "/ISAPI/System/deviceInfo"
#define OLD   "answers/hikvision/DS-2CD2032-I-V5.2.5/"
#define NVR   "answers/hikvision/DS-7616NI-K2-V4.74.210/"
#define ANNKE "answers/hikvision/Annke-C800-V5.7.18/"
#define NET   "/ISAPI/System/Network/"

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
        cmocka_unit_test(test_knows_which_models_have_no_factory_password),
        cmocka_unit_test(test_never_quotes_the_cloud_verification_code),
        cmocka_unit_test(test_proof_is_a_document_that_can_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
