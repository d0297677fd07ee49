#include "base/text.h"

#include "event_sample.h"

#include <stdio.h>

#define ROOM ((size_t)1024 * 1024)

/* What each demand of an action is, and how to say nothing for it. */
static void
unsay(struct event *event, unsigned need)
{
    const struct event_text nothing = {NULL, 0};
    switch (need) {
    case EVENT_USER:
        event->user = nothing;
        break;
    case EVENT_IP:
        event->ip = nothing;
        break;
    case EVENT_SESSION:
        event->session = nothing;
        break;
    case EVENT_CAMERAS:
        event->camera_count = 0;
        break;
    case EVENT_OBJECT:
        event->object = nothing;
        break;
    case EVENT_REASON:
        event->reason = nothing;
        break;
    case EVENT_DETAIL:
        event->detail = NULL;
        break;
    default:
        fail();
    }
}

/* "target.object" of EVENT_OBJECT. */
static const char *
path_of(unsigned need)
{
    for (size_t i = 0; i < event_member_count; i++) {
        if (event_members[i].when == need) {
            return event_members[i].path;
        }
    }
    fail_msg("no member for a demand of actions.def");
    return "";
}

static void
test_every_action_passes_with_just_what_it_demands_and_not_with_less(void **state)
{
    (void)state;
    json_t *detail = json_pack("{s:s}", "phase", "begin");
    struct note note = {""};
    struct buf out CLEANUP(buf_release);
    buf_init(&out, ROOM);
    for (size_t i = 0; i < EVENT_ACTIONS; i++) {
        unsigned needs = event_action((enum event_action)i)->needs;
        struct event event = sample_event((enum event_action)i, detail);
        for (unsigned need = EVENT_USER; need <= EVENT_DETAIL; need <<= 1) {
            if ((needs & need) == 0) {
                unsay(&event, need);
            }
        }
        buf_clear(&out);
        assert_int_equal(event_write(&event, &out, &note), OK);
        for (unsigned need = EVENT_USER; need <= EVENT_DETAIL; need <<= 1) {
            struct event less = event;
            if ((needs & need) != 0) {
                buf_clear(&out);
                unsay(&less, need);
                assert_int_equal(event_write(&less, &out, &note), ERR_MISSING);
                assert_true(text_starts(note.text, path_of(need)));
                assert_int_equal(out.len, 0);
            }
        }
    }
    json_decref(detail);
}

static void
test_every_event_needs_a_site(void **state)
{
    (void)state;
    struct note note = {""};
    struct buf out CLEANUP(buf_release);
    struct event event = sample_event(EVENT_STOP, NULL);
    buf_init(&out, ROOM);
    event.site = event_text("");
    assert_int_equal(event_write(&event, &out, &note), ERR_MISSING);
    assert_string_equal(note.text, "site is missing or empty");
    event.site.bytes = NULL;
    assert_int_equal(event_write(&event, &out, &note), ERR_MISSING);
}

static void
test_a_reason_must_show_something(void **state)
{
    (void)state;
    struct note note = {""};
    struct buf out CLEANUP(buf_release);
    struct event event = sample_event(EVENT_NOTE, NULL);
    static const char *const blank[] = {"", " ", "\t\r\n", "\xc2\xa0", "\xe2\x80\x8b",
        "\xe3\x80\x80 \xef\xbb\xbf", "\xe2\x80\xae", "\x7f"};
    buf_init(&out, ROOM);
    for (size_t i = 0; i < COUNT(blank); i++) {
        event.reason = event_text(blank[i]);
        assert_int_equal(event_write(&event, &out, &note), ERR_VALUE);
        assert_ptr_equal(
            strstr(note.text, "reason must be text in which something can be seen"), note.text);
    }
    event.reason = event_text(" \xf0\x9f\x98\x80");
    assert_int_equal(event_write(&event, &out, &note), OK);
}

