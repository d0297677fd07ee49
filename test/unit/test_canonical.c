#include "ledger/canonical.h"

#include "test.h"

#include <stdio.h>

#define SAMPLES 3000

static enum err
walk(const char *bytes, size_t len, struct canonical *ret_json)
{
    canonical_init(ret_json, bytes, len);
    enum err err = canonical_value(ret_json, CANONICAL_DEPTH);
    return err == OK && ret_json->at != ret_json->end ? ERR_SYNTAX : err;
}

static json_t *
load(const char *bytes, size_t len)
{
    return json_loadb(bytes, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY, NULL);
}

/* The text of any JSON, written canonically. */
static void
canonical_of(const char *text, struct buf *ret_json)
{
    json_t *json = load(text, strlen(text));
    assert_non_null(json);
    buf_clear(ret_json);
    assert_int_equal(canonical_put(ret_json, json), OK);
    assert_int_equal(buf_error(ret_json), OK);
    json_decref(json);
}

static void
assert_canonical(const char *from, const char *expected)
{
    struct buf out CLEANUP(buf_release);
    struct canonical json;
    buf_init(&out, 4096);
    canonical_of(from, &out);
    assert_string_equal(out.data, expected);
    assert_int_equal(walk(out.data, out.len, &json), OK);
}

static void
test_sorts_and_escapes_as_the_examples_of_rfc_8785(void **state)
{
    (void)state;
    /* Section 3.2.3. */
    assert_canonical("{\"\\u20ac\": \"Euro Sign\", \"\\r\": \"Carriage Return\","
                     "\"\\ufb33\": \"Hebrew Letter Dalet With Dagesh\", \"1\": \"One\","
                     "\"\\ud83d\\ude00\": \"Emoji: Grinning Face\", \"\\u0080\": \"Control\","
                     "\"\\u00f6\": \"Latin Small Letter O With Diaeresis\"}",
        "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xc2\x80\":\"Control\","
        "\"\xc3\xb6\":\"Latin Small Letter O With Diaeresis\",\"\xe2\x82\xac\":\"Euro Sign\","
        "\"\xf0\x9f\x98\x80\":\"Emoji: Grinning Face\","
        "\"\xef\xac\xb3\":\"Hebrew Letter Dalet With Dagesh\"}");
    /* Section 3.2.2, the part of it that is no real number. */
    assert_canonical("{\"string\": \"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\","
                     " \"literals\": [null, true, false]}",
        "{\"literals\":[null,true,false],\"string\":\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/"
        "\"}");
    /* Appendix B, what is an integer of 53 bits. */
    assert_canonical(
        "[-0, 9007199254740991, -9007199254740991, 0]", "[0,9007199254740991,-9007199254740991,0]");
}

static void
test_escapes_only_what_must_be_and_shortest(void **state)
{
    (void)state;
    struct canonical json;
    struct buf out CLEANUP(buf_release);
    buf_init(&out, 4096);
    static const char every[] = "\0\1\2\3\4\5\6\a\b\t\n\v\f\r\16\17\20\37 \"/\\\177";
    assert_int_equal(canonical_put_text(&out, every, sizeof(every) - 1), OK);
    assert_string_equal(out.data,
        "\"\\u0000\\u0001\\u0002\\u0003\\u0004\\u0005\\u0006\\u0007\\b\\t\\n\\u000b\\f\\r"
        "\\u000e\\u000f\\u0010\\u001f \\\"/\\\\\177\"");
    assert_int_equal(walk(out.data, out.len, &json), OK);
    assert_true(json.has_nul);
    static const char *const bad[] = {"\"\\/\"", "\"\\u000A\"", "\"\\u000a\"", "\"\\u001F\"",
        "\"\\u0020\"", "\"\\u0041\"", "\"\\u00e9\"", "\"\\ud83d\\ude00\"", "\"\\x\"", "\"\\\"",
        "\"\t\"", "\"", "\"\\u00\"", "\"\\u001\""};
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(walk(bad[i], strlen(bad[i]), &json), ERR_SYNTAX);
    }
}

