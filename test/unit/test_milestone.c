#include "reading.h"

extern const struct device_driver vms_milestone;

#define URIS     "/api/.well-known/uris"
#define IDP      "/IDP/.well-known/openid-configuration"
#define SERVICE  "/ManagementServer/ServerCommandService.svc?wsdl"
#define COMMANDS "/RecorderCommandService/RecorderCommandService.asmx?wsdl"
#define ALARMS   "/Central/AlarmServiceToken?wsdl"
#define SITES    "/api/rest/v1/sites"
#define USERS    "/api/rest/v1/basicUsers"
#define OLD24    "answers/milestone/24.2/"
#define XP       "transcript/milestone/"
#define XP24     XP "2024R2-24.2.12065.1/"
#define XP22     XP "2022R1-22.1.5804.1-plain/"
#define XP19     XP "2019R1-13.1a/"
#define BEARER   "WWW-Authenticate: Bearer\r\n"

static void
test_each_server_tells_who_it_is_on_its_port(void **state)
{
    (void)state;
    // clang-format off
    static const struct reading_row rows[] = {
        {OLD24 "uris.json",     200, URIS,     NULL, FACT_VMS_VERSION, "24.2.12065.1",       NULL, 0},
        {OLD24 "identity.json", 200, IDP,      NULL, FACT_VMS_PRODUCT, "Milestone XProtect", NULL, 0},
        {XP24 "uris.json",      200, URIS,     NULL, FACT_VMS_PRODUCT, "Milestone XProtect", NULL, 0},
        {XP24 "uris.json",      200, URIS,     NULL, FACT_VMS_VERSION, "24.2.12065.1",       NULL, 0},
        {XP22 "uris.json",      200, URIS,     NULL, FACT_VMS_VERSION, "22.1.5804.1",        NULL, 0},
        {XP19 "service.xml",    200, SERVICE,  NULL, FACT_VMS_PRODUCT, "Milestone XProtect", NULL, 0},
        {XP19 "service.xml",    200, SERVICE,  NULL, FACT_VMS_VERSION, NULL,                 NULL, 0},
        {XP19 "recorder.xml",   200, COMMANDS, NULL, FACT_VMS_PRODUCT, "Milestone XProtect", NULL, 7563},
        {XP24 "alarms.xml",     200, ALARMS,   NULL, FACT_VMS_PRODUCT, "Milestone XProtect", NULL, 22331},
        {XP24 "mobile.html",    200, "/",      NULL, FACT_VMS_PRODUCT, "Milestone XProtect", NULL, 8081},
        {XP24 "mobile.html",    200, "/",      NULL, FACT_VMS_PRODUCT, "Milestone XProtect", NULL, 8082},
        {XP24 "service.xml",    404, SERVICE,  NULL, FACT_VMS_PRODUCT, NULL,                 NULL, 0},
        {XP24 "sites.json",     200, "/",      NULL, FACT_VMS_PRODUCT, NULL,                 NULL, 8082},
    };
    // clang-format on
    reading_check(&vms_milestone, rows, COUNT(rows));
}

static void
test_tells_what_goes_unencrypted(void **state)
{
    (void)state;
    static const struct reading_row rows[] = {
        {XP22 "uris.json",     200, URIS,     NULL, FACT_VMS_TLS, "no", NULL, 0   },
        {XP22 "identity.json", 200, IDP,      NULL, FACT_VMS_TLS, "no", NULL, 0   },
        {XP24 "uris.json",     200, URIS,     NULL, FACT_VMS_TLS, NULL, NULL, 0   },
        {XP24 "identity.json", 200, IDP,      NULL, FACT_VMS_TLS, NULL, NULL, 0   },
        {XP22 "recorder.xml",  200, COMMANDS, NULL, FACT_VMS_TLS, "no", NULL, 7563},
    };
    reading_check(&vms_milestone, rows, COUNT(rows));
}

static void
test_a_status_alone_is_no_refusal(void **state)
{
    (void)state;
    static const struct reading_row rows[] = {
        {NULL,              401, SITES, NULL, FACT_VMS_AUTH, "yes", BEARER, 0},
        {NULL,              401, SITES, NULL, FACT_VMS_AUTH, NULL,  NULL,   0},
        {NULL,              404, SITES, NULL, FACT_VMS_AUTH, NULL,  BEARER, 0},
        {XP24 "sites.json", 200, SITES, NULL, FACT_VMS_AUTH, "no",  NULL,   0},
    };
    reading_check(&vms_milestone, rows, COUNT(rows));
}

