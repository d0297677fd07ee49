#include "gate/settings.h"

#include "base/file.h"
#include "base/text.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct arena arena;
static struct settings settings;
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
    return settings_parse(text, strlen(text), "/srv/gate", &arena, &settings, &note);
}

static const char small[] = "host: gate.example\n"
                            "vms:\n"
                            "  - type: frigate\n"
                            "    upstream: http://10.0.0.5\n"
                            "    listen: 0.0.0.0:8443\n";

static void
test_small_file_gets_every_default(void **state)
{
    (void)state;
    assert_int_equal(parse(small), OK);
    assert_string_equal(settings.host, "gate.example");
    assert_string_equal(settings.site, "gate.example");
    assert_string_equal(settings.folder, "/srv/gate");
    assert_string_equal(settings.ledger, "/srv/gate/ledger");
    assert_string_equal(settings.certificate, "/srv/gate/tls/server.pem");
    assert_string_equal(settings.key, "/srv/gate/tls/server.key");
    assert_false(settings.is_plain);
    assert_int_equal(settings.net, NET_REFUSE);
    assert_int_equal(settings.idle_minutes, 30);
    assert_int_equal(settings.session_hours, 12);
    assert_int_equal(settings.stepup_minutes, 5);
    assert_null(settings.trusted_proxies[0]);
    assert_int_equal(settings.vms_count, 1);
    const struct settings_vms *vms = &settings.vms[0];
    char address[IP_TEXT];
    assert_string_equal(vms->name, "frigate");
    assert_string_equal(vms->upstream, "http://10.0.0.5:80");
    assert_string_equal(ip_text(&vms->address, address), "10.0.0.5");
    assert_int_equal(vms->port, 80);
    assert_false(vms->upstream_tls || vms->allows_webrtc);
    assert_null(vms->user);
}

static void
test_reads_every_key(void **state)
{
    (void)state;
    assert_int_equal(parse("site: Harbour, north side\n"
                           "host: gate.example\n"
                           "ledger: /var/lib/gatehouse/ledger\n"
                           "certificate: own/chain.pem\n"
                           "key: own/key.pem\n"
                           "plain: no\n"
                           "net: record\n"
                           "idle_minutes: 15\n"
                           "session_hours: 8\n"
                           "stepup_minutes: 2\n"
                           "trusted_proxies:\n"
                           "  - 10.0.0.2\n"
                           "  - 10.1.0.0/24\n"
                           "vms:\n"
                           "  - name: cameras\n"
                           "    type: frigate\n"
                           "    upstream: https://[2001:db8::7]:8971/\n"
                           "    listen: \"[::]:8443\"\n"
                           "    user: gatehouse\n"
                           "    webrtc: yes\n"
                           "  - type: frigate\n"
                           "    upstream: http://localhost\n"
                           "    listen: 127.0.0.1:8444\n"),
        OK);
    assert_string_equal(settings.site, "Harbour, north side");
    assert_string_equal(settings.ledger, "/var/lib/gatehouse/ledger");
    assert_string_equal(settings.certificate, "/srv/gate/own/chain.pem");
    assert_string_equal(settings.key, "/srv/gate/own/key.pem");
    assert_int_equal(settings.net, NET_RECORD);
    assert_int_equal(settings.idle_minutes, 15);
    assert_int_equal(settings.session_hours, 8);
    assert_int_equal(settings.stepup_minutes, 2);
    assert_string_equal(settings.trusted_proxies[1], "10.1.0.0/24");
    assert_null(settings.trusted_proxies[2]);
    assert_int_equal(settings.vms_count, 2);
    assert_string_equal(settings.vms[0].name, "cameras");
    assert_string_equal(settings.vms[0].upstream, "https://[2001:db8::7]:8971");
    assert_true(settings.vms[0].upstream_tls && settings.vms[0].allows_webrtc);
    assert_string_equal(settings.vms[0].user, "gatehouse");
    assert_string_equal(settings.vms[1].upstream, "http://localhost:80");
    assert_int_equal(settings.vms[1].address.family, 0); /* looked up when a file is read */
}

