#include "reading.h"

extern const struct device_driver vms_nxwitness;

#define INFO_V1  "/rest/v1/servers/this/info"
#define INFO     "/rest/v4/servers/this/info"
#define MODULE   "/api/moduleInformation"
#define DEVICES  "/rest/v1/devices"
#define SETTINGS "/rest/v1/system/settings"
#define OLD      "/api/systemSettings"
#define USERS    "/rest/v1/users"
#define NX       "transcript/nxwitness/"
#define NX60     NX "6.0.1.39873/"
#define META     NX "metavms-5.1.0.37133/"
#define WAVE     NX "hanwha-5.1.5.39242/"
#define DW       NX "dwspectrum-4.2.0.32840/"
#define NEW      NX "6.1.0.41903-new/"
#define NX61     "answers/nxwitness/6.1/"
#define AUTH     "x-auth-result: Auth_WrongDigest\r\n"
#define REALM    "WWW-Authenticate: Digest realm=\"VMS\", nonce=\"1\"\r\n"

static void
test_everyone_is_told_who_it_is(void **state)
{
    (void)state;
    // clang-format off
    static const struct reading_row rows[] = {
        {NX61 "info.json",    200, INFO,    NULL, FACT_VMS_PRODUCT,   "DW Spectrum",   NULL, 0},
        {NX61 "info.json",    200, INFO,    NULL, FACT_VMS_VERSION,   "6.1.0.41903",   NULL, 0},
        {NX61 "info.json",    200, INFO,    NULL, FACT_VMS_LIMIT,     "yes",           NULL, 0},
        {NX61 "info.json",    200, INFO,    NULL, FACT_VMS_SETUP,     "yes",           NULL, 0},
        {NX61 "info.json",    200, INFO,    NULL, FACT_CLOUD_ENABLED, NULL,            NULL, 0},
        {NX61 "fresh.json",   200, INFO,    NULL, FACT_VMS_SETUP,     "no",            NULL, 0},
        {NEW "info.json",     200, INFO,    NULL, FACT_VMS_SETUP,     "no",            NULL, 0},
        {NEW "module.json",   200, MODULE,  NULL, FACT_VMS_SETUP,     "no",            NULL, 0},
        {NEW "info-v1.json",  200, INFO_V1, NULL, FACT_VMS_SETUP,     "no",            NULL, 0},
        {NX60 "info-v1.json", 200, INFO_V1, NULL, FACT_VMS_PRODUCT,   "Nx Witness",    NULL, 0},
        {NX60 "info-v1.json", 200, INFO_V1, NULL, FACT_VMS_VERSION,   "6.0.1.39873",   NULL, 0},
        {NX60 "info-v1.json", 200, INFO_V1, NULL, FACT_DEVICE_NAME,   "Shop",          NULL, 0},
        {NX60 "info-v1.json", 200, INFO_V1, NULL, FACT_VMS_SETUP,     "yes",           NULL, 0},
        {NX60 "info-v1.json", 200, INFO_V1, NULL, FACT_CLOUD_ENABLED, "no",            NULL, 0},
        {NX60 "info-v1.json", 200, INFO_V1, NULL, FACT_CLOUD_NAME,    "Nx Cloud",      NULL, 0},
        {NX60 "info-v1.json", 200, INFO_V1, NULL, FACT_VMS_TLS,       "no",            NULL, 0},
        {META "module.json",  200, MODULE,  NULL, FACT_VMS_PRODUCT,   "Nx Meta",       NULL, 0},
        {META "module.json",  200, MODULE,  NULL, FACT_CLOUD_ENABLED, "yes",           NULL, 0},
        {META "module.json",  200, MODULE,  NULL, FACT_CLOUD_NAME,    "Nx Meta Cloud", NULL, 0},
        {WAVE "info-v1.json", 200, INFO_V1, NULL, FACT_VMS_PRODUCT,   "Hanwha Wave",   NULL, 0},
        {WAVE "info-v1.json", 200, INFO_V1, NULL, FACT_CLOUD_NAME,    "WAVE Sync",     NULL, 0},
        {DW "module.json",    200, MODULE,  NULL, FACT_VMS_PRODUCT,   "DW Spectrum",   NULL, 0},
        {DW "module.json",    200, MODULE,  NULL, FACT_VMS_VERSION,   "4.2.0.32840",   NULL, 0},
        {"answers/nxwitness/old/module.json", 200, MODULE, NULL, FACT_VMS_PRODUCT, "Hanwha Wave", NULL, 0},
    };
    // clang-format on
    reading_check(&vms_nxwitness, rows, COUNT(rows));
}

