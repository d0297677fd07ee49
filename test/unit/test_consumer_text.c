/* Passwords in configuration files: found where they stand, and nothing else changes. */
#include "remedy/consumer_text.h"

#include "base/file.h"
#include "base/text.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

#define NEW "Neues-Wort.42_~x"

static struct site_consumer frigate = {.kind = "frigate"};
static struct site_consumer assistant = {.kind = "homeassistant"};

static void
read_text(struct consumer_talk *talk, const struct site_consumer *row, const char *text)
{
    consumer_talk_init(talk, NULL, row);
    buf_text(&talk->bytes, text);
}

static const struct consumer_place *
only_place(struct consumer_talk *talk, const char *text)
{
    read_text(talk, &frigate, text);
    assert_int_equal(consumer_text_find(talk), OK);
    assert_int_equal(talk->place_count, 1);
    return &talk->places[0];
}

/* With another password in every place; the caller releases the bytes. */
static void
put_all(struct consumer_talk *talk, const char *password, struct buf *out)
{
    struct consumer_place *places = calloc(talk->place_count + 1, sizeof(*places));
    size_t count = 0;
    buf_init(out, CONSUMER_BYTES);
    for (size_t i = 0; i < talk->place_count; i++) {
        if (talk->places[i].by_hand == NULL) {
            places[count++] = talk->places[i];
        }
    }
    assert_int_equal(consumer_text_put(&talk->bytes, places, count, password, out), OK);
    free(places);
}

static void
expect(const char *text, const char *expected)
{
    struct consumer_talk talk;
    struct buf out;
    read_text(&talk, &frigate, text);
    assert_int_equal(consumer_text_find(&talk), OK);
    put_all(&talk, NEW, &out);
    assert_string_equal(out.data, expected);
    buf_release(&out);
    consumer_talk_release(&talk);
}

static void
test_reads_user_password_and_host_of_an_address(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 65536);
    static const struct {
        const char *text, *user, *password, *host;
    } rows[] = {
        {"rtsp://admin:secret@10.0.3.7:554/live",         "admin", "secret",   "10.0.3.7" },
        {"rtsp://admin:se:cr:et@10.0.3.7/live",           "admin", "se:cr:et", "10.0.3.7" },
        {"rtsp://admin:p%40ss@10.0.3.7/live",             "admin", "p%40ss",   "10.0.3.7" },
        {"rtsp://admin:p@ss@10.0.3.7/live",               "admin", "p@ss",     "10.0.3.7" },
        {"rtsp://admin:pa/s?s@10.0.3.7:554/live",         "admin", "pa/s?s",   "10.0.3.7" },
        {"rtsp://admin:x@[fd00::7]:554/",                 "admin", "x",        "[fd00::7]"},
        {"ffmpeg:http://10.0.3.7/f?user=ad&password=x#v", "ad",    "x",        "10.0.3.7" },
        {"http://10.0.3.7/cgi?loginuse=a&loginpas=b&c=d", "a",     "b",        "10.0.3.7" },
        {"-i rtsp://u:@gate.lan",                         "u",     "",         "gate.lan" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct consumer_url url;
        size_t cursor = 0;
        const char *text = rows[i].text;
        assert_true(consumer_url_next(text, strlen(text), &cursor, &url));
        assert_string_equal(arena_copy_n(&arena, text + url.user, url.user_len), rows[i].user);
        assert_string_equal(
            arena_copy_n(&arena, text + url.password, url.password_len), rows[i].password);
        assert_string_equal(arena_copy_n(&arena, text + url.host, url.host_len), rows[i].host);
        assert_false(consumer_url_next(text, strlen(text), &cursor, &url));
    }
    arena_release(&arena);
}

