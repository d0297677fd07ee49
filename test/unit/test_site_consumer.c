/* The consumers of a site file. */
#include "assess/site.h"
#include "assess/site_take.h"
#include "base/text.h"
#include "remedy/consumer_kind.h"

#include <stdio.h>
#include <string.h>

#include "test.h"

static enum err
parse(const char *row, struct site **ret_site, struct note *note)
{
    char text[1024];
    (void)snprintf(text, sizeof(text), "scope: [10.0.3.0/24]\nconsumers:\n- {%s}\n", row);
    return site_parse(text, strlen(text), "shop.yaml", ret_site, note);
}

static void
test_takes_a_file_and_its_reload_command(void **state)
{
    (void)state;
    struct site *site = NULL;
    struct note note = {""};
    assert_int_equal(parse("kind: Frigate, name: Video, file: f/config.yml, reload: docker restart "
                           "frigate",
                         &site, &note),
        OK);
    const struct site_consumer *row = &site->consumers[0];
    assert_int_equal(site->consumer_count, 1);
    assert_string_equal(row->kind, "frigate");
    assert_string_equal(row->name, "Video");
    assert_string_equal(row->file, "f/config.yml");
    assert_string_equal(row->reload, "docker restart frigate");
    site_free(site);
}

static void
test_takes_an_address_and_its_account(void **state)
{
    (void)state;
    struct site *site = NULL;
    struct note note = {""};
    char text[IP_TEXT];
    assert_int_equal(parse("kind: zoneminder, address: '10.0.3.2:8080', tls: yes, root: /cctv, "
                           "user: gh, secret: zm",
                         &site, &note),
        OK);
    const struct site_consumer *row = &site->consumers[0];
    assert_string_equal(ip_text(&row->login.ip, text), "10.0.3.2");
    assert_int_equal(row->port, 8080);
    assert_true(row->tls);
    assert_string_equal(row->root, "/cctv");
    assert_string_equal(row->login.user, "gh");
    assert_string_equal(row->login.secret, "zm");
    site_free(site);
}

static void
test_says_what_a_consumer_lacks(void **state)
{
    (void)state;
    static const struct {
        const char *row, *words;
    } rows[] = {
        {"file: a.yml",                                                                 "kind is missing"   },
        {"kind: cctv",                                                                  "expected frigate"  },
        {"kind: frigate",                                                               "file is missing"   },
        {"kind: shinobi, file: a",                                                      "address is missing"},
        {"kind: shinobi, address: '10.0.3.2'",                                          "10.0.3.2:80"       },
        {"kind: shinobi, address: '10.9.9.9:80'",                                       "outside the scope" },
        {"kind: shinobi, address: '127.0.0.1:80'",                                      "outside the scope" },
        {"kind: shinobi, address: '10.0.3.2:80', user: a",                              "takes both"        },
        {"kind: shinobi, address: '10.0.3.2:80', user: a, secret: 'x!y z'",             "no place"          },
        {"kind: shinobi, address: '10.0.3.2:80', user: a, secret: x, password_file: y",
         "takes one"                                                                                        },
        {"kind: shinobi, address: '10.0.3.2:80', root: 'a?b'",                          "path such as"      },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct site *site = NULL;
        struct note note = {""};
        assert_int_not_equal(parse(rows[i].row, &site, &note), OK);
        if (!text_contains(note.text, rows[i].words)) {
            fail_msg("%s: %s", rows[i].row, note.text);
        }
    }
}

static void
test_every_kind_that_can_be_told_can_be_written_and_the_other_way_round(void **state)
{
    (void)state;
    for (size_t i = 0; i < consumer_kind_count; i++) {
        const struct consumer_kind *kind = consumer_kinds[i];
        struct site *site = NULL;
        struct note note = {""};
        char row[256];
        (void)snprintf(row, sizeof(row), "kind: %s, %s", kind->name,
            kind->by_file ? "file: a" : "address: '10.0.3.2:80'");
        if (parse(row, &site, &note) != OK) {
            fail_msg("%s", note.text);
        }
        assert_ptr_equal(consumer_kind(site->consumers[0].kind), kind);
        assert_non_null(kind->source);
        site_free(site);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_takes_a_file_and_its_reload_command),
        cmocka_unit_test(test_takes_an_address_and_its_account),
        cmocka_unit_test(test_says_what_a_consumer_lacks),
        cmocka_unit_test(test_every_kind_that_can_be_told_can_be_written_and_the_other_way_round),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
