/* DHDiscover answers, sloppy JSON included. */
#include "discovered.h"

static void
test_reads_what_a_camera_says(void **state)
{
    (void)state;
    struct heard heard;
    assert_int_equal(parse_file(dhip_parse, "dhip/camera", &heard), OK);
    assert_true(row_of(&heard, FACT_DHIP_SEEN)->yes);
    assert_heard(&heard, FACT_DEVICE_KIND, "camera");
    assert_heard(&heard, FACT_DEVICE_MODEL, "IPC-HDW5421S");
    assert_heard(&heard, FACT_DEVICE_SERIAL, "1F006E4PAX00075");
    assert_heard(&heard, FACT_DEVICE_FIRMWARE, "2.400.0.8");
    assert_heard(&heard, FACT_DEVICE_BRAND, NULL);
    assert_heard(&heard, FACT_DEVICE_NAME, NULL);
    assert_null(row_of(&heard, FACT_DEVICE_ACTIVATED));
    assert_mac(&heard, "4c:11:bf:c2:0b:9d");
    assert_states(&heard, "192.168.1.108");
}

static void
test_reads_past_a_missing_quote(void **state)
{
    (void)state;
    struct heard heard;
    assert_int_equal(parse_file(dhip_parse, "dhip/missing-quote", &heard), OK);
    assert_heard(&heard, FACT_DEVICE_FIRMWARE, "2.400.0.8");
    assert_heard(&heard, FACT_DEVICE_NAME, "Gate");
}

static void
test_tells_brand_kind_and_activation(void **state)
{
    (void)state;
    struct heard heard;
    assert_int_equal(parse_file(dhip_parse, "dhip/oem-initialised", &heard), OK);
    assert_heard(&heard, FACT_DEVICE_BRAND, "Intelbras");
    assert_heard(&heard, FACT_DEVICE_KIND, "recorder");
    assert_true(row_of(&heard, FACT_DEVICE_ACTIVATED)->yes);
    assert_int_equal(parse_file(dhip_parse, "dhip/not-initialised", &heard), OK);
    assert_heard(&heard, FACT_DEVICE_KIND, "door station");
    assert_false(row_of(&heard, FACT_DEVICE_ACTIVATED)->yes);
}

static void
test_refuses_what_is_no_answer(void **state)
{
    (void)state;
    struct heard heard;
    assert_int_not_equal(parse_file(dhip_parse, "dhip/no-header", &heard), OK);
    assert_int_equal(parse_file(dhip_parse, "dhip/other-method", &heard), ERR_MISSING);
}

static void
test_refuses_an_answer_cut_anywhere(void **state)
{
    (void)state;
    assert_refuses_beginnings(dhip_parse, "dhip/camera", 0);
}

static void
test_refuses_an_answer_longer_than_limit(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf buf;
    struct heard heard;
    load("dhip/camera", &buf);
    while (buf.len <= (size_t)16 * 1024) {
        buf_byte(&buf, ' ');
    }
    assert_int_equal(dhip_parse(buf.data, buf.len, &heard), ERR_LIMIT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_what_a_camera_says),
        cmocka_unit_test(test_reads_past_a_missing_quote),
        cmocka_unit_test(test_tells_brand_kind_and_activation),
        cmocka_unit_test(test_refuses_what_is_no_answer),
        cmocka_unit_test(test_refuses_an_answer_cut_anywhere),
        cmocka_unit_test(test_refuses_an_answer_longer_than_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