static void
test_a_status_alone_is_no_refusal(void **state)
{
    (void)state;
    static const struct reading_row rows[] = {
        {NULL,                401, DEVICES,             NULL, FACT_VMS_AUTH, "yes", AUTH,  0},
        {NX60 "refused.json", 401, DEVICES,             NULL, FACT_VMS_AUTH, "yes", NULL,  0},
        {NULL,                401, "/ec2/getCamerasEx", NULL, FACT_VMS_AUTH, "yes", REALM, 0},
        {NULL,                401, DEVICES,             NULL, FACT_VMS_AUTH, NULL,  NULL,  0},
        {NX61 "info.json",    200, DEVICES,             NULL, FACT_VMS_AUTH, NULL,  NULL,  0},
    };
    reading_check(&vms_nxwitness, rows, COUNT(rows));
}

static void
test_settings_and_users_are_read_in_both_forms(void **state)
{
    (void)state;
    // clang-format off
    static const struct reading_row rows[] = {
        {NX60 "settings.json", 200, SETTINGS, NULL, FACT_VMS_ACCESS_LOG, "yes", NULL, 0},
        {NX60 "settings.json", 200, SETTINGS, NULL, FACT_VMS_TLS,        "no",  NULL, 0},
        {NX60 "settings.json", 200, SETTINGS, NULL, FACT_UPNP_ENABLED,   "no",  NULL, 0},
        {NX60 "settings.json", 200, SETTINGS, NULL, FACT_VMS_SESSIONS,   "yes", NULL, 0},
        {META "settings.json", 200, SETTINGS, NULL, FACT_VMS_SESSIONS,   "no",  NULL, 0},
        {DW "settings.json",   200, OLD,      NULL, FACT_VMS_SESSIONS,   NULL,  NULL, 0},
        {META "settings.json", 200, SETTINGS, NULL, FACT_VMS_ACCESS_LOG, "no",  NULL, 0},
        {META "settings.json", 200, SETTINGS, NULL, FACT_UPNP_ENABLED,   "yes", NULL, 0},
        {META "settings.json", 200, SETTINGS, NULL, FACT_AUTH_BASIC,     "yes", NULL, 0},
        {WAVE "settings.json", 200, SETTINGS, NULL, FACT_VMS_TLS,        "yes", NULL, 0},
        {DW "settings.json",   200, OLD,      NULL, FACT_VMS_ACCESS_LOG, "yes", NULL, 0},
        {DW "settings.json",   200, OLD,      NULL, FACT_VMS_TLS,        "no",  NULL, 0},
        {META "users.json", 200, USERS, NULL, FACT_USERS_LIST, "admin (owner), viewer (user)", NULL, 0},
        {NX60 "users.json", 200, USERS, NULL, FACT_USERS_LIST,
         "admin (administrator), till (user), owner@shop.example (cloud account)", NULL, 0},
        {DW "users.json", 200, "/ec2/getUsers", NULL, FACT_USERS_LIST, "admin (owner), guard (user)", NULL, 0},
        {NX60 "refused.json", 401, USERS, NULL, FACT_USERS_LIST, NULL, NULL, 0},
    };
    // clang-format on
    reading_check(&vms_nxwitness, rows, COUNT(rows));
}

/* The answers to the questions of one log-in, in their order. */
static enum login_state
play(const struct answer *answers, size_t count, struct login *login, struct arena *arena)
{
    struct request request;
    const struct answer *last = NULL;
    enum login_state state = LOGIN_SEND;
    for (size_t i = 0; state == LOGIN_SEND && i <= count; i++) {
        state = device_login_step(
            vms_nxwitness.door, login, &vms_nxwitness.door_ask, last, arena, &request);
        assert_true(
            i == 0 || state != LOGIN_SEND || i != 1 || request.spends || request.ask.body == NULL);
        last = i < count ? &answers[i] : NULL;
    }
    return state;
}

