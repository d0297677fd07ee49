#include "reading.h"

#include "vms/vms.h"

extern const struct device_driver vms_frigate;

#define DIR_ "transcript/frigate/0.17.2/"
#define BODY "answers/frigate/0.17.2/"

static void
test_reads_what_the_transcripts_say(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct reading_row rows[] = {
        {BODY "version.txt", 200, "/api/version", NULL, FACT_VMS_VERSION, "0.17.2", NULL, 0},
        {BODY "version.txt", 200, "/api/version", NULL, FACT_VMS_PRODUCT, "Frigate", NULL, 0},
        {BODY "version.txt", 200, "/api/version", NULL, FACT_VMS_OPEN, "http://10.0.0.7:80/",
         NULL, 0},
        {BODY "beta.txt", 200, "/api/version", NULL, FACT_VMS_VERSION, "0.18.0-beta1", NULL, 0},
        {BODY "beta.txt", 200, "/api/version", NULL, FACT_VMS_ACCESS_LOG, NULL, NULL, 0},
        {BODY "version.txt", 200, "/api/version", NULL, FACT_VMS_ACCESS_LOG, "no", NULL, 0},
        {BODY "profile.json", 200, "/api/profile", NULL, FACT_VMS_AUTH, "no", NULL, 0},
        {BODY "profile.json", 200, "/api/profile", NULL, FACT_VMS_OPEN, "http://10.0.0.7:80/",
         NULL, 0},
        {DIR_ "401.html", 401, "/api/profile", NULL, FACT_VMS_AUTH, "yes", NULL, 0},
        {DIR_ "401.html", 401, "/api/version", NULL, FACT_VMS_VERSION, NULL, NULL, 0},
        {DIR_ "config.json", 200, "/api/config", NULL, FACT_VMS_LIMIT, "no", NULL, 0},
        {DIR_ "go2rtc.json", 200, "/api", NULL, FACT_VMS_RESTREAM, "http://10.0.0.7:1984/", NULL, 1984},
        {BODY "profile.json", 200, "/api/profile", NULL, FACT_VMS_GUEST,
         "anonymous with role admin at http://10.0.0.7:80/", NULL, 0},
        {DIR_ "config.json", 200, "/api/config", NULL, FACT_VMS_GUEST, NULL, NULL, 0},
        {DIR_ "streams.json", 200, "/api/go2rtc/streams", NULL, FACT_VMS_STREAMS, "gate, yard", NULL,
         0},
        {DIR_ "streams.json", 200, "/api/streams", NULL, FACT_VMS_RESTREAM, NULL, NULL, 1984},
        {"transcript/frigate/0.13.2/streams.json", 200, "/api/streams", NULL, FACT_VMS_RESTREAM,
         "http://10.0.0.7:1984/, and shows the passwords of cameras", NULL, 1984},
        {DIR_ "401.html", 401, "/api/users", NULL, FACT_USERS_LIST, NULL, NULL, 0},
        {DIR_ "index.html", 200, "/api/users", NULL, FACT_USERS_LIST, NULL, NULL, 0},
        {DIR_ "index.html", 401, "/api/profile", NULL, FACT_VMS_AUTH, NULL, NULL, 0},
        {DIR_ "index.html", 200, "/api/version", NULL, FACT_VMS_OPEN, NULL, NULL, 0},
        {DIR_ "index.html", 200, "/api/profile", NULL, FACT_VMS_AUTH, NULL, NULL, 0},
    };
    /* clang-format on */
    reading_check(&vms_frigate, rows, COUNT(rows));
}

static void
test_one_open_port_outweighs_one_that_asks(void **state)
{
    (void)state;
    struct arena arena;
    struct facts facts;
    const struct ask open = {.path = "/api/profile"};
    const struct ask asked = {.path = "/api/profile"};
    struct answer yes = answer_of(200, "", "{\"username\":\"anonymous\",\"role\":\"admin\"}");
    struct answer no = answer_of(401, "", "401 Authorization Required");
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    facts_init(&facts, &arena);
    (void)device_read(&vms_frigate, &open, &yes, "GET http://10.0.0.7:5000/api/profile", &facts);
    (void)device_read(&vms_frigate, &asked, &no, "GET https://10.0.0.7:8971/api/profile", &facts);
    assert_true(facts_is_no(&facts, FACT_VMS_AUTH));
    assert_string_equal(facts_text(&facts, FACT_VMS_BESIDE),
        "http://10.0.0.7:5000/, although https://10.0.0.7:8971/ asks for a login");
    arena_release(&arena);
}

static void
test_the_same_port_is_not_beside_itself(void **state)
{
    (void)state;
    struct arena arena;
    struct facts facts;
    const struct ask profile = {.path = "/api/profile"};
    struct answer yes = answer_of(200, "", "{\"username\":\"anonymous\"}");
    struct answer no = answer_of(401, "", "401 Authorization Required");
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    facts_init(&facts, &arena);
    (void)device_read(&vms_frigate, &profile, &no, "GET https://10.0.0.7:8971/api/profile", &facts);
    (void)device_read(
        &vms_frigate, &profile, &yes, "GET https://10.0.0.7:8971/api/profile", &facts);
    assert_null(facts_get(&facts, FACT_VMS_BESIDE));
    assert_string_equal(facts_text(&facts, FACT_VMS_GUEST), "anonymous at https://10.0.0.7:8971/");
    arena_release(&arena);
}

