#include "siem/answer.h"

#include "test.h"

#include <stdio.h>

static struct note note;

static enum err
judge_count(bool is_elasticsearch, size_t count, long status, const char *text)
{
    struct buf answer;
    note.text[0] = '\0';
    buf_init(&answer, 4096);
    buf_text(&answer, text);
    enum err err = siem_answer_judge(is_elasticsearch, count, status, &answer, &note);
    buf_release(&answer);
    return err;
}

static enum err
judge(bool is_elasticsearch, long status, const char *text)
{
    return judge_count(is_elasticsearch, 2, status, text);
}

static void
test_splunk_counts_with_code_zero_alone(void **state)
{
    (void)state;
    assert_int_equal(judge(false, 200, "{\"text\":\"Success\",\"code\":0}"), OK);
    assert_int_equal(judge(false, 200, "{\"text\":\"Success\"}"), ERR_NETWORK);
    assert_int_equal(judge(false, 200, ""), ERR_NETWORK);
    assert_int_equal(judge(false, 200, "<html>ok</html>"), ERR_NETWORK);
    assert_int_equal(judge(false, 200, "{\"text\":\"busy\",\"code\":9}"), ERR_FULL);
    assert_int_equal(judge(false, 500, "{\"text\":\"Success\",\"code\":0}"), ERR_NETWORK);
}

static void
test_splunk_refusals_are_told_apart(void **state)
{
    (void)state;
    assert_int_equal(judge(false, 400, "{\"text\":\"Invalid data format\",\"code\":6}"), ERR_VALUE);
    assert_int_equal(judge(false, 400, "{\"text\":\"Incorrect index\",\"code\":7}"), ERR_REFUSED);
    assert_non_null(strstr(note.text, "Incorrect index"));
    assert_int_equal(judge(false, 403, "{\"text\":\"Invalid token\",\"code\":4}"), ERR_REFUSED);
    assert_non_null(strstr(note.text, "token"));
    assert_int_equal(judge(false, 503, "{\"text\":\"Server is busy\",\"code\":9}"), ERR_FULL);
    assert_int_equal(judge(false, 429, ""), ERR_FULL);
    assert_int_equal(judge(false, 404, "no"), ERR_REFUSED);
    assert_int_equal(judge(false, 400, "<html>a proxy</html>"), ERR_REFUSED);
    assert_int_equal(judge(false, 413, ""), ERR_VALUE);
}

static void
test_elasticsearch_status_200_with_errors_does_not_count(void **state)
{
    (void)state;
    assert_int_equal(judge(true, 200, "{\"errors\":false,\"items\":[]}"), OK);
    assert_int_equal(judge(true, 200, "{}"), ERR_NETWORK);
    assert_int_equal(judge(true, 200, "OK"), ERR_NETWORK);
    assert_int_equal(judge(true, 200, "{\"errors\":true}"), ERR_NETWORK);
    assert_int_equal(
        judge(true, 200,
            "{\"errors\":true,\"items\":[{\"create\":{\"status\":201}},{\"create\":{\"status\":"
            "400,\"error\":{\"type\":\"document_parsing_exception\",\"reason\":\"no "
            "\\u001b[2J\"}}}]}"),
        ERR_VALUE);
    assert_non_null(strstr(note.text, "document_parsing_exception"));
    assert_null(strchr(note.text, '\033'));
}

static void
test_elasticsearch_duplicate_is_fine_and_busy_comes_before_refused(void **state)
{
    (void)state;
    assert_int_equal(
        judge_count(true, 1, 200, "{\"errors\":true,\"items\":[{\"create\":{\"status\":409}}]}"),
        OK);
    assert_int_equal(judge(true, 200,
                         "{\"errors\":true,\"items\":[{\"create\":{\"status\":413}},{\"create\":{"
                         "\"status\":429}}]}"),
        ERR_FULL);
    assert_int_equal(
        judge_count(true, 1, 200, "{\"errors\":true,\"items\":[{\"index\":{\"status\":201}}]}"),
        ERR_NETWORK);
}

static void
test_elasticsearch_answer_for_fewer_records_does_not_count(void **state)
{
    (void)state;
    assert_int_equal(judge(true, 200, "{\"errors\":true,\"items\":[]}"), ERR_NETWORK);
    assert_int_equal(
        judge(true, 200, "{\"errors\":true,\"items\":[{\"create\":{\"status\":201}}]}"),
        ERR_NETWORK);
    assert_non_null(strstr(note.text, "for 1 records, and got 2"));
}

static void
test_elasticsearch_record_is_to_blame_only_in_words_about_documents(void **state)
{
    static const struct {
        const char *type;
        enum err err;
    } rows[] = {
        {"mapper_parsing_exception",         ERR_VALUE  },
        {"document_parsing_exception",       ERR_VALUE  },
        {"strict_dynamic_mapping_exception", ERR_VALUE  },
        {"illegal_argument_exception",       ERR_REFUSED},
        {"",                                 ERR_REFUSED},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[256];
        (void)snprintf(text, sizeof(text),
            "{\"errors\":true,\"items\":[{\"create\":{\"status\":400,\"error\":{\"type\":\"%s\"}}}]"
            "}",
            rows[i].type);
        assert_int_equal(judge_count(true, 1, 200, text), rows[i].err);
    }
    assert_int_equal(judge(true, 400, "{\"error\":\"no\"}"), ERR_REFUSED);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_splunk_counts_with_code_zero_alone),
        cmocka_unit_test(test_splunk_refusals_are_told_apart),
        cmocka_unit_test(test_elasticsearch_status_200_with_errors_does_not_count),
        cmocka_unit_test(test_elasticsearch_answer_for_fewer_records_does_not_count),
        cmocka_unit_test(test_elasticsearch_record_is_to_blame_only_in_words_about_documents),
        cmocka_unit_test(test_elasticsearch_duplicate_is_fine_and_busy_comes_before_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