static void
test_finds_no_account_where_there_is_none(void **state)
{
    (void)state;
    static const char *const rows[] = {"rtsp://10.0.3.7/live", "rtsp://10.0.3.7:554/live@noon",
        "rtsp://admin@10.0.3.7/", "C://user:pass@x", "://a:b@c", "rtsp://", "rtsp://a:b@",
        "http://10.0.3.7/?user=a", "rtsp://a:b c@10.0.3.7/"};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct consumer_url url;
        size_t cursor = 0;
        assert_false(consumer_url_next(rows[i], strlen(rows[i]), &cursor, &url));
    }
}

static void
test_keeps_comments_quotes_order_and_line_ends(void **state)
{
    (void)state;
    expect("# ä rtsp://admin:old@10.0.3.7/ in a comment\r\ncameras:\t# tab\r\n  gate: {ffmpeg: "
           "{inputs: [{path: \"rtsp://admin:old@10.0.3.7/1\"}]}}  # “x”\r\n"
           "go2rtc:\r\n  streams:\r\n    gate: [ 'rtsp://admin:old@10.0.3.7/1' , "
           "ffmpeg:rtsp://admin:old@10.0.3.7/1#audio=opus ]",
        "# ä rtsp://admin:old@10.0.3.7/ in a comment\r\ncameras:\t# tab\r\n  gate: {ffmpeg: "
        "{inputs: [{path: \"rtsp://admin:" NEW "@10.0.3.7/1\"}]}}  # “x”\r\n"
        "go2rtc:\r\n  streams:\r\n    gate: [ 'rtsp://admin:" NEW "@10.0.3.7/1' , "
        "ffmpeg:rtsp://admin:" NEW "@10.0.3.7/1#audio=opus ]");
}

static void
test_replaces_values_in_the_quotes_that_they_have(void **state)
{
    (void)state;
    expect("a: {host: 10.0.3.7, user: u, password: old}\nb: {host: 10.0.3.7, user: u, password: "
           "'ol''d'}\nc: {host: 10.0.3.7, user: u, password: \"o\\\"ld\"}\n",
        "a: {host: 10.0.3.7, user: u, password: " NEW "}\nb: {host: 10.0.3.7, user: u, password: "
        "'" NEW "'}\nc: {host: 10.0.3.7, user: u, password: \"" NEW "\"}\n");
}

static void
test_quotes_a_password_that_yaml_would_take_for_something_else(void **state)
{
    (void)state;
    static const char *const passwords[] = {
        "12345678901", "0x123456789", "a: #b'c", "{a}", "!tag-like-text", "1e10000000"};
    for (size_t i = 0; i < COUNT(passwords); i++) {
        struct consumer_talk talk, again;
        struct buf out;
        (void)only_place(&talk, "onvif:\n  password: old # x\n  host: 10.0.3.7\n  user: u\n");
        put_all(&talk, passwords[i], &out);
        const struct consumer_place *place = only_place(&again, out.data);
        assert_string_equal(place->password, passwords[i]);
        assert_true(text_contains(out.data, " # x\n  host: 10.0.3.7"));
        consumer_talk_release(&talk);
        consumer_talk_release(&again);
        buf_release(&out);
    }
}

static void
test_encodes_what_an_address_can_not_hold(void **state)
{
    (void)state;
    struct consumer_talk talk, again;
    struct buf out;
    const struct consumer_place *place =
        only_place(&talk, "streams: {gate: 'rtsp://admin:p%40s%73@10.0.3.7/1'}");
    assert_string_equal(place->password, "p@ss");
    put_all(&talk, "a/b@c:d'e#f%g ä", &out);
    assert_string_equal(
        out.data, "streams: {gate: 'rtsp://admin:a%2Fb%40c%3Ad%27e%23f%25g%20%C3%A4@10.0.3.7/1'}");
    assert_string_equal(only_place(&again, out.data)->password, "a/b@c:d'e#f%g ä");
    consumer_talk_release(&talk);
    consumer_talk_release(&again);
    buf_release(&out);
}

