#include "reading.h"

extern const struct device_driver device_reolink;

#define API "/cgi-bin/api.cgi?cmd="
#define CAM "transcript/reolink/RLC-410W-3.0.0.136/"

#define OLD "transcript/reolink/RLC-410-2.0.0.647/"
#define NEW "transcript/reolink/RLC-810A-3.1.0.4417/"
#define NVR "transcript/reolink/RLN8-410-3.3.0.226/"

static struct arena arena;
static struct secret *password;

static void
test_reads_what_the_transcripts_say(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct reading_row rows[] = {
        {CAM "GetDevInfo.json", 200, API "GetDevInfo", NULL, FACT_DEVICE_VENDOR, "Reolink", NULL,
         0},
        {CAM "GetDevInfo.json", 200, API "GetDevInfo", NULL, FACT_DEVICE_MODEL, "RLC-410W", NULL,
         0},
        {CAM "GetDevInfo.json", 200, API "GetDevInfo", NULL, FACT_DEVICE_FIRMWARE,
         "v3.0.0.136_20121102", NULL, 0},
        {CAM "GetDevInfo.json", 200, API "GetDevInfo", NULL, FACT_DEVICE_BUILD, "2020-12-11", NULL,
         0},
        {CAM "GetDevInfo.json", 200, API "GetDevInfo", NULL, FACT_DEVICE_KIND, "camera", NULL, 0},
        {CAM "GetP2p.json", 200, API "GetP2p", NULL, FACT_CLOUD_ENABLED, "yes", NULL, 0},
        {CAM "GetUpnp.json", 200, API "GetUpnp", NULL, FACT_UPNP_ENABLED, "no", NULL, 0},
        {CAM "GetDdns.json", 200, API "GetDdns", NULL, FACT_DDNS_ENABLED, "no", NULL, 0},
        {CAM "login-first.json", 200, API "GetP2p", NULL, FACT_CLOUD_ENABLED, NULL, NULL, 0},
    };
    /* clang-format on */
    reading_check(&device_reolink, rows, COUNT(rows));
}

