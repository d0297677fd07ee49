/* Nmap reports as a source of hosts. */
#include "discover/given.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>

#include "test.h"

static const char *
corpus(const char *name, char out[512])
{
    (void)snprintf(out, 512, "%s/test/fuzz/corpus/given/%s", getenv("GATEHOUSE_SOURCE"), name);
    return out;
}

static void
test_takes_hosts_that_are_up_with_their_open_tcp_ports(void **state)
{
    (void)state;
    struct given given CLEANUP(given_release) = {.hosts = NULL};
    struct note note = {""};
    char path[512];
    char text[64];
    assert_int_equal(given_read(&given, corpus("network", path), &note), OK);
    assert_int_equal(given.count, 2);
    const struct given_host *host = &given.hosts[0];
    assert_string_equal(ip_text(&host->ip, text), "10.20.0.11");
    assert_string_equal(mac_text(&host->mac, text), "44:19:b6:01:02:03");
    assert_int_equal(host->port_count, 2);
    assert_int_equal(host->ports[0], 23);
    assert_int_equal(host->ports[1], 80);
    assert_int_equal(host->at, 1795378100000);
    assert_string_equal(ip_text(&given.hosts[1].ip, text), "2001:db8::7");
}

static void
test_names_file_and_line_of_a_cut_report(void **state)
{
    (void)state;
    struct given given CLEANUP(given_release) = {.hosts = NULL};
    struct note note = {""};
    char path[512];
    assert_int_equal(given_read(&given, corpus("cut", path), &note), ERR_SYNTAX);
    assert_true(text_contains(note.text, "cut:"));
    assert_true(text_contains(note.text, "nmap --resume"));
}

static void
test_refuses_what_is_no_nmap_report(void **state)
{
    (void)state;
    struct given given CLEANUP(given_release) = {.hosts = NULL};
    struct note note = {""};
    char path[512];
    assert_int_equal(given_read(&given, corpus("other-root", path), &note), ERR_SYNTAX);
    assert_true(text_contains(note.text, "nmap -oX"));
    assert_int_equal(given_parse(&given, "", 0, "empty", &note), ERR_SYNTAX);
    assert_int_equal(given_read(&given, corpus("nowhere", path), &note), ERR_MISSING);
}

static void
test_expands_no_entity_and_no_depth(void **state)
{
    (void)state;
    struct given given CLEANUP(given_release) = {.hosts = NULL};
    struct note note = {""};
    char path[512];
    (void)!given_read(&given, corpus("entities", path), &note);
    assert_int_equal(given.count, 0);
    assert_int_equal(given_read(&given, corpus("deep", path), &note), ERR_LIMIT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_takes_hosts_that_are_up_with_their_open_tcp_ports),
        cmocka_unit_test(test_names_file_and_line_of_a_cut_report),
        cmocka_unit_test(test_refuses_what_is_no_nmap_report),
        cmocka_unit_test(test_expands_no_entity_and_no_depth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
