/* WS-Discovery ProbeMatches. */
#include "discovered.h"

static enum err
parse(const void *bytes, size_t len, struct heard *ret_heard)
{
    const struct ip from = {
        .family = 4, .bytes = {10, 0, 3, 7}
    };
    return wsdiscovery_parse(bytes, len, &from, ret_heard);
}

static void
test_reads_what_a_camera_says(void **state)
{
    (void)state;
    struct heard heard;
    assert_int_equal(parse_file(parse, "wsdiscovery/camera.xml", &heard), OK);
    assert_heard(&heard, FACT_DEVICE_NAME, "HIKVISION DS-2CD2385G1-I");
    assert_int_equal(row_of(&heard, FACT_DEVICE_NAME)->confidence, 40);
    assert_heard(&heard, FACT_DEVICE_MODEL, "DS-2CD2385G1-I");
    assert_int_equal(row_of(&heard, FACT_DEVICE_MODEL)->confidence, 60);
    assert_heard(&heard, FACT_ONVIF_ENDPOINT, "urn:uuid:5a8c4c00-1dd2-11b2-a105-4419b6aa0102");
    assert_heard(&heard, FACT_ONVIF_SERVICE, "http://10.0.3.7/onvif/device_service");
    assert_mac(&heard, "44:19:b6:aa:01:02");
    assert_states(&heard, "10.0.3.7");
}

static void
test_reads_an_answer_without_scopes(void **state)
{
    (void)state;
    struct heard heard;
    assert_int_equal(parse_file(parse, "wsdiscovery/no-scopes.xml", &heard), OK);
    assert_heard(&heard, FACT_ONVIF_SCOPES, NULL);
    assert_heard(&heard, FACT_ONVIF_SERVICE, "http://10.0.3.7:8899/onvif/device_service");
}

static void
test_takes_no_service_on_another_host(void **state)
{
    (void)state;
    struct heard heard;
    assert_int_equal(parse_file(parse, "wsdiscovery/elsewhere.xml", &heard), OK);
    assert_heard(&heard, FACT_ONVIF_SERVICE, NULL);
    assert_states(&heard, "198.51.100.9");
}

static void
test_takes_a_printer_for_no_camera(void **state)
{
    (void)state;
    struct heard heard;
    assert_int_equal(parse_file(parse, "wsdiscovery/printer.xml", &heard), OK);
    assert_heard(&heard, FACT_DEVICE_KIND, "printer");
    assert_heard(&heard, FACT_ONVIF_ENDPOINT, NULL);
}

static void
test_unescapes_scopes_up_to_a_zero(void **state)
{
    (void)state;
    struct heard heard;
    assert_int_equal(parse_file(parse, "wsdiscovery/percent.xml", &heard), OK);
    assert_heard(&heard, FACT_DEVICE_NAME, "T\xc3\xbcr");
    assert_heard(&heard, FACT_DEVICE_MODEL, NULL);
}

/* Old encoders list a link-local address first (github agsh/onvif, issue 63). */
static void
test_finds_its_own_service_among_several_and_without_namespaces(void **state)
{
    (void)state;
    static const char answer[] =
        "<S:Envelope><S:Body><d:ProbeMatches><d:ProbeMatch><d:Types>dn:NetworkVideoTransmitter"
        "</d:Types><d:XAddrs>http://169.254.119.177/onvif/services http://[fe80::1]/onvif/x "
        "http://10.0.3.7:8080/onvif/services</d:XAddrs></d:ProbeMatch></d:ProbeMatches></S:Body>"
        "</S:Envelope>";
    struct heard heard;
    assert_int_equal(parse(answer, sizeof(answer) - 1, &heard), OK);
    assert_heard(&heard, FACT_ONVIF_SERVICE, "http://10.0.3.7:8080/onvif/services");
}

static void
test_refuses_a_bomb(void **state)
{
    (void)state;
    struct heard heard;
    assert_int_equal(parse_file(parse, "wsdiscovery/bomb.xml", &heard), ERR_SYNTAX);
}

static void
test_refuses_an_answer_cut_anywhere(void **state)
{
    (void)state;
    assert_refuses_beginnings(parse, "wsdiscovery/camera.xml", 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_what_a_camera_says),
        cmocka_unit_test(test_reads_an_answer_without_scopes),
        cmocka_unit_test(test_takes_no_service_on_another_host),
        cmocka_unit_test(test_takes_a_printer_for_no_camera),
        cmocka_unit_test(test_unescapes_scopes_up_to_a_zero),
        cmocka_unit_test(test_finds_its_own_service_among_several_and_without_namespaces),
        cmocka_unit_test(test_refuses_a_bomb),
        cmocka_unit_test(test_refuses_an_answer_cut_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