static void
test_writes_nothing_that_frigate_would_encode_twice(void **state)
{
    (void)state;
    struct consumer_talk talk;
    struct buf out;
    const struct consumer_place *place =
        only_place(&talk, "inputs:\n  - path: rtsp://admin:old@10.0.3.7/1\n");
    buf_init(&out, CONSUMER_BYTES);
    assert_int_equal(consumer_text_put(&talk.bytes, place, 1, "a@b", &out), ERR_UNSUPPORTED);
    buf_release(&out);
    consumer_talk_release(&talk);
}

static void
test_says_what_stands_elsewhere_and_leaves_it(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } rows[] = {
        {"a: rtsp://u:{FRIGATE_RTSP_PASSWORD}@10.0.3.7/1",          "variable"},
        {"a: rtsp://{FRIGATE_RTSP_USER}:x@10.0.3.7/1",              "variable"},
        {"a: rtsp://u:${CAMERA}@10.0.3.7/1",                        "variable"},
        {"a: {host: 10.0.3.7, user: u, password: !secret gate}",    "!secret" },
        {"x: &p {}\na: {host: 10.0.3.7, user: u, password: *p}",    "alias"   },
        {"a: {host: 10.0.3.7, user: u, password: &p old}",          "anchor"  },
        {"a: {host: 10.0.3.7, user: u, password: \"{FRIGATE_P}\"}", "variable"},
        {"a: {host: 10.0.3.7, user: u, password: |\n    old\n  }",  NULL      },
        {"a: \"rtsp://u:ol\\x64@10.0.3.7/1\"",                      "escapes" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct consumer_talk talk;
        read_text(&talk, &frigate, rows[i].text);
        if (rows[i].words == NULL) {
            assert_int_equal(consumer_text_find(&talk), ERR_SYNTAX);
        } else {
            assert_int_equal(consumer_text_find(&talk), OK);
            assert_int_equal(talk.place_count, 1);
            assert_non_null(talk.places[0].by_hand);
            assert_true(text_contains(talk.places[0].by_hand, rows[i].words));
        }
        consumer_talk_release(&talk);
    }
}

static void
test_reads_what_home_assistant_keeps_of_its_integrations(void **state)
{
    (void)state;
    struct consumer_talk talk;
    struct buf out;
    read_text(&talk, &assistant,
        "{\"version\": 1, \"data\": {\"entries\": [\n"
        " {\"domain\": \"onvif\", \"data\": {\"host\": \"10.0.3.7\", \"port\": 80, \"username\": "
        "\"admin\", \"password\": \"ol\\\"d\", \"name\": \"Tür\"}},\n"
        " {\"domain\": \"generic\", \"options\": {\"stream_source\": "
        "\"rtsp://10.0.3.7:554/1\", \"username\": \"admin\", \"password\": \"ol\\\"d\"}},\n"
        " {\"domain\": \"mqtt\", \"data\": {\"broker\": \"10.0.3.2\", \"username\": \"m\", "
        "\"password\": \"keep\"}}]}}");
    assert_int_equal(consumer_text_find(&talk), OK);
    assert_int_equal(talk.place_count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(talk.places[i].host, "10.0.3.7");
        assert_string_equal(talk.places[i].password, "ol\"d");
    }
    put_all(&talk, "n\\e\"w", &out);
    json_t *document = json_loads(out.data, 0, NULL);
    json_t *entries = json_object_get(json_object_get(document, "data"), "entries");
    json_t *data = json_object_get(json_array_get(entries, 0), "data");
    assert_string_equal(json_string_value(json_object_get(data, "password")), "n\\e\"w");
    assert_true(text_contains(out.data, "\"Tür\"") && text_contains(out.data, "\"keep\""));
    json_decref(document);
    buf_release(&out);
    consumer_talk_release(&talk);
}

