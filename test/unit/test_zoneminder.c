#include "reading.h"

extern const struct device_driver vms_zoneminder;

#define OPEN  "transcript/zoneminder/1.36.33/"
#define ASKED "answers/zoneminder/1.36.33-auth/"
#define LOGIN "transcript/zoneminder/1.36.33-login/"
#define HOME  "/zm/"
#define API   "/zm/api/host/getVersion.json"

static struct arena arena;
static struct secret *password;

static void
test_reads_what_the_transcripts_say(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct reading_row rows[] = {
        {OPEN "console.html", 200, "/zm/", NULL, FACT_VMS_PRODUCT, "ZoneMinder", NULL, 0},
        {OPEN "console.html", 200, "/zm/", NULL, FACT_VMS_VERSION, "1.36.33", NULL, 0},
        {OPEN "console.html", 200, "/zm/", NULL, FACT_VMS_AUTH, "no", NULL, 0},
        {OPEN "console.html", 200, "/zm/", NULL, FACT_VMS_OPEN, "http://10.0.0.7:80/", NULL, 0},
        {OPEN "console.html", 200, "/zm/", NULL, FACT_VMS_LIMIT, "no", NULL, 0},
        {OPEN "console.html", 200, "/zm/", NULL, FACT_VMS_ACCESS_LOG, "no", NULL, 0},
        {OPEN "apache.html", 200, "/zm/", NULL, FACT_VMS_PRODUCT, NULL, NULL, 0},
        {ASKED "login.html", 200, "/zm/", NULL, FACT_VMS_PRODUCT, "ZoneMinder", NULL, 0},
        {ASKED "login.html", 200, "/zm/", NULL, FACT_VMS_AUTH, "yes", NULL, 0},
        {ASKED "getVersion.json", 401, API, NULL, FACT_VMS_AUTH, "yes", NULL, 0},
        {ASKED "version.json", 200, API, NULL, FACT_VMS_VERSION, "1.36.33", NULL, 0},
        {ASKED "version.json", 200, API, NULL, FACT_VMS_AUTH, "no", NULL, 0},
        {LOGIN "console.html", 200, HOME, NULL, FACT_VMS_KEY_KNOWN, "yes", NULL, 0},
        {LOGIN "console.html", 200, HOME, NULL, FACT_VMS_URL_PASSWORDS, "no", NULL, 0},
        {LOGIN "console.html", 200, HOME, NULL, FACT_VMS_VERSION, "1.36.33", NULL, 0},
        {LOGIN "login.html", 200, HOME, NULL, FACT_VMS_KEY_KNOWN, NULL, NULL, 0},
        {LOGIN "login.html", 200, HOME, NULL, FACT_VMS_VERSION, NULL, NULL, 0},
        {"transcript/zoneminder/1.34.26-top/console.html", 200, HOME, NULL, FACT_VMS_VERSION,
         "1.34.26", NULL, 0},
        {"transcript/zoneminder/1.38.4-path/console.html", 200, HOME, NULL, FACT_VMS_KEY_KNOWN, "no",
         NULL, 0},
        {"transcript/zoneminder/1.38.4-path/console.html", 200, HOME, NULL, FACT_AUTH_MODES,
         "builtin, handed on plain", NULL, 0},
        {NULL, 301, "/zm/cache/events", NULL, FACT_VMS_FOOTAGE,
         "http://10.0.0.7:80/zm/cache/events&pwd=***", "Location: http://x/zm/cache/events/\r\n", 0},
        {NULL, 301, "/zm/cache/events", NULL, FACT_VMS_FOOTAGE, NULL, "Location: /login/\r\n", 0},
        {NULL, 403, "/zm/cache/events/", NULL, FACT_VMS_FOOTAGE, NULL, NULL, 0},
        {OPEN "apache.html", 200, "/zm/events/", NULL, FACT_VMS_FOOTAGE, NULL, NULL, 0},
        {NULL, 302, HOME, NULL, FACT_VMS_SETUP, "no", "Location: /zm/?view=privacy\r\n", 0},
        {NULL, 200, API, NULL, FACT_VMS_AUTH, NULL, NULL, 0},
        {NULL, 401, API, NULL, FACT_VMS_AUTH, NULL, NULL, 0},
        {NULL, 302, "/zm/?view=console", NULL, FACT_VMS_AUTH, "yes",
         "Location: /zm/index.php?view=login\r\n",
         0},
        {NULL, 302, "/zm/?view=console", NULL, FACT_VMS_AUTH, NULL,
         "Location: /zm/index.php?view=privacy\r\n",
         0},
    };
    /* clang-format on */
    reading_check(&vms_zoneminder, rows, COUNT(rows));
}

