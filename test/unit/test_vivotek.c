#include "reading.h"

extern const struct device_driver device_vivotek;

#define GET "/cgi-bin/admin/getparam.cgi?"
#define CAM "answers/vivotek/CC8160/"
#define NET GET "upnpportforwarding_enable&ddns_enable"

#define OLD "transcript/vivotek/FD8136-VVTK-0100a/"
#define NEW "transcript/vivotek/FD9189-HT-VVTK-0112c/"
#define MODES                                                                                      \
    GET "network_http_authmode&network_http_anonymousviewing&network_rtsp_authmode&network_rtsp_"  \
        "anonymousviewing"
#define SERVICES GET "https_enable&network_ftp_enable&snmp_v2&bonjour_enable&bonjour_enabled"
#define CLOCK    GET "system_ntp&system_updateinterval"
#define ANON     "/cgi-bin/anonymous/getparam.cgi?system_info"
#define USERS                                                                                      \
    GET "security_user_i0_name&security_user_i0_privilege&security_user_i1_name&security_user_i1_" \
        "privilege&security_user_i2_name&security_user_i2_privilege&security_user_i3_name&"        \
        "security_user_i3_privilege&security_user_i4_name&security_user_i4_privilege&security_"    \
        "user_i5_name&security_user_i5_privilege&security_user_i6_name&security_user_i6_"          \
        "privilege&security_user_i7_name&security_user_i7_privilege&security_user_i8_name&"        \
        "security_user_i8_privilege&security_user_i9_name&security_user_i9_privilege"

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

static void
test_reads_every_era_of_firmware(void **state)
{
    (void)state;
    static const struct reading_row rows[] = {
        {OLD "info.txt",     200, GET "system_info", NULL, FACT_DEVICE_MODEL,     "FD8136",                       NULL, 0},
        {OLD "info.txt",     200, GET "system_info", NULL, FACT_DEVICE_FIRMWARE,  "FD8136-VVTK-0100a",
         NULL,                                                                                                          0},
        {OLD "info.txt",     200, GET "system_info", NULL, FACT_DEVICE_ACTIVATED, "no",                           NULL, 0},
        {OLD "network.txt",  200, NET,               NULL, FACT_UPNP_ENABLED,     "yes",                          NULL, 0},
        {OLD "network.txt",  200, NET,               NULL, FACT_DDNS_ENABLED,     "yes",                          NULL, 0},
        {OLD "modes.txt",    200, MODES,             NULL, FACT_AUTH_MODES,       "HTTP basic, RTSP disable",     NULL, 0},
        {OLD "modes.txt",    200, MODES,             NULL, FACT_AUTH_BASIC,       "yes",                          NULL, 0},
        {OLD "modes.txt",    200, MODES,             NULL, FACT_USERS_ANONYMOUS,  "yes",                          NULL, 0},
        {OLD "services.txt", 200, SERVICES,          NULL, FACT_TLS_ENABLED,      "no",                           NULL, 0},
        {OLD "services.txt", 200, SERVICES,          NULL, FACT_SERVICE_FTP,      "yes",                          NULL, 0},
        {OLD "services.txt", 200, SERVICES,          NULL, FACT_SERVICE_SNMP,     "yes",                          NULL, 0},
        {OLD "services.txt", 200, SERVICES,          NULL, FACT_SERVICE_BONJOUR,  NULL,                           NULL, 0},
        {OLD "clock.txt",    200, CLOCK,             NULL, FACT_CLOCK_SYNCED,     "no",                           NULL, 0},
        {OLD "clock.txt",    200, CLOCK,             NULL, FACT_CLOCK_NTP,        NULL,                           NULL, 0},
        {OLD "users.txt",    200, USERS,             NULL, FACT_USERS_LIST,       "root (admin)",                 NULL, 0},
        {NEW "info.txt",     200, ANON,              NULL, FACT_DEVICE_MODEL,     "FD9189-HT",                    NULL, 0},
        {NEW "info.txt",     200, ANON,              NULL, FACT_DEVICE_FIRMWARE,  "FD9189-VVTK-0112c",            NULL, 0},
        {NEW "info.txt",     200, ANON,              NULL, FACT_DEVICE_VENDOR,    "Vivotek",                      NULL, 0},
        {NEW "info.txt",     200, ANON,              NULL, FACT_DEVICE_ACTIVATED, NULL,                           NULL, 0},
        {NEW "network.txt",  200, NET,               NULL, FACT_UPNP_ENABLED,     "no",                           NULL, 0},
        {NEW "network.txt",  200, NET,               NULL, FACT_DDNS_ENABLED,     "no",                           NULL, 0},
        {NEW "modes.txt",    200, MODES,             NULL, FACT_AUTH_MODES,       "HTTP digest, RTSP digest",     NULL, 0},
        {NEW "modes.txt",    200, MODES,             NULL, FACT_AUTH_BASIC,       "no",                           NULL, 0},
        {NEW "modes.txt",    200, MODES,             NULL, FACT_USERS_ANONYMOUS,  "no",                           NULL, 0},
        {NEW "services.txt", 200, SERVICES,          NULL, FACT_TLS_ENABLED,      "yes",                          NULL, 0},
        {NEW "services.txt", 200, SERVICES,          NULL, FACT_SERVICE_FTP,      "no",                           NULL, 0},
        {NEW "services.txt", 200, SERVICES,          NULL, FACT_SERVICE_SNMP,     "no",                           NULL, 0},
        {NEW "services.txt", 200, SERVICES,          NULL, FACT_SERVICE_BONJOUR,  "yes",                          NULL, 0},
        {NEW "clock.txt",    200, CLOCK,             NULL, FACT_CLOCK_SYNCED,     "yes",                          NULL, 0},
        {NEW "clock.txt",    200, CLOCK,             NULL, FACT_CLOCK_NTP,        "10.20.0.1",                    NULL, 0},
        {NEW "users.txt",    200, USERS,             NULL, FACT_USERS_LIST,       "root (admin), lobby (viewer)", NULL,
         0                                                                                                               },
    };
    reading_check(&device_vivotek, rows, COUNT(rows));
}

static void
test_behind_a_login_the_same_page_is_no_open_door(void **state)
{
    (void)state;
    const struct ask ask = {.path = GET "system_info", .login = true};
    struct arena arena;
    struct facts facts;
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    facts_init(&facts, &arena);
    struct answer answer =
        answer_of(200, "", "system_info_firmwareversion='FD9189-VVTK-0112c'\r\n");
    (void)device_read(&device_vivotek, &ask, &answer, "GET", &facts);
    assert_non_null(facts_text(&facts, FACT_DEVICE_FIRMWARE));
    assert_null(facts_text(&facts, FACT_DEVICE_ACTIVATED));
    arena_release(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_what_the_transcripts_say),
        cmocka_unit_test(test_reads_every_era_of_firmware),
        cmocka_unit_test(test_behind_a_login_the_same_page_is_no_open_door),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