static void
test_reads_version_and_users_behind_the_login(void **state)
{
    (void)state;
    // clang-format off
    static const struct reading_row rows[] = {
        {XP24 "sites.json", 200, SITES, NULL, FACT_VMS_VERSION, "24.2.12065.1", NULL, 443},
        {XP24 "sites.json", 200, SITES, NULL, FACT_DEVICE_NAME, "XP-SHOP",      NULL, 443},
        {XP24 "users.json", 200, USERS, NULL, FACT_USERS_LIST,
         "auditor (basic user), guard (basic user, locked out)", NULL, 443},
    };
    // clang-format on
    reading_check(&vms_milestone, rows, COUNT(rows));
}

static void
test_only_a_known_version_tells_that_there_is_no_factory_password(void **state)
{
    (void)state;
    static const struct {
        const char *version;
        bool none;
    } rows[] = {
        {"24.2.12065.1", true },
        {"13.1a",        true },
        {"11.2a",        true },
        {"11.1a",        false},
        {NULL,           false},
    };
    const struct source source = {WITNESS_WIRE, 90, NULL};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct arena arena;
        struct facts facts;
        arena_init(&arena, ARENA_DEVICE_LIMIT);
        facts_init(&facts, &arena);
        if (rows[i].version != NULL) {
            facts_set_text(&facts, FACT_VMS_VERSION, rows[i].version, &source);
        }
        assert_int_equal(vms_milestone.no_factory(&facts) != NULL, rows[i].none);
        arena_release(&arena);
    }
}

/* First looks that are its own, and some of others. */
static void
test_is_known_by_its_marks_only(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *body;
        bool is_own;
    } rows[] = {
        {200, "{\"ProductVersion\":\"25.1.1804.0\"}",                                  true },
        {200, "{\"external_providers_uri\":\"https://xp/IDP/x\"}",                     true },
        {200, "<x targetNamespace=\"http://videoos.net/2/XProtectCSServerCommand\"/>", true },
        {404, "{\"ProductVersion\":\"25.1.1804.0\"}",                                  false},
        {200, "<html><title>IIS Windows Server</title></html>",                        false},
        {200, "{\"issuer\":\"https://id\",\"token_endpoint\":\"https://id/token\"}",   false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct answer answer = answer_of(rows[i].status, "", rows[i].body);
        bool is_matched = false;
        for (size_t p = 0; p < vms_milestone.probe_count; p++) {
            is_matched = is_matched || device_probe_matches(&vms_milestone.probes[p], &answer);
        }
        assert_int_equal(is_matched, rows[i].is_own);
    }
}

static void
test_passwords_go_over_tls_and_the_answer_decides(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *body;
        enum login_state state;
    } rows[] = {
        {200, "{\"access_token\": \"eyJhbGciOi.x.y\", \"token_type\": \"Bearer\"}",           LOGIN_OPEN   },
        {400,
         "{\"error\": \"invalid_grant\", \"error_description\": \"Invalid username or "
            "password\"}",                                                                    LOGIN_REFUSED},
        {400, "{\"error\": \"invalid_grant\", \"error_description\": \"Account is locked\"}",
         LOGIN_LOCKED                                                                                      },
        {400, "{\"error\": \"unsupported_grant_type\"}",                                      LOGIN_UNCLEAR},
        {200, "<html></html>",                                                                LOGIN_UNCLEAR},
        {200, "{\"access_token\": \"a b\"}",                                                  LOGIN_UNCLEAR},
    };
    struct arena arena;
    struct secret *password = secret_new_text("p&w=1");
    const struct device_door *door = vms_milestone.door;
    const struct ask *ask = &vms_milestone.door_ask;
    const struct answer known = answer_of(200, "", "{\"token_endpoint\": \"https://xp/IDP\"}");
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    assert_true(door->needs_tls);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct request request;
        struct login login = {.user = "auditor", .password = password};
        const struct answer last = answer_of(rows[i].status, "", rows[i].body);
        assert_int_equal(device_login_step(door, &login, ask, NULL, &arena, &request), LOGIN_SEND);
        assert_int_equal(
            device_login_step(door, &login, ask, &known, &arena, &request), LOGIN_SEND);
        assert_true(request.spends);
        assert_int_equal(request.ask.port, 443);
        assert_non_null(strstr(request.ask.body, "username=auditor&password=p%26w%3D1"));
        assert_int_equal(
            device_login_step(door, &login, ask, &last, &arena, &request), rows[i].state);
    }
    secret_free(password);
    arena_release(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_server_tells_who_it_is_on_its_port),
        cmocka_unit_test(test_tells_what_goes_unencrypted),
        cmocka_unit_test(test_a_status_alone_is_no_refusal),
        cmocka_unit_test(test_reads_version_and_users_behind_the_login),
        cmocka_unit_test(test_only_a_known_version_tells_that_there_is_no_factory_password),
        cmocka_unit_test(test_is_known_by_its_marks_only),
        cmocka_unit_test(test_passwords_go_over_tls_and_the_answer_decides),
    };
    assert_int_equal(secret_start(), OK);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
