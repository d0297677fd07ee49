#include "reading.h"

extern const struct device_driver device_foscam;

#define CGI  "/cgi-bin/CGIProxy.fcgi?cmd="
#define OPEN "transcript/foscam/FI9900P-2.81.2.29/"
#define SHUT "transcript/foscam/C1-2.52.2.37/"
#define OLD  "transcript/foscam/FI8910W-11.37.2.54/"

static struct arena arena;
static struct secret *password;

static void
test_reads_every_era_of_firmware(void **state)
{
    (void)state;
    static const struct reading_row rows[] = {
        {OPEN "getDevInfo.xml",    200, CGI "getDevInfo",    NULL, FACT_DEVICE_VENDOR,   "Foscam",       NULL, 0},
        {OPEN "getDevInfo.xml",    200, CGI "getDevInfo",    NULL, FACT_DEVICE_MODEL,    "FI9900P",      NULL, 0},
        {OPEN "getDevInfo.xml",    200, CGI "getDevInfo",    NULL, FACT_DEVICE_FIRMWARE, "2.81.2.29",
         NULL,                                                                                                 0},
        {OPEN "getDevInfo.xml",    200, CGI "getDevInfo",    NULL, FACT_DEVICE_HARDWARE, "1.12.5.2",     NULL,
         0                                                                                                      },
        {OPEN "getDevInfo.xml",    200, CGI "getDevInfo",    NULL, FACT_DEVICE_NAME,     "Yard",         NULL, 0},
        {OPEN "getP2PEnable.xml",  200, CGI "getP2PEnable",  NULL, FACT_CLOUD_ENABLED,   "yes",          NULL,
         0                                                                                                      },
        {OPEN "getP2PEnable.xml",  200, CGI "getP2PEnable",  NULL, FACT_CLOUD_NAME,      "Foscam P2P",
         NULL,                                                                                                 0},
        {OPEN "getUPnPConfig.xml", 200, CGI "getUPnPConfig", NULL, FACT_UPNP_ENABLED,    "yes",          NULL,
         0                                                                                                      },
        {OPEN "getDDNSConfig.xml", 200, CGI "getDDNSConfig", NULL, FACT_DDNS_ENABLED,    "yes",          NULL,
         0                                                                                                      },
        {OPEN "getSystemTime.xml", 200, CGI "getSystemTime", NULL, FACT_CLOCK_SYNCED,    "no",           NULL,
         0                                                                                                      },
        {OPEN "getSystemTime.xml", 200, CGI "getSystemTime", NULL, FACT_CLOCK_OFFSET,    "30",           NULL,
         0                                                                                                      },
        {OPEN "getUserList.xml",   200, CGI "getUserList",   NULL, FACT_USERS_LIST,
         "admin (administrator), guest (visitor)",                                                       NULL, 0},
        {SHUT "getDevInfo.xml",    200, CGI "getDevInfo",    NULL, FACT_DEVICE_MODEL,    "C1",           NULL, 0},
        {SHUT "getDevInfo.xml",    200, CGI "getDevInfo",    NULL, FACT_DEVICE_FIRMWARE, "2.52.2.37",
         NULL,                                                                                                 0},
        {SHUT "getP2PEnable.xml",  200, CGI "getP2PEnable",  NULL, FACT_CLOUD_ENABLED,   "no",           NULL, 0},
        {SHUT "getUPnPConfig.xml", 200, CGI "getUPnPConfig", NULL, FACT_UPNP_ENABLED,    "no",           NULL,
         0                                                                                                      },
        {SHUT "getDDNSConfig.xml", 200, CGI "getDDNSConfig", NULL, FACT_DDNS_ENABLED,    "no",           NULL,
         0                                                                                                      },
        {SHUT "getSystemTime.xml", 200, CGI "getSystemTime", NULL, FACT_CLOCK_SYNCED,    "yes",          NULL,
         0                                                                                                      },
        {SHUT "getSystemTime.xml", 200, CGI "getSystemTime", NULL, FACT_CLOCK_NTP,       "pool.ntp.org",
         NULL,                                                                                                 0},
        {SHUT "getSystemTime.xml", 200, CGI "getSystemTime", NULL, FACT_CLOCK_OFFSET,    NULL,           NULL,
         0                                                                                                      },
        {SHUT "getUserList.xml",   200, CGI "getUserList",   NULL, FACT_USERS_LIST,
         "admin (administrator), vms (operator)",                                                        NULL, 0},
        {OLD "status.txt",         200, "/get_status.cgi",   NULL, FACT_DEVICE_VENDOR,   "Foscam",       NULL, 0},
        {OLD "status.txt",         200, "/get_status.cgi",   NULL, FACT_DEVICE_FIRMWARE, "11.37.2.54",   NULL,
         0                                                                                                      },
        {OLD "status.txt",         200, "/get_status.cgi",   NULL, FACT_DEVICE_NAME,     "LivingRoom",   NULL, 0},
        {OLD "status.txt",         200, "/get_status.cgi",   NULL, FACT_CLOCK_OFFSET,    "30",           NULL, 0},
        {OLD "status.txt",         200, "/get_status.cgi",   NULL, FACT_UPNP_ENABLED,    "yes",          NULL, 0},
        {OLD "status.txt",         200, "/get_status.cgi",   NULL, FACT_DDNS_ENABLED,    "yes",          NULL, 0},
        {OLD "params.txt",         200, "/get_params.cgi",   NULL, FACT_USERS_LIST,
         "admin (administrator), nanny (visitor)",                                                       NULL, 0},
        {OLD "params.txt",         200, "/get_params.cgi",   NULL, FACT_UPNP_ENABLED,    "yes",          NULL, 0},
        {OLD "params.txt",         200, "/get_params.cgi",   NULL, FACT_DDNS_ENABLED,    "yes",          NULL, 0},
        {SHUT "denied.xml",        200, CGI "getDevInfo",    NULL, FACT_DEVICE_MODEL,    NULL,           NULL, 0},
        {SHUT "denied.xml",        200, CGI "getP2PEnable",  NULL, FACT_CLOUD_ENABLED,   NULL,           NULL, 0},
        {SHUT "denied.xml",        200, CGI "getUserList",   NULL, FACT_USERS_LIST,      NULL,           NULL, 0},
    };
    reading_check(&device_foscam, rows, COUNT(rows));
}