/* A file with one wrong line among good ones; the message names all there is to know. */
static void
test_tells_line_key_value_and_way_out_of_each_mistake(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *in_note;
    } rows[] = {
        {"",                                                                                 ":1: no settings"                                              },
        {"- a\n",                                                                            ":1: no settings"                                              },
        {"hots: gate\n",                                                                     ":1: hots: no such key; did you mean host?"                    },
        {"host: \"a b\"\n",                                                                  ":1: host: \"a b\" is not a host name; expected"               },
        {"host: \"a;return\"\n",                                                             "is not a host name"                                           },
        {"host: gate:8443\n",                                                                "expected a name or address without port"                      },
        {"host: [gate]\n",                                                                   ":1: host: is a list"                                          },
        {"host: g\nnet: allow\n",                                                            ":2: net: \"allow\" is not a policy; expected refuse or record"},
        {"idle_minutes: 0\n",                                                                "\"0\" is not a number of minutes; expected 1 to 720"          },
        {"session_hours: 25\n",                                                              "expected 1 to 24"                                             },
        {"stepup_minutes: five\n",                                                           "expected 1 to 60"                                             },
        {"plain: maybe\n",                                                                   "\"maybe\" is not a switch; expected yes or no"                },
        {"trusted_proxies:\n  - 0.0.0.0/0\n",                                                ":2: trusted_proxies[0]: would trust everybody"                },
        {"trusted_proxies:\n  - proxy\n",                                                    "\"proxy\" is not a network"                                   },
        {"ledger: \"a\\\"b\"\n",                                                             "ledger: has a character that nginx would read otherwise"      },
        {"key: \"$uri\"\n",                                                                  "key: has a character"                                         },
        {"host: g\n",                                                                        "vms is missing"                                               },
        {"vms:\n  - type: frigate\n    upstream: http://a.invalid\n    listen: 1.2.3.4:5\n",
         "host is missing"                                                                                                                                  },
        {"host: g\nvms:\n  - upstream: http://10.0.0.5\n",                                   ":3: vms[0]: type is missing"                                  },
        {"host: g\nvms:\n  - type: frigate\n    listen: 1.2.3.4:5\n",                        "upstream is missing"                                          },
        {"host: g\nvms:\n  - type: frigate\n    upstream: http://10.0.0.5\n",                "listen is missing"                                            },
        {"vms:\n  - type: zonemaster\n",                                                     ":2: vms[0].type: \"zonemaster\" is not a type of VMS"         },
        {"vms:\n  - password: secret1\n",                                                    "a password has no place in this file"                         },
        {"vms:\n  - name: ../etc\n",                                                         "\"../etc\" is not a name"                                     },
        {"vms:\n  - upstream: 10.0.0.5\n",                                                   "is not an address; expected http://HOST"                      },
        {"vms:\n  - upstream: ftp://10.0.0.5\n",                                             "is not an address"                                            },
        {"vms:\n  - upstream: http://10.0.0.5/zm\n",                                         "without a path"                                               },
        {"vms:\n  - upstream: http://u:p@10.0.0.5\n",                                        "has a user or password in it"                                 },
        {"vms:\n  - upstream: http://10.0.0.5:0\n",                                          "is not an address"                                            },
        {"vms:\n  - upstream: http://10.0.0.5:70000\n",                                      "is not an address"                                            },
        {"vms:\n  - upstream: http://[::1\n",                                                "is not an address"                                            },
        {"vms:\n  - upstream: \"http://a b\"\n",                                             "is not an address"                                            },
        {"vms:\n  - upstream: \"http://a;b\"\n",                                             "is not an address"                                            },
        {"vms:\n  - listen: 8443\n",                                                         "\"8443\" is not an address to listen on"                      },
        {"vms:\n  - listen: gate:8443\n",                                                    "is not an address to listen on"                               },
        {"vms:\n  - listen: 0.0.0.0:x\n",                                                    "is not an address to listen on"                               },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        enum err err = parse(rows[i].text);
        if (err == OK || !text_contains(note.text, rows[i].in_note)) {
            print_message("row %zu: %s\n", i, note.text);
        }
        assert_int_not_equal(err, OK);
        assert_true(text_contains(note.text, rows[i].in_note));
        assert_false(text_contains(note.text, "secret1"));
    }
}

static void
test_plain_is_for_loopback_only(void **state)
{
    (void)state;
    assert_int_equal(parse("host: g\nplain: yes\nvms:\n  - type: frigate\n"
                           "    upstream: http://10.0.0.5\n    listen: 0.0.0.0:8080\n"),
        ERR_VALUE);
    assert_true(text_contains(note.text, ":4: vms[0]: listen 0.0.0.0:8080 is not on this machine"));
    assert_int_equal(parse("host: g\nplain: yes\nvms:\n  - type: frigate\n"
                           "    upstream: http://10.0.0.5\n    listen: 127.0.0.1:8080\n"),
        OK);
    assert_true(settings.is_plain);
}

