/* SNMP questions and answers. */
#include "codec/snmp.h"

#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>

#include "test.h"

static const char *
corpus(const char *name, char out[512])
{
    (void)snprintf(out, 512, "%s/test/fuzz/corpus/snmp/%s", getenv("GATEHOUSE_SOURCE"), name);
    return out;
}

static enum err
parse_file(const char *name, struct snmp_answer *answer)
{
    char path[512];
    struct note note = {""};
    struct buf bytes CLEANUP(buf_release);
    buf_init(&bytes, 4096);
    assert_int_equal(file_read(corpus(name, path), &bytes, &note), OK);
    return snmp_parse(bytes.data, bytes.len, answer);
}

static void
test_reads_description_and_name(void **state)
{
    (void)state;
    struct snmp_answer answer;
    assert_int_equal(parse_file("axis", &answer), OK);
    assert_int_equal(answer.id, 77);
    assert_string_equal(answer.name, "axis-accc8e010203");
    assert_non_null(strstr(answer.descr, "AXIS P3245-LV"));
    assert_int_equal(parse_file("long-form", &answer), OK);
    assert_int_equal(strlen(answer.descr), 200);
}

static void
test_refuses_errors_questions_and_nothing(void **state)
{
    (void)state;
    struct snmp_answer answer;
    assert_int_equal(parse_file("error", &answer), ERR_REFUSED);
    assert_int_equal(parse_file("question", &answer), ERR_SYNTAX);
    assert_int_equal(parse_file("no-such-object", &answer), ERR_MISSING);
    assert_int_equal(parse_file("indefinite", &answer), ERR_SYNTAX);
}

static void
test_writes_the_question_of_the_standard(void **state)
{
    (void)state;
    /* As net-snmp's snmpget -v2c -c public HOST sysDescr.0 sysName.0 sends it, with id 1. */
    static const uint8_t wanted[] = {0x30, 0x34, 2, 1, 1, 4, 6, 'p', 'u', 'b', 'l', 'i', 'c', 0xa0,
        0x27, 2, 1, 1, 2, 1, 0, 2, 1, 0, 0x30, 0x1c, 0x30, 0xc, 6, 8, 0x2b, 6, 1, 2, 1, 1, 1, 0, 5,
        0, 0x30, 0xc, 6, 8, 0x2b, 6, 1, 2, 1, 1, 5, 0, 5, 0};
    struct buf out CLEANUP(buf_release);
    buf_init(&out, 512);
    assert_int_equal(snmp_write_get(&out, "public", 1), OK);
    assert_int_equal(out.len, sizeof(wanted));
    assert_memory_equal(out.data, wanted, sizeof(wanted));
}

static void
test_refuses_a_community_that_is_too_long(void **state)
{
    (void)state;
    char community[SNMP_COMMUNITY + 2];
    memset(community, 'c', sizeof(community) - 1);
    community[sizeof(community) - 1] = '\0';
    struct buf out CLEANUP(buf_release);
    buf_init(&out, 512);
    assert_int_equal(snmp_write_get(&out, community, 1), ERR_LIMIT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_description_and_name),
        cmocka_unit_test(test_refuses_errors_questions_and_nothing),
        cmocka_unit_test(test_writes_the_question_of_the_standard),
        cmocka_unit_test(test_refuses_a_community_that_is_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
