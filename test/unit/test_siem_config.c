#include "siem/config.h"

#include "base/text.h"
#include "test.h"

#include <stdio.h>

static struct arena arena;
static struct siem_config config;
static struct note note;

static int
make_arena(void **state)
{
    (void)state;
    arena_init(&arena, (size_t)16 * 1024 * 1024);
    return 0;
}

static int
drop_arena(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static enum err
parse(const char *text)
{
    note.text[0] = '\0';
    return siem_config_parse(text, strlen(text), "/srv/gate/siem.yaml", &arena, &config, &note);
}

static void
refuses(const char *text, const char *words)
{
    assert_int_not_equal(parse(text), OK);
    if (strstr(note.text, words) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", note.text, words);
    }
    assert_non_null(strstr(note.text, "siem.yaml:"));
}

static void
test_small_file_gets_every_default(void **state)
{
    (void)state;
    assert_int_equal(parse("destinations:\n"
                           "  - name: watch\n"
                           "    type: syslog\n"
                           "    address: siem.example:6514\n"),
        OK);
    assert_string_equal(config.ledger, "/srv/gate/ledger");
    assert_string_equal(config.state, "/srv/gate/siem");
    assert_false(config.says_ledger);
    assert_int_equal(config.count, 1);
    const struct siem_destination *to = &config.destinations[0];
    assert_string_equal(to->format->name, "rfc5424");
    assert_string_equal(to->host, "siem.example");
    assert_string_equal(to->server_name, "siem.example");
    assert_int_equal(to->port, 6514);
    assert_int_equal(to->batch, 10000);
    assert_int_equal(to->flush_ms, 2000);
    assert_int_equal(to->confirm_ms, 60000);
    assert_true(to->uses_tls);
    assert_false(to->uses_lines || to->accepts_unconfirmed || to->begins_now || to->sets_aside);
    assert_ptr_equal(siem_config_find(&config, "watch"), to);
    assert_null(siem_config_find(&config, "other"));
    assert_string_equal(
        siem_config_state(&config, "watch", "cursor", &arena), "/srv/gate/siem/watch.cursor");
}

static void
test_takes_every_key(void **state)
{
    (void)state;
    assert_int_equal(parse("ledger: /l\nstate: s\nhost: gate.example\nsecrets: a\nsecrets_key: b\n"
                           "destinations:\n"
                           "  - {name: f, type: file, path: out.log, format: rfc5424, from: now}\n"
                           "  - name: s\n    type: syslog\n    address: '[2001:db8::7]:514'\n"
                           "    tls: no\n    framing: lf\n    unconfirmed: accept\n"
                           "    confirm_seconds: 3\n    batch: 5\n    flush_seconds: 1\n"
                           "    ca: ca.pem\n    server_name: x.example\n    certificate: c.pem\n"
                           "    key: /k.pem\n"
                           "  - name: h\n    type: http\n    url: https://h.example/services/x\n"
                           "    shape: splunk\n    format: rfc5424\n    index: main\n"
                           "    token: splunk\n    refused: aside\n"),
        OK);
    const struct siem_destination *to = config.destinations;
    assert_string_equal(config.ledger, "/l");
    assert_string_equal(config.state, "/srv/gate/s");
    assert_string_equal(config.secrets_key, "/srv/gate/b");
    assert_string_equal(to[0].path, "/srv/gate/out.log");
    assert_true(to[0].begins_now);
    assert_string_equal(to[1].host, "2001:db8::7");
    assert_string_equal(to[1].server_name, "x.example");
    assert_string_equal(to[1].ca, "/srv/gate/ca.pem");
    assert_string_equal(to[1].key, "/k.pem");
    assert_true(!to[1].uses_tls && to[1].uses_lines && to[1].accepts_unconfirmed);
    assert_int_equal(to[1].batch, 5);
    assert_int_equal(to[1].confirm_ms, 3000);
    assert_int_equal(to[2].port, 443);
    assert_int_equal(to[2].batch, 500);
    assert_string_equal(to[2].token, "splunk");
    assert_true(to[2].sets_aside && to[2].uses_tls && !to[2].is_elasticsearch);
}

#define FILE_TO "destinations:\n  - name: f\n    type: file\n    path: a\n"

static void
test_mistakes_name_line_value_and_way_out(void **state)
{
    (void)state;
    refuses("host: [a]\n", "siem.yaml:1: host: is a list");
    refuses("destinations:\n", "destinations is missing");
    refuses(FILE_TO "    batch: 0\n", "siem.yaml:5: destinations[0].batch: \"0\" is not");
    refuses(FILE_TO "    batch: 100001\n", "1 to 100000");
    refuses(FILE_TO "    formt: ecs\n", "did you mean format?");
    refuses(FILE_TO "    format: xml\n", "gatehouse siem formats");
    refuses(FILE_TO "    password: x\n", "gatehouse secret set");
    refuses(FILE_TO "  - name: F\n    type: file\n    path: b\n", "the name of two");
    refuses("destinations:\n  - name: ../x\n", "siem.yaml:2: destinations[0].name: \"../x\"");
    refuses(FILE_TO "    level: loud\n", "info, low, medium, high or critical");
    refuses(FILE_TO "    outcomes: [good]\n", "\"good\" is not an outcome");
    refuses("destinations:\n  - {name: a, type: syslog}\n", "address is missing");
    refuses("destinations:\n  - {name: a, type: smtp}\n", "file, syslog or http");
    refuses("destinations:\n  - {name: a, type: syslog, address: h}\n", "HOST:PORT");
    refuses("destinations:\n  - {name: a, type: syslog, address: 'h:70000'}\n", "HOST:PORT");
    refuses("destinations:\n  - {name: a, type: syslog, address: 'h:1', key: k}\n",
        "certificate is missing");
}

static void
test_tokens_and_events_do_not_leave_in_the_clear(void **state)
{
    (void)state;
    refuses("destinations:\n  - {name: a, type: http, shape: splunk, url: 'http://h.example/x'}\n",
        "expected https://");
    refuses(
        "destinations:\n  - {name: a, type: http, shape: splunk, url: 'https://u:p@h.example/x'}\n",
        "gatehouse secret set");
    assert_int_equal(parse("destinations:\n  - {name: a, type: http, shape: splunk, format: "
                           "rfc5424, url: 'http://127.0.0.1:8088/x'}\n"),
        OK);
}

static void
test_format_fits_the_receiver(void **state)
{
    (void)state;
    refuses("destinations:\n  - {name: a, type: http, shape: elasticsearch, index: i, format: "
            "rfc5424, url: 'https://h/_bulk'}\n",
        "takes JSON only");
    refuses("destinations:\n  - {name: a, type: syslog, address: 'h:1', format: ecs}\n",
        "syslog messages only");
}

static void
test_at_most_32_destinations(void **state)
{
    char text[8192] = "destinations:\n";
    (void)state;
    for (int i = 0; i < SIEM_DESTINATIONS + 1; i++) {
        size_t len = strlen(text);
        (void)snprintf(
            text + len, sizeof(text) - len, "  - {name: d%d, type: file, path: a%d}\n", i, i);
    }
    refuses(text, "one too many");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_small_file_gets_every_default, make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(test_takes_every_key, make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(
            test_mistakes_name_line_value_and_way_out, make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(
            test_tokens_and_events_do_not_leave_in_the_clear, make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(test_format_fits_the_receiver, make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(test_at_most_32_destinations, make_arena, drop_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