/* What is outside the places, with a mark for each place. */
static void
without_places(const struct consumer_talk *talk, struct buf *out)
{
    buf_init(out, CONSUMER_BYTES);
    for (size_t at = 0; at < talk->bytes.len; at++) {
        const struct consumer_place *place = NULL;
        for (size_t i = 0; i < talk->place_count; i++) {
            if (talk->places[i].by_hand == NULL && talk->places[i].at == at &&
                talk->places[i].len != 0) {
                place = &talk->places[i];
            }
        }
        if (place != NULL) {
            buf_text(out, "<*>");
            at += place->len - 1;
        } else {
            buf_byte(out, (uint8_t)talk->bytes.data[at]);
        }
    }
}

static void
check_file(const char *path, const struct site_consumer *row)
{
    struct consumer_talk talk, after;
    struct buf out, one, other;
    struct note note;
    consumer_talk_init(&talk, NULL, row);
    assert_int_equal(file_read(path, &talk.bytes, &note), OK);
    assert_int_equal(consumer_text_find(&talk), OK);
    put_all(&talk, NEW, &out);
    read_text(&after, row, out.data);
    assert_int_equal(consumer_text_find(&after), OK);
    assert_int_equal(after.place_count, talk.place_count);
    for (size_t i = 0; i < after.place_count; i++) {
        assert_true(after.places[i].by_hand != NULL || text_equal(after.places[i].password, NEW));
    }
    without_places(&talk, &one);
    without_places(&after, &other);
    assert_int_equal(one.len, other.len);
    assert_memory_equal(one.data, other.data, one.len);
    buf_release(&one);
    buf_release(&other);
    buf_release(&out);
    consumer_talk_release(&talk);
    consumer_talk_release(&after);
}

static void
test_changes_only_the_bytes_of_credentials(void **state)
{
    (void)state;
    static const struct {
        const char *folder;
        const struct site_consumer *row;
    } rows[] = {
        {"test/config/frigate",       &frigate  },
        {"test/config/homeassistant", &assistant},
        {"test/fuzz/corpus/consumer", &frigate  },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char path[1024];
        (void)snprintf(path, sizeof(path), "%s/%s", getenv("GATEHOUSE_SOURCE"), rows[i].folder);
        DIR *folder = opendir(path);
        assert_non_null(folder);
        for (struct dirent *entry = NULL; (entry = readdir(folder)) != NULL;) {
            if (entry->d_name[0] != '.' && !text_starts(entry->d_name, "broken")) {
                (void)snprintf(path, sizeof(path), "%s/%s/%s", getenv("GATEHOUSE_SOURCE"),
                    rows[i].folder, entry->d_name);
                check_file(path, rows[i].row);
            }
        }
        (void)closedir(folder);
    }
}

static void
test_ends_on_deep_and_cut_texts(void **state)
{
    (void)state;
    char deep[401];
    memset(deep, '[', sizeof(deep) - 1);
    deep[sizeof(deep) - 1] = '\0';
    const char *const texts[] = {deep, "a: \"x", "a:\n\tb: c", "\xff\xfe", "{[a]: b}", "a: *b"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct consumer_talk talk;
        read_text(&talk, &frigate, texts[i]);
        enum err err = consumer_text_find(&talk);
        assert_true(err == ERR_SYNTAX || talk.place_count == 0);
        consumer_talk_release(&talk);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_user_password_and_host_of_an_address),
        cmocka_unit_test(test_finds_no_account_where_there_is_none),
        cmocka_unit_test(test_keeps_comments_quotes_order_and_line_ends),
        cmocka_unit_test(test_replaces_values_in_the_quotes_that_they_have),
        cmocka_unit_test(test_quotes_a_password_that_yaml_would_take_for_something_else),
        cmocka_unit_test(test_encodes_what_an_address_can_not_hold),
        cmocka_unit_test(test_writes_nothing_that_frigate_would_encode_twice),
        cmocka_unit_test(test_says_what_stands_elsewhere_and_leaves_it),
        cmocka_unit_test(test_reads_what_home_assistant_keeps_of_its_integrations),
        cmocka_unit_test(test_changes_only_the_bytes_of_credentials),
        cmocka_unit_test(test_ends_on_deep_and_cut_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
