#include "wire/scope.h"

#include "test.h"

static struct ip
ip(const char *text)
{
    struct ip value;
    assert_int_equal(ip_parse(text, &value), OK);
    return value;
}

static bool
contains(const struct scope *scope, const char *text)
{
    struct ip value = ip(text);
    return scope_contains(scope, &value);
}

static bool
meets(const struct scope *scope, const char *text)
{
    struct net net;
    assert_int_equal(net_parse(text, &net), OK);
    return scope_meets(scope, &net);
}

static void
allow(struct scope *scope, const char *text)
{
    struct note note = {""};
    assert_int_equal(scope_allow(scope, text, &note), OK);
}

static void
exclude(struct scope *scope, const char *text)
{
    struct note note = {""};
    assert_int_equal(scope_exclude(scope, text, &note), OK);
}

static void
test_empty_scope_contains_nothing(void **state)
{
    (void)state;
    struct scope scope;
    scope_init(&scope);
    assert_false(contains(&scope, "10.0.0.1"));
    assert_false(contains(&scope, "::1"));
    struct ip none = {0};
    assert_false(scope_contains(&scope, &none));
    assert_false(meets(&scope, "0.0.0.0/0"));
    assert_int_equal(scope_host_count(&scope), 0);
}

static void
test_contains_what_was_allowed_and_not_excluded(void **state)
{
    (void)state;
    struct scope scope;
    scope_init(&scope);
    allow(&scope, "10.20.0.0/24");
    allow(&scope, "8.8.8.8");
    allow(&scope, "fe80::/64");
    allow(&scope, "2a00:1450::5");
    exclude(&scope, "10.20.0.128/25");
    exclude(&scope, "10.20.0.7");
    assert_true(contains(&scope, "10.20.0.6"));
    assert_true(contains(&scope, "8.8.8.8"));
    assert_true(contains(&scope, "fe80::1234"));
    assert_true(contains(&scope, "2a00:1450::5"));
    static const char *const out[] = {"10.20.0.7", "10.20.0.130", "10.20.1.1", "8.8.8.9",
        "fe80:0:0:1::1", "2a00:1450::6", "::ffff:10.20.0.6", "255.255.255.255", "239.255.255.250"};
    for (size_t i = 0; i < COUNT(out); i++) {
        assert_false(contains(&scope, out[i]));
    }
}

static void
test_refusal_names_the_value_and_the_way_out(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct {
        const char *text;
        enum err err;
        const char *words;
    } rows[] = {
        {"10.0.0.0/8", ERR_SCOPE,
         "10.0.0.0/8: 16,777,216 addresses; at most 65,536: give a smaller network such as "
             "10.0.0.0/24"},
        {"8.8.8.0/24", ERR_SCOPE,
         "8.8.8.0/24 is a public network: list public addresses one by one"},
        {"192.0.0.0/16", ERR_SCOPE, "192.0.0.0/16 is a public network"},
        {"8.0.0.0/6", ERR_SCOPE, "8.0.0.0/6 is a public network"},
        {"224.0.0.0/24", ERR_SCOPE, "multicast"},
        {"255.255.255.255", ERR_SCOPE, "255.255.255.255 is no host's address"},
        {"0.0.0.0", ERR_SCOPE, "0.0.0.0 is no host's address"},
        {"ff02::1", ERR_SCOPE, "multicast"},
        {"::ffff:8.8.8.8", ERR_SCOPE, "no host's address"},
        {"2a00:1450::/64", ERR_SCOPE, "one by one"},
        {"fd00::/120", ERR_SCOPE, "fe80::/64"},
        {"fe80::/10", ERR_SCOPE, "fe80::/64"},
        {"::/0", ERR_SCOPE, ""},
        {"camera.local", ERR_VALUE, "\"camera.local\" is not an address or a network"},
        {"10.0.0.1-9", ERR_VALUE, "10.0.0.0/24"},
        {"10.0.0.0/33", ERR_VALUE, "10.0.0.0/33"},
        {"", ERR_VALUE, "not an address"},
    };
    /* clang-format on */
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct scope scope;
        struct note note = {""};
        scope_init(&scope);
        assert_int_equal(scope_allow(&scope, rows[i].text, &note), rows[i].err);
        if (strstr(note.text, rows[i].words) == NULL) {
            fail_msg("%s: %s", rows[i].text, note.text);
        }
        assert_int_equal(scope.allowed_count, 0);
    }
    struct scope scope;
    scope_init(&scope);
    assert_int_equal(scope_allow(&scope, NULL, NULL), ERR_VALUE);
    assert_int_equal(scope_exclude(&scope, "x", NULL), ERR_VALUE);
}

