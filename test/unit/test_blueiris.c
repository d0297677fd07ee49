#include "reading.h"

extern const struct device_driver vms_blueiris;

#define BI59   "transcript/blueiris/5.9.9.98/"
#define BI53   "transcript/blueiris/5.3.9.16/"
#define LAN    "transcript/blueiris/4.8.6.3-non-lan/"
#define EXEMPT "answers/blueiris/exempt/"
#define SERVER "Server: BlueServer/5.9.9.98\r\n"
#define PAGE   "/login.htm"
#define KEY    "3f7c1d2a9b804e65"

static void
test_everyone_is_told_the_version(void **state)
{
    (void)state;
    // clang-format off
    static const struct reading_row rows[] = {
        {BI59 "login.htm",      200, PAGE,    NULL, FACT_VMS_PRODUCT, "Blue Iris", SERVER, 0},
        {BI59 "login.htm",      200, PAGE,    NULL, FACT_VMS_VERSION, "5.9.9.98",  SERVER, 0},
        {BI59 "login.htm",      200, PAGE,    NULL, FACT_DEVICE_NAME, "Home",      SERVER, 0},
        {BI59 "login.htm",      200, PAGE,    NULL, FACT_VMS_TLS,     "no",        SERVER, 0},
        {BI59 "challenge.json", 200, "/json", NULL, FACT_VMS_VERSION, "5.9.9.98",  SERVER, 0},
        {BI53 "login.htm",      200, PAGE,    NULL, FACT_VMS_VERSION, "5.3.9.16",  NULL,   0},
        {BI53 "login.htm",      200, PAGE,    NULL, FACT_DEVICE_NAME, "Workshop",  NULL,   0},
        {LAN "login.htm",       200, PAGE,    NULL, FACT_VMS_VERSION, "4.8.6.3",   NULL,   0},
        {LAN "login.htm",       200, PAGE,    NULL, FACT_DEVICE_NAME, "Barn",      NULL,   0},
        {NULL,                  200, PAGE,    NULL, FACT_VMS_VERSION, NULL,        NULL,   0},
        {BI59 "success.json",   200, "/json", NULL, FACT_VMS_VERSION, "5.9.9.98",  NULL,   0},
        {BI59 "success.json",   200, "/json", NULL, FACT_DEVICE_NAME, "Home",      NULL,   0},
    };
    // clang-format on
    reading_check(&vms_blueiris, rows, COUNT(rows));
}

static void
test_tells_whom_it_asks_for_a_login(void **state)
{
    (void)state;
    // clang-format off
    static const struct reading_row rows[] = {
        {BI59 "login.htm",      200, PAGE,           NULL, FACT_VMS_AUTH, "yes", SERVER, 0},
        {BI59 "login.htm",      200, PAGE,           NULL, FACT_VMS_ASKS, NULL,  SERVER, 0},
        {BI59 "challenge.json", 200, "/json",        NULL, FACT_VMS_AUTH, "yes", SERVER, 0},
        {BI53 "login.htm",      200, PAGE,           NULL, FACT_VMS_AUTH, NULL,  NULL,   0},
        {BI53 "challenge.json", 200, "/json",        NULL, FACT_VMS_AUTH, "yes", NULL,   0},
        {LAN "login.htm",       200, PAGE,           NULL, FACT_VMS_AUTH, "no",  NULL,   0},
        {LAN "challenge.json",  200, "/json",        NULL, FACT_VMS_AUTH, "no",  NULL,   0},
        {LAN "challenge.json",  200, "/json",        NULL, FACT_VMS_ASKS,
         "where an address is not exempt, as this network's is (\"Non-LAN only\", or its list)", NULL, 0},
        {EXEMPT "login.htm",    200, PAGE,           NULL, FACT_VMS_AUTH, "no",  NULL,   0},
        {EXEMPT "login.htm",    200, PAGE,           NULL, FACT_VMS_OPEN, "http://10.0.0.7:80/", NULL, 0},
        {EXEMPT "login.htm",    200, PAGE,           NULL, FACT_USERS_ANONYMOUS, "yes", NULL, 0},
        {BI59 "success.json",   200, "/json",        NULL, FACT_VMS_AUTH, "no",  NULL,   0},
        {EXEMPT "picture.jpg",  200, "/image/index", NULL, FACT_VMS_AUTH, "no",  NULL,   0},
        {EXEMPT "picture.jpg",  200, "/image/index", NULL, FACT_LOGIN_SNAPSHOT_OPEN, "/image/index", NULL, 0},
        {EXEMPT "login.htm",    200, "/image/index", NULL, FACT_VMS_AUTH, NULL,  NULL,   0},
        {NULL,                  403, "/image/index", NULL, FACT_VMS_AUTH, "yes", NULL,   0},
        {BI59 "users.json",     200, PAGE,           NULL, FACT_VMS_AUTH, NULL,  NULL,   0},
    };
    // clang-format on
    reading_check(&vms_blueiris, rows, COUNT(rows));
}

