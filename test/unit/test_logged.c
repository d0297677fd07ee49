#include "ledger/logged.h"

#include "test.h"

#define EVENT                                                                                      \
    "{\"action\":\"footage.playback\",\"actor\":{\"factor\":\"passkey\",\"ip\":\"10.0.0.7\","      \
    "\"role\":\"guard\",\"session\":\"s-1\",\"user\":\"anna\"},\"bytes\":5120,\"detail\":"         \
    "{\"duration_ms\":2000,\"phase\":\"end\",\"view\":\"v-1\",\"zoom\":[1,{\"user\":\"eve\"}]},"   \
    "\"id\":\"e-00000001\",\"outcome\":\"ok\",\"site\":\"north\",\"target\":{\"cameras\":"         \
    "[\"gate\",\"yard\"],\"from\":\"2026-11-20T00:00:00.000Z\",\"object\":\"o\\\"\\u0001\\n\","    \
    "\"to\":\"2026-11-20T00:10:00.000Z\",\"vms\":\"main\"},\"time\":\"2026-11-23T02:14:05.123Z\"," \
    "\"v\":1}"

static struct logged *logged;

static int
setup(void **state)
{
    (void)state;
    logged = logged_new();
    return logged == NULL;
}

static int
teardown(void **state)
{
    (void)state;
    logged_free(logged);
    return 0;
}

static bool
reads(const char *entry)
{
    return logged_read(logged, entry, strlen(entry));
}

static void
test_reads_the_members_of_an_event(void **state)
{
    (void)state;
    assert_true(reads(EVENT));
    assert_true(logged_says(logged, LOGGED_ACTION, "footage.playback"));
    assert_true(logged_says(logged, LOGGED_USER, "anna"));
    assert_true(logged_says(logged, LOGGED_IP, "10.0.0.7"));
    assert_true(logged_says(logged, LOGGED_PHASE, "end"));
    assert_true(logged_says(logged, LOGGED_VIEW, "v-1"));
    assert_true(logged_says(logged, LOGGED_OBJECT, "o\"\001\n"));
    assert_false(logged_says(logged, LOGGED_REASON, ""));
    assert_int_equal(logged->camera_count, 2);
    assert_memory_equal(logged->cameras[1].bytes, "yard", 4);
    assert_int_equal(logged->numbers[LOGGED_TIME], INT64_C(1795400045123));
    assert_int_equal(logged->numbers[LOGGED_TO] - logged->numbers[LOGGED_FROM], 600000);
    assert_int_equal(logged->numbers[LOGGED_DURATION], 2000);
    assert_int_equal(logged->numbers[LOGGED_BYTES], 5120);
}

#define STAMPED                                                                                    \
    ",\"time\":\"2026-11-23T02:14:05.123Z\",\"v\":1,\"writer\":{\"pid\":4711,\"uid\":998}}"

static void
test_gives_the_detail_as_it_stands_and_the_stamp(void **state)
{
    (void)state;
    static const char detail[] = "{\"detail\":{\"x\":\"}\"},\"view\":\"v\"}";
    assert_true(
        reads("{\"action\":\"a.b\",\"detail\":{\"detail\":{\"x\":\"}\"},\"view\":\"v\"}" STAMPED));
    assert_int_equal(logged->detail.len, sizeof(detail) - 1);
    assert_memory_equal(logged->detail.bytes, detail, sizeof(detail) - 1);
    assert_int_equal(logged->numbers[LOGGED_VERSION], 1);
    assert_int_equal(logged->numbers[LOGGED_PID], 4711);
    assert_int_equal(logged->numbers[LOGGED_UID], 998);
    assert_false(logged->has_more);
    assert_true(reads("{\"action\":\"a.b\"" STAMPED));
    assert_null(logged->detail.bytes);
}

static void
test_says_that_there_is_more_than_it_tells(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "{\"action\":\"a.b\",\"color\":7" STAMPED,
        "{\"action\":\"a.b\",\"colors\":[\"red\"]" STAMPED,
        "{\"action\":\"a.b\",\"actor\":{\"mood\":\"good\"}" STAMPED,
        "{\"action\":\"a.b\",\"target\":{\"from\":\"yesterday\"}" STAMPED,
        "{\"action\":\"a.b\",\"target\":{\"lens\":{}}" STAMPED,
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_true(reads(rows[i]));
        assert_true(logged->has_more);
    }
    assert_true(reads(EVENT));
    assert_false(logged->has_more);
}