/* What the page with all passwords gives: names, never what stands beside them. */
static void
test_no_password_of_the_camera_gets_into_a_fact(void **state)
{
    (void)state;
    static const char *const paths[] = {"/get_params.cgi", CGI "getDDNSConfig"};
    static const char *const files[] = {OLD "params.txt", OPEN "getDDNSConfig.xml"};
    static const char *const secrets[] = {"Sailor-Onion", "nanny1", "secret7906", "hunter2"};
    for (size_t i = 0; i < COUNT(paths); i++) {
        const struct ask ask = {.path = paths[i], .login = true};
        struct facts facts;
        struct buf body;
        facts_init(&facts, &arena);
        buf_init(&body, ANSWER_BODY);
        assert_int_equal(transcript_read(files[i], &body), OK);
        struct answer answer = answer_of(200, "", body.data);
        (void)device_read(&device_foscam, &ask, &answer, "GET", &facts);
        for (enum fact_id id = 0; id < FACT_COUNT; id++) {
            const struct fact *fact = facts_get(&facts, id);
            for (size_t k = 0; fact != NULL && k < COUNT(secrets); k++) {
                assert_null(strstr(fact->text, secrets[k]));
                assert_true(
                    fact->evidence == NULL || strstr(fact->evidence->answer, secrets[k]) == NULL);
            }
        }
        buf_release(&body);
    }
}

/* One log-in over these answers; the state it ends in and how often a password went out. */
static enum login_state
play(const struct answer *answers, size_t count, struct login *login, unsigned *ret_spent,
    struct request *ret_last)
{
    const struct answer *last = NULL;
    enum login_state state = LOGIN_SEND;
    *ret_spent = 0;
    for (size_t i = 0; i <= count && state == LOGIN_SEND; i++) {
        struct request request;
        state = device_login_step(
            device_foscam.door, login, &device_foscam.door_ask, last, &arena, &request);
        *ret_last = state == LOGIN_SEND ? request : *ret_last;
        *ret_spent += state == LOGIN_SEND && request.spends ? 1 : 0;
        last = i < count ? &answers[i] : NULL;
    }
    return state;
}

#define RESULT(n) "<CGI_Result><result>" n "</result></CGI_Result>"
#define DEVICE    "<CGI_Result><result>0</result><productName>C1</productName></CGI_Result>"
#define BASIC     "WWW-Authenticate: Basic realm=\"Foscam\"\r\n"

