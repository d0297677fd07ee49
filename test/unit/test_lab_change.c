/* What requests change at a played device, what it makes of it, and what it shows afterwards. */
#include "lab/change.h"
#include "lab/state.h"

#include <string.h>

#include "test.h"

static char user[] = "admin";
static char password[] = "12345";
static char mac[] = "44:19:b6:11:20:32";
static char name[] = "gate";
static char address[] = "10.20.0.11";
static struct site_account account = {.user = user, .password = password};
static struct site_transcript record;
static struct site_device row;
static struct site_http http;
static struct site_route routes[2];

enum { SHOWS, CHANGES };

/* A server with one route that shows the text and one that changes it. */
static void
make(struct device *device, const char *shown, const struct site_route *changes, const char *behave)
{
    static char path[] = "/x";
    static char file[] = "x.txt";
    static char text[512];
    static char does[32];
    assert_true(strlen(shown) < sizeof text);
    memcpy(text, shown, strlen(shown) + 1);
    routes[SHOWS] = (struct site_route){
        .path = path, .reply = {.file = file, .body = text, .body_len = strlen(text)}
    };
    routes[CHANGES] = *changes;
    routes[CHANGES].path = path;
    http = (struct site_http){.routes = routes, .routes_count = COUNT(routes)};
    record = (struct site_transcript){
        .mac = mac, .accounts = &account, .accounts_count = 1, .http = &http, .http_count = 1};
    row = (struct site_device){.name = name, .ip = address, .record = &record};
    if (behave != NULL) {
        memcpy(does, behave, strlen(behave) + 1);
        row.behave = does;
    }
    assert_int_equal(device_init(device, &row), OK);
}

static enum err
ask(struct device *device, const char *query, const char *body)
{
    char path[] = "/x";
    char put[] = "PUT";
    char query_copy[256];
    char body_copy[512];
    memcpy(query_copy, query, strlen(query) + 1);
    memcpy(body_copy, body, strlen(body) + 1);
    const struct http_request request = {.method = put,
        .path = path,
        .query = query_copy,
        .body = body_copy,
        .body_len = strlen(body_copy)};
    return change_apply(device, &http, &routes[CHANGES], &request);
}

static void
assert_shows(const struct device *device, const char *text)
{
    const struct state_text now = state_shown(device, &routes[SHOWS]);
    assert_int_equal(now.len, strlen(text));
    assert_memory_equal(now.text, text, now.len);
}

static void
test_put_takes_only_a_document_of_the_same_root(void **state)
{
    (void)state;
    struct device device;
    const struct site_route put = {.change = SITE_CHANGE_PUT};
    make(&device, "<U><on>true</on></U>", &put, NULL);
    assert_int_equal(ask(&device, "", "<V><on>false</on></V>"), ERR_SYNTAX);
    assert_int_equal(ask(&device, "", "<U><on>false"), ERR_SYNTAX);
    assert_int_equal(ask(&device, "", ""), ERR_SYNTAX);
    assert_shows(&device, "<U><on>true</on></U>");
    assert_int_equal(ask(&device, "", "<U><on>false</on><password>x</password></U>"), OK);
    assert_shows(&device, "<U><on>false</on></U>");
    device_release(&device);
}

static void
test_assigned_line_keeps_its_quotes_and_all_others(void **state)
{
    (void)state;
    struct device device;
    const struct site_route assign = {.change = SITE_CHANGE_ASSIGN};
    make(&device, "table.A[0].On=true\r\nroot.B='1'\r\nAB=2", &assign, NULL);
    assert_int_equal(ask(&device, "action=set&A%5B0%5D.On=false&B=a%20b", ""), OK);
    assert_shows(&device, "table.A[0].On=false\r\nroot.B='a b'\r\nAB=2");
    assert_int_equal(ask(&device, "C=1&=2&", "x"), ERR_MISSING);
    assert_int_equal(device.changes, 1);
    device_release(&device);
}