static void
test_reads_every_era_of_firmware(void **state)
{
    (void)state;
    static const struct reading_row rows[] = {
        {OLD "GetDevInfo.json",   200, API "GetDevInfo",   NULL, FACT_DEVICE_MODEL,    "RLC-410",        NULL, 0},
        {OLD "GetDevInfo.json",   200, API "GetDevInfo",   NULL, FACT_DEVICE_FIRMWARE,
         "v2.0.0.647_20031401",                                                                          NULL, 0},
        {OLD "GetDevInfo.json",   200, API "GetDevInfo",   NULL, FACT_DEVICE_BUILD,    "2020-03-14",     NULL,
         0                                                                                                      },
        {OLD "GetDevInfo.json",   200, API "GetDevInfo",   NULL, FACT_DEVICE_KIND,     "camera",         NULL, 0},
        {OLD "GetP2p.json",       200, API "GetP2p",       NULL, FACT_CLOUD_ENABLED,   NULL,             NULL, 0},
        {OLD "GetUpnp.json",      200, API "GetUpnp",      NULL, FACT_UPNP_ENABLED,    "yes",            NULL, 0},
        {OLD "GetDdns.json",      200, API "GetDdns",      NULL, FACT_DDNS_ENABLED,    "yes",            NULL, 0},
        {OLD "GetNetPort.json",   200, API "GetNetPort",   NULL, FACT_TLS_ENABLED,     "no",             NULL, 0},
        {OLD "GetUser.json",      200, API "GetUser",      NULL, FACT_USERS_LIST,
         "admin (admin), kids (guest)",                                                                  NULL, 0},
        {OLD "GetNtp.json",       200, API "GetNtp",       NULL, FACT_CLOCK_SYNCED,    "no",             NULL, 0},
        {OLD "GetNtp.json",       200, API "GetNtp",       NULL, FACT_CLOCK_NTP,       NULL,             NULL, 0},
        {OLD "GetTime.json",      200, API "GetTime",      NULL, FACT_CLOCK_OFFSET,    "30",             NULL, 0},
        {OLD "GetSysCfg.json",    200, API "GetSysCfg",    NULL, FACT_LOCKOUT_ENABLED, NULL,             NULL, 0},
        {OLD "GetSysCfg.json",    200, API "GetSysCfg",    NULL, FACT_LOCKOUT_TRIES,   NULL,             NULL, 0},
        {OLD "GetLocalLink.json", 200, API "GetLocalLink", NULL, FACT_DEVICE_MAC,      "@mac@",          NULL, 0},
        {NEW "GetDevInfo.json",   200, API "GetDevInfo",   NULL, FACT_DEVICE_MODEL,    "RLC-810A",       NULL,
         0                                                                                                      },
        {NEW "GetDevInfo.json",   200, API "GetDevInfo",   NULL, FACT_DEVICE_FIRMWARE,
         "v3.1.0.4417_2412122130",                                                                       NULL, 0},
        {NEW "GetDevInfo.json",   200, API "GetDevInfo",   NULL, FACT_DEVICE_BUILD,    "2024-12-12",     NULL,
         0                                                                                                      },
        {NEW "GetDevInfo.json",   200, API "GetDevInfo",   NULL, FACT_DEVICE_KIND,     "camera",         NULL, 0},
        {NEW "GetP2p.json",       200, API "GetP2p",       NULL, FACT_CLOUD_ENABLED,   "no",             NULL, 0},
        {NEW "GetP2p.json",       200, API "GetP2p",       NULL, FACT_CLOUD_NAME,      "Reolink P2P",    NULL, 0},
        {NEW "GetUpnp.json",      200, API "GetUpnp",      NULL, FACT_UPNP_ENABLED,    "no",             NULL, 0},
        {NEW "GetDdns.json",      200, API "GetDdns",      NULL, FACT_DDNS_ENABLED,    "no",             NULL, 0},
        {NEW "GetNetPort.json",   200, API "GetNetPort",   NULL, FACT_TLS_ENABLED,     "yes",            NULL, 0},
        {NEW "GetUser.json",      200, API "GetUser",      NULL, FACT_USERS_LIST,
         "admin (admin), nvr (admin), porch (guest)",                                                    NULL, 0},
        {NEW "GetNtp.json",       200, API "GetNtp",       NULL, FACT_CLOCK_SYNCED,    "yes",            NULL, 0},
        {NEW "GetNtp.json",       200, API "GetNtp",       NULL, FACT_CLOCK_NTP,       "ntp.aliyun.com", NULL, 0},
        {NEW "GetTime.json",      200, API "GetTime",      NULL, FACT_CLOCK_OFFSET,    "30",             NULL, 0},
        {NEW "GetSysCfg.json",    200, API "GetSysCfg",    NULL, FACT_LOCKOUT_ENABLED, "yes",            NULL, 0},
        {NEW "GetSysCfg.json",    200, API "GetSysCfg",    NULL, FACT_LOCKOUT_TRIES,   "5",              NULL, 0},
        {NEW "GetSysCfg.json",    200, API "GetSysCfg",    NULL, FACT_LOCKOUT_SECONDS, "300",            NULL, 0},
        {NVR "GetDevInfo.json",   200, API "GetDevInfo",   NULL, FACT_DEVICE_MODEL,    "RLN8-410",       NULL,
         0                                                                                                      },
        {NVR "GetDevInfo.json",   200, API "GetDevInfo",   NULL, FACT_DEVICE_FIRMWARE,
         "v3.3.0.226_23031644",                                                                          NULL, 0},
        {NVR "GetDevInfo.json",   200, API "GetDevInfo",   NULL, FACT_DEVICE_KIND,     "recorder",       NULL, 0},
        {NVR "GetP2p.json",       200, API "GetP2p",       NULL, FACT_CLOUD_ENABLED,   "yes",            NULL, 0},
        {NVR "GetUpnp.json",      200, API "GetUpnp",      NULL, FACT_UPNP_ENABLED,    "yes",            NULL, 0},
        {NVR "GetDdns.json",      200, API "GetDdns",      NULL, FACT_DDNS_ENABLED,    "no",             NULL, 0},
        {NVR "GetUser.json",      200, API "GetUser",      NULL, FACT_USERS_LIST,      "admin (admin)",  NULL, 0},
        {NVR "GetTime.json",      200, API "GetTime",      NULL, FACT_CLOCK_OFFSET,    NULL,             NULL, 0},
        {NVR "GetSysCfg.json",    200, API "GetSysCfg",    NULL, FACT_LOCKOUT_ENABLED, "no",             NULL, 0},
        {NVR "GetSysCfg.json",    200, API "GetSysCfg",    NULL, FACT_LOCKOUT_TRIES,   NULL,             NULL, 0},
        {NVR "GetSysCfg.json",    200, API "GetSysCfg",    NULL, FACT_LOCKOUT_SECONDS, NULL,             NULL, 0},
        {OLD "login-first.json",  200, API "GetUser",      NULL, FACT_USERS_LIST,      NULL,             NULL, 0},
        {OLD "login-first.json",  200, API "GetSysCfg",    NULL, FACT_LOCKOUT_ENABLED, NULL,             NULL, 0},
    };
    reading_check(&device_reolink, rows, COUNT(rows));
}

