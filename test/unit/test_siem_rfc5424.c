#include "siem/format.h"

#include "test.h"

#define TAIL ",\"time\":\"2026-11-23T02:14:05.123Z\",\"v\":1,\"writer\":{\"pid\":4711,\"uid\":998}}"
#define EVENT                                                                                      \
    "{\"action\":\"footage.playback\",\"actor\":{\"factor\":\"passkey\",\"ip\":\"10.0.0.7\","      \
    "\"role\":\"guard\",\"session\":\"s-1\",\"user\":\"anna\"},\"bytes\":5120,\"detail\":"         \
    "{\"phase\":\"end\"},\"digest\":\"sha256:00\",\"id\":\"e-00000001\",\"outcome\":\"ok\","       \
    "\"reason\":\"why\",\"site\":\"north\",\"target\":{\"cameras\":[\"gate\",\"yard\"],"           \
    "\"from\":\"2026-11-20T00:00:00.000Z\",\"object\":\"o\",\"to\":\"2026-11-20T00:10:00.000Z\","  \
    "\"vms\":\"main\"}" TAIL
#define HEAD  "<110>1 2026-11-23T02:14:05.123Z box gatehouse - footage.playback "
#define PLACE "[gatehouse@32473 index=\"41\" origin=\"log.example/north\""

static const uint8_t leaf[MERKLE_HASH] = {0xab, 0xcd};
static const struct siem_about about = {.origin = "log.example/north", .host = "box"};

static const char *
record_of(const char *entry, size_t len, const struct siem_about *with, struct buf *out)
{
    const struct siem_format *format = siem_format_by_name("rfc5424");
    struct logged *logged = logged_new();
    assert_non_null(format);
    assert_non_null(logged);
    (void)logged_read(logged, entry, len);
    logged->index = 41;
    buf_init(out, 1 << 20);
    assert_int_equal(format->put(logged, with, out), OK);
    logged_free(logged);
    return out->data;
}

static void
test_has_every_member_of_an_event(void **state)
{
    (void)state;
    struct buf out CLEANUP(buf_release);
    assert_string_equal(record_of(EVENT, strlen(EVENT), &about, &out), HEAD PLACE
        " action=\"footage.playback\" digest=\"sha256:00\" id=\"e-00000001\" outcome=\"ok\""
        " reason=\"why\" site=\"north\" factor=\"passkey\" role=\"guard\""
        " session=\"s-1\" user=\"anna\" object=\"o\" vms=\"main\" ip=\"10.0.0.7\" "
        "cameras=\"[\\\"gate\\\","
        "\\\"yard\\\"\\]\" from=\"2026-11-20T00:00:00.000Z\" to=\"2026-11-20T00:10:00.000Z\""
        " bytes=\"5120\" v=\"1\" pid=\"4711\" uid=\"998\" detail=\"{\\\"phase\\\":\\\"end\\\"}\"]"
        "[timeQuality tzKnown=\"1\" isSynced=\"1\"] \xef\xbb\xbfRecording watched: ok, user anna"
        " from 10.0.0.7, cameras gate, yard, o, phase end: why.");
}

static void
test_says_what_covers_the_entry(void **state)
{
    (void)state;
    struct buf out CLEANUP(buf_release);
    const struct siem_about covered = {
        .origin = "o]", .root = "r+/=", .tree_size = 42, .leaf = leaf};
    assert_string_equal(record_of("x", 1, &covered, &out),
        "<107>1 - - gatehouse - no.event [gatehouse@32473 index=\"41\" origin=\"o\\]\" leaf=\""
        "abcd000000000000000000000000000000000000000000000000000000000000\" root=\"r+/=\""
        " tree_size=\"42\" entry=\"x\"] \xef\xbb\xbf"
        "Entry that is no event, 1 bytes.");
}

static void
test_a_text_ends_neither_its_value_nor_the_record(void **state)
{
    (void)state;
    static const struct {
        const char *json, *value;
    } rows[] = {
        {"a\\\"b\\\\c]d=e|f",        " user=\"a\\\"b\\\\c\\]d=e|f\""     },
        {"a\\nb",                    " user=\"base64:YQpi\""             },
        {"a\\u0001b",                " user=\"base64:YQFi\""             },
        {"a\x7f",                    " user=\"base64:YX8=\""             },
        {"\xc2\x85",                 " user=\"base64:woU=\""             },
        {"\xe2\x80\xa8",             " user=\"base64:4oCo\""             },
        {"\xe2\x80\xae\xef\xbb\xbf", " user=\"\xe2\x80\xae\xef\xbb\xbf\""},
        {"base64:YQpi",              " user=\"base64:YQpi\""             },
        {"base64:no",                " user=\"base64:YmFzZTY0Om5v\""     },
        {"",                         " user=\"\""                        },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char entry[400];
        struct buf out CLEANUP(buf_release);
        (void)snprintf(entry, sizeof(entry),
            "{\"action\":\"auth.login\",\"actor\":{\"user\":\"%s\"}" TAIL, rows[i].json);
        (void)record_of(entry, strlen(entry), &about, &out);
        assert_non_null(strstr(out.data, rows[i].value));
        assert_null(strpbrk(out.data, "\n\r"));
    }
}

static void
test_tells_the_whole_entry_where_it_does_not_know_all_of_it(void **state)
{
    (void)state;
    struct buf out CLEANUP(buf_release);
    const char *entry = "{\"action\":\"later.thing\",\"color\":7" TAIL;
    (void)record_of(entry, strlen(entry), &about, &out);
    assert_non_null(strstr(out.data, " unknown.action ["));
    assert_non_null(strstr(out.data, " action=\"later.thing\""));
    assert_non_null(
        strstr(out.data, " entry=\"{\\\"action\\\":\\\"later.thing\\\",\\\"color\\\":7,"));
}

static void
test_adds_nothing_that_does_not_fit(void **state)
{
    (void)state;
    struct buf out CLEANUP(buf_release);
    struct logged *logged = logged_new();
    assert_true(logged_read(logged, EVENT, strlen(EVENT)));
    buf_init(&out, 100);
    buf_text(&out, "before");
    assert_int_equal(siem_format_by_name("rfc5424")->put(logged, &about, &out), ERR_LIMIT);
    assert_string_equal(out.data, "before");
    logged_free(logged);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_has_every_member_of_an_event),
        cmocka_unit_test(test_says_what_covers_the_entry),
        cmocka_unit_test(test_a_text_ends_neither_its_value_nor_the_record),
        cmocka_unit_test(test_tells_the_whole_entry_where_it_does_not_know_all_of_it),
        cmocka_unit_test(test_adds_nothing_that_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
