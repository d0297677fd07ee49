/* SADP answers: tolerant fields, nothing else. */
#include "discovered.h"

static void
test_reads_what_a_camera_says(void **state)
{
    (void)state;
    struct heard heard;
    assert_int_equal(parse_file(sadp_parse, "sadp/camera.xml", &heard), OK);
    assert_true(row_of(&heard, FACT_SADP_SEEN)->yes);
    assert_heard(&heard, FACT_DEVICE_VENDOR, "Hikvision");
    assert_heard(&heard, FACT_DEVICE_MODEL, "DS-2CD2385G1-I");
    assert_heard(&heard, FACT_DEVICE_SERIAL, "DS-2CD2385G1-I20200414AAWRE33842150");
    assert_heard(&heard, FACT_DEVICE_FIRMWARE, "V5.5.82");
    assert_heard(&heard, FACT_DEVICE_BUILD, "2019-09-10");
    assert_heard(&heard, FACT_DEVICE_BRAND, NULL);
    assert_true(row_of(&heard, FACT_DEVICE_ACTIVATED)->yes);
    assert_mac(&heard, "44:19:b6:aa:01:02");
    assert_states(&heard, "192.168.1.64");
}

static void
test_quotes_the_answer_where_the_fact_is_made_from_it(void **state)
{
    (void)state;
    struct heard heard;
    assert_int_equal(parse_file(sadp_parse, "sadp/camera.xml", &heard), OK);
    assert_string_equal(row_of(&heard, FACT_DEVICE_BUILD)->quote, "V5.5.82build 190910");
}

static void
test_finds_the_model_wherever_it_stands(void **state)
{
    (void)state;
    struct heard heard;
    assert_int_equal(parse_file(sadp_parse, "sadp/model-in-type.xml", &heard), OK);
    assert_heard(&heard, FACT_DEVICE_MODEL, "DS-2CD2385G1-I");
    assert_heard(&heard, FACT_DEVICE_BRAND, NULL);
    assert_int_equal(parse_file(sadp_parse, "sadp/model-in-serial.xml", &heard), OK);
    assert_heard(&heard, FACT_DEVICE_MODEL, "DS-2CD2385G1-I");
    assert_int_equal(row_of(&heard, FACT_DEVICE_MODEL)->confidence, 70);
}

static void
test_reads_a_misspelt_no(void **state)
{
    (void)state;
    struct heard heard;
    assert_int_equal(parse_file(sadp_parse, "sadp/misspelt-new.xml", &heard), OK);
    assert_false(row_of(&heard, FACT_DEVICE_ACTIVATED)->yes);
}

static void
test_tells_the_brand_from_the_maker(void **state)
{
    (void)state;
    struct heard heard;
    assert_int_equal(parse_file(sadp_parse, "sadp/oem.xml", &heard), OK);
    assert_heard(&heard, FACT_DEVICE_VENDOR, "Hikvision");
    assert_heard(&heard, FACT_DEVICE_BRAND, "HiLook");
    assert_heard(&heard, FACT_DEVICE_MODEL, "IPC-B140H");
}

static void
test_reads_an_answer_padded_with_zeros(void **state)
{
    (void)state;
    struct heard heard;
    assert_int_equal(parse_file(sadp_parse, "sadp/padded.xml", &heard), OK);
}

static void
test_ignores_every_type_but_inquiry(void **state)
{
    (void)state;
    struct heard heard;
    assert_int_equal(parse_file(sadp_parse, "sadp/write.xml", &heard), ERR_MISSING);
}

static void
test_refuses_document_types_and_bombs(void **state)
{
    (void)state;
    struct heard heard;
    assert_int_equal(parse_file(sadp_parse, "sadp/doctype.xml", &heard), ERR_SYNTAX);
    assert_int_equal(parse_file(sadp_parse, "sadp/bomb.xml", &heard), ERR_SYNTAX);
}

static void
test_refuses_an_answer_cut_anywhere(void **state)
{
    (void)state;
    assert_refuses_beginnings(sadp_parse, "sadp/camera.xml", 1);
}

static void
test_refuses_an_answer_longer_than_limit(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf buf;
    struct heard heard;
    load("sadp/camera.xml", &buf);
    while (buf.len <= (size_t)64 * 1024) {
        buf_byte(&buf, ' ');
    }
    assert_int_equal(sadp_parse(buf.data, buf.len, &heard), ERR_LIMIT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_what_a_camera_says),
        cmocka_unit_test(test_quotes_the_answer_where_the_fact_is_made_from_it),
        cmocka_unit_test(test_finds_the_model_wherever_it_stands),
        cmocka_unit_test(test_reads_a_misspelt_no),
        cmocka_unit_test(test_tells_the_brand_from_the_maker),
        cmocka_unit_test(test_reads_an_answer_padded_with_zeros),
        cmocka_unit_test(test_ignores_every_type_but_inquiry),
        cmocka_unit_test(test_refuses_document_types_and_bombs),
        cmocka_unit_test(test_refuses_an_answer_cut_anywhere),
        cmocka_unit_test(test_refuses_an_answer_longer_than_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
