/* SSDP answers, descriptions, and which addresses they may lead to. */
#include "discovered.h"

static void
test_reads_the_headers_of_an_answer(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf buf;
    struct ssdp_answer answer;
    load("ssdp/axis.txt", &buf);
    assert_int_equal(ssdp_parse(buf.data, buf.len, &answer), OK);
    assert_string_equal(answer.location, "http://10.0.3.7:49152/rootdesc1.xml");
    assert_string_equal(answer.type, "upnp:rootdevice");
    assert_string_equal(
        answer.server, "Linux/4.9.77-axis8, UPnP/1.0, Portable SDK for UPnP devices/1.6.22");
}

static void
test_refuses_an_answer_cut_anywhere(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf buf;
    struct ssdp_answer answer;
    load("ssdp/axis.txt", &buf);
    for (size_t len = 0; len < buf.len - 1; len++) {
        assert_int_not_equal(ssdp_parse(buf.data, len, &answer), OK);
    }
}

static void
test_refuses_announcements_and_long_answers(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf buf;
    struct ssdp_answer answer;
    load("ssdp/notify.txt", &buf);
    assert_int_equal(ssdp_parse(buf.data, buf.len, &answer), ERR_SYNTAX);
    buf_clear(&buf);
    buf_text(&buf, "HTTP/1.1 200 OK\r\nSERVER: ");
    while (buf.len <= 8192) {
        buf_byte(&buf, 'A');
    }
    assert_int_equal(ssdp_parse(buf.data, buf.len, &answer), ERR_LIMIT);
}

static void
test_reads_a_description(void **state)
{
    (void)state;
    struct heard heard;
    assert_int_equal(parse_file(ssdp_parse_description, "ssdp/description.xml", &heard), OK);
    assert_heard(&heard, FACT_DEVICE_VENDOR, "AXIS");
    assert_heard(&heard, FACT_DEVICE_MODEL, "AXIS M5014");
    assert_heard(&heard, FACT_DEVICE_SERIAL, "ACCC8E3C0419");
    assert_heard(&heard, FACT_SSDP_TYPE, "urn:schemas-upnp-org:device:Basic:1");
}

static void
test_takes_zeros_for_no_serial_number(void **state)
{
    (void)state;
    struct heard heard;
    assert_int_equal(parse_file(ssdp_parse_description, "igd/description.xml", &heard), OK);
    assert_heard(&heard, FACT_DEVICE_SERIAL, NULL);
}

static void
test_takes_addresses_of_number_hosts_only(void **state)
{
    (void)state;
    struct place place;
    static const char *const refused[] = {"http://camera.example/x", "ftp://10.0.3.7/x",
        "file:///etc/passwd", "http://10.0.3.7:0/", "http://10.0.3.7:99999/", "10.0.3.7", "",
        "http://10.0.3.7/a b", "http://10.0.3.7/\r\nHost: x"};
    assert_int_equal(place_parse("http://10.0.3.7:49152/a?b=c", &place), OK);
    assert_int_equal(place.target.port, 49152);
    assert_string_equal(place.path, "/a?b=c");
    assert_int_equal(place_parse("https://[fe80::1]/", &place), OK);
    assert_true(place.target.tls);
    for (size_t i = 0; i < COUNT(refused); i++) {
        assert_int_not_equal(place_parse(refused[i], &place), OK);
    }
}

static void
test_never_leads_to_another_host(void **state)
{
    (void)state;
    struct place base;
    struct place place;
    assert_int_equal(place_parse("http://10.0.3.1:5000/rootDesc.xml", &base), OK);
    assert_int_equal(place_join(&base, "/ctl/IPConn", &place), OK);
    assert_string_equal(place.path, "/ctl/IPConn");
    assert_int_equal(place_join(&base, "http://198.51.100.9/ctl", &place), ERR_SCOPE);
    assert_int_equal(place_join(&base, "//198.51.100.9/ctl", &place), ERR_SCOPE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_the_headers_of_an_answer),
        cmocka_unit_test(test_refuses_an_answer_cut_anywhere),
        cmocka_unit_test(test_refuses_announcements_and_long_answers),
        cmocka_unit_test(test_reads_a_description),
        cmocka_unit_test(test_takes_zeros_for_no_serial_number),
        cmocka_unit_test(test_takes_addresses_of_number_hosts_only),
        cmocka_unit_test(test_never_leads_to_another_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