static void
test_a_token_opens_servers_since_5_0(void **state)
{
    (void)state;
    struct arena arena;
    struct request request;
    struct secret *password = secret_new_text("Quiet-Harbor-41");
    const struct answer info = answer_of(200, "", "{\"customization\": \"default\"}");
    const struct answer right =
        answer_of(200, "", "{\"token\": \"vms-0123\", \"username\": \"admin\"}");
    const struct answer wrong = answer_of(401, "", "{\"errorString\": \"Wrong password.\"}");
    const struct answer locked = answer_of(403, "x-auth-result: Auth_LockedOut\r\n", "{}");
    const struct answer odd = answer_of(200, "", "{\"token\": \"a\\r\\nb\"}");
    struct login login = {.user = "admin", .password = password};
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    assert_int_equal(play((struct answer[]){info, right}, 2, &login, &arena), LOGIN_OPEN);
    const struct ask ask = {.path = SETTINGS, .login = true};
    assert_int_equal(vms_nxwitness.door->authorize(&login, &ask, &arena, &request), OK);
    assert_string_equal(request.authorization, "Bearer vms-0123");
    login = (struct login){.user = "admin", .password = password};
    assert_int_equal(play((struct answer[]){info, wrong}, 2, &login, &arena), LOGIN_REFUSED);
    login = (struct login){.user = "admin", .password = password};
    assert_int_equal(play((struct answer[]){info, locked}, 2, &login, &arena), LOGIN_LOCKED);
    login = (struct login){.user = "admin", .password = password};
    assert_int_equal(play((struct answer[]){info, odd}, 2, &login, &arena), LOGIN_UNCLEAR);
    assert_true(device_warning(&vms_nxwitness, &locked).locked);
    secret_free(password);
    arena_release(&arena);
}

static void
test_digest_opens_servers_before_5_0(void **state)
{
    (void)state;
    struct arena arena;
    struct request request;
    struct secret *password = secret_new_text("Marble-Falcon-27");
    const struct answer none = answer_of(404, "", "");
    const struct answer asks = answer_of(401, REALM, "");
    const struct answer right =
        answer_of(200, "", "{\"error\": \"0\", \"reply\": {\"settings\": {}}}");
    const struct answer page = answer_of(200, "", "{\"hello\": 1}");
    struct login login = {.user = "admin", .password = password};
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    assert_int_equal(play((struct answer[]){none, asks, right}, 3, &login, &arena), LOGIN_OPEN);
    const struct ask ask = {.path = "/ec2/getUsers", .login = true};
    assert_int_equal(vms_nxwitness.door->authorize(&login, &ask, &arena, &request), OK);
    assert_non_null(strstr(request.authorization, "Digest username=\"admin\""));
    login = (struct login){.user = "admin", .password = password};
    assert_int_equal(play((struct answer[]){none, asks, page}, 3, &login, &arena), LOGIN_UNCLEAR);
    login = (struct login){.user = "admin", .password = password};
    assert_int_equal(play((struct answer[]){none, asks, asks}, 3, &login, &arena), LOGIN_REFUSED);
    secret_free(password);
    arena_release(&arena);
}

/* First looks that are its own, and some of others. */
static void
test_is_known_by_its_marks_only(void **state)
{
    (void)state;
    static const struct {
        enum fact_id fact;
        const char *text;
        bool is_own;
    } rows[] = {
        {FACT_HTTP_SERVER, "DW Spectrum/4.2.0.32840 (Digital Watchdog) Mozilla/5.0", true },
        {FACT_HTTP_SERVER, "Nx Witness/5.1.0.37133 (Network Optix) Mozilla/5.0",     true },
        {FACT_HTTP_SERVER, "nginx/1.22.1",                                           false},
        {FACT_HTTP_SERVER, "Unifi Video",                                            false},
        {FACT_HTTP_TITLE,  "Welcome to nginx!",                                      false},
        {FACT_HTTP_TITLE,  "Wisenet WAVE",                                           true },
        {FACT_HTTP_TITLE,  "NETWORK CAMERA",                                         false},
        {FACT_HTTP_BODY,   "<nx-login-webadmin-modal></nx-login-webadmin-modal>",    true },
        {FACT_HTTP_BODY,   "<app-login></app-login>",                                false},
    };
    const struct source source = {WITNESS_WIRE, 70, NULL};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct arena arena;
        struct facts facts;
        arena_init(&arena, ARENA_DEVICE_LIMIT);
        facts_init(&facts, &arena);
        facts_set_text(&facts, rows[i].fact, rows[i].text, &source);
        assert_int_equal(device_recognise(&vms_nxwitness, &facts) >= 40, rows[i].is_own);
        arena_release(&arena);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_is_known_by_its_marks_only),
        cmocka_unit_test(test_everyone_is_told_who_it_is),
        cmocka_unit_test(test_a_status_alone_is_no_refusal),
        cmocka_unit_test(test_settings_and_users_are_read_in_both_forms),
        cmocka_unit_test(test_a_token_opens_servers_since_5_0),
        cmocka_unit_test(test_digest_opens_servers_before_5_0),
    };
    assert_int_equal(secret_start(), OK);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