static void
test_a_password_in_an_address_is_not_quoted(void **state)
{
    (void)state;
    struct arena arena;
    struct facts facts;
    const struct ask *ask = device_ask(&vms_frigate, 0);
    for (size_t n = 0; ask != NULL && strcmp(ask->path, "/api/streams") != 0; n++) {
        ask = device_ask(&vms_frigate, n);
    }
    struct answer list =
        answer_of(200, "", "{\"a\":{\"producers\":[{\"url\":\"rtsp://u:hunter2@10.0.0.9/1\"}]}}");
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    facts_init(&facts, &arena);
    assert_non_null(ask);
    (void)device_read(&vms_frigate, ask, &list, "GET http://10.0.0.7:1984/api/streams", &facts);
    for (size_t i = 0; i < FACT_COUNT; i++) {
        for (const struct fact *fact = facts.best[i]; fact != NULL; fact = fact->next) {
            assert_null(strstr(fact->text, "hunter2"));
            assert_null(strstr(fact->evidence->answer, "hunter2"));
        }
    }
    arena_release(&arena);
}

static enum login_state
play(const struct answer *first, const struct answer *second, struct request *ret_behind)
{
    static const struct ask door_ask = {.path = "/nvr/api/profile"};
    static struct arena arena;
    struct secret *password = secret_new_text("a\"b");
    struct login login = {.user = "admin", .password = password};
    struct request request;
    const struct device_door *door = vms_frigate.door;
    arena_release(&arena);
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    assert_int_equal(
        device_login_step(door, &login, &door_ask, NULL, &arena, &request), LOGIN_SEND);
    assert_false(request.spends);
    enum login_state now = device_login_step(door, &login, &door_ask, first, &arena, &request);
    if (now == LOGIN_SEND) {
        assert_true(request.spends);
        assert_string_equal(request.ask.path, "/nvr/api/login");
        assert_string_equal(request.ask.body, "{\"user\":\"admin\",\"password\":\"a\\\"b\"}");
        now = device_login_step(door, &login, &door_ask, second, &arena, &request);
    }
    if (now == LOGIN_OPEN) {
        assert_int_equal(door->authorize(&login, &door_ask, &arena, ret_behind), OK);
        assert_string_equal(ret_behind->cookie, "frigate_token=eyJa.b.c");
    }
    secret_free(password);
    return now;
}

static void
test_only_a_token_opens_and_only_its_own_words_refuse(void **state)
{
    (void)state;
    struct request behind;
    const struct answer asks = answer_of(401, "", "401 Authorization Required");
    const struct answer open = answer_of(200, "", "{}");
    const struct answer right =
        answer_of(200, "Set-Cookie: frigate_token=eyJa.b.c; HttpOnly; Path=/\r\n", "");
    const struct answer page = answer_of(200, "Set-Cookie: s=1\r\n", "<html>");
    const struct answer wrong = answer_of(401, "", "{\"message\":\"Login failed\"}");
    const struct answer wrong_14 = answer_of(400, "", "{\"message\":\"Login failed\"}");
    const struct answer proxy = answer_of(401, "", "<html>");
    const struct answer limited = answer_of(429, "", "");
    assert_int_equal(secret_start(), OK);
    assert_int_equal(play(&asks, &right, &behind), LOGIN_OPEN);
    assert_int_equal(play(&asks, &page, &behind), LOGIN_UNCLEAR);
    assert_int_equal(play(&asks, &wrong, &behind), LOGIN_REFUSED);
    assert_int_equal(play(&asks, &wrong_14, &behind), LOGIN_REFUSED);
    assert_int_equal(play(&asks, &proxy, &behind), LOGIN_UNCLEAR);
    assert_int_equal(play(&asks, &limited, &behind), LOGIN_LOCKED);
    assert_int_equal(play(&open, &right, &behind), LOGIN_UNCLEAR);
}

static void
test_names_are_unique_and_every_vms_driver_is_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < vms_driver_count; i++) {
        const struct device_driver *driver = vms_drivers[i];
        assert_int_equal(driver->kind, KIND_VMS);
        assert_true(driver->probe_count != 0 || driver->sign_count != 0);
        assert_non_null(driver->parse);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(driver->name, vms_drivers[j]->name);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_what_the_transcripts_say),
        cmocka_unit_test(test_one_open_port_outweighs_one_that_asks),
        cmocka_unit_test(test_the_same_port_is_not_beside_itself),
        cmocka_unit_test(test_a_password_in_an_address_is_not_quoted),
        cmocka_unit_test(test_only_a_token_opens_and_only_its_own_words_refuse),
        cmocka_unit_test(test_names_are_unique_and_every_vms_driver_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