static void
test_the_answers_tell_how_the_log_in_went(void **state)
{
    (void)state;
    static const struct {
        int status[3];
        const char *headers[3];
        const char *body[3];
        size_t count;
        enum login_state state;
        unsigned spent;
    } rows[] = {
        {{200, 200},      {"", ""},           {RESULT("-2"), DEVICE},                  2, LOGIN_OPEN,    1},
        {{200, 200},      {"", ""},           {RESULT("-2"), RESULT("-2")},            2, LOGIN_REFUSED, 1},
        {{200, 200},      {"", ""},           {RESULT("-2"), RESULT("-3")},            2, LOGIN_UNCLEAR, 1},
        {{200, 200},      {"", ""},           {RESULT("-2"), RESULT("0")},             2, LOGIN_UNCLEAR, 1},
        {{200, 200},      {"", ""},           {RESULT("-2"), "The account is locked"}, 2, LOGIN_LOCKED,  1},
        {{200},           {""},               {DEVICE},                                1, LOGIN_UNCLEAR, 0},
        {{200},           {""},               {"<html></html>"},                       1, LOGIN_UNCLEAR, 0},
        {{404, 401, 200}, {"", BASIC, ""},    {"", "", "var user1_name='admin';"},     3, LOGIN_OPEN,    1},
        {{404, 401, 401}, {"", BASIC, BASIC}, {"", "", ""},                            3, LOGIN_REFUSED, 1},
        {{404, 401, 200}, {"", BASIC, ""},    {"", "", "<html></html>"},               3, LOGIN_UNCLEAR, 1},
        {{404, 200},      {"", ""},           {"", "var user1_name='admin';"},         2, LOGIN_UNCLEAR, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct login login = {.user = "admin", .password = password};
        struct answer answers[3];
        struct request request = {.spends = false};
        unsigned spent = 0;
        for (size_t k = 0; k < rows[i].count; k++) {
            answers[k] = answer_of(rows[i].status[k], rows[i].headers[k], rows[i].body[k]);
        }
        assert_int_equal(play(answers, rows[i].count, &login, &spent, &request), rows[i].state);
        assert_int_equal(spent, rows[i].spent);
    }
}

static void
test_every_sign_of_a_password_is_encoded_and_the_other_generation_left_alone(void **state)
{
    (void)state;
    struct login login = {.user = "ad min", .password = password};
    struct answer first = answer_of(200, "", RESULT("-2"));
    struct answer second = answer_of(200, "", DEVICE);
    const struct answer answers[] = {first, second};
    const struct ask hd = {.path = CGI "getP2PEnable", .login = true};
    const struct ask mjpeg = {.path = "/get_params.cgi", .login = true};
    struct request request;
    unsigned spent = 0;
    assert_int_equal(play(answers, 2, &login, &spent, &request), LOGIN_OPEN);
    assert_int_equal(device_foscam.door->authorize(&login, &hd, &arena, &request), OK);
    assert_string_equal(request.ask.path, CGI "getP2PEnable&usr=ad%20min&pwd=a%26b%3D%C3%BC%23%20");
    assert_false(request.spends);
    assert_int_equal(device_foscam.door->authorize(&login, &mjpeg, &arena, &request), ERR_VALUE);
}

/* Reads one answer to the ask whose path holds this. */
static void
read_into(const char *path, const char *body, struct facts *facts)
{
    const struct answer answer = answer_of(200, "", body);
    for (size_t n = 0; device_ask(&device_foscam, n) != NULL; n++) {
        const struct ask *ask = device_ask(&device_foscam, n);
        if (strstr(ask->path, path) != NULL) {
            (void)device_read(&device_foscam, ask, &answer, "GET x", facts);
        }
    }
}

/* Spelling as in github quatanium/python-onvif, issue 28. */
static void
test_reads_accounts_and_names_that_are_percent_encoded(void **state)
{
    (void)state;
    struct facts facts;
    facts_init(&facts, &arena);
    read_into("getUserList",
        "<CGI_Result><result>0</result><usr0>admin%2B2</usr0><usr1>a%2Bb%2B0</usr1><usr2/>"
        "<usr3>50%zz+1</usr3></CGI_Result>",
        &facts);
    read_into("getDevInfo",
        "<CGI_Result><result>0</result><productName>F</productName><devName>My%20Cam%0A</devName>"
        "</CGI_Result>",
        &facts);
    assert_string_equal(facts_text(&facts, FACT_USERS_LIST),
        "admin (administrator), a+b (visitor), 50%zz (operator)");
    assert_string_equal(facts_text(&facts, FACT_DEVICE_NAME), "My Cam%0A");
}

static void
test_takes_no_clone_for_a_foscam(void **state)
{
    (void)state;
    struct facts facts;
    facts_init(&facts, &arena);
    read_into("get_status",
        "var alias=\"IPCAM\";\r\nvar deviceid=\"VSTC100001ABCDE\";\r\n"
        "var sys_ver=\"48.53.75.92\";\r\n",
        &facts);
    assert_null(facts_text(&facts, FACT_DEVICE_VENDOR));
    assert_string_equal(facts_text(&facts, FACT_DEVICE_FIRMWARE), "48.53.75.92");
    assert_string_equal(facts_text(&facts, FACT_DEVICE_NAME), "IPCAM");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_every_era_of_firmware),
        cmocka_unit_test(test_no_password_of_the_camera_gets_into_a_fact),
        cmocka_unit_test(test_the_answers_tell_how_the_log_in_went),
        cmocka_unit_test(test_reads_accounts_and_names_that_are_percent_encoded),
        cmocka_unit_test(test_takes_no_clone_for_a_foscam),
        cmocka_unit_test(
            test_every_sign_of_a_password_is_encoded_and_the_other_generation_left_alone),
    };
    if (secret_start() != OK) {
        return 1;
    }
    password = secret_new_text("a&b=\xc3\xbc# ");
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_release(&arena);
    secret_free(password);
    return failed;
}
