#include "codec/edit.h"

#include "test.h"

#include "answer.h"

#include "codec/pick.h"

static char *
edited(const char *body, const char *pick, const char *value, enum err *ret_err)
{
    struct buf out;
    struct answer answer = answer_of(200, "", body);
    buf_init(&out, ANSWER_BODY);
    *ret_err = edit_value(&answer, pick, value, &out);
    char *text = *ret_err == OK ? strdup(out.data) : NULL;
    buf_release(&out);
    return text;
}

static void
assert_edited(const char *body, const char *pick, const char *value, const char *expected)
{
    enum err err = OK;
    char *text = edited(body, pick, value, &err);
    assert_int_equal(err, OK);
    assert_string_equal(text, expected);
    free(text);
}

static void
assert_refused(const char *body, const char *pick, const char *value, enum err expected)
{
    enum err err = OK;
    char *text = edited(body, pick, value, &err);
    assert_null(text);
    assert_int_equal(err, expected);
}

static const char xml[] =
    "\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<!-- enabled -->\r\n"
    "<EZVIZ version=\"2.0\" note='a>b' xmlns=\"http://www.hikvision.com/ver20/XMLSchema\">\r\n"
    "  <id>1</id>\r\n  <enabled> true </enabled>\r\n  <a:server xmlns:a=\"urn:x\">"
    "<a:enabled>false</a:enabled></a:server>\r\n <name>Yard &amp; gate</name>\r\n"
    "  <cd><![CDATA[x<y]]></cd><none/>\r\n</EZVIZ>\r\n";

static void
test_replaces_one_value_of_xml_and_nothing_else(void **state)
{
    (void)state;
    assert_edited("<EZVIZ>\n<enabled> true </enabled><x>true</x></EZVIZ>\n", "EZVIZ/enabled",
        "false", "<EZVIZ>\n<enabled> false </enabled><x>true</x></EZVIZ>\n");
    assert_edited("<a><b><enabled>x</enabled></b><enabled>true</enabled></a>", "a/enabled", "false",
        "<a><b><enabled>x</enabled></b><enabled>false</enabled></a>");
    assert_edited("<a><n>1</n></a>", "n", "<&\">", "<a><n>&lt;&amp;&quot;&gt;</n></a>");
    assert_edited("<a><n><![CDATA[1]]></n></a>", "n", "<", "<a><n><![CDATA[<]]></n></a>");
    assert_edited("<a><n><!-- 1 -->2</n></a>", "n", "3", "<a><n><!-- 1 -->3</n></a>");
}

static void
test_replaces_one_value_of_json_in_its_own_kind(void **state)
{
    (void)state;
    assert_edited("[{\"cmd\":\"GetP2p\",\"value\":{\"P2p\":{\"enable\":1 , \"uid\":\"1\"}}}]",
        "[0].value.P2p.enable", "0",
        "[{\"cmd\":\"GetP2p\",\"value\":{\"P2p\":{\"enable\":0 , \"uid\":\"1\"}}}]");
    assert_edited("{\"NetWork.Nat\":{\"NatEnable\":true},\"Ret\":100}",
        "[\"NetWork.Nat\"].NatEnable", "false",
        "{\"NetWork.Nat\":{\"NatEnable\":false},\"Ret\":100}");
    assert_edited("{\"s\": \" a\\\"b \"}", "s", "c\"d\\", "{\"s\": \" c\\\"d\\\\ \"}");
    assert_edited("{\"x\":{\"l\":[[1],{\"v\":\"]\"},{\"v\":\"1\"}]}}", "x.l[2].v", "2",
        "{\"x\":{\"l\":[[1],{\"v\":\"]\"},{\"v\":\"2\"}]}}");
    /* As the picker reads it: the last of a doubled key, and a key of another case. */
    assert_edited("{\"a\":1,\"a\":2}", "a", "3", "{\"a\":1,\"a\":3}");
    assert_edited("{\"Enable\":1}", "enable", "0", "{\"Enable\":0}");
}

static void
test_replaces_one_value_of_lines_inside_its_quotes(void **state)
{
    (void)state;
    assert_edited("table.UPnP.Enable=true\r\ntable.UPnP.Enable2=true\r\n", "table.UPnP.Enable",
        "false", "table.UPnP.Enable=false\r\ntable.UPnP.Enable2=true\r\n");
    assert_edited("ddns_enable='1'\r\n", "ddns_enable", "0", "ddns_enable='0'\r\n");
    assert_edited("Network.UPnP.Enabled = yes \n", "root.Network.UPnP.Enabled", "no",
        "Network.UPnP.Enabled = no \n");
}