/* An event with one member's JSON put in the place of its own. */
static enum err
with_value(const char *path, const char *value, struct note *note)
{
    static const struct {
        const char *path, *format;
    } rows[] = {
        {"id",             "{\"action\":\"system.stop\",\"id\":%s,\"outcome\":\"ok\",\"site\":\"s\"}"       },
        {"outcome",
         "{\"action\":\"system.stop\",\"id\":\"abcdefgh\",\"outcome\":%s,\"site\":\"s\"}"                   },
        {"site",           "{\"action\":\"system.stop\",\"id\":\"abcdefgh\",\"outcome\":\"ok\",\"site\":%s}"},
        {"bytes",          "{\"action\":\"system.stop\",\"bytes\":%s,\"id\":\"abcdefgh\",\"outcome\":\"ok\","
                  "\"site\":\"s\"}"                                                        },
        {"detail",
         "{\"action\":\"system.stop\",\"detail\":%s,\"id\":\"abcdefgh\",\"outcome\":\"ok\","
            "\"site\":\"s\"}"                                                                               },
        {"digest",
         "{\"action\":\"system.stop\",\"digest\":%s,\"id\":\"abcdefgh\",\"outcome\":\"ok\","
            "\"site\":\"s\"}"                                                                               },
        {"target.from",
         "{\"action\":\"system.stop\",\"id\":\"abcdefgh\",\"outcome\":\"ok\",\"site\":\"s\","
            "\"target\":{\"from\":%s}}"                                                                     },
        {"target.cameras",
         "{\"action\":\"system.stop\",\"id\":\"abcdefgh\",\"outcome\":\"ok\",\"site\":\"s\","
            "\"target\":{\"cameras\":%s}}"                                                                  },
    };
    char text[1024];
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (text_equal(rows[i].path, path)) {
            char head[512];
            size_t cut = (size_t)(strstr(rows[i].format, "%s") - rows[i].format);
            memcpy(head, rows[i].format, cut);
            head[cut] = '\0';
            (void)snprintf(text, sizeof(text), "%s%s%s", head, value, rows[i].format + cut + 2);
            return event_check(text, strlen(text), false, NULL, note);
        }
    }
    fail_msg("no row for %s", path);
    return OK;
}

