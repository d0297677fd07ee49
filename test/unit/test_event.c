#include "base/text.h"

#include "event_sample.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#define ROOM ((size_t)1024 * 1024)

static json_t *
read_back(const struct buf *bytes)
{
    json_t *json = json_loadb(bytes->data, bytes->len, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(json);
    return json;
}

/* The text at "actor.user". */
static const char *
text_at(const json_t *json, const char *object, const char *name)
{
    const char *text = json_string_value(json_object_get(json_object_get(json, object), name));
    assert_non_null(text);
    return text;
}

static void
test_writes_every_member_in_canonical_order(void **state)
{
    (void)state;
    struct note note = {""};
    struct buf out CLEANUP(buf_release);
    json_t *detail = json_pack("{s:s, s:i}", "view", "v-1", "duration_ms", 5);
    struct event event = sample_event(EVENT_PLAYBACK, detail);
    buf_init(&out, ROOM);
    assert_int_equal(event_write(&event, &out, &note), OK);
    assert_string_equal(out.data,
        "{\"action\":\"footage.playback\",\"actor\":{\"factor\":\"totp\",\"ip\":\"192.0.2.7\","
        "\"role\":\"guard\",\"session\":\"s-1\",\"user\":\"anna\"},\"bytes\":1048576,"
        "\"detail\":{\"duration_ms\":5,\"view\":\"v-1\"},\"digest\":\"sha256:"
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\","
        "\"id\":\"Zm9vYmFyYmF6cXV4MTIzNA\",\"outcome\":\"ok\",\"reason\":\"parcel went missing\","
        "\"site\":\"harbour\",\"target\":{\"cameras\":[\"gate\",\"yard\"],"
        "\"from\":\"2026-11-22T20:00:00.000Z\",\"object\":\"/api/events\","
        "\"to\":\"2026-11-22T20:15:00.000Z\",\"vms\":\"frigate\"}}");
    json_decref(detail);
}

static void
test_leaves_out_what_is_not_said(void **state)
{
    (void)state;
    struct note note = {""};
    struct buf out CLEANUP(buf_release);
    struct event event = event_begin(EVENT_STOP, EVENT_OK);
    event.id = SAMPLE_ID;
    event.site = event_text(SAMPLE_SITE);
    buf_init(&out, ROOM);
    assert_int_equal(event_write(&event, &out, &note), OK);
    assert_string_equal(out.data, "{\"action\":\"system.stop\",\"id\":\"Zm9vYmFyYmF6cXV4MTIzNA\","
                                  "\"outcome\":\"ok\",\"site\":\"harbour\"}");
}

static void
test_makes_an_id_of_its_own_each_time(void **state)
{
    (void)state;
    struct note note = {""};
    struct buf out CLEANUP(buf_release);
    struct event_facts facts[2];
    struct event event = sample_event(EVENT_STOP, NULL);
    event.id = NULL;
    buf_init(&out, ROOM);
    assert_int_equal(event_write(&event, &out, &note), OK);
    size_t first = out.len;
    assert_int_equal(event_write(&event, &out, &note), OK);
    assert_int_equal(event_check(out.data, first, false, &facts[0], &note), OK);
    assert_int_equal(event_check(out.data + first, out.len - first, false, &facts[1], &note), OK);
    assert_int_equal(facts[0].id_len, 22);
    assert_memory_not_equal(facts[0].id, facts[1].id, 22);
}

static void
test_brings_times_of_any_zone_to_utc(void **state)
{
    (void)state;
    struct note note = {""};
    struct buf out CLEANUP(buf_release);
    struct event event = sample_event(EVENT_PLAYBACK, NULL);
    event.from = event_text("2026-11-22T21:00:00+01:00");
    event.to = event_text("2026-11-22");
    buf_init(&out, ROOM);
    assert_int_equal(event_write(&event, &out, &note), OK);
    assert_true(text_contains(out.data, "\"from\":\"2026-11-22T20:00:00.000Z\""));
    assert_true(text_contains(out.data, "\"to\":\"2026-11-22T00:00:00.000Z\""));
    buf_clear(&out);
    event.to = event_text("yesterday");
    assert_int_equal(event_write(&event, &out, &note), ERR_VALUE);
    assert_string_equal(
        note.text, "target.to must be a time such as 2026-11-22T20:15:00.000Z, not \"yesterday\"");
    assert_int_equal(out.len, 0);
}

/* Cases 73 and 75 of the attacks that the log must withstand. */
static void
test_text_of_outside_forges_nothing_and_comes_back_whole(void **state)
{
    (void)state;
    static const char *const hostile[] = {
        "bob\r\n{\"action\":\"auth.login\"}\r\n",
        "a|b=c\\d\"e]f",
        "\xef\xbb\xbf"
        "bom",
        "zero\xe2\x80\x8bwidth",
        "\xe2\x80\xae"
        "evil.exe\xe2\x80\xac",
        "=1+1",
        "</script>\x1b[2J\x7f",
        "\xe2\x80\xa8line\xe2\x80\xa9paragraph",
        "\xf0\x9f\x8e\xa5 camera",
        "\",\"outcome\":\"refused",
    };
    for (size_t i = 0; i < COUNT(hostile); i++) {
        struct note note = {""};
        struct buf out CLEANUP(buf_release);
        struct event_text camera = event_text(hostile[i]);
        struct event event = sample_event(EVENT_EXPORT, NULL);
        event.user = event_text(hostile[i]);
        event.reason = event_text(hostile[i]);
        event.cameras = &camera;
        event.camera_count = 1;
        buf_init(&out, ROOM);
        assert_int_equal(event_write(&event, &out, &note), OK);
        for (size_t at = 0; at < out.len; at++) {
            assert_true((uint8_t)out.data[at] >= 0x20);
        }
        json_t *json = read_back(&out);
        assert_string_equal(text_at(json, "actor", "user"), hostile[i]);
        assert_string_equal(json_string_value(json_object_get(json, "reason")), hostile[i]);
        assert_string_equal(json_string_value(json_array_get(
                                json_object_get(json_object_get(json, "target"), "cameras"), 0)),
            hostile[i]);
        assert_string_equal(json_string_value(json_object_get(json, "outcome")), "ok");
        json_decref(json);
    }
}

/* The bytes that an event's text stands for. */
static size_t
decoded(const char *text, char out[64])
{
    size_t len = strlen(text);
    if (!text_starts(text, "base64:")) {
        memcpy(out, text, len);
        return len;
    }
    assert_int_equal(sodium_base642bin((uint8_t *)out, 64, text + 7, len - 7, NULL, &len, NULL,
                         sodium_base64_VARIANT_ORIGINAL),
        0);
    return len;
}

static void
test_keeps_every_byte_of_what_is_not_text(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        bool is_encoded;
    } rows[] = {
        {"plain",           5,  false},
        {"\xff\xfe",        2,  true },
        {"caf\xe9",         4,  true },
        {"\xed\xa0\x80",    3,  true },
        {"admin\0evil",     10, true },
        {"base64:",         7,  true },
        {"base64:cGxhaW4=", 15, true },
        {"Base64:x",        8,  false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct note note = {""};
        struct buf out CLEANUP(buf_release);
        char bytes[64];
        struct event event = sample_event(EVENT_LIVE, NULL);
        event.user = (struct event_text){rows[i].bytes, rows[i].len};
        buf_init(&out, ROOM);
        assert_int_equal(event_write(&event, &out, &note), OK);
        json_t *json = read_back(&out);
        const char *user = text_at(json, "actor", "user");
        assert_int_equal(text_starts(user, "base64:"), rows[i].is_encoded);
        assert_int_equal(decoded(user, bytes), rows[i].len);
        assert_memory_equal(bytes, rows[i].bytes, rows[i].len);
        json_t *text = event_text_json(event.user);
        assert_string_equal(json_string_value(text), user);
        json_decref(text);
        json_decref(json);
    }
}

static void
test_an_event_of_exactly_the_limit_passes_and_one_more_does_not(void **state)
{
    (void)state;
    struct note note = {""};
    struct buf out CLEANUP(buf_release);
    struct event event = sample_event(EVENT_NOTE, NULL);
    const size_t limit = EVENT_LIMIT - EVENT_STAMP;
    event.reason = event_text("");
    buf_init(&out, ROOM);
    event.reason = event_text("x");
    assert_int_equal(event_write(&event, &out, &note), OK);
    size_t fill = limit - out.len + 1;
    char *text = malloc(fill + 2);
    memset(text, 'x', fill + 1);
    buf_clear(&out);
    event.reason = (struct event_text){text, fill};
    assert_int_equal(event_write(&event, &out, &note), OK);
    assert_int_equal(out.len, limit);
    assert_int_equal(event_check(out.data, out.len, false, NULL, &note), OK);
    buf_clear(&out);
    event.reason = (struct event_text){text, fill + 1};
    assert_int_equal(event_write(&event, &out, &note), ERR_LIMIT);
    assert_int_equal(out.len, 0);
    free(text);
    text = calloc(1, ROOM); /* a megabyte of bytes that must be encoded */
    event.reason = (struct event_text){text, ROOM};
    assert_int_equal(event_write(&event, &out, &note), ERR_LIMIT);
    assert_int_equal(out.len, 0);
    free(text);
}

static void
test_the_largest_event_has_room_for_the_largest_stamp(void **state)
{
    (void)state;
    struct note note = {""};
    struct buf out CLEANUP(buf_release);
    struct buf stored CLEANUP(buf_release);
    struct event event = sample_event(EVENT_NOTE, NULL);
    buf_init(&out, ROOM);
    buf_init(&stored, ROOM);
    assert_int_equal(event_write(&event, &out, &note), OK);
    struct event_stamp stamp = {INT64_MAX, EVENT_CLOCK_UNSYNCED, INT64_MAX, INT64_MAX};
    event_stamp(&stored, out.data, out.len, &stamp);
    assert_true(stored.len - out.len <= EVENT_STAMP);
}

static void
test_the_stamp_makes_a_stored_event(void **state)
{
    (void)state;
    static const char *const qualities[] = {
        "", ",\"time_quality\":\"unsynced\"", ",\"time_quality\":\"stepped\""};
    struct note note = {""};
    struct buf out CLEANUP(buf_release);
    struct event event = sample_event(EVENT_STOP, NULL);
    buf_init(&out, ROOM);
    assert_int_equal(event_write(&event, &out, &note), OK);
    for (size_t i = 0; i < COUNT(qualities); i++) {
        struct buf stored CLEANUP(buf_release);
        char tail[256];
        buf_init(&stored, ROOM);
        struct event_stamp stamp = {1795378500007, (enum event_clock)i, 4711, 0};
        event_stamp(&stored, out.data, out.len, &stamp);
        (void)snprintf(tail, sizeof(tail),
            ",\"time\":\"2026-11-22T20:15:00.007Z\"%s,\"v\":1,\"writer\":{\"pid\":4711,\"uid\":0}}",
            qualities[i]);
        assert_true(text_ends(stored.data, tail));
        assert_int_equal(event_check(stored.data, stored.len, true, NULL, &note), OK);
        assert_int_equal(event_check(stored.data, stored.len, false, NULL, &note), ERR_VALUE);
        assert_int_equal(event_check(out.data, out.len, true, NULL, &note), ERR_MISSING);
        assert_string_equal(note.text, "time is missing or empty; needed by system.stop");
    }
}

static void
test_times_are_exact_at_their_bounds(void **state)
{
    (void)state;
    char text[EVENT_TIME];
    assert_string_equal(event_time_text(0, text), "1970-01-01T00:00:00.000Z");
    assert_string_equal(event_time_text(-1, text), "1970-01-01T00:00:00.000Z");
    assert_string_equal(event_time_text(951782399999, text), "2000-02-28T23:59:59.999Z");
    assert_string_equal(event_time_text(951782400000, text), "2000-02-29T00:00:00.000Z");
    assert_string_equal(event_time_text(INT64_MAX, text), "9999-12-31T23:59:59.999Z");
}

static void
test_takes_json_of_a_script_in_any_order(void **state)
{
    (void)state;
    struct note note = {""};
    struct buf out CLEANUP(buf_release);
    struct event_facts facts;
    json_t *json = json_pack("{s:s, s:s, s:s, s:{s:s}, s:s}", "site", "harbour", "reason",
        "lens\ncleaned", "outcome", "ok", "actor", "user", "anna", "action", "system.note");
    buf_init(&out, ROOM);
    assert_int_equal(event_from_json(json, &out, &note), OK);
    assert_int_equal(event_check(out.data, out.len, false, &facts, &note), OK);
    assert_int_equal(facts.action, EVENT_NOTE);
    assert_int_equal(json_object_size(json), 5); /* it is left as it was */
    buf_clear(&out);
    assert_int_equal(json_object_set_new(json, "id", json_string(SAMPLE_ID)), 0);
    assert_int_equal(event_from_json(json, &out, &note), OK);
    assert_string_equal(out.data,
        "{\"action\":\"system.note\",\"actor\":{\"user\":\"anna\"},\"id\":\"" SAMPLE_ID
        "\",\"outcome\":\"ok\",\"reason\":\"lens\\ncleaned\",\"site\":\"harbour\"}");
    json_decref(json);
}

static void
test_refuses_json_that_is_no_event(void **state)
{
    (void)state;
    struct note note = {""};
    struct buf out CLEANUP(buf_release);
    buf_init(&out, ROOM);
    static const struct {
        const char *text;
        enum err err;
        const char *note;
    } rows[] = {
        {"[]",                                                          ERR_VALUE,   "an event is a JSON object"      },
        {"{}",                                                          ERR_MISSING, "action is missing or empty"     },
        {"{\"action\":\"footage.look\"}",                               ERR_VALUE,   "action must be a known action"  },
        {"{\"action\":1}",                                              ERR_VALUE,   "action must be a known action"  },
        {"{\"acton\":\"auth.login\"}",                                  ERR_VALUE,   "acton is no member of an event" },
        {"{\"actor\":{\"name\":\"x\"}}",                                ERR_VALUE,   "name is no member of actor"     },
        {"{\"actor\":[]}",                                              ERR_VALUE,   "actor must be an object"        },
        {"{\"bytes\":1.5}",                                             ERR_VALUE,   "a number that is no integer"    },
        {"{\"bytes\":-1}",                                              ERR_VALUE,   "bytes must be an integer from 0"},
        {"{\"time\":\"x\"}",                                            ERR_VALUE,   "time is for the ledger to say"  },
        {"{\"action\":\"auth.ban\",\"actor\":{\"user\":\"base64:?\"}}", ERR_VALUE,
         "actor.user must be text"                                                                                    },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        json_t *json = json_loads(rows[i].text, 0, NULL);
        assert_non_null(json);
        assert_int_equal(event_from_json(json, &out, &note), rows[i].err);
        if (!text_starts(note.text, rows[i].note)) {
            assert_string_equal(note.text, rows[i].note);
        }
        assert_int_equal(out.len, 0);
        json_decref(json);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writes_every_member_in_canonical_order),
        cmocka_unit_test(test_leaves_out_what_is_not_said),
        cmocka_unit_test(test_makes_an_id_of_its_own_each_time),
        cmocka_unit_test(test_brings_times_of_any_zone_to_utc),
        cmocka_unit_test(test_text_of_outside_forges_nothing_and_comes_back_whole),
        cmocka_unit_test(test_keeps_every_byte_of_what_is_not_text),
        cmocka_unit_test(test_an_event_of_exactly_the_limit_passes_and_one_more_does_not),
        cmocka_unit_test(test_the_largest_event_has_room_for_the_largest_stamp),
        cmocka_unit_test(test_the_stamp_makes_a_stored_event),
        cmocka_unit_test(test_times_are_exact_at_their_bounds),
        cmocka_unit_test(test_takes_json_of_a_script_in_any_order),
        cmocka_unit_test(test_refuses_json_that_is_no_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
