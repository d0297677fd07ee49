#include "reading.h"

extern const struct device_driver vms_zoneminder;

#define OPEN  "transcript/zoneminder/1.36.33/"
#define ASKED "answers/zoneminder/1.36.33-auth/"
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

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_what_the_transcripts_say),
        cmocka_unit_test(test_only_the_page_tells_how_the_log_in_went),
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