#define HASH "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void
test_every_member_has_its_form(void **state)
{
    (void)state;
    static const struct {
        const char *path, *value;
        enum err err;
    } rows[] = {
        {"id",             "\"abcdefgh\"",                                                                OK        },
        {"id",             "\"abcdefg\"",                                                                 ERR_VALUE },
        {"id",             "\"abc_efg-123456789012345678901234567890123456789012345678901234\"",          OK        },
        {"id",             "\"abcdefgh.\"",                                                               ERR_VALUE },
        {"id",             "\"abcdefg\\n\"",                                                              ERR_VALUE },
        {"id",             "12345678",                                                                    ERR_VALUE },
        {"outcome",        "\"failed\"",                                                                  OK        },
        {"outcome",        "\"OK\"",                                                                      ERR_VALUE },
        {"outcome",        "true",                                                                        ERR_VALUE },
        {"site",           "\"\xc3\xa9\"",                                                                OK        },
        {"site",           "\"\\u0000\"",                                                                 ERR_VALUE },
        {"site",           "\"a\\u0000b\"",                                                               ERR_VALUE },
        {"site",           "\"\xe9\"",                                                                    ERR_SYNTAX},
        {"site",           "\"base64:/w==\"",                                                             OK        },
        {"site",           "\"base64:/x==\"",                                                             ERR_VALUE },
        {"site",           "\"base64://8=\"",                                                             OK        },
        {"site",           "\"base64://9=\"",                                                             ERR_VALUE },
        {"site",           "\"base64:\"",                                                                 ERR_VALUE },
        {"site",           "\"base64:/w=\"",                                                              ERR_VALUE },
        {"site",           "\"base64:/=w=\"",                                                             ERR_VALUE },
        {"site",           "[\"s\"]",                                                                     ERR_VALUE },
        {"bytes",          "0",                                                                           OK        },
        {"bytes",          "9007199254740991",                                                            OK        },
        {"bytes",          "9007199254740992",                                                            ERR_SYNTAX},
        {"bytes",          "-1",                                                                          ERR_VALUE },
        {"bytes",          "01",                                                                          ERR_SYNTAX},
        {"bytes",          "1.5",                                                                         ERR_SYNTAX},
        {"bytes",          "\"1\"",                                                                       ERR_VALUE },
        {"detail",         "{}",                                                                          OK        },
        {"detail",         "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}}}",                          OK        },
        {"detail",         "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":[]}}}}}}}",                  ERR_SYNTAX},
        {"detail",         "[]",                                                                          ERR_VALUE },
        {"detail",         "{\"a\\u0000\":1}",                                                            ERR_VALUE },
        {"detail",         "{\"a\":\"\\\\u0000\"}",                                                       OK        },
        {"detail",         "{\"b\":1,\"a\":1}",                                                           ERR_SYNTAX},
        {"digest",         "\"" HASH "\"",                                                                OK        },
        {"digest",         "\"" HASH "0\"",                                                               ERR_VALUE },
        {"digest",         "\"md5:d41d8cd98f00b204e9800998ecf8427e\"",                                    ERR_VALUE },
        {"digest",         "\"sha256:E3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"",
         ERR_VALUE                                                                                                  },
        {"target.from",    "\"2024-02-29T23:59:59.999Z\"",                                                OK        },
        {"target.from",    "\"2026-02-29T00:00:00.000Z\"",                                                ERR_VALUE },
        {"target.from",    "\"2026-11-31T00:00:00.000Z\"",                                                ERR_VALUE },
        {"target.from",    "\"2026-13-01T00:00:00.000Z\"",                                                ERR_VALUE },
        {"target.from",    "\"2026-00-01T00:00:00.000Z\"",                                                ERR_VALUE },
        {"target.from",    "\"2026-11-22T24:00:00.000Z\"",                                                ERR_VALUE },
        {"target.from",    "\"2026-11-22T23:59:60.000Z\"",                                                ERR_VALUE },
        {"target.from",    "\"2026-11-22T20:15:00Z\"",                                                    ERR_VALUE },
        {"target.from",    "\"2026-11-22T20:15:00.000+01:00\"",                                           ERR_VALUE },
        {"target.from",    "\"2026-11-22t20:15:00.000Z\"",                                                ERR_VALUE },
        {"target.from",    "1795378500",                                                                  ERR_VALUE },
        {"target.cameras", "[\"a\",\"b\"]",                                                               OK        },
        {"target.cameras", "[]",                                                                          OK        },
        {"target.cameras", "[\"a\",\"\"]",                                                                ERR_VALUE },
        {"target.cameras", "[\"a\",1]",                                                                   ERR_VALUE },
        {"target.cameras", "[\"a\",]",                                                                    ERR_VALUE },
        {"target.cameras", "\"a\"",                                                                       ERR_VALUE },
        {"detail",         "{\"a\":\"sealed:x\"}",                                                        ERR_VALUE },
        {"detail",         "{\"a\":[{\"b\":\"sealed:\"}]}",                                               ERR_VALUE },
        {"detail",
         "{\"a\":[\"sealed:2026-0123456789abcdef\",\"sealed:2026-0123456789abcdef:AAAA\"]}",              ERR_VALUE },
        {"detail",         "{\"a\":\"sealed:2026-0123456789abcde\\\"\"}",                                 ERR_VALUE },
        {"detail",         "{\"a\":\"sealed:2026-0123456789abcdef\"}",                                    OK        },
        {"detail",         "{\"a\":\"he said \\\"sealed:x\\\"\"}",                                        OK        },
        {"detail",         "{\"a\":\"Sealed:x\"}",                                                        OK        },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct note note = {""};
        enum err err = with_value(rows[i].path, rows[i].value, &note);
        if (err != rows[i].err) {
            fail_msg("%s: %s gave %s: %s", rows[i].path, rows[i].value, err_words(err), note.text);
        }
        if (err == ERR_VALUE && !text_starts(note.text, rows[i].path)) {
            fail_msg("the note does not name %s: %s", rows[i].path, note.text);
        }
    }
}