static void
test_only_the_page_tells_how_the_log_in_went(void **state)
{
    (void)state;
    static const struct {
        const char *first;
        const char *second;
        enum login_state state;
    } rows[] = {
        {ASKED "login.html",  ASKED "right.html", LOGIN_OPEN   },
        {ASKED "login.html",  ASKED "wrong.html", LOGIN_REFUSED},
        {ASKED "login.html",  OPEN "apache.html", LOGIN_UNCLEAR},
        {OPEN "console.html", ASKED "right.html", LOGIN_UNCLEAR},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct login login = {.user = "admin", .password = password};
        const struct device_door *door = vms_zoneminder.door;
        const struct ask *ask = &vms_zoneminder.door_ask;
        struct request request;
        struct buf first;
        struct buf second;
        buf_init(&first, ANSWER_BODY);
        buf_init(&second, ANSWER_BODY);
        assert_int_equal(transcript_read(rows[i].first, &first), OK);
        assert_int_equal(transcript_read(rows[i].second, &second), OK);
        struct answer page = answer_of(200, "", first.data);
        struct answer result = answer_of(200, "", second.data);
        assert_int_equal(device_login_step(door, &login, ask, NULL, &arena, &request), LOGIN_SEND);
        assert_false(request.spends);
        enum login_state now = device_login_step(door, &login, ask, &page, &arena, &request);
        if (now == LOGIN_SEND) {
            assert_true(request.spends);
            assert_string_equal(
                request.ask.body, "action=login&view=login&username=admin&password=a%26b%3Dc");
            now = device_login_step(door, &login, ask, &result, &arena, &request);
        }
        assert_int_equal(now, rows[i].state);
        buf_release(&first);
        buf_release(&second);
    }
}

static const struct ask *
own_ask(void)
{
    for (size_t n = 0; device_ask(&vms_zoneminder, n) != NULL; n++) {
        if (device_ask(&vms_zoneminder, n)->login) {
            return device_ask(&vms_zoneminder, n);
        }
    }
    return NULL;
}

static void
test_the_new_session_goes_behind_the_log_in(void **state)
{
    (void)state;
    struct login login = {.user = "admin", .password = password};
    const struct ask ask = {.path = "/cctv/zm/index.php?view=login"};
    struct request request;
    const struct answer page = answer_of(200, "", "<title>ZM - Login</title>");
    const struct answer right = answer_of(200,
        "Set-Cookie: zmSkin=classic; path=/\r\nSet-Cookie: ZMSESSID=old; path=/\r\n"
        "Set-Cookie: ZMSESSID=new; path=/\r\n",
        "<title>ZM - Logging In</title>");
    const struct device_door *door = vms_zoneminder.door;
    assert_int_equal(device_login_step(door, &login, &ask, NULL, &arena, &request), LOGIN_SEND);
    assert_int_equal(device_login_step(door, &login, &ask, &page, &arena, &request), LOGIN_SEND);
    assert_string_equal(request.ask.path, "/cctv/zm/index.php");
    assert_int_equal(device_login_step(door, &login, &ask, &right, &arena, &request), LOGIN_OPEN);
    assert_non_null(own_ask());
    assert_int_equal(door->authorize(&login, own_ask(), &arena, &request), OK);
    assert_string_equal(request.cookie, "ZMSESSID=new");
}

static void
test_what_is_read_behind_the_log_in_opens_nothing(void **state)
{
    (void)state;
    struct facts facts;
    struct answer console = answer_of(200, "", "<title>ZM - Console</title>");
    facts_init(&facts, &arena);
    (void)device_read(
        &vms_zoneminder, own_ask(), &console, "GET http://10.0.0.7:80/zm/?view=console", &facts);
    assert_null(facts_get(&facts, FACT_VMS_OPEN));
    assert_null(facts_get(&facts, FACT_VMS_AUTH));
    assert_string_equal(facts_text(&facts, FACT_VMS_PRODUCT), "ZoneMinder");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_what_the_transcripts_say),
        cmocka_unit_test(test_only_the_page_tells_how_the_log_in_went),
        cmocka_unit_test(test_the_new_session_goes_behind_the_log_in),
        cmocka_unit_test(test_what_is_read_behind_the_log_in_opens_nothing),
    };
    if (secret_start() != OK) {
        return 1;
    }
    password = secret_new_text("a&b=c");
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_release(&arena);
    secret_free(password);
    return failed;
}