static void
test_refuses_what_would_be_another_document(void **state)
{
    (void)state;
    assert_refused("{\"a\":1}", "a", "true", ERR_UNSUPPORTED);
    assert_refused("{\"a\":1}", "a", "1,\"b\":2", ERR_UNSUPPORTED);
    assert_refused("{\"a\":1}", "a", "-", ERR_UNSUPPORTED);
    assert_refused("{\"a\":true}", "a", "1", ERR_UNSUPPORTED);
    assert_refused("{\"a\":{\"b\":1}}", "a", "1", ERR_MISSING);
    assert_refused("a=1\r\n", "a", "1\r\nb=2", ERR_UNSUPPORTED);
    assert_refused("a='1'\r\n", "a", "1' b='2", ERR_UNSUPPORTED);
    assert_refused("<a><n>1</n></a>", "n", " 2 ", ERR_UNSUPPORTED);
    assert_refused("<a><n>1</n></a>", "n", "", ERR_UNSUPPORTED);
    assert_refused("<a><n>1</n></a>", "n", "\x01", ERR_UNSUPPORTED);
    assert_refused("<a><n><![CDATA[1]]></n></a>", "n", "]]>", ERR_UNSUPPORTED);
    assert_edited(
        "<a><n>1</n><n> 1 </n></a>", "~</n>\\s*<n>\\s*(\\w)", "2", "<a><n>1</n><n> 2 </n></a>");
    assert_refused("<a><n>12</n></a>", "~<n>(.)", "2", ERR_UNSUPPORTED);
    assert_refused("<a b=\"1\"/>", "~b=\"(.)", "2", ERR_UNSUPPORTED);
    assert_refused("{\"n\":1}", "~\"n\":(.)", "2", ERR_UNSUPPORTED);
    assert_refused("<a><n>1</n></a>", "@server", "2", ERR_UNSUPPORTED);
    assert_refused("<a><n>1</n></a>", "m", "2", ERR_MISSING);
    assert_refused("<a><n>1</a>", "n", "2", ERR_SYNTAX);
    assert_refused("<!DOCTYPE a><a><n>1</n></a>", "n", "2", ERR_SYNTAX);
}

static void
test_refuses_more_than_the_buffer_may_hold(void **state)
{
    (void)state;
    struct buf out;
    struct answer answer = answer_of(200, "", "a=1\r\nb=2\r\n");
    buf_init(&out, 8);
    assert_int_equal(edit_value(&answer, "a", "2", &out), ERR_LIMIT);
    buf_release(&out);
}

/* Every value of a document put to another one and back: the first bytes again. */
static void
test_there_and_back_is_the_same_document(void **state)
{
    (void)state;
    static const char json[] = "{ \"a\" : [ {\"e\":true, \"n\": -12, \"s\":\"x \\u00e9\"} ],\n"
                               "\"b\":{\"e\":false,\"s\":\"}\"},\"c.d\":{\"e\":\"no\"} }\n";
    static const char lines[] = "root.A.B=yes\r\n\r\n  root.A.C = 'no'\n#x\nroot.A.D=7 8";
    static const struct {
        const char *body, *pick, *value;
    } rows[] = {
        {xml,   "EZVIZ/enabled",  "false"  },
        {xml,   "server/enabled", "true"   },
        {xml,   "id",             "22"     },
        {xml,   "name",           "a < b"  },
        {xml,   "cd",             "plain"  },
        {json,  "a[0].e",         "false"  },
        {json,  "a[0].n",         "100"    },
        {json,  "b.e",            "true"   },
        {json,  "b.s",            "{\"\\,["},
        {json,  "[\"c.d\"].e",    "yes"    },
        {lines, "root.A.B",       "no"     },
        {lines, "root.A.C",       "yes"    },
        {lines, "root.A.D",       "9"      },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        enum err err = OK;
        struct arena arena;
        const char *before = NULL;
        const char *after = NULL;
        struct answer answer = answer_of(200, "", rows[i].body);
        arena_init(&arena, ANSWER_BODY);
        assert_int_equal(pick_text(&answer, rows[i].pick, &arena, &before), OK);
        char *there = edited(rows[i].body, rows[i].pick, rows[i].value, &err);
        assert_int_equal(err, OK);
        struct answer changed = answer_of(200, "", there);
        assert_int_equal(pick_text(&changed, rows[i].pick, &arena, &after), OK);
        assert_string_equal(after, rows[i].value);
        assert_edited(there, rows[i].pick, before, rows[i].body);
        free(there);
        arena_release(&arena);
    }
}

static void
test_writes_behind_what_the_buffer_holds(void **state)
{
    (void)state;
    struct buf out;
    struct answer answer = answer_of(200, "", "a=1\r\n");
    buf_init(&out, 64);
    buf_text(&out, "x=");
    assert_int_equal(edit_value(&answer, "a", "2", &out), OK);
    assert_string_equal(out.data, "x=a=2\r\n");
    buf_release(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replaces_one_value_of_xml_and_nothing_else),
        cmocka_unit_test(test_replaces_one_value_of_json_in_its_own_kind),
        cmocka_unit_test(test_replaces_one_value_of_lines_inside_its_quotes),
        cmocka_unit_test(test_refuses_what_would_be_another_document),
        cmocka_unit_test(test_refuses_more_than_the_buffer_may_hold),
        cmocka_unit_test(test_there_and_back_is_the_same_document),
        cmocka_unit_test(test_writes_behind_what_the_buffer_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
