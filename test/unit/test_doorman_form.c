#include "daemon/doorman_form.h"

#include "test.h"

#include <string.h>

#define COOKIE "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNO-_"

static enum err
read_text(const char *text, struct arena *arena, struct doorman_form *ret_form)
{
    arena_init(arena, (size_t)256 * 1024);
    return doorman_form_read(text, strlen(text), arena, ret_form);
}

static void
test_reads_fields_as_browsers_write_them(void **state)
{
    (void)state;
    struct arena arena;
    struct doorman_form form;
    assert_int_equal(read_text("user=anna&password=a+b%26c%3D%C3%A4&empty=", &arena, &form), OK);
    assert_string_equal(doorman_form_value(&form, "user"), "anna");
    assert_string_equal(doorman_form_value(&form, "password"), "a b&c=ä");
    assert_string_equal(doorman_form_value(&form, "empty"), "");
    assert_string_equal(doorman_form_value(&form, "absent"), "");
    arena_release(&arena);
}

static void
test_refuses_forms_that_can_be_read_two_ways(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum err err;
    } rows[] = {
        {"user=a&user=b",  ERR_VALUE },
        {"user=a&us%65r=", ERR_VALUE },
        {"user=%0",        ERR_SYNTAX},
        {"user=%zz",       ERR_SYNTAX},
        {"user=a%00b",     ERR_SYNTAX},
        {"user",           ERR_SYNTAX},
        {"=a",             ERR_SYNTAX},
        {"USER=a",         ERR_SYNTAX},
        {"user[]=a",       ERR_SYNTAX},
        {"a=&&b=",         ERR_SYNTAX},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct arena arena;
        struct doorman_form form;
        assert_int_equal(read_text(rows[i].text, &arena, &form), rows[i].err);
        arena_release(&arena);
    }
}

static void
test_refuses_more_fields_than_any_page_has(void **state)
{
    (void)state;
    struct arena arena;
    struct doorman_form form;
    assert_int_equal(
        read_text("a=&b=&c=&d=&e=&f=&g=&h=&i=&j=&k=&l=&m=&n=&o=&p=", &arena, &form), OK);
    assert_int_equal(form.count, DOORMAN_FORM_FIELDS);
    arena_release(&arena);
    assert_int_equal(
        read_text("a=&b=&c=&d=&e=&f=&g=&h=&i=&j=&k=&l=&m=&n=&o=&p=&q=", &arena, &form), ERR_LIMIT);
    arena_release(&arena);
}

static void
test_finds_its_cookie_among_others(void **state)
{
    (void)state;
    char value[DOORMAN_FORM_COOKIE + 1] = "";
    assert_int_equal(
        doorman_form_cookie("ZMSESSID=x; gatehouse=" COOKIE "; b=c", "gatehouse", value), OK);
    assert_string_equal(value, COOKIE);
    assert_int_equal(doorman_form_cookie("gatehouse-pre=" COOKIE, "gatehouse", value), ERR_MISSING);
    assert_int_equal(doorman_form_cookie("xgatehouse=" COOKIE, "gatehouse", value), ERR_MISSING);
    assert_int_equal(doorman_form_cookie(NULL, "gatehouse", value), ERR_MISSING);
    assert_int_equal(doorman_form_cookie("", "gatehouse", value), ERR_MISSING);
}

static void
test_refuses_a_cookie_that_is_there_twice_or_not_ours(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "gatehouse=" COOKIE "; gatehouse=" COOKIE,
        "gatehouse=; gatehouse=" COOKIE,
        "gatehouse=short",
        "gatehouse=" COOKIE "x",
        "gatehouse=\"" COOKIE "\"",
        "gatehouse=abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNO+/",
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char value[DOORMAN_FORM_COOKIE + 1] = "";
        assert_int_equal(doorman_form_cookie(rows[i], "gatehouse", value), ERR_VALUE);
    }
}

static void
test_goes_back_to_plain_paths_of_this_server_only(void **state)
{
    (void)state;
    static const char *const good[] = {"/", "/zm/index.php?view=watch&mid=1",
        "/api/front/latest.jpg", "/gatehouse/factors", "/zm/?a=//b/../c"};
    static const char *const bad[] = {"", "zm", "//evil.example", "/\\evil.example",
        "https://evil.example/", "/a//b", "/a/../b", "/./a", "/a b", "/a\tb", "/a\r\nSet-Cookie: x",
        "/a#b", "/\"><script>", "/gatehouse/login", "/gatehouse/login?return=/",
        "/gatehouse/logout", "/gatehouse/enrol", "/\xc3\xa4", "javascript:alert(1)"};
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_true(doorman_form_is_local(good[i]));
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_false(doorman_form_is_local(bad[i]));
    }
    char longest[DOORMAN_FORM_PATH + 2];
    memset(longest, 'a', sizeof(longest));
    longest[0] = '/';
    longest[DOORMAN_FORM_PATH + 1] = '\0';
    assert_false(doorman_form_is_local(longest));
    longest[DOORMAN_FORM_PATH] = '\0';
    assert_true(doorman_form_is_local(longest));
}

static void
test_encodes_what_would_end_a_query_value(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf out;
    buf_init(&out, 256);
    doorman_form_encode(&out, "/zm/?a=1&b=ä +%");
    assert_string_equal(out.data, "/zm/%3Fa%3D1%26b%3D%C3%A4%20%2B%25");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_fields_as_browsers_write_them),
        cmocka_unit_test(test_refuses_forms_that_can_be_read_two_ways),
        cmocka_unit_test(test_refuses_more_fields_than_any_page_has),
        cmocka_unit_test(test_finds_its_cookie_among_others),
        cmocka_unit_test(test_refuses_a_cookie_that_is_there_twice_or_not_ours),
        cmocka_unit_test(test_goes_back_to_plain_paths_of_this_server_only),
        cmocka_unit_test(test_encodes_what_would_end_a_query_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
