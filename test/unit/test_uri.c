#include "gate/uri.h"

#include "base/text.h"
#include "test.h"

#define HOST "gate.example"

static struct arena arena;

static int
begin(void **state)
{
    (void)state;
    arena_init(&arena, (size_t)1024 * 1024);
    return 0;
}

static int
end(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

struct good {
    const char *target, *sent, *path, *query;
};

static void
test_sends_the_one_form_that_it_judges(void **state)
{
    (void)state;
    // clang-format off
    static const struct good rows[] = {
        {"/",                             "/",                    "/",                 ""},
        {"/zm/index.php?view=watch&mid=1", "/zm/index.php?view=watch&mid=1", "/zm/index.php", "view=watch&mid=1"},
        {"//cam1/live",                   "/cam1/live",           "/cam1/live",        ""},
        {"/cam1///live//",                "/cam1/live/",          "/cam1/live/",       ""},
        {"/%63am1/live",                  "/cam1/live",           "/cam1/live",        ""},
        {"/a%20b/%C3%a9t%c3%A9",          "/a%20b/%C3%A9t%C3%A9", "/a b/\xc3\xa9t\xc3\xa9", ""},
        {"/a+b?c+d%2Be",                  "/a+b?c+d%2Be",         "/a+b",              "c+d%2Be"},
        {"/a%3Fb?c?d",                    "/a%3Fb?c?d",           "/a?b",              "c?d"},
        {"/a{b}|\"",                      "/a%7Bb%7D%7C%22",      "/a{b}|\"",          ""},
        {"/100%25",                       "/100%25",              "/100%",             ""},
        {"/a/.../b/.well-known",          "/a/.../b/.well-known", "/a/.../b/.well-known", ""},
        {"/a?",                           "/a?",                  "/a",                ""},
        {"/private/clip?x=/public",       "/private/clip?x=/public", "/private/clip",  "x=/public"},
        {"/private/clip?x=/../public;y",  "/private/clip?x=/../public;y", "/private/clip", "x=/../public;y"},
        {"http://gate.example/a?b",       "/a?b",                 "/a",                "b"},
        {"HTTPS://Gate.Example:8443//a",  "/a",                   "/a",                ""},
        {"http://gate.example",           "/",                    "/",                 ""},
        {"http://gate.example?x",         "/?x",                  "/",                 "x"},
    };
    // clang-format on
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct uri uri;
        struct note note = {""};
        enum err err =
            uri_canonical(rows[i].target, strlen(rows[i].target), HOST, &arena, &uri, &note);
        if (err != OK) {
            fail_msg("%s: %s", rows[i].target, note.text);
        }
        assert_string_equal(uri.sent, rows[i].sent);
        assert_string_equal(uri.path, rows[i].path);
        assert_string_equal(uri.query, rows[i].query);
    }
}

/* The attacks of which each is a way around some other proxy. */
static void
test_refuses_what_could_be_read_in_two_ways(void **state)
{
    (void)state;
    static const char *const targets[] = {
        "/cam1/..%2fcam2/live",
        "/cam1%2Fcam2",
        "/cam1/%2e%2e/cam2",
        "/cam1/%2E./cam2",
        "/cam1/../cam2",
        "/cam1/./live",
        "/cam1/..",
        "/.",
        "/%2e",
        "/cam1/..;/cam2",
        "/cam1;x=1",
        "/cam1%3bx=1",
        "/a%",
        "/a%2",
        "/a%zz",
        "/a%%2e",
        "/a\xe9",
        "/a\\b",
        "/a%5cb",
        "/a%5C..%5Cb",
        "/a%00",
        "/a%0d%0aHost:%20x",
        "/a%7f",
        "/a\tb",
        "/a b",
        "/public#/../private",
        "/public%23/private",
        "/a?b#c",
        "/a?b%",
        "/a?b%2",
        "/a?b%g0",
        "/a?b\x01",
        "/a?b\xff",
        "/a?b c",
        "/%c0%ae%c0%ae/cam2", /* overlong dots */
        "/%c0%af",
        "/%ff",
        "/%ed%a0%80", /* a surrogate */
        "/a/%252e%252e/b",
        "/a%252fb",
        "/%c2%85", /* a C1 control character */
        "http://other/cam1",
        "http://gate.example.evil/cam1",
        "http://gate.examplE:80:80/",
        "http://gate.example:/",
        "http://user@gate.example/",
        "http://gate.example@evil/",
        "ftp://gate.example/",
        "http:/gate.example/",
        "gate.example:443",
        "*",
        "cam1",
        "",
    };
    for (size_t i = 0; i < COUNT(targets); i++) {
        struct uri uri;
        struct note note = {""};
        enum err err = uri_canonical(targets[i], strlen(targets[i]), HOST, &arena, &uri, &note);
        if (err != ERR_VALUE) {
            fail_msg("%s was taken", targets[i]);
        }
        assert_string_not_equal(note.text, "");
    }
}

static void
test_refuses_a_terminator_inside(void **state)
{
    (void)state;
    struct uri uri;
    assert_int_equal(uri_canonical("/a\0b", 4, HOST, &arena, &uri, NULL), ERR_VALUE);
}

static void
test_an_absolute_form_needs_a_host_to_compare(void **state)
{
    (void)state;
    struct uri uri;
    assert_int_equal(uri_canonical("http://a/", 9, NULL, &arena, &uri, NULL), ERR_VALUE);
    assert_int_equal(uri_canonical("http://a/", 9, "", &arena, &uri, NULL), ERR_VALUE);
    assert_int_equal(uri_canonical("http://a:1/", 11, "a:1", &arena, &uri, NULL), OK);
    assert_int_equal(uri_canonical("http://a:1:2/", 13, "a:1", &arena, &uri, NULL), ERR_VALUE);
    assert_int_equal(uri_canonical("http://[::1]:2/", 15, "[::1]", &arena, &uri, NULL), OK);
}

static void
test_refuses_more_than_8_kilobytes_also_when_they_grow(void **state)
{
    (void)state;
    static char target[30000];
    memset(target, 'a', sizeof target);
    target[0] = '/';
    struct uri uri;
    struct note note = {""};
    assert_int_equal(uri_canonical(target, 30000, HOST, &arena, &uri, &note), ERR_LIMIT);
    assert_int_equal(uri_canonical(target, 8193, HOST, &arena, &uri, &note), ERR_LIMIT);
    assert_int_equal(uri_canonical(target, 8192, HOST, &arena, &uri, &note), OK);
    memset(target + 1, '{', 4000);
    assert_int_equal(uri_canonical(target, 4001, HOST, &arena, &uri, &note), ERR_LIMIT);
    assert_string_not_equal(note.text, "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_sends_the_one_form_that_it_judges, begin, end),
        cmocka_unit_test_setup_teardown(test_refuses_what_could_be_read_in_two_ways, begin, end),
        cmocka_unit_test_setup_teardown(test_refuses_a_terminator_inside, begin, end),
        cmocka_unit_test_setup_teardown(test_an_absolute_form_needs_a_host_to_compare, begin, end),
        cmocka_unit_test_setup_teardown(
            test_refuses_more_than_8_kilobytes_also_when_they_grow, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