/* An ask behind the log-in has the same path and body as one before it. */
static void
check_behind_login(const char *part, const char *file, enum fact_id fact, const char *expected)
{
    struct arena arena;
    struct facts facts;
    struct buf body;
    const struct ask *found = NULL;
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    facts_init(&facts, &arena);
    buf_init(&body, ANSWER_BODY);
    for (size_t n = 0; device_ask(&vms_blueiris, n) != NULL; n++) {
        const struct ask *ask = device_ask(&vms_blueiris, n);
        found = ask->login && strstr(ask->body, part) != NULL ? ask : found;
    }
    assert_non_null(found);
    assert_int_equal(transcript_read(file, &body), OK);
    struct answer answer = answer_of(200, "", body.data);
    (void)device_read(&vms_blueiris, found, &answer, "POST http://10.0.0.7:81/json", &facts);
    const char *text = facts_text(&facts, fact);
    if (expected == NULL) {
        assert_null(text);
    } else {
        assert_non_null(text);
        assert_string_equal(text, expected);
    }
    buf_release(&body);
    arena_release(&arena);
}

static void
test_users_are_read_behind_the_login(void **state)
{
    (void)state;
    check_behind_login("login", BI59 "success.json", FACT_USERS_LIST, "admin (administrator)");
    check_behind_login("login", BI59 "success.json", FACT_VMS_AUTH, NULL);
    check_behind_login(
        "users", BI59 "users.json", FACT_USERS_LIST, "admin (connected), kitchen (known)");
    check_behind_login("users", BI59 "users.json", FACT_USERS_ANONYMOUS, NULL);
    check_behind_login("users", BI53 "users.json", FACT_USERS_ANONYMOUS, "yes");
    check_behind_login("users", LAN "users.json", FACT_USERS_LIST, NULL);
}

static enum login_state
play(const struct answer *result, struct login *login, struct arena *arena)
{
    const struct device_door *door = vms_blueiris.door;
    const struct ask *ask = &vms_blueiris.door_ask;
    const struct answer challenge =
        answer_of(200, "", "{\"result\":\"fail\",\"session\":\"" KEY "\"}");
    struct request request;
    assert_int_equal(device_login_step(door, login, ask, NULL, arena, &request), LOGIN_SEND);
    assert_false(request.spends);
    assert_int_equal(device_login_step(door, login, ask, &challenge, arena, &request), LOGIN_SEND);
    assert_true(request.spends);
    /* md5("admin:3f7c1d2a9b804e65:secret") */
    assert_non_null(strstr(request.ask.body, "\"response\":\"f9b43fcb865b9e17c8ced2dc2b6a73eb\""));
    return device_login_step(door, login, ask, result, arena, &request);
}

