#include "reading.h"

extern const struct device_driver vms_cameraui;

#define CU "answers/cameraui/1.1.17/"

static void
test_reads_what_the_transcripts_say(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct reading_row rows[] = {
        {CU "config.json", 200, "/api/config", NULL, FACT_VMS_PRODUCT, "camera.ui", NULL, 0},
        {CU "config.json", 200, "/api/config", NULL, FACT_VMS_VERSION, "1.1.17", NULL, 0},
        {CU "config.json", 200, "/api/config", NULL, FACT_VMS_SETUP, "no", NULL, 0},
        {CU "config.json", 200, "/api/config", NULL, FACT_VMS_TLS, "no", NULL, 0},
        {CU "config.json", 200, "/api/config", NULL, FACT_VMS_FOOTAGE,
         "http://10.0.0.7:80/files/, each by its name", NULL, 0},
        {CU "newer.json", 200, "/api/config", NULL, FACT_VMS_FOOTAGE, NULL, NULL, 0},
        {CU "newer.json", 200, "/api/config", NULL, FACT_VMS_SETUP, "yes", NULL, 0},
        {CU "401.json", 401, "/api/cameras", NULL, FACT_VMS_AUTH, "yes", NULL, 0},
        {CU "config.json", 401, "/api/cameras", NULL, FACT_VMS_AUTH, NULL, NULL, 0},
        {CU "401.json", 200, "/api/config", NULL, FACT_VMS_PRODUCT, NULL, NULL, 0},
        {CU "users.json", 200, "/api/users", NULL, FACT_USERS_LIST,
         "master (administrator), eva (user)", NULL, 0},
    };
    /* clang-format on */
    reading_check(&vms_cameraui, rows, COUNT(rows));
}

static void
test_a_token_opens_only_when_it_is_proven(void **state)
{
    (void)state;
    struct arena arena;
    struct secret *password = secret_new_text("master");
    const struct answer asks = answer_of(401, "", "{\"statusCode\":401}");
    const struct answer right = answer_of(201, "", "{\"access_token\":\"abc\"}");
    const struct answer fine = answer_of(200, "", "{\"status\":\"OK\"}");
    static const struct {
        int second, third;
        enum login_state state;
    } rows[] = {
        {201, 200, LOGIN_OPEN   },
        {201, 401, LOGIN_UNCLEAR},
        {401, 0,   LOGIN_REFUSED},
        {500, 0,   LOGIN_UNCLEAR},
    };
    const struct device_door *door = vms_cameraui.door;
    const struct ask *ask = &vms_cameraui.door_ask;
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct login login = {.user = "master", .password = password};
        struct request request;
        struct answer second = right;
        struct answer third = fine;
        second.status = rows[i].second;
        third.status = rows[i].third;
        assert_int_equal(device_login_step(door, &login, ask, NULL, &arena, &request), LOGIN_SEND);
        assert_int_equal(device_login_step(door, &login, ask, &asks, &arena, &request), LOGIN_SEND);
        assert_true(request.spends);
        assert_string_equal(request.ask.path, "/api/auth/login");
        enum login_state now = device_login_step(door, &login, ask, &second, &arena, &request);
        if (now == LOGIN_SEND) {
            assert_false(request.spends);
            assert_string_equal(request.authorization, "Bearer abc");
            now = device_login_step(door, &login, ask, &third, &arena, &request);
        }
        assert_int_equal(now, rows[i].state);
    }
    secret_free(password);
    arena_release(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_what_the_transcripts_say),
        cmocka_unit_test(test_a_token_opens_only_when_it_is_proven),
    };
    if (secret_start() != OK) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
