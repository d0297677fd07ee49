#include "reading.h"

extern const struct device_driver vms_shinobi;

#define SH "answers/shinobi/master/"

static void
test_reads_what_the_transcripts_say(void **state)
{
    (void)state;
    static const struct reading_row rows[] = {
        {SH "index.html",    200, "/",            NULL, FACT_VMS_PRODUCT,    "Shinobi", NULL, 0},
        {SH "index.html",    200, "/",            NULL, FACT_VMS_LIMIT,      "no",      NULL, 0},
        {SH "index.html",    200, "/",            NULL, FACT_VMS_ACCESS_LOG, "no",      NULL, 0},
        {SH "stranger.json", 200, "/x/monitor/y", NULL, FACT_VMS_AUTH,       "yes",     NULL, 0},
        {SH "right.json",    200, "/x/monitor/y", NULL, FACT_VMS_AUTH,       NULL,      NULL, 0},
        {SH "stranger.json", 200, "/x/monitor/y", NULL, FACT_VMS_PRODUCT,    "Shinobi", NULL, 0},
        {SH "index.html",    200, "/super",       NULL, FACT_VMS_PANEL,      NULL,      NULL, 0},
        {NULL,               200, "/",            NULL, FACT_VMS_PRODUCT,    NULL,      NULL, 0},
    };
    reading_check(&vms_shinobi, rows, COUNT(rows));
}

static enum login_state
play(const struct answer *page, const struct answer *result)
{
    struct arena arena;
    struct secret *password = secret_new_text("admin");
    struct login login = {.user = "admin@shinobi.video", .password = password};
    const struct device_door *door = vms_shinobi.door;
    const struct ask *ask = &vms_shinobi.door_ask;
    struct request request;
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    assert_int_equal(device_login_step(door, &login, ask, NULL, &arena, &request), LOGIN_SEND);
    assert_false(request.spends);
    enum login_state state = device_login_step(door, &login, ask, page, &arena, &request);
    if (state == LOGIN_SEND) {
        assert_true(request.spends);
        state = device_login_step(door, &login, ask, result, &arena, &request);
    }
    secret_free(password);
    arena_release(&arena);
    return state;
}

static void
test_the_body_tells_how_the_log_in_went(void **state)
{
    (void)state;
    const struct answer page = answer_of(200, "", "<title>Shinobi Super</title>");
    const struct answer other = answer_of(200, "", "<title>Something</title>");
    const struct answer right = answer_of(200, "", "{\"ok\": true}");
    const struct answer wrong = answer_of(200, "", "{\"ok\": false}");
    assert_int_equal(secret_start(), OK);
    assert_int_equal(play(&page, &right), LOGIN_OPEN);
    assert_int_equal(play(&page, &wrong), LOGIN_REFUSED);
    assert_int_equal(play(&page, &other), LOGIN_UNCLEAR);
    assert_int_equal(play(&other, &right), LOGIN_UNCLEAR);
}

static void
test_the_owners_session_stands_in_the_path(void **state)
{
    (void)state;
    struct arena arena;
    struct secret *password = secret_new_text("x");
    struct login login = {.user = "owner@shop.example", .password = password};
    const struct ask ask = {.path = "/nvr/super"};
    const struct ask keys = {.path = "/nvr/@token/api/@group/list", .login = true};
    const struct answer page = answer_of(200, "", "<!-- Powered by Shinobi -->");
    const struct answer right =
        answer_of(200, "", "{\"ok\":true,\"$user\":{\"auth_token\":\"abc\",\"ke\":\"g1\"}}");
    const struct answer hostile =
        answer_of(200, "", "{\"ok\":true,\"$user\":{\"auth_token\":\"../../x\",\"ke\":\"g1\"}}");
    const struct answer second_factor =
        answer_of(200, "", "{\"ok\":true,\"$user\":{\"ke\":\"g1\",\"uid\":\"u\"}}");
    const struct device_door *door = vms_shinobi.door;
    const struct answer *const answers[] = {&hostile, &second_factor, &right};
    static const enum login_state states[] = {LOGIN_UNCLEAR, LOGIN_UNCLEAR, LOGIN_OPEN};
    struct request request;
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    for (size_t i = 0; i < COUNT(answers); i++) {
        login.step = 0;
        assert_int_equal(device_login_step(door, &login, &ask, NULL, &arena, &request), LOGIN_SEND);
        assert_string_equal(request.ask.path, "/nvr/");
        assert_int_equal(
            device_login_step(door, &login, &ask, &page, &arena, &request), LOGIN_SEND);
        assert_string_equal(request.ask.path, "/nvr/?json=true");
        assert_non_null(strstr(request.ask.body, "\"function\":\"dash\""));
        assert_int_equal(
            device_login_step(door, &login, &ask, answers[i], &arena, &request), states[i]);
    }
    assert_int_equal(door->authorize(&login, &keys, &arena, &request), OK);
    assert_string_equal(request.ask.path, "/nvr/abc/api/g1/list");
    secret_free(password);
    arena_release(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_what_the_transcripts_say),
        cmocka_unit_test(test_the_body_tells_how_the_log_in_went),
        cmocka_unit_test(test_the_owners_session_stands_in_the_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