static void
test_refuses_more_networks_than_fit(void **state)
{
    (void)state;
    static struct scope scope;
    struct note note = {""};
    scope_init(&scope);
    for (size_t i = 0; i < SCOPE_NETS; i++) {
        allow(&scope, "10.0.0.1");
    }
    assert_int_equal(scope_allow(&scope, "10.0.0.2", &note), ERR_LIMIT);
    assert_non_null(strstr(note.text, "256"));
    assert_false(contains(&scope, "10.0.0.2"));
}

static void
test_zone_binds_to_one_interface(void **state)
{
    (void)state;
    struct scope scope;
    scope_init(&scope);
    allow(&scope, "fe80::7%lo");
    struct ip other = ip("fe80::7");
    other.zone = 77;
    assert_true(contains(&scope, "fe80::7%lo"));
    assert_false(scope_contains(&scope, &other));
    allow(&scope, "fe80::8");
    other = ip("fe80::8");
    other.zone = 77;
    assert_true(scope_contains(&scope, &other));
}

static void
test_meets_networks_that_share_an_address(void **state)
{
    (void)state;
    struct scope scope;
    scope_init(&scope);
    allow(&scope, "10.20.0.0/24");
    allow(&scope, "192.168.5.9");
    assert_true(meets(&scope, "10.0.0.0/8"));
    assert_true(meets(&scope, "10.20.0.64/26"));
    assert_true(meets(&scope, "192.168.5.0/24"));
    assert_false(meets(&scope, "192.168.6.0/24"));
    assert_false(meets(&scope, "fe80::/64"));
    exclude(&scope, "192.168.5.9");
    assert_false(meets(&scope, "192.168.5.0/24"));
    exclude(&scope, "10.20.0.0/25");
    assert_true(meets(&scope, "10.20.0.0/24"));
    exclude(&scope, "10.20.0.128/25");
    assert_false(meets(&scope, "10.20.0.0/24"));
}

static void
test_walks_each_host_once(void **state)
{
    (void)state;
    struct scope scope;
    scope_init(&scope);
    allow(&scope, "10.20.0.0/29");
    allow(&scope, "10.20.0.4/30");
    allow(&scope, "10.20.0.7");
    allow(&scope, "10.9.0.0/31");
    allow(&scope, "fe80::/64");
    exclude(&scope, "10.20.0.2");
    static const char *const expected[] = {"10.20.0.1", "10.20.0.3", "10.20.0.4", "10.20.0.5",
        "10.20.0.6", "10.20.0.7", "10.9.0.0", "10.9.0.1"};
    size_t cursor = 0;
    struct ip got;
    char text[IP_TEXT];
    for (size_t i = 0; i < COUNT(expected); i++) {
        assert_true(scope_next_host(&scope, &cursor, &got));
        assert_string_equal(ip_text(&got, text), expected[i]);
    }
    assert_false(scope_next_host(&scope, &cursor, &got));
    assert_false(scope_next_host(&scope, &cursor, &got));
    assert_int_equal(scope_host_count(&scope), COUNT(expected));
}

static void
test_counts_the_largest_network(void **state)
{
    (void)state;
    struct scope scope;
    scope_init(&scope);
    allow(&scope, "10.20.0.0/16");
    assert_int_equal(scope_host_count(&scope), 65534);
}

static void
test_covers_only_networks_of_which_no_address_is_left_out(void **state)
{
    (void)state;
    static const struct {
        const char *net;
        bool covered;
    } rows[] = {
        {"10.0.0.0/24",    true },
        {"10.0.0.0/16",    false},
        {"10.0.1.0/24",    false},
        {"10.0.1.0/25",    true },
        {"10.0.2.0/24",    false},
        {"192.168.0.0/24", false},
    };
    struct scope scope;
    struct net net;
    scope_init(&scope);
    allow(&scope, "10.0.0.0/22");
    exclude(&scope, "10.0.1.200");
    exclude(&scope, "10.0.2.0/23");
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(net_parse(rows[i].net, &net), OK);
        assert_int_equal(scope_covers(&scope, &net), rows[i].covered);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty_scope_contains_nothing),
        cmocka_unit_test(test_contains_what_was_allowed_and_not_excluded),
        cmocka_unit_test(test_refusal_names_the_value_and_the_way_out),
        cmocka_unit_test(test_refuses_more_networks_than_fit),
        cmocka_unit_test(test_zone_binds_to_one_interface),
        cmocka_unit_test(test_meets_networks_that_share_an_address),
        cmocka_unit_test(test_walks_each_host_once),
        cmocka_unit_test(test_counts_the_largest_network),
        cmocka_unit_test(test_covers_only_networks_of_which_no_address_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
