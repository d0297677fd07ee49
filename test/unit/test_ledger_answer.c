/* Names that an answer discloses: shown by openings, and never by a key. */
#include "report/ledger/ledger_answer.h"

#include "base/secret.h"
#include "ledger/base64.h"
#include "ledger/seal.h"
#include "subjects_scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_LIMIT 65536

static const char event[] =
    "{\"action\":\"footage.live\",\"actor\":{\"ip\":\"192.0.2.7\",\"user\":\"anna\"},\"id\":"
    "\"event-0123\",\"outcome\":\"ok\",\"site\":\"x\",\"target\":{\"cameras\":[\"front\"]},"
    "\"time\":\"2026-11-22T20:14:07.001Z\",\"v\":1}";

/* Two entries of anna's: one as it is sealed now, one as an earlier version sealed it. */
static struct ledger_answer *
answer_of(struct events_row rows[2], size_t count)
{
    struct ledger_answer *answer = calloc(1, sizeof(*answer));
    assert_non_null(answer);
    for (size_t i = 0; i < 2; i++) {
        struct events_row *row = &rows[i];
        char old[512];
        struct sealed sealed;
        *row = (struct events_row){.index = i + 1};
        buf_init(&row->entry, EVENT_LIMIT);
        assert_int_equal(
            seal_event(subjects, 2026, event, sizeof(event) - 1, &row->entry, &note), OK);
        row->json = json_loadb(row->entry.data, row->entry.len, 0, NULL);
        json_t *user = json_object_get(json_object_get(row->json, "actor"), "user");
        const char *text = json_string_value(user);
        assert_int_equal(seal_parse(text, strlen(text), &sealed), OK);
        (void)snprintf(
            old, sizeof(old), "%.*s:%.*s", SEAL_SHOWN, text, (int)sealed.base64_len, sealed.base64);
        assert_int_equal(i == 1 ? json_string_set(user, old) : 0, 0);
    }
    answer->camera = "front";
    answer->reason = "request";
    answer->subjects = subjects;
    answer->events.rows = rows;
    answer->events.count = count;
    answer->disclose[answer->disclose_count++] = "anna";
    return answer;
}

static void
release(struct ledger_answer *answer, struct events_row rows[2])
{
    for (size_t i = 0; i < 2; i++) {
        buf_release(&rows[i].entry);
        json_decref(rows[i].json);
    }
    events_init(&answer->events);
    ledger_answer_release(answer);
    free(answer);
}

/* Neither the text's own key nor anything longer of it. */
static void
assert_no_key(const struct events_row *row, const char *shown)
{
    uint8_t key[SUBJECTS_KEY];
    char base64[BASE64_SIZE(SUBJECTS_KEY)];
    struct sealed sealed;
    const char *text = events_text(row->json, "actor.user");
    assert_int_equal(seal_parse(text, strlen(text), &sealed), OK);
    assert_int_equal(seal_key(subjects, &sealed, "actor.user", key), OK);
    assert_null(strstr(shown, base64_encode(key, sizeof(key), base64, sizeof(base64))));
}

static void
test_a_name_of_before_openings_is_told_to_be_only_a_word_and_no_key_goes_out(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf json;
    CLEANUP(buf_release) struct buf page;
    struct events_row rows[2];
    struct ledger_answer *answer = answer_of(rows, 2);
    buf_init(&json, TEXT_LIMIT);
    buf_init(&page, TEXT_LIMIT * 8);
    assert_int_equal(ledger_answer_open(answer, &note), OK);
    assert_int_equal(answer->opened_count, 2);
    assert_int_equal(answer->unproven, 1);
    assert_true(answer->opened[0].opening.len != 0);
    assert_true(answer->opened[1].opening.len == 0);
    assert_int_equal(ledger_answer_json(answer, &json), OK);
    ledger_answer_page(answer, &page);
    assert_int_equal(buf_error(&page), OK);
    for (size_t i = 0; i < 2; i++) {
        assert_no_key(&rows[i], json.data);
        assert_no_key(&rows[i], page.data);
    }
    json_t *told = json_loadb(json.data, json.len, 0, NULL);
    assert_int_equal(json_integer_value(json_object_get(told, "names_without_opening")), 1);
    const json_t *list = json_object_get(told, "entries");
    const json_t *now = json_object_get(json_array_get(list, 0), "opens");
    const json_t *before = json_object_get(json_array_get(list, 1), "opens");
    assert_string_equal(
        json_string_value(json_object_get(now, "opening")), answer->opened[0].opening.data);
    assert_true(json_is_null(json_object_get(before, "opening")));
    assert_non_null(strstr(page.data, "1 of the entries of people who are named above"));
    assert_non_null(strstr(page.data, "only the word of who keeps the log"));
    assert_non_null(strstr(page.data, answer->opened[0].opening.data));
    json_decref(told);
    release(answer, rows);
}

static void
test_where_every_name_has_an_opening_nothing_is_only_a_word(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf page;
    struct events_row rows[2];
    struct ledger_answer *answer = answer_of(rows, 1);
    buf_init(&page, TEXT_LIMIT * 8);
    assert_int_equal(ledger_answer_open(answer, &note), OK);
    ledger_answer_page(answer, &page);
    assert_int_equal(answer->unproven, 0);
    assert_null(strstr(page.data, "only the word"));
    release(answer, rows);
}

static void
test_who_is_not_disclosed_has_no_opening(void **state)
{
    (void)state;
    struct events_row rows[2];
    struct ledger_answer *answer = answer_of(rows, 2);
    answer->disclose[0] = "ann";
    assert_int_equal(ledger_answer_open(answer, &note), OK);
    assert_int_equal(answer->opened_count, 0);
    release(answer, rows);
}

int
main(void)
{
#define EACH(name) cmocka_unit_test_setup_teardown(name, fresh, done)
    const struct CMUnitTest tests[] = {
        EACH(test_a_name_of_before_openings_is_told_to_be_only_a_word_and_no_key_goes_out),
        EACH(test_where_every_name_has_an_opening_nothing_is_only_a_word),
        EACH(test_who_is_not_disclosed_has_no_opening),
    };
    return secret_start() == OK ? cmocka_run_group_tests(tests, setup, teardown) : 1;
}
