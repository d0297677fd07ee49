#include "daemon/doorman_page.h"

#include "test.h"

#include <string.h>

static void
assert_renders(const char *template, json_t *values, const char *wanted)
{
    CLEANUP(buf_release) struct buf out;
    buf_init(&out, 4096);
    assert_non_null(values);
    assert_int_equal(doorman_page_render(template, strlen(template), values, &out), OK);
    assert_string_equal(out.data, wanted);
    json_decref(values);
}

static void
test_escapes_every_value(void **state)
{
    (void)state;
    assert_renders("<a title=\"{{x}}\">{{x}}</a>", json_pack("{s:s}", "x", "<script>'\"&{{y}}"),
        "<a title=\"&lt;script&gt;&#39;&quot;&amp;{{y}}\">&lt;script&gt;&#39;&quot;&amp;{{y}}</a>");
}

static void
test_says_nothing_of_what_is_not_there(void **state)
{
    (void)state;
    assert_renders("[{{x}}][{{n}}]", json_pack("{s:i}", "n", 7), "[][7]");
}

static void
test_sections_stand_for_what_is_true(void **state)
{
    (void)state;
    assert_renders(
        "{{#yes}}a{{/yes}}{{#no}}b{{/no}}{{^no}}c{{/no}}{{^yes}}d{{/yes}}{{#gone}}e{{/gone}}",
        json_pack("{s:b, s:b}", "yes", 1, "no", 0), "ac");
    assert_renders("{{#text}}{{text}}{{/text}}{{#empty}}x{{/empty}}",
        json_pack("{s:s, s:s}", "text", "t", "empty", ""), "t");
}

static void
test_a_list_repeats_and_sees_what_is_outside(void **state)
{
    (void)state;
    assert_renders(
        "{{#rows}}({{id}}{{token}}{{#current}}!{{/current}}){{/rows}}{{^rows}}none{{/rows}}",
        json_pack("{s:[{s:s, s:b}, {s:s}], s:s}", "rows", "id", "a", "current", 1, "id", "b",
            "token", "T"),
        "(aT!)(bT)");
    assert_renders(
        "{{#rows}}x{{/rows}}{{^rows}}none{{/rows}}", json_pack("{s:[]}", "rows"), "none");
}

static void
test_sections_of_one_name_may_stand_in_one_another(void **state)
{
    (void)state;
    assert_renders("{{#a}}1{{#a}}2{{/a}}3{{/a}}", json_pack("{s:b}", "a", 1), "123");
}

static void
test_fails_when_the_page_is_longer_than_its_room(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf out;
    buf_init(&out, 4);
    json_t *values = json_pack("{s:s}", "x", "&&&&");
    assert_int_equal(doorman_page_render("{{x}}", 5, values, &out), ERR_LIMIT);
    json_decref(values);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_escapes_every_value),
        cmocka_unit_test(test_says_nothing_of_what_is_not_there),
        cmocka_unit_test(test_sections_stand_for_what_is_true),
        cmocka_unit_test(test_a_list_repeats_and_sees_what_is_outside),
        cmocka_unit_test(test_sections_of_one_name_may_stand_in_one_another),
        cmocka_unit_test(test_fails_when_the_page_is_longer_than_its_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
