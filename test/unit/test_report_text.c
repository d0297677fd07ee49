#include "fixture_assessment.h"
#include "report/report.h"
#include "report/width.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

#include "test.h"

static char *
text_of(enum fixture_kind kind, const struct report_options *options)
{
    struct assessment *assessment = fixture_assessment(kind);
    struct buf out;
    buf_init(&out, REPORT_MAX);
    assert_int_equal(report_by_name("text")->write(assessment, options, &out), OK);
    fixture_free(assessment);
    return out.data;
}

/* The C library's own idea of columns, as a second opinion. */
static int
columns(const char *line, size_t len)
{
    int used = 0;
    mbstate_t state = {0};
    while (len != 0) {
        wchar_t c = 0;
        size_t step = mbrtowc(&c, line, len, &state);
        assert_true(step != 0 && step <= len);
        assert_true(wcwidth(c) >= 0);
        used += wcwidth(c);
        line += step;
        len -= step;
    }
    return used;
}

static void
check_width(const char *text, int width)
{
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        if (columns(text, len) > width) {
            fail_msg("%d columns: %.*s", columns(text, len), (int)len, text);
        }
        text += len + (text[len] == '\n');
    }
}

static void
test_stays_within_its_width_whatever_devices_say(void **state)
{
    (void)state;
    assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
    for (enum fixture_kind kind = 0; kind < FIXTURE_COUNT; kind++) {
        for (unsigned width = 72; width <= 140; width += 17) {
            for (int full = 0; full < 2; full++) {
                const struct report_options options = {.full = full != 0, .width = width};
                char *text = text_of(kind, &options);
                check_width(text, (int)width);
                free(text);
            }
        }
    }
    const struct report_options options = {.full = true};
    char *text = text_of(FIXTURE_SITE, &options);
    check_width(text, 80);
    free(text);
}

static void
test_has_no_escape_without_colour(void **state)
{
    (void)state;
    const struct report_options plain = {.full = true};
    const struct report_options colour = {.full = true, .colour = true};
    char *without = text_of(FIXTURE_SITE, &plain);
    char *with = text_of(FIXTURE_SITE, &colour);
    assert_null(strchr(without, '\x1b'));
    assert_non_null(strchr(with, '\x1b'));
    /* Colour only repeats what words say: without its codes the text is the same. */
    char *to = with;
    for (const char *from = with; *from != '\0';) {
        if (*from == '\x1b') {
            from += strcspn(from, "m") + 1;
        } else {
            *to++ = *from++;
        }
    }
    *to = '\0';
    assert_string_equal(with, without);
    free(with);
    free(without);
}

static void
test_is_ascii_for_old_terminals(void **state)
{
    (void)state;
    const struct report_options options = {.full = true, .ascii = true};
    char *text = text_of(FIXTURE_SITE, &options);
    for (const char *c = text; *c != '\0'; c++) {
        assert_true(*c == '\n' || (*c >= ' ' && *c <= '~'));
    }
    check_width(text, 80);
    free(text);
}

static void
test_begins_with_the_grade_the_cap_and_the_actions(void **state)
{
    (void)state;
    const struct report_options options = {0};
    char *text = text_of(FIXTURE_SITE, &options);
    const char *grade = strstr(text, " GRADE  D   31 of 100   capped: a factory password");
    const char *first = strstr(text, "DO THESE THREE FIRST");
    const char *after = strstr(text, "C   64\n");
    const char *controls_part = strstr(text, " CONTROLS\n");
    assert_non_null(grade);
    assert_true(grade < first && first < after && after < controls_part);
    free(text);
}

static void
test_says_that_a_run_is_partial_and_why(void **state)
{
    (void)state;
    const struct report_options options = {0};
    char *text = text_of(FIXTURE_PARTIAL, &options);
    assert_memory_equal(text, " PARTIAL", 8);
    assert_non_null(strstr(text, "interrupted from the keyboard"));
    free(text);
    text = text_of(FIXTURE_SITE, &options);
    assert_null(strstr(text, "PARTIAL"));
    free(text);
}

static void
test_says_what_to_try_when_nothing_was_found(void **state)
{
    (void)state;
    const struct report_options options = {0};
    char *text = text_of(FIXTURE_EMPTY, &options);
    assert_non_null(strstr(text, "NO DEVICES FOUND"));
    assert_non_null(strstr(text, "10.20.0.0/24, 10.30.0.0/28; nothing answered"));
    assert_non_null(strstr(text, "--scope"));
    assert_non_null(strstr(text, "too little is known for a grade"));
    free(text);
}

