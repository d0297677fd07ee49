#include "codec/pick.h"

#include "test.h"

#include "answer.h"

#include <stdlib.h>

static struct arena arena;

static const char *
pick(const char *body, const char *expression)
{
    struct answer answer = answer_of(200, "Server: BlueServer/5.9.9.98\r\nX: y\r\n", body);
    const char *text = NULL;
    return pick_text(&answer, expression, &arena, &text) == OK ? text : NULL;
}

static enum err
pick_error(const char *body, const char *expression)
{
    struct answer answer = answer_of(200, "", body);
    const char *text = NULL;
    return pick_text(&answer, expression, &arena, &text);
}

static const char xml[] = "\r\n<?xml version=\"1.0\"?><a:Info xmlns:a=\"urn:x\"><list><id>1</id>"
                          "<name/></list><list><id>2</id><a:name> Yard &amp; gate </a:name></list>"
                          "<empty></empty><cd><![CDATA[x<y]]></cd></a:Info>";

static void
test_picks_xml_by_local_names(void **state)
{
    (void)state;
    assert_string_equal(pick(xml, "id"), "1");
    assert_string_equal(pick(xml, "name"), "Yard & gate");
    assert_string_equal(pick(xml, "list/name"), "Yard & gate");
    assert_string_equal(pick(xml, "Info/list/id"), "1");
    assert_string_equal(pick(xml, "cd"), "x<y");
    assert_null(pick(xml, "empty"));
    assert_null(pick(xml, "list"));
    assert_null(pick(xml, "Info/id"));
    assert_null(pick(xml, "list/"));
}

static void
test_refuses_a_document_type(void **state)
{
    (void)state;
    static const char bomb[] = "<?xml version=\"1.0\"?><!DOCTYPE l [<!ENTITY a \"aaaa\">"
                               "<!ENTITY b \"&a;&a;&a;&a;\">]><l><v>&b;</v></l>";
    static const char outside[] =
        "<!DOCTYPE v [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><v>&x;</v>";
    assert_int_equal(pick_error(bomb, "v"), ERR_SYNTAX);
    assert_int_equal(pick_error(outside, "v"), ERR_SYNTAX);
    assert_int_equal(pick_error("<!doctype html><html><v>1</v></html>", "v"), ERR_SYNTAX);
    assert_int_equal(pick_error("<v>&nosuch;</v>", "v"), ERR_SYNTAX);
}

static void
test_survives_deep_and_broken_xml(void **state)
{
    (void)state;
    char deep[4096] = "";
    for (size_t i = 0; i < 100; i++) {
        memcpy(deep + 3 * i, "<d>", 3);
    }
    memcpy(deep + 300, "<v>1</v>", 9);
    for (size_t i = 0; i < 100; i++) {
        memcpy(deep + 308 + 4 * i, "</d>", 5);
    }
    assert_null(pick(deep, "v"));
    assert_int_equal(pick_error("<a><b>1</a>", "b"), ERR_SYNTAX);
    assert_int_equal(pick_error("<", "b"), ERR_SYNTAX);
    assert_int_equal(pick_error("", "b"), ERR_MISSING);
}

static const char json[] = "[{\"cmd\":\"GetDevInfo\",\"code\":0,\"value\":{\"DevInfo\":{"
                           "\"model\":\"RLC-410\",\"on\":true,\"n\":3,\"none\":null,"
                           "\"system name\":\"shop\",\"list\":[1,2]}}}]";

/* The shape of a no-name camera's answer (github agsh/onvif, pull request 165). */
static void
test_picks_elements_whose_prefix_was_never_declared(void **state)
{
    (void)state;
    static const char body[] = "<?xml version=\"1.0\"?><S:Envelope><S:Body><t:Info><t:Model>M1"
                               "</t:Model></t:Info></S:Body></S:Envelope>";
    static const char *const children[] = {"Model"};
    struct answer answer = answer_of(200, "", body);
    const char *text = NULL;
    assert_string_equal(pick(body, "Model"), "M1");
    assert_string_equal(pick(body, "Info/Model"), "M1");
    assert_int_equal(
        pick_row(&answer, &(struct pick_row){"Info", children, 1}, 0, &arena, &text), OK);
    assert_string_equal(text, "M1");
}

static void
test_reads_past_a_flaw_in_the_text(void **state)
{
    (void)state;
    static const char zero[] = "<a><b>1</b></a>\n\0\0";
    struct answer answer = answer_of(200, "", "");
    const char *text = NULL;
    answer.body = zero;
    answer.body_len = sizeof(zero) - 1;
    assert_int_equal(pick_text(&answer, "b", &arena, &text), OK);
    assert_string_equal(text, "1");
    assert_string_equal(pick("<a><n>Caf\xe9 \xc4\xcf</n><b>2</b></a>", "b"), "2");
    assert_string_equal(pick("<a><n>Caf\xe9\x01</n><b>2</b></a>", "n"), "Caf??");
    assert_string_equal(pick("<a><n>R&D & gate &lt;</n></a>", "n"), "R&D & gate <");
    assert_int_equal(pick_error("<a><n>\xe9</n><b>2</b>", "b"), ERR_SYNTAX);
    assert_int_equal(pick_error("<a><n>&nosuch; \xe9</n></a>", "n"), ERR_SYNTAX);
    assert_int_equal(pick_error("<a>\xe9<b>2</c></a>", "b"), ERR_SYNTAX);
}