static void
test_the_body_tells_how_the_log_in_went(void **state)
{
    (void)state;
    struct arena arena;
    struct request request;
    struct secret *password = secret_new_text("secret");
    const struct {
        const char *body;
        enum login_state state;
    } rows[] = {
        {"{\"result\":\"success\",\"session\":\"" KEY "\"}",                                  LOGIN_OPEN   },
        {"{\"result\":\"fail\",\"session\":\"" KEY "\"}",                                     LOGIN_REFUSED},
        {"{\"result\":\"fail\",\"session\":\"" KEY "\",\"data\":{\"reason\":\"IP banned\"}}",
         LOGIN_LOCKED                                                                                      },
        {"{\"result\":\"success\"}",                                                          LOGIN_UNCLEAR},
        {"{\"result\":\"success\",\"session\":\"a\\\",\\\"cmd\\\":\\\"x\"}",                  LOGIN_UNCLEAR},
        {"<html></html>",                                                                     LOGIN_UNCLEAR},
    };
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct login login = {.user = "admin", .password = password};
        const struct answer result = answer_of(200, "", rows[i].body);
        assert_int_equal(play(&result, &login, &arena), rows[i].state);
    }
    struct login login = {.user = "admin", .text = KEY};
    const struct ask ask = {.path = "/json", .body = "{\"cmd\":\"users\"}", .login = true};
    assert_int_equal(vms_blueiris.door->authorize(&login, &ask, &arena, &request), OK);
    assert_string_equal(request.ask.body, "{\"cmd\":\"users\",\"session\":\"" KEY "\"}");
    assert_string_equal(request.cookie, "session=" KEY);
    secret_free(password);
    arena_release(&arena);
}

static void
test_no_password_is_sent_where_none_is_asked(void **state)
{
    (void)state;
    struct arena arena;
    struct request request;
    struct login login = {.user = "admin"};
    const struct answer open =
        answer_of(200, "", "{\"result\":\"success\",\"session\":\"" KEY "\"}");
    const struct ask *ask = &vms_blueiris.door_ask;
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    assert_int_equal(
        device_login_step(vms_blueiris.door, &login, ask, NULL, &arena, &request), LOGIN_SEND);
    assert_int_equal(
        device_login_step(vms_blueiris.door, &login, ask, &open, &arena, &request), LOGIN_UNCLEAR);
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
        {FACT_HTTP_SERVER,   "BlueServer/5.9.9.98",         true },
        {FACT_HTTP_SERVER,   "BlueIris-HTTP/1.1",           true },
        {FACT_HTTP_SERVER,   "BlueCoat-Security-Appliance", false},
        {FACT_HTTP_SERVER,   "Microsoft-IIS/10.0",          false},
        {FACT_HTTP_TITLE,    "Blue Iris Login",             true },
        {FACT_HTTP_TITLE,    "Login",                       false},
        {FACT_HTTP_LOCATION, "/login.htm?page=%2F",         true },
        {FACT_HTTP_LOCATION, "/login.htm",                  false},
        {FACT_HTTP_BODY,     "<title>Iris flowers</title>", false},
    };
    const struct source source = {WITNESS_WIRE, 70, NULL};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct arena arena;
        struct facts facts;
        arena_init(&arena, ARENA_DEVICE_LIMIT);
        facts_init(&facts, &arena);
        facts_set_text(&facts, rows[i].fact, rows[i].text, &source);
        assert_int_equal(device_recognise(&vms_blueiris, &facts) >= 40, rows[i].is_own);
        arena_release(&arena);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_is_known_by_its_marks_only),
        cmocka_unit_test(test_everyone_is_told_the_version),
        cmocka_unit_test(test_tells_whom_it_asks_for_a_login),
        cmocka_unit_test(test_users_are_read_behind_the_login),
        cmocka_unit_test(test_the_body_tells_how_the_log_in_went),
        cmocka_unit_test(test_no_password_is_sent_where_none_is_asked),
    };
    assert_int_equal(secret_start(), OK);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