static void
test_refuses_what_is_not_utf8(void **state)
{
    (void)state;
    struct canonical json;
    struct buf out CLEANUP(buf_release);
    buf_init(&out, 4096);
    static const char *const bad[] = {"\x80", "\xff", "\xc0\xaf", "\xc1\xbf", "\xe0\x80\xaf",
        "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x80\x80\xaf", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80",
        "\xc3", "\xe2\x82", "\xf0\x9f\x98", "a\xc3("};
    for (size_t i = 0; i < COUNT(bad); i++) {
        char text[16];
        int len = snprintf(text, sizeof(text), "\"%s\"", bad[i]);
        assert_int_equal(walk(text, (size_t)len, &json), ERR_SYNTAX);
        assert_int_equal(canonical_put_text(&out, bad[i], strlen(bad[i])), ERR_VALUE);
        assert_int_equal(out.len, 0);
    }
}

static void
test_refuses_numbers_and_shapes_that_are_not_canonical(void **state)
{
    (void)state;
    struct canonical json;
    static const char *const bad[] = {"", " ", "-0", "00", "01", "-", "+1", "1.0", "1e2", "1E2",
        "9007199254740992", "-9007199254740992", "99999999999999999999999999", "NaN", "tru", "nul",
        "{\"a\":1,}", "[1,]", "[1 ,2]", "{ }", "{\"a\" :1}", "{\"a\": 1}", "{\"b\":1,\"a\":1}",
        "{\"a\":1,\"a\":1}", "{\"\":1,\"\":2}", "[", "{", "{\"a\"", "{\"a\":", "{\"a\":1", "1 ",
        "\n1", "{a:1}", "{\"a\":1}x", "\xef\xbb\xbf{}", "[1]]"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(walk(bad[i], strlen(bad[i]), &json), ERR_SYNTAX);
        assert_true(strlen(json.trouble) != 0 || json.at != json.end);
    }
    static const char *const good[] = {"0", "-1", "9007199254740991", "-9007199254740991", "{}",
        "[]", "[[],{}]", "{\"\":0,\"A\":1,\"a\":2,\"aa\":3}", "null", "true", "\"\""};
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_int_equal(walk(good[i], strlen(good[i]), &json), OK);
    }
}

static void
test_writes_no_real_number_and_no_integer_beyond_53_bits(void **state)
{
    (void)state;
    struct buf out CLEANUP(buf_release);
    static const char *const bad[] = {
        "[1.0]", "[1e3]", "[9007199254740992]", "[-9007199254740992]"};
    buf_init(&out, 4096);
    for (size_t i = 0; i < COUNT(bad); i++) {
        json_t *json = load(bad[i], strlen(bad[i]));
        assert_non_null(json);
        assert_int_equal(canonical_put(&out, json), ERR_VALUE);
        json_decref(json);
    }
}

static void
test_nests_as_deep_as_it_is_told_and_no_deeper(void **state)
{
    (void)state;
    struct canonical json;
    canonical_init(&json, "[[[1]]]", 7);
    assert_int_equal(canonical_value(&json, 3), OK);
    canonical_init(&json, "[[[1]]]", 7);
    assert_int_equal(canonical_value(&json, 2), ERR_SYNTAX);
    struct buf out CLEANUP(buf_release);
    buf_init(&out, 4096);
    json_t *deep = json_integer(1);
    for (unsigned i = 0; i < CANONICAL_DEPTH; i++) {
        deep = json_pack("[o]", deep);
    }
    assert_int_equal(canonical_put(&out, deep), OK);
    assert_int_equal(walk(out.data, out.len, &json), OK);
    deep = json_pack("[o]", deep);
    assert_int_equal(canonical_put(&out, deep), ERR_LIMIT);
    json_decref(deep);
}

/* A small generator of its own, so that every run tries the same. */
static uint32_t
dice(uint32_t *seed, uint32_t sides)
{
    *seed = *seed * 1664525 + 1013904223;
    return (*seed >> 8) % sides;
}

static void
random_text(uint32_t *seed, char out[64])
{
    static const char *const pieces[] = {"a", "b", "Z", "~", "\"", "\\", "/", "\n", "\x1b", "\x7f",
        "\xc3\xa9", "\xe2\x80\xae", "\xe2\x80\xa8", "\xef\xbb\xbf", "\xef\xbf\xbf", "\xee\x80\x80",
        "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf", "\xed\x9f\xbf", "\b", "\t", "\1"};
    out[0] = '\0';
    for (uint32_t left = dice(seed, 12); left != 0; left--) {
        (void)strncat(out, pieces[dice(seed, COUNT(pieces))], 4);
    }
}

