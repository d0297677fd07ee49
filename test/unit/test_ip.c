#include "base/ip.h"

#include "test.h"

static struct ip
ip(const char *text)
{
    struct ip value;
    assert_int_equal(ip_parse(text, &value), OK);
    return value;
}

static void
test_reads_and_writes_addresses(void **state)
{
    (void)state;
    static const char *const good[] = {"10.20.0.7", "fe80::1", "2001:db8::5", "255.255.255.255"};
    char text[IP_TEXT];
    for (size_t i = 0; i < COUNT(good); i++) {
        struct ip value = ip(good[i]);
        assert_string_equal(ip_text(&value, text), good[i]);
    }
    static const char *const bad[] = {
        "", "10.20.0", "10.20.0.256", "camera", "::g", "10.0.0.1%lo", "fe80::1%nosuch"};
    struct ip value;
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(ip_parse(bad[i], &value), ERR_VALUE);
    }
}

static void
test_knows_which_addresses_are_public(void **state)
{
    (void)state;
    static const char *const private[] = {"10.1.2.3", "172.31.255.1", "192.168.0.9", "100.64.0.1",
        "169.254.1.1", "127.0.0.1", "239.255.255.250", "255.255.255.255", "::1", "fe80::1",
        "fd00::1", "::ffff:10.0.0.1"};
    static const char *const public[] = {
        "8.8.8.8", "172.32.0.1", "100.128.0.1", "192.169.0.1", "2a00:1450::1", "::ffff:8.8.8.8"};
    for (size_t i = 0; i < COUNT(private); i++) {
        struct ip value = ip(private[i]);
        assert_false(ip_is_public(&value));
    }
    for (size_t i = 0; i < COUNT(public); i++) {
        struct ip value = ip(public[i]);
        assert_true(ip_is_public(&value));
    }
}

static void
test_networks_contain_their_addresses(void **state)
{
    (void)state;
    struct net net;
    char text[IP_TEXT];
    assert_int_equal(net_parse("10.20.0.77/28", &net), OK);
    assert_string_equal(net_text(&net, text), "10.20.0.64/28");
    assert_int_equal(net_size(&net), 16);
    struct ip in = ip("10.20.0.79");
    struct ip out = ip("10.20.0.80");
    assert_true(net_contains(&net, &in));
    assert_false(net_contains(&net, &out));
    assert_int_equal(net_parse("0.0.0.0/0", &net), OK);
    assert_true(net_contains(&net, &out));
    assert_int_equal(net_parse("10.0.0.0/33", &net), ERR_VALUE);
    assert_int_equal(net_parse("10.0.0.0/", &net), ERR_VALUE);
    assert_int_equal(net_parse("fe80::/10", &net), OK);
    assert_false(net_contains(&net, &in));
    assert_int_equal(net_size(&net), UINT64_MAX);
}

static void
test_reads_macs_in_every_spelling(void **state)
{
    (void)state;
    static const char *const same[] = {"44:19:b6:01:02:03", "44-19-B6-01-02-03", "4419b6010203"};
    char text[MAC_TEXT];
    struct mac mac;
    for (size_t i = 0; i < COUNT(same); i++) {
        assert_int_equal(mac_parse(same[i], &mac), OK);
        assert_string_equal(mac_text(&mac, text), same[0]);
    }
    static const char *const bad[] = {
        "", "44:19:b6", "44:19:b6:01:02:0g", "44:19:b6:01:02:03:04", "4"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(mac_parse(bad[i], &mac), ERR_VALUE);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_and_writes_addresses),
        cmocka_unit_test(test_knows_which_addresses_are_public),
        cmocka_unit_test(test_networks_contain_their_addresses),
        cmocka_unit_test(test_reads_macs_in_every_spelling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
