/* What routers say about their port mappings. */
#include "discovered.h"

static enum err
parse_row(const char *name, struct igd_row *ret_row)
{
    CLEANUP(buf_release) struct buf buf;
    load(name, &buf);
    return igd_parse_row(buf.data, buf.len, ret_row);
}

static enum err
parse_description(const char *name, struct igd_service *ret_service)
{
    CLEANUP(buf_release) struct buf buf;
    load(name, &buf);
    return igd_parse_description(buf.data, buf.len, ret_service);
}

static void
test_finds_the_service_that_maps_ports(void **state)
{
    (void)state;
    struct igd_service service;
    assert_int_equal(parse_description("igd/description.xml", &service), OK);
    assert_string_equal(service.type, "urn:schemas-upnp-org:service:WANIPConnection:1");
    assert_string_equal(service.control, "/ctl/IPConn");
    assert_int_equal(parse_description("igd/description-base.xml", &service), OK);
    assert_string_equal(service.base, "http://10.0.3.1:5000/");
    assert_int_equal(parse_description("ssdp/description.xml", &service), ERR_MISSING);
}

static void
test_reads_a_mapping(void **state)
{
    (void)state;
    struct igd_row row;
    char inside[IP_TEXT];
    assert_int_equal(parse_row("igd/row.xml", &row), OK);
    assert_string_equal(row.protocol, "TCP");
    assert_int_equal(row.outside_port, 18000);
    assert_int_equal(row.inside_port, 8000);
    assert_string_equal(ip_text(&row.inside, inside), "10.0.3.7");
    assert_string_equal(row.description, "camport");
}

static void
test_refuses_a_mapping_to_no_port(void **state)
{
    (void)state;
    struct igd_row row;
    assert_int_equal(parse_row("igd/row-port.xml", &row), ERR_VALUE);
    assert_int_equal(parse_row("igd/fault.xml", &row), ERR_MISSING);
}

static void
test_reads_the_end_of_the_list_and_the_outside(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf fault;
    CLEANUP(buf_release) struct buf outside;
    struct ip ip;
    char text[IP_TEXT];
    load("igd/fault.xml", &fault);
    load("igd/outside.xml", &outside);
    assert_int_equal(igd_parse_fault(fault.data, fault.len), 713);
    assert_int_equal(igd_parse_fault(outside.data, outside.len), 0);
    assert_int_equal(igd_parse_outside(outside.data, outside.len, &ip), OK);
    assert_string_equal(ip_text(&ip, text), "198.51.100.1");
}

static void
test_reads_nat_pmp(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf buf;
    struct ip outside;
    uint16_t result = 9;
    char text[IP_TEXT];
    load("igd/natpmp", &buf);
    assert_int_equal(natpmp_parse(buf.data, buf.len, &result, &outside), OK);
    assert_int_equal(result, 0);
    assert_string_equal(ip_text(&outside, text), "198.51.100.1");
    for (size_t len = 0; len < buf.len; len++) {
        assert_int_not_equal(natpmp_parse(buf.data, len, &result, &outside), OK);
    }
}

static void
test_hears_that_nat_pmp_is_switched_off(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf buf;
    struct ip outside;
    uint16_t result = 0;
    load("igd/natpmp-refused", &buf);
    assert_int_equal(natpmp_parse(buf.data, buf.len, &result, &outside), OK);
    assert_int_equal(result, 2);
    assert_int_equal(outside.family, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_the_service_that_maps_ports),
        cmocka_unit_test(test_reads_a_mapping),
        cmocka_unit_test(test_refuses_a_mapping_to_no_port),
        cmocka_unit_test(test_reads_the_end_of_the_list_and_the_outside),
        cmocka_unit_test(test_reads_nat_pmp),
        cmocka_unit_test(test_hears_that_nat_pmp_is_switched_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