static void
test_takes_nothing_else_for_an_event(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "entry 7",
        "{}",
        "[]",
        "{\"action\":\"a.b\"}",
        "{\"action\":\"a.b\",\"time\":\"2026-11-23\"}",
        "{\"action\":\"a.b\",\"time\":\"2026-11-23T02:14:05.123Z\"",
        "{\"action\":\"a.b\",\"time\":\"2026-11-23T02:14:05.123Z\"} ",
        "{\"action\":\"a.b\",\"time\":\"2026-11-23T02:14:05.123Z\",}",
        "{\"action\":\"a.b\", \"time\":\"2026-11-23T02:14:05.123Z\"}",
        "{\"action\":\"a.b\",\"time\":\"2026-11-23T02:14:05.123Z\"}\n",
        "{\"action\":\"a.b\",\"bytes\":1.5,\"time\":\"2026-11-23T02:14:05.123Z\"}",
        "{\"action\":\"a.b\",\"bytes\":\"5\",\"time\":\"2026-11-23T02:14:05.123Z\"}",
        "{\"action\":\"a.b\",\"bytes\":9007199254740992,\"time\":\"2026-11-23T02:14:05.123Z\"}",
        "{\"action\":\"a.b\",\"actor\":7,\"reason\":[],\"time\":\"2026-11-23T02:14:05.123Z\"}",
        "{\"action\":\"a.b\",\"action\":\"a.c\",\"time\":\"2026-11-23T02:14:05.123Z\"}",
        "{\"action\":\"a.b\",\"actor\":{},\"actor\":{},\"time\":\"2026-11-23T02:14:05.123Z\"}",
        "{\"time\":\"2026-11-23T02:14:05.123Z\",\"action\":\"a.b\"}",
        "{\"action\":\"a.b\",\"time\":\"2026-02-30T02:14:05.123Z\"}",
        "{\"action\":\"a.b\",\"reason\":\"a\nb\",\"time\":\"2026-11-23T02:14:05.123Z\"}",
        "{\"action\":\"a.b\",\"reason\":\"\\q\",\"time\":\"2026-11-23T02:14:05.123Z\"}",
        "{\"action\":\"a.b\",\"reason\":\"\\u0041\",\"time\":\"2026-11-23T02:14:05.123Z\"}",
        "{\"action\":\"a.b\",\"\\q\":\"\",\"time\":\"2026-11-23T02:14:05.123Z\"}",
        "{\"action\":\"a.b\",\"reason\":\"\xff\",\"time\":\"2026-11-23T02:14:05.123Z\"}",
        "{\"action\":\"a.b\",\"reason\":\"\xed\xa0\x80\",\"time\":\"2026-11-23T02:14:05.123Z\"}",
        "{\"action\":\"a.b\",\"target\":{\"cameras\":[1]},\"time\":\"2026-11-23T02:14:05.123Z\"}",
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (reads(rows[i])) {
            fail_msg("an event: %s", rows[i]);
        }
    }
    char deep[400] = "{\"action\":\"a.b\",\"detail\":";
    memset(deep + strlen(deep), '[', 100);
    assert_false(reads(deep));
}

static void
test_reads_an_event_cut_anywhere_as_none(void **state)
{
    (void)state;
    for (size_t len = 0; len < sizeof(EVENT) - 1; len++) {
        char *copy = test_malloc(len + 1); /* so that reading past it shows */
        memcpy(copy, EVENT, len);
        assert_false(logged_read(logged, copy, len));
        test_free(copy);
    }
}

static void
gather(void *context, const char *bytes, size_t len)
{
    struct buf *out = context;
    buf_add(out, bytes, len);
    buf_byte(out, '|');
}

static void
test_tells_every_text_but_the_times(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf out;
    buf_init(&out, 4096);
    logged->sink = gather;
    logged->sink_context = &out;
    assert_true(reads(EVENT));
    logged->sink = NULL;
    assert_string_equal(out.data,
        "footage.playback|passkey|10.0.0.7|guard|s-1|anna|end|v-1|eve|e-00000001|ok|north|gate|"
        "yard|o\"\001\n|main|");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_reads_the_members_of_an_event, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_gives_the_detail_as_it_stands_and_the_stamp, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_says_that_there_is_more_than_it_tells, setup, teardown),
        cmocka_unit_test_setup_teardown(test_takes_nothing_else_for_an_event, setup, teardown),
        cmocka_unit_test_setup_teardown(test_reads_an_event_cut_anywhere_as_none, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tells_every_text_but_the_times, setup, teardown),
    };
    return cmocka_run_group_tests_name("logged", tests, NULL, NULL);
}