static void
test_merged_json_changes_what_is_there_and_nothing_else(void **state)
{
    (void)state;
    struct device device;
    const struct site_route merge = {.change = SITE_CHANGE_MERGE};
    make(&device, "[{\"code\":0,\"value\":{\"P\":{\"on\":1,\"id\":\"x\"}}}]", &merge, NULL);
    assert_int_equal(ask(&device, "", "[{\"cmd\":\"SetP\",\"param\":{\"P\":{\"on\":0}}}]"), OK);
    assert_shows(&device, "[{\"code\":0,\"value\":{\"P\":{\"on\":0,\"id\":\"x\"}}}]");
    assert_int_equal(ask(&device, "", "[{\"param\":{\"Q\":{\"on\":0}}}]"), ERR_MISSING);
    assert_int_equal(ask(&device, "", "not JSON"), ERR_SYNTAX);
    device_release(&device);
}

static bool
opens(const struct device *device, const char *text)
{
    return device_opens(device, DEVICE_WAY_HTTP, "admin", text);
}

static void
test_password_changes_only_with_the_old_one(void **state)
{
    (void)state;
    struct device device;
    static char new_name[] = "new";
    static char old_name[] = "old";
    static struct site_password names = {.new = new_name, .old = old_name};
    const struct site_route route = {.password = &names};
    make(&device, "", &route, NULL);
    assert_int_equal(ask(&device, "new=a%26b&old=wrong", ""), ERR_REFUSED);
    assert_int_equal(ask(&device, "new=a%26b", ""), ERR_REFUSED);
    assert_int_equal(ask(&device, "old=12345", ""), ERR_MISSING);
    assert_true(opens(&device, "12345"));
    assert_int_equal(ask(&device, "", "<User><old>12345</old><new>a&amp;b</new></User>"), OK);
    assert_true(opens(&device, "a&b") && !opens(&device, "12345"));
    assert_int_equal(ask(&device, "", "{\"x\":{\"old\":\"a&b\",\"new\":\"c\"}}"), OK);
    assert_true(device_opens(&device, DEVICE_WAY_ONVIF, "admin", "c"));
    device_release(&device);
}

/* What a behaviour makes of "Quiet-River-88": which passwords open afterwards. */
static void
test_behaviours_keep_what_their_names_say(void **state)
{
    (void)state;
    static const struct {
        const char *behave;
        enum err err;
        bool whole, eight, old;
    } table[] = {
        {"says-done",         OK,        false, false, true },
        {"first-eight",       OK,        false, true,  false},
        {"first-eight-both",  OK,        true,  true,  false},
        {"refuses-signs",     ERR_VALUE, false, false, true },
        {"short-password",    ERR_VALUE, false, false, true },
        {"old-stays",         OK,        true,  false, true },
        {"never-answers-set", OK,        true,  false, false},
    };
    static char new_name[] = "new";
    static struct site_password names = {.new = new_name};
    const struct site_route route = {.password = &names};
    for (size_t i = 0; i < COUNT(table); i++) {
        struct device device;
        make(&device, "", &route, table[i].behave);
        assert_int_equal(ask(&device, "new=Quiet-River-88", ""), table[i].err);
        assert_int_equal(opens(&device, "Quiet-River-88"), table[i].whole);
        assert_int_equal(opens(&device, "Quiet-Ri"), table[i].eight);
        assert_int_equal(opens(&device, "12345"), table[i].old);
        device_release(&device);
    }
}

static void
test_lists_apart_change_one_by_one(void **state)
{
    (void)state;
    struct device device;
    const struct site_route none = {.change = SITE_CHANGE_NONE};
    const struct state_password onvif = {
        .user = "admin", .password = "for-onvif", .list = SITE_LIST_ONVIF};
    make(&device, "", &none, "onvif-apart");
    assert_int_equal(state_set_password(&device, &onvif), OK);
    assert_true(opens(&device, "12345") && !opens(&device, "for-onvif"));
    assert_true(device_opens(&device, DEVICE_WAY_ONVIF, "admin", "for-onvif"));
    device_release(&device);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_put_takes_only_a_document_of_the_same_root),
        cmocka_unit_test(test_assigned_line_keeps_its_quotes_and_all_others),
        cmocka_unit_test(test_merged_json_changes_what_is_there_and_nothing_else),
        cmocka_unit_test(test_password_changes_only_with_the_old_one),
        cmocka_unit_test(test_behaviours_keep_what_their_names_say),
        cmocka_unit_test(test_lists_apart_change_one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