static void
test_two_vms_have_names_and_doors_of_their_own(void **state)
{
    (void)state;
    assert_int_equal(
        parse("host: g\nvms:\n"
              "  - {type: frigate, upstream: \"http://10.0.0.5\", listen: \"0.0.0.0:1\"}\n"
              "  - {type: frigate, upstream: \"http://10.0.0.6\", listen: \"0.0.0.0:2\"}\n"),
        ERR_VALUE);
    assert_true(text_contains(note.text, "\"frigate\" is the name of two"));
    assert_int_equal(
        parse("host: g\nvms:\n"
              "  - {type: frigate, upstream: \"http://10.0.0.5\", listen: \"0.0.0.0:1\"}\n"
              "  - {type: frigate, upstream: \"http://10.0.0.6\", listen: \"0.0.0.0:1\"}\n"),
        ERR_VALUE);
    assert_true(text_contains(note.text, ":4: vms[1].listen: \"0.0.0.0:1\" is taken"));
}

static void
test_names_are_looked_up_and_one_that_is_not_found_is_no_mistake(void **state)
{
    (void)state;
    static const char text[] =
        "host: g\nvms:\n"
        "  - {name: a, type: frigate, upstream: \"http://vms.invalid\", listen: \"0.0.0.0:1\"}\n"
        "  - {type: frigate, upstream: \"http://localhost:5001\", listen: \"0.0.0.0:2\"}\n";
    char folder[] = "/tmp/gatehouse-settings-XXXXXX";
    char path[64];
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/gateway.yaml", folder);
    assert_int_equal(file_write(path, text, strlen(text), 0600, &note), OK);
    assert_int_equal(settings_read(folder, &arena, &settings, &note), OK);
    assert_int_equal(settings.vms[0].address.family, 0);
    assert_true(ip_is_loopback(&settings.vms[1].address));
    (void)unlink(path);
    (void)rmdir(folder);
}

static void
test_missing_file_says_what_writes_it(void **state)
{
    (void)state;
    assert_int_equal(
        settings_read("/nonexistent-gatehouse", &arena, &settings, &note), ERR_MISSING);
    assert_true(text_contains(note.text, "gatehouse gateway init"));
}

static void
test_folder_is_the_options_then_the_variables_then_the_state(void **state)
{
    (void)state;
    const char *folder = NULL;
    assert_int_equal(setenv("GATEHOUSE_GATEWAY", "/srv/b", 1), 0);
    assert_int_equal(setenv("XDG_STATE_HOME", "/srv/state", 1), 0);
    assert_int_equal(settings_folder("/srv/a", &arena, &folder), OK);
    assert_string_equal(folder, "/srv/a");
    assert_int_equal(settings_folder(NULL, &arena, &folder), OK);
    assert_string_equal(folder, "/srv/b");
    assert_int_equal(unsetenv("GATEHOUSE_GATEWAY"), 0);
    assert_int_equal(settings_folder(NULL, &arena, &folder), OK);
    assert_string_equal(folder, "/srv/state/gatehouse/gateway");
}

/* Frigate docs, authentication: port 5000 is unauthenticated, meant for the inside only. */
static void
test_frigates_port_without_a_log_in_is_refused(void **state)
{
    (void)state;
    assert_int_equal(parse("host: gate.example\nvms:\n  - type: frigate\n"
                           "    upstream: http://10.0.0.5:5000\n    listen: 0.0.0.0:8443\n"),
        ERR_VALUE);
    assert_non_null(strstr(note.text, "8971"));
}

#define WITH_ARENA(test) cmocka_unit_test_setup_teardown(test, make_arena, drop_arena)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(test_small_file_gets_every_default),
        WITH_ARENA(test_reads_every_key),
        WITH_ARENA(test_tells_line_key_value_and_way_out_of_each_mistake),
        WITH_ARENA(test_plain_is_for_loopback_only),
        WITH_ARENA(test_two_vms_have_names_and_doors_of_their_own),
        WITH_ARENA(test_names_are_looked_up_and_one_that_is_not_found_is_no_mistake),
        WITH_ARENA(test_missing_file_says_what_writes_it),
        WITH_ARENA(test_folder_is_the_options_then_the_variables_then_the_state),
        WITH_ARENA(test_frigates_port_without_a_log_in_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
