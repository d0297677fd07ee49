#include "reading.h"

extern const struct device_driver device_bosch;

#define READ(c, t) "/rcp.xml?command=" c "&type=" t "&direction=READ"
#define PRODUCT    READ("0x0aea", "P_OCTET")
#define SERIAL     READ("0x0ae7", "P_OCTET")
#define SOFTWARE   READ("0x002f", "P_STRING")
#define HARDWARE   READ("0x00bc", "P_OCTET")
#define NAME       READ("0x0019", "P_UNICODE") "&num=1"
#define OLD        "transcript/bosch/NBC-255-P-5.93/"
#define MIDDLE     "transcript/bosch/NBN-50022-C-6.43/"
#define NEW        "transcript/bosch/NDE-8502-R-7.60/"

static void
test_reads_every_era_of_firmware(void **state)
{
    (void)state;
    static const struct reading_row rows[] = {
        {OLD "product.xml",     200, PRODUCT,  NULL, FACT_DEVICE_VENDOR,   "Bosch",                        NULL, 0},
        {OLD "product.xml",     200, PRODUCT,  NULL, FACT_DEVICE_MODEL,    "NBC-255-P",                    NULL, 0},
        {OLD "serial.xml",      200, SERIAL,   NULL, FACT_DEVICE_SERIAL,   "044625520312345678",           NULL, 0},
        {OLD "software.xml",    200, SOFTWARE, NULL, FACT_DEVICE_FIRMWARE, "25500593",                     NULL, 0},
        {OLD "mac.xml",         200, HARDWARE, NULL, FACT_DEVICE_MAC,      "00:07:5f:25:59:30",            NULL, 0},
        {OLD "name.xml",        200, NAME,     NULL, FACT_DEVICE_NAME,     "Gate",                         NULL, 0},
        {MIDDLE "product.xml",  200, PRODUCT,  NULL, FACT_DEVICE_MODEL,    "NBN-50022-C",                  NULL, 0},
        {MIDDLE "software.xml", 200, SOFTWARE, NULL, FACT_DEVICE_FIRMWARE, "43500643",                     NULL, 0},
        {NEW "product.xml",     200, PRODUCT,  NULL, FACT_DEVICE_MODEL,    "FLEXIDOME IP starlight 8000i",
         NULL,                                                                                                   0},
        {NEW "software.xml",    200, SOFTWARE, NULL, FACT_DEVICE_FIRMWARE, "49500760",                     NULL, 0},
        {NEW "error.xml",       200, PRODUCT,  NULL, FACT_DEVICE_VENDOR,   NULL,                           NULL, 0},
        {NEW "error.xml",       200, SOFTWARE, NULL, FACT_DEVICE_FIRMWARE, NULL,                           NULL, 0},
        {NEW "product.xml",     401, PRODUCT,  NULL, FACT_DEVICE_MODEL,    NULL,                           NULL, 0},
    };
    reading_check(&device_bosch, rows, COUNT(rows));
}

static void
read_body(struct arena *arena, const char *path, const char *body, struct facts *ret_facts)
{
    const struct ask ask = {.path = path};
    struct answer answer = answer_of(200, "", body);
    facts_init(ret_facts, arena);
    (void)device_read(&device_bosch, &ask, &answer, "GET", ret_facts);
}

static void
test_octets_that_are_no_text_are_no_name(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *expected;
    } rows[] = {
        {"44 49 00", "DI"   },
        {"44 4g",    "44 4g"},
        {"44 07 45", NULL   },
        {"00 00",    NULL   },
        {"444",      "444"  },
        {"",         NULL   },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct arena arena;
        struct facts facts;
        char body[128];
        arena_init(&arena, ARENA_DEVICE_LIMIT);
        (void)snprintf(
            body, sizeof(body), "<rcp><result><str>%s</str></result></rcp>", rows[i].text);
        read_body(&arena, PRODUCT, body, &facts);
        const char *model = facts_text(&facts, FACT_DEVICE_MODEL);
        assert_true(rows[i].expected == NULL ? model == NULL : model != NULL);
        if (model != NULL) {
            assert_string_equal(model, rows[i].expected);
        }
        arena_release(&arena);
    }
}

static void
test_knows_which_firmware_has_no_factory_password(void **state)
{
    (void)state;
    static const struct {
        const char *firmware;
        bool none;
    } rows[] = {
        {"25500593",  false},
        {"43500643",  false},
        {"49500760",  true },
        {"7.50.0074", true },
        {"6.43.0023", false},
        {NULL,        false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct arena arena;
        struct facts facts;
        const struct source source = {.confidence = 90};
        arena_init(&arena, ARENA_DEVICE_LIMIT);
        facts_init(&facts, &arena);
        facts_set_text(&facts, FACT_DEVICE_FIRMWARE, rows[i].firmware, &source);
        assert_int_equal(device_bosch.no_factory(&facts) != NULL, rows[i].none);
        arena_release(&arena);
    }
}

#define ASKED "WWW-Authenticate: Basic realm=\"Use 'live' as User Name for live view\"\r\n"
#define RCP   "<rcp><result><str>44 49</str></result></rcp>"

static void
test_the_picture_is_the_door_where_the_identity_is_open(void **state)
{
    (void)state;
    static const struct {
        int status[3];
        const char *body[3];
        size_t count;
        enum login_state state;
        unsigned spent;
    } rows[] = {
        {{401, 200},      {"", RCP},                 2, LOGIN_OPEN,    1},
        {{401, 200},      {"", "welcome"},           2, LOGIN_UNCLEAR, 1},
        {{401, 401},      {"", ""},                  2, LOGIN_REFUSED, 1},
        {{200, 401, 200}, {RCP, "", "\xff\xd8\xff"}, 3, LOGIN_OPEN,    1},
        {{200, 401, 401}, {RCP, "", ""},             3, LOGIN_REFUSED, 1},
        {{200, 200},      {RCP, "\xff\xd8\xff"},     2, LOGIN_UNCLEAR, 0},
        {{200},           {"<html></html>"},         1, LOGIN_UNCLEAR, 0},
    };
    struct secret *password = secret_start() == OK ? secret_new_text("service") : NULL;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct arena arena;
        struct login login = {.user = "service", .password = password};
        struct answer answer;
        const struct answer *last = NULL;
        enum login_state result = LOGIN_SEND;
        unsigned spent = 0;
        arena_init(&arena, ARENA_DEVICE_LIMIT);
        for (size_t k = 0; k <= rows[i].count && result == LOGIN_SEND; k++) {
            struct request request;
            result = device_login_step(
                device_bosch.door, &login, &device_bosch.door_ask, last, &arena, &request);
            spent += result == LOGIN_SEND && request.spends ? 1 : 0;
            if (k < rows[i].count) {
                answer = answer_of(
                    rows[i].status[k], rows[i].status[k] == 401 ? ASKED : "", rows[i].body[k]);
                last = &answer;
            }
        }
        assert_int_equal(result, rows[i].state);
        assert_int_equal(spent, rows[i].spent);
        arena_release(&arena);
    }
    secret_free(password);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_every_era_of_firmware),
        cmocka_unit_test(test_the_picture_is_the_door_where_the_identity_is_open),
        cmocka_unit_test(test_octets_that_are_no_text_are_no_name),
        cmocka_unit_test(test_knows_which_firmware_has_no_factory_password),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