static void
test_picks_json_by_path(void **state)
{
    (void)state;
    assert_string_equal(pick(json, "[0].value.DevInfo.model"), "RLC-410");
    assert_string_equal(pick(json, "[0].value.DevInfo.on"), "true");
    assert_string_equal(pick(json, "[0].value.DevInfo.n"), "3");
    assert_string_equal(pick(json, "[0].value.DevInfo.list[1]"), "2");
    assert_string_equal(pick(json, "[0].value.DevInfo.system name"), "shop");
    assert_null(pick(json, "[0].value.DevInfo.none"));
    assert_null(pick(json, "[0].value.DevInfo"));
    assert_null(pick(json, "[1].value"));
    assert_null(pick(json, "[x].value"));
    assert_null(pick(json, "[0]..value"));
    assert_int_equal(pick_error("{\"a\":", "a"), ERR_SYNTAX);
}

static void
test_refuses_json_that_is_only_depth(void **state)
{
    (void)state;
    char *deep = malloc(100001);
    assert_non_null(deep);
    memset(deep, '[', 100000);
    deep[100000] = '\0';
    assert_int_equal(pick_error(deep, "a"), ERR_SYNTAX);
    free(deep);
}

static void
test_names_compare_without_letter_case(void **state)
{
    (void)state;
    assert_string_equal(pick("<Info><Model>A</Model></Info>", "info/MODEL"), "A");
    assert_string_equal(pick("{\"a\": {\"Enable\": 1}}", "A.enable"), "1");
    assert_string_equal(pick("{\"a\": 1, \"A\": 2}", "A"), "2");
    assert_string_equal(pick("root.brand.prodnbr=P1\r\n", "root.Brand.ProdNbr"), "P1");
    assert_null(pick("{\"Enabled\": 1}", "enable"));
    assert_null(pick("root.Brand.ProdNbrs=P1\r\n", "root.Brand.ProdNbr"));
    assert_null(pick("<Models>A</Models>", "Model"));
}

static void
test_picks_lines_with_and_without_their_first_word(void **state)
{
    (void)state;
    static const char with[] = "root.Brand.ProdNbr=M3045\r\nroot.Brand.Brand=AXIS\r\n";
    static const char without[] = "# Error\nBrand.ProdNbr=M3045\nname='Front door'\n k = v \n";
    assert_string_equal(pick(with, "root.Brand.ProdNbr"), "M3045");
    assert_string_equal(pick(without, "root.Brand.ProdNbr"), "M3045");
    assert_string_equal(pick(without, "name"), "Front door");
    assert_string_equal(pick(without, "k"), "v");
    assert_null(pick(with, "root.Brand"));
    assert_null(pick(with, "Brand.ProdNbr.x"));
}

static void
test_picks_by_regular_expression_within_limits(void **state)
{
    (void)state;
    assert_string_equal(
        pick("var bi_version = \"5.9.9.98\";", "~bi_version = \"([\\d.]+)\""), "5.9.9.98");
    assert_string_equal(pick("plain text", "~text"), "text");
    assert_null(pick("abc", "~x(y)"));
    assert_int_equal(
        pick_error("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", "~^(a+)+$"), ERR_LIMIT);
    assert_int_equal(pick_error("abc", "~("), ERR_VALUE);
}

static void
test_picks_headers(void **state)
{
    (void)state;
    assert_string_equal(pick("", "@server"), "BlueServer/5.9.9.98");
    assert_string_equal(pick("", "@Server~^BlueServer/([\\d.]+)"), "5.9.9.98");
    assert_null(pick("", "@cookie"));
}

static void
test_a_zero_byte_ends_a_value(void **state)
{
    (void)state;
    static const char body[] = "a=\0x\nb=1\0y\n";
    struct answer answer = answer_of(200, "", "");
    const char *text = NULL;
    answer.body = body;
    answer.body_len = sizeof(body) - 1;
    assert_int_equal(pick_text(&answer, "a", &arena, &text), ERR_MISSING);
    assert_int_equal(pick_text(&answer, "b", &arena, &text), OK);
    assert_string_equal(text, "1");
}

static void
test_refuses_a_value_longer_than_the_limit(void **state)
{
    (void)state;
    char body[PICK_VALUE + 32] = "k=";
    memset(body + 2, 'x', PICK_VALUE + 1);
    assert_int_equal(pick_error(body, "k"), ERR_LIMIT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_picks_xml_by_local_names),
        cmocka_unit_test(test_refuses_a_document_type),
        cmocka_unit_test(test_survives_deep_and_broken_xml),
        cmocka_unit_test(test_picks_elements_whose_prefix_was_never_declared),
        cmocka_unit_test(test_reads_past_a_flaw_in_the_text),
        cmocka_unit_test(test_picks_json_by_path),
        cmocka_unit_test(test_refuses_json_that_is_only_depth),
        cmocka_unit_test(test_names_compare_without_letter_case),
        cmocka_unit_test(test_picks_lines_with_and_without_their_first_word),
        cmocka_unit_test(test_picks_by_regular_expression_within_limits),
        cmocka_unit_test(test_picks_headers),
        cmocka_unit_test(test_a_zero_byte_ends_a_value),
        cmocka_unit_test(test_refuses_a_value_longer_than_the_limit),
    };
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_release(&arena);
    return failed;
}