static void
test_a_lock_is_heard_and_a_wrong_password_is_none(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        bool locked;
    } rows[] = {
        {NEW "locked.json",      true },
        {NEW "login-wrong.json", false},
        {NEW "login-first.json", false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf body;
        buf_init(&body, ANSWER_BODY);
        assert_int_equal(transcript_read(rows[i].file, &body), OK);
        struct answer answer = answer_of(200, "", body.data);
        struct device_warning warning = device_warning(&device_reolink, &answer);
        assert_int_equal(warning.locked, rows[i].locked);
        assert_int_equal(warning.left, -1);
        buf_release(&body);
    }
}

/* The answers as files; the last state and the requests that carried a password. */
static enum login_state
play(const char *first, const char *second, struct login *login, unsigned *ret_spent)
{
    struct buf bodies[2];
    struct answer answers[2];
    const char *const names[] = {first, second};
    struct request request;
    const struct answer *last = NULL;
    enum login_state state = LOGIN_SEND;
    *ret_spent = 0;
    for (size_t i = 0; i < 2; i++) {
        buf_init(&bodies[i], ANSWER_BODY);
        assert_int_equal(transcript_read(names[i], &bodies[i]), OK);
        answers[i] = answer_of(200, "", bodies[i].data);
    }
    for (size_t i = 0; i < 3 && state == LOGIN_SEND; i++) {
        state = device_login_step(
            device_reolink.door, login, &device_reolink.door_ask, last, &arena, &request);
        *ret_spent += request.spends ? 1 : 0;
        last = &answers[i];
    }
    for (size_t i = 0; i < 2; i++) {
        buf_release(&bodies[i]);
    }
    return state;
}

static void
test_the_body_tells_how_the_log_in_went(void **state)
{
    (void)state;
    static const struct {
        const char *first;
        const char *second;
        enum login_state state;
        unsigned spent;
    } rows[] = {
        {CAM "login-first.json", CAM "login.json",       LOGIN_OPEN,    1},
        {CAM "login-first.json", CAM "login-wrong.json", LOGIN_REFUSED, 1},
        {CAM "login-first.json", CAM "locked.json",      LOGIN_LOCKED,  1},
        {CAM "locked.json",      CAM "login.json",       LOGIN_LOCKED,  0},
        {CAM "GetDevInfo.json",  CAM "login.json",       LOGIN_UNCLEAR, 0},
        {CAM "login-first.json", CAM "GetP2p.json",      LOGIN_UNCLEAR, 1},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct login login = {.user = "admin", .password = password};
        unsigned spent = 0;
        assert_int_equal(play(rows[i].first, rows[i].second, &login, &spent), rows[i].state);
        assert_int_equal(spent, rows[i].spent);
    }
}

static void
test_the_token_goes_into_the_address_and_nothing_else_does(void **state)
{
    (void)state;
    struct login login = {.user = "admin", .password = password};
    struct request request;
    unsigned spent = 0;
    assert_int_equal(play(CAM "login-first.json", CAM "login.json", &login, &spent), LOGIN_OPEN);
    const struct ask *ask = device_ask(&device_reolink, 0);
    assert_int_equal(device_reolink.door->authorize(&login, ask, &arena, &request), OK);
    assert_string_equal(request.ask.path, API "GetDevInfo&token=5f1c2a9be07d44");
    assert_false(request.spends);
    (void)snprintf(login.text, sizeof(login.text), "x\r\nHost: evil");
    assert_int_equal(device_reolink.door->authorize(&login, ask, &arena, &request), ERR_VALUE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_what_the_transcripts_say),
        cmocka_unit_test(test_reads_every_era_of_firmware),
        cmocka_unit_test(test_a_lock_is_heard_and_a_wrong_password_is_none),
        cmocka_unit_test(test_the_body_tells_how_the_log_in_went),
        cmocka_unit_test(test_the_token_goes_into_the_address_and_nothing_else_does),
    };
    if (secret_start() != OK) {
        return 1;
    }
    password = secret_new_text("a\"b\\c");
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_release(&arena);
    secret_free(password);
    return failed;
}