static json_t *
random_json(uint32_t *seed, unsigned depth)
{
    char text[64];
    json_t *json = NULL;
    switch (dice(seed, depth == 0 ? 4 : 6)) {
    case 0:
        random_text(seed, text);
        return json_string(text);
    case 1:
        return json_integer((json_int_t)dice(seed, 1000000) * (dice(seed, 2) == 0 ? -1 : 1));
    case 2:
        return json_integer(CANONICAL_INTEGER - dice(seed, 3));
    case 3:
        return dice(seed, 2) == 0 ? json_null() : json_boolean(dice(seed, 2));
    case 4:
        json = json_array();
        for (uint32_t left = dice(seed, 5); left != 0; left--) {
            assert_int_equal(json_array_append_new(json, random_json(seed, depth - 1)), 0);
        }
        return json;
    default:
        json = json_object();
        for (uint32_t left = dice(seed, 6); left != 0; left--) {
            random_text(seed, text);
            assert_int_equal(json_object_set_new(json, text, random_json(seed, depth - 1)), 0);
        }
        return json;
    }
}

static void
test_random_values_survive_and_are_let_pass(void **state)
{
    (void)state;
    uint32_t seed = 7;
    struct buf out CLEANUP(buf_release);
    buf_init(&out, (size_t)1024 * 1024);
    for (unsigned i = 0; i < SAMPLES; i++) {
        struct canonical walked;
        json_t *json = random_json(&seed, 5);
        buf_clear(&out);
        assert_int_equal(canonical_put(&out, json), OK);
        json_t *again = load(out.data, out.len);
        assert_true(json_equal(json, again));
        assert_int_equal(walk(out.data, out.len, &walked), OK);
        json_decref(json);
        json_decref(again);
    }
}

/* Of bytes that were changed: what the library reads and writes alike passes, all else does not. */
static void
assert_as_jansson(const char *bytes, size_t len, struct buf *out)
{
    struct canonical walked;
    json_t *json = load(bytes, len);
    buf_clear(out);
    bool is_same = json != NULL && canonical_put(out, json) == OK && out->len == len &&
                   memcmp(out->data, bytes, len) == 0;
    enum err err = walk(bytes, len, &walked);
    if (!walked.has_nul) { /* the library refuses a NUL in a name */
        assert_int_equal(err == OK, is_same);
    }
    json_decref(json);
}

static void
test_agrees_with_jansson_on_every_changed_byte(void **state)
{
    (void)state;
    static const char text[] =
        "{\"\":[],\"\\n\":-10,\"a\\\"\":\"\\u001f\\\\x\",\"ab\":{\"c\":null},"
        "\"\xf0\x9f\x98\x80\":[true,0,\"\xe2\x82\xac\"],\"\xef\xac\xb3\":20}";
    struct buf out CLEANUP(buf_release);
    struct canonical walked;
    buf_init(&out, 4096);
    char copy[sizeof(text)];
    assert_int_equal(walk(text, sizeof(text) - 1, &walked), OK);
    for (size_t at = 0; at < sizeof(text) - 1; at++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            memcpy(copy, text, sizeof(text));
            copy[at] = (char)byte;
            assert_as_jansson(copy, sizeof(text) - 1, &out);
        }
        memcpy(copy, text, sizeof(text)); /* one byte less */
        memmove(copy + at, copy + at + 1, sizeof(text) - 1 - at);
        assert_as_jansson(copy, sizeof(text) - 2, &out);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sorts_and_escapes_as_the_examples_of_rfc_8785),
        cmocka_unit_test(test_escapes_only_what_must_be_and_shortest),
        cmocka_unit_test(test_refuses_what_is_not_utf8),
        cmocka_unit_test(test_refuses_numbers_and_shapes_that_are_not_canonical),
        cmocka_unit_test(test_writes_no_real_number_and_no_integer_beyond_53_bits),
        cmocka_unit_test(test_nests_as_deep_as_it_is_told_and_no_deeper),
        cmocka_unit_test(test_random_values_survive_and_are_let_pass),
        cmocka_unit_test(test_agrees_with_jansson_on_every_changed_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
