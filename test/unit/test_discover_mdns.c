/* mDNS messages. */
#include "discovered.h"

static void
test_reads_what_a_camera_announces(void **state)
{
    (void)state;
    struct heard heard;
    assert_int_equal(parse_file(mdns_parse, "mdns/axis", &heard), OK);
    assert_heard(&heard, FACT_MDNS_SERVICE, "_axis-video._tcp");
    assert_heard(&heard, FACT_MDNS_NAME, "AXIS M5014 - ACCC8E3C0419");
    assert_mac(&heard, "ac:cc:8e:3c:04:19");
    assert_states(&heard, "10.0.3.7");
}

static void
test_takes_the_service_of_axis_for_no_proof_of_axis(void **state)
{
    (void)state;
    struct heard heard;
    assert_int_equal(parse_file(mdns_parse, "mdns/doorbird", &heard), OK);
    assert_heard(&heard, FACT_MDNS_SERVICE, "_axis-video._tcp");
    assert_heard(&heard, FACT_DEVICE_VENDOR, NULL);
    assert_mac(&heard, "1c:ca:e3:70:00:01");
}

static void
test_reads_names_in_utf8(void **state)
{
    (void)state;
    struct heard heard;
    assert_int_equal(parse_file(mdns_parse, "mdns/printer", &heard), OK);
    assert_heard(&heard, FACT_MDNS_NAME,
        "HP\xc3\xbc"
        "1");
    assert_heard(&heard, FACT_DEVICE_MODEL, "HP Officejet Pro 8610 x");
    assert_heard(&heard, FACT_DEVICE_VENDOR, "HP");
}

static void
test_survives_pointers_in_circles(void **state)
{
    (void)state;
    struct heard heard;
    assert_int_not_equal(parse_file(mdns_parse, "mdns/loop", &heard), OK);
    (void)!parse_file(mdns_parse, "mdns/loop-rdata", &heard);
    assert_heard(&heard, FACT_MDNS_NAME, NULL);
    (void)!parse_file(mdns_parse, "mdns/forward", &heard);
    assert_heard(&heard, FACT_MDNS_NAME, NULL);
}

static void
test_believes_no_claimed_count(void **state)
{
    (void)state;
    struct heard heard;
    assert_int_equal(parse_file(mdns_parse, "mdns/many-claimed", &heard), ERR_SYNTAX);
}

static void
test_ignores_questions_of_others(void **state)
{
    (void)state;
    struct heard heard;
    assert_int_equal(parse_file(mdns_parse, "mdns/question", &heard), ERR_SYNTAX);
}

static void
test_refuses_an_answer_cut_anywhere(void **state)
{
    (void)state;
    assert_refuses_beginnings(mdns_parse, "mdns/axis", 0);
}

static void
test_refuses_an_answer_longer_than_limit(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf buf;
    struct heard heard;
    load("mdns/axis", &buf);
    while (buf.len <= 9000) {
        buf_byte(&buf, 0);
    }
    assert_int_equal(mdns_parse(buf.data, buf.len, &heard), ERR_LIMIT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_what_a_camera_announces),
        cmocka_unit_test(test_takes_the_service_of_axis_for_no_proof_of_axis),
        cmocka_unit_test(test_reads_names_in_utf8),
        cmocka_unit_test(test_survives_pointers_in_circles),
        cmocka_unit_test(test_believes_no_claimed_count),
        cmocka_unit_test(test_ignores_questions_of_others),
        cmocka_unit_test(test_refuses_an_answer_cut_anywhere),
        cmocka_unit_test(test_refuses_an_answer_longer_than_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
