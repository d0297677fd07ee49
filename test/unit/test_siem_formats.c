#include "siem/format.h"

#include "base/text.h"

#include "test.h"

#define EVENT                                                                                      \
    "{\"action\":\"footage.playback\",\"actor\":{\"user\":\"%s\"},\"id\":\"e-00000001\","          \
    "\"outcome\":\"ok\",\"reason\":\"%s\",\"target\":{\"cameras\":[\"%s\"],\"object\":\"%s\"},"    \
    "\"time\":\"2026-11-23T02:14:05.123Z\",\"v\":1,\"writer\":{\"pid\":4711,\"uid\":998}}"

static const struct siem_about about = {.origin = "log.example/north", .host = "box"};

/* Of two, three and four bytes. */
static const char *const letters[] = {"\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x8e\xa5"};

static void
fill(char out[512], size_t ahead, const char *letter)
{
    size_t len = strlen(letter);
    memset(out, 'a', ahead);
    for (size_t i = 0; i < 60; i++) {
        memcpy(out + ahead + i * len, letter, len);
    }
    out[ahead + 60 * len] = '\0';
}

static void
check_text(const char *bytes, size_t len)
{
    for (size_t i = 0; i < len;) {
        uint32_t point = 0;
        size_t step = text_utf8(bytes + i, len - i, &point);
        if (step == 0) {
            fail_msg("byte %zu is no UTF-8: %.*s", i, (int)len, bytes);
        }
        i += step;
    }
}

/* The sentence shows a part of each text, and ends each with "...". */
static void
check_record(const struct siem_format *format, const char *entry, size_t max)
{
    CLEANUP(buf_release) struct buf out;
    struct logged *logged = logged_new();
    buf_init(&out, max);
    assert_true(logged_read(logged, entry, strlen(entry)));
    enum err err = format->put(logged, &about, &out);
    if (err == OK) {
        check_text(out.data, out.len);
        const char *sentence = strstr(out.data, "Recording watched: ok, user ");
        assert_non_null(sentence);
        size_t len = strcspn(sentence, "\"");
        assert_non_null(memmem(sentence, len, "...", 3));
        assert_null(memchr(sentence, '?', len)); /* half a character would be one */
    } else {
        assert_int_equal(err, ERR_LIMIT);
        assert_int_equal(out.len, 0);
    }
    logged_free(logged);
}

static void
test_no_format_cuts_a_character_in_the_middle(void **state)
{
    (void)state;
    for (size_t i = 0; i < siem_format_count; i++) {
        for (size_t j = 0; j < COUNT(letters); j++) {
            for (size_t ahead = 0; ahead < 8; ahead++) {
                char text[512], entry[4096];
                fill(text, ahead, letters[j]);
                (void)snprintf(entry, sizeof(entry), EVENT, text, text, text, text);
                check_record(siem_formats[i], entry, SIEM_RECORD);
            }
        }
    }
}

static void
test_record_that_is_too_long_is_none_rather_than_a_part(void **state)
{
    char text[512], entry[4096];
    (void)state;
    fill(text, 1, letters[1]);
    (void)snprintf(entry, sizeof(entry), EVENT, text, text, text, text);
    for (size_t i = 0; i < siem_format_count; i++) {
        for (size_t max = 1; max < 4000; max += 37) {
            check_record(siem_formats[i], entry, max);
        }
    }
}

static void
test_host_that_is_longer_than_a_header_may_have_is_cut_and_ascii(void **state)
{
    char host[600];
    (void)state;
    memset(host, 'h', sizeof(host));
    memcpy(host + 253, "\xe2\x82\xac", 3); /* across the 255th byte */
    host[sizeof(host) - 1] = '\0';
    const struct siem_about long_one = {.origin = "o", .host = host};
    for (size_t i = 0; i < siem_format_count; i++) {
        CLEANUP(buf_release) struct buf out;
        struct logged *logged = logged_new();
        (void)logged_read(logged, "x", 1);
        buf_init(&out, SIEM_RECORD);
        assert_int_equal(siem_formats[i]->put(logged, &long_one, &out), OK);
        check_text(out.data, out.len);
        logged_free(logged);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_format_cuts_a_character_in_the_middle),
        cmocka_unit_test(test_record_that_is_too_long_is_none_rather_than_a_part),
        cmocka_unit_test(test_host_that_is_longer_than_a_header_may_have_is_cut_and_ascii),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