static void
test_shows_waived_contradicted_and_expired(void **state)
{
    (void)state;
    const struct report_options options = {0};
    char *text = text_of(FIXTURE_SITE, &options);
    assert_non_null(strstr(text, "  WAIVED   UPnP is on in 1 device"));
    assert_non_null(strstr(text, "Witnesses disagree"));
    assert_non_null(strstr(text, "EXPIRED  2026-11-19"));
    assert_non_null(strstr(text, "could not be asked to the end"));
    assert_non_null(strstr(text, "outside the scope: seen, never asked"));
    free(text);
}

static void
test_full_report_owes_seven_parts_to_every_gap(void **state)
{
    (void)state;
    static const char *const parts[] = {
        "where ", "found ", "asked ", "answer ", "at ", "why ", "close ", "verify "};
    const struct report_options options = {.full = true};
    char *text = text_of(FIXTURE_SITE, &options);
    char *gap = strstr(text, " GAPS\n");
    char *end = strstr(text, " NOT KNOWN\n");
    assert_non_null(gap);
    assert_non_null(end);
    *end = '\0';
    size_t gaps = 0;
    for (gap = strstr(gap, "\n  FAIL "); gap != NULL; gaps++) {
        char *next = strstr(gap + 1, "\n  FAIL ");
        if (next != NULL) {
            *next = '\0';
        }
        for (size_t i = 0; i < COUNT(parts); i++) {
            char label[32];
            (void)snprintf(label, sizeof(label), "\n           %s", parts[i]);
            if (strstr(gap, label) == NULL) {
                fail_msg("no \"%s\" in %.80s", parts[i], gap);
            }
        }
        gap = next;
        if (gap != NULL) {
            *gap = '\n';
        }
    }
    assert_int_equal(gaps, 8);
    free(text);
}

static void
test_keeps_control_characters_from_the_terminal(void **state)
{
    (void)state;
    struct assessment *assessment = fixture_assessment(FIXTURE_SITE);
    assessment->site = "shop\x1b]0;owned\x07\x9b"
                       "31m\xc2\x9b"
                       "0m\r\x08";
    const struct report_options options = {0};
    struct buf out CLEANUP(buf_release);
    buf_init(&out, REPORT_MAX);
    assert_int_equal(report_by_name("text")->write(assessment, &options, &out), OK);
    assert_null(strpbrk(out.data, "\x1b\x07\r\x08"));
    assert_null(strstr(out.data, "\xc2\x9b"));
    fixture_free(assessment);
}

static void
test_stays_short_for_ten_thousand_devices(void **state)
{
    (void)state;
    const struct report_options options = {0};
    char *text = text_of(FIXTURE_LARGE, &options);
    assert_true(strlen(text) < 40000);
    assert_non_null(strstr(text, "and 9,936 more"));
    free(text);
}

static void
test_fails_when_the_buffer_is_full(void **state)
{
    (void)state;
    struct assessment *assessment = fixture_assessment(FIXTURE_SITE);
    const struct report_options options = {0};
    for (size_t i = 0; i < report_format_count; i++) {
        struct buf out CLEANUP(buf_release);
        buf_init(&out, 100);
        assert_int_equal(report_formats[i]->write(assessment, &options, &out), ERR_LIMIT);
    }
    fixture_free(assessment);
}

static void
test_wraps_at_blanks_and_cuts_long_words(void **state)
{
    (void)state;
    const char *text = "one two\nthree-is-long \xe7\x9b\x91\xe6\x8e\xa7";
    static const char *const lines[] = {
        "one", "two", "three-", "is-lon", "g \xe7\x9b\x91\xe6\x8e\xa7"};
    for (size_t i = 0; i < COUNT(lines); i++) {
        const char *line = text;
        size_t len = width_line(&text, 6);
        assert_int_equal(len, strlen(lines[i]));
        assert_memory_equal(line, lines[i], len);
    }
    assert_string_equal(text, "");
    assert_int_equal(width_of("e\xcc\x81 \xe7\x9b\x91"), 4);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stays_within_its_width_whatever_devices_say),
        cmocka_unit_test(test_has_no_escape_without_colour),
        cmocka_unit_test(test_is_ascii_for_old_terminals),
        cmocka_unit_test(test_begins_with_the_grade_the_cap_and_the_actions),
        cmocka_unit_test(test_says_that_a_run_is_partial_and_why),
        cmocka_unit_test(test_says_what_to_try_when_nothing_was_found),
        cmocka_unit_test(test_shows_waived_contradicted_and_expired),
        cmocka_unit_test(test_full_report_owes_seven_parts_to_every_gap),
        cmocka_unit_test(test_keeps_control_characters_from_the_terminal),
        cmocka_unit_test(test_stays_short_for_ten_thousand_devices),
        cmocka_unit_test(test_fails_when_the_buffer_is_full),
        cmocka_unit_test(test_wraps_at_blanks_and_cuts_long_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