static void
test_refuses_members_twice_in_disorder_or_unknown(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum err err;
        const char *note;
    } rows[] = {
        {"{\"id\":\"abcdefgh\",\"action\":\"system.stop\"}",                     ERR_SYNTAX,
         "action is there twice or not in order"                                                                                     },
        {"{\"action\":\"system.stop\",\"action\":\"system.stop\"}",              ERR_SYNTAX,
         "action is there twice or not in order"                                                                                     },
        {"{\"Action\":\"system.stop\"}",                                         ERR_VALUE,  "Action is no member of an event"       },
        {"{\"acti\\u001fon\":1}",                                                ERR_VALUE,  "acti\\u001fon is no member of an event"},
        {"{\"\xe2\x80\xae\":1}",                                                 ERR_VALUE,  "? is no member of an event"            },
        {"{\"action\":\"system.stop\",\"actor\":{\"user\":\"a\",\"ip\":\"b\"}}", ERR_SYNTAX,
         "actor.ip is there twice or not in order"                                                                                   },
        {"{\"action\": \"system.stop\"}",                                        ERR_VALUE,  "action must be a known action"         },
        {"{\"action\":\"system.stop\" }",                                        ERR_SYNTAX, "byte 23: ',' or '}' was expected"      },
        {" {}",                                                                  ERR_VALUE,  "byte 0: an object was expected"        },
        {"",                                                                     ERR_VALUE,  "byte 0: an object was expected"        },
        {"{\"action\":\"system.stop\"",                                          ERR_SYNTAX, "byte 23: ',' or '}' was expected"      },
        {"{\"action\":\"system.stop\"}\n",                                       ERR_SYNTAX, "byte 24: something follows the event"  },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct note note = {""};
        assert_int_equal(
            event_check(rows[i].text, strlen(rows[i].text), false, NULL, &note), rows[i].err);
        assert_string_equal(note.text, rows[i].note);
    }
}

/* Changed bytes that another reader would write otherwise, or can't read, must not pass. */
static void
assert_agrees(const char *bytes, size_t len, struct buf *out)
{
    struct note note = {""};
    enum err err = event_check(bytes, len, false, NULL, &note);
    json_t *json = json_loadb(bytes, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    buf_clear(out);
    bool is_same = json != NULL && event_from_json(json, out, &note) == OK && out->len == len &&
                   memcmp(out->data, bytes, len) == 0;
    assert_int_equal(err == OK, is_same);
    assert_true(err == OK || strlen(note.text) != 0);
    json_decref(json);
}

static void
test_every_changed_byte_is_refused_unless_it_is_another_canonical_event(void **state)
{
    (void)state;
    struct note note = {""};
    struct buf event_bytes CLEANUP(buf_release);
    struct buf out CLEANUP(buf_release);
    json_t *detail = json_pack("{s:[i,b,n], s:s}", "a", -7, 1, "b\"", "\xf0\x9f\x98\x80\n");
    struct event event = sample_event(EVENT_EXPORT, detail);
    buf_init(&event_bytes, ROOM);
    buf_init(&out, ROOM);
    assert_int_equal(event_write(&event, &event_bytes, &note), OK);
    size_t len = event_bytes.len;
    char copy[1024];
    assert_true(len < sizeof(copy));
    for (size_t at = 0; at < len; at++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            memcpy(copy, event_bytes.data, len);
            copy[at] = (char)byte;
            assert_agrees(copy, len, &out);
        }
        memcpy(copy, event_bytes.data, len); /* one byte less, one byte twice */
        memmove(copy + at, copy + at + 1, len - at - 1);
        assert_agrees(copy, len - 1, &out);
        memcpy(copy, event_bytes.data, len);
        memmove(copy + at + 1, copy + at, len - at);
        assert_agrees(copy, len + 1, &out);
        assert_agrees(event_bytes.data, at, &out);
    }
    json_decref(detail);
}

static void
test_tells_what_the_keeper_needs_to_know(void **state)
{
    (void)state;
    struct note note = {""};
    struct buf out CLEANUP(buf_release);
    struct event_facts facts;
    struct event event = sample_event(EVENT_NOTE, NULL);
    buf_init(&out, ROOM);
    assert_int_equal(event_write(&event, &out, &note), OK);
    assert_int_equal(event_check(out.data, out.len, false, &facts, &note), OK);
    assert_int_equal(facts.action, EVENT_NOTE);
    assert_int_equal(facts.id_len, strlen(SAMPLE_ID));
    assert_memory_equal(facts.id, SAMPLE_ID, facts.id_len);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_action_passes_with_just_what_it_demands_and_not_with_less),
        cmocka_unit_test(test_every_event_needs_a_site),
        cmocka_unit_test(test_a_reason_must_show_something),
        cmocka_unit_test(test_every_member_has_its_form),
        cmocka_unit_test(test_refuses_members_twice_in_disorder_or_unknown),
        cmocka_unit_test(test_every_changed_byte_is_refused_unless_it_is_another_canonical_event),
        cmocka_unit_test(test_tells_what_the_keeper_needs_to_know),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
