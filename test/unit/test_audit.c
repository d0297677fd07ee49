#include "audit/audit.h"

#include "base/file.h"
#include "base/text.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* "canary", as it is, in base64 at the start of a word, and in UTF-16LE base64. */
static const char *const canaries[] = {"canary", "Y2FuYXJ5", "YwBhAG4AYQ"};

static const char *
sample(const char *name, char out[512])
{
    const char *source = getenv("GATEHOUSE_SOURCE");
    (void)snprintf(out, 512, "%s/test/config/%s", source == NULL ? "." : source, name);
    return out;
}

static void
add(struct audit *audit, const char *files)
{
    char path[512];
    char name[200];
    struct note note = {""};
    while (*files != '\0') {
        size_t len = strcspn(files, " ");
        (void)snprintf(name, sizeof(name), "%.*s", (int)len, files);
        if (audit_add(audit, sample(name, path), NULL, &note) != OK) {
            fail_msg("%s: %s", name, note.text);
        }
        files += len + strspn(files + len, " ");
    }
    for (size_t i = 0; i < audit_mistake_count(audit); i++) {
        fail_msg("%s", audit_mistake(audit, i));
    }
    audit_judge(audit);
}

static void
has_no_canary(const char *text)
{
    for (size_t i = 0; text != NULL && i < COUNT(canaries); i++) {
        if (strstr(text, canaries[i]) != NULL) {
            fail_msg("a secret is shown: %s", text);
        }
    }
}

static void
shows_no_secret(const struct facts *facts)
{
    for (size_t id = 0; id < FACT_COUNT; id++) {
        for (const struct fact *f = facts->best[id]; f != NULL; f = f->next) {
            has_no_canary(f->text);
            assert_non_null(f->evidence);
            has_no_canary(f->evidence->asked);
            has_no_canary(f->evidence->answer);
            assert_int_equal(f->witness, WITNESS_CONFIG);
        }
    }
}

/* "fact=part; !fact" */
static void
says(const struct facts *facts, const char *expected)
{
    char item[300];
    while (*expected != '\0') {
        size_t len = strcspn(expected, ";");
        (void)snprintf(item, sizeof(item), "%.*s", (int)len, expected);
        char *word = text_trim(item);
        char *part = strchr(word, '=');
        if (part != NULL) {
            *part++ = '\0';
        }
        enum fact_id id = fact_by_name(word[0] == '!' ? word + 1 : word);
        if (id == FACT_COUNT) {
            fail_msg("no fact is called %s", word);
        }
        const char *text = facts_text(facts, id);
        if (part == NULL && text != NULL) {
            fail_msg("%s: %s; expected unknown", word, text);
        } else if (part != NULL && !text_contains(text, part)) {
            fail_msg("%s: %s; expected %s", word, text == NULL ? "unknown" : text, part);
        }
        expected += len + (expected[len] == ';' ? 1 : 0);
    }
}

static void
run_case(const char *files, const char *product, const char *expected)
{
    struct audit *audit = audit_new();
    bool found = text_equal(product, "site");
    assert_non_null(audit);
    add(audit, files);
    shows_no_secret(&audit_site(audit)->facts);
    if (found) {
        says(&audit_site(audit)->facts, expected);
    }
    for (struct subject *s = audit_take(audit); s != NULL; s = audit_take(audit)) {
        shows_no_secret(&s->facts);
        if (text_equal(facts_text(&s->facts, FACT_VMS_PRODUCT), product)) {
            found = true;
            says(&s->facts, expected);
        }
        subject_free(s);
    }
    audit_free(audit);
    if (!found) {
        fail_msg("no %s was made of %s", product, files);
    }
}

#define CONFIG_CASE(claim, files, product, expected)                                               \
    static void test_##claim(void **state)                                                         \
    {                                                                                              \
        (void)state;                                                                               \
        run_case(files, product, expected);                                                        \
    }
#include "config/cases.def"
#undef CONFIG_CASE

static void
mistake_of(const char *name, const char *text, const char *expected)
{
    struct audit *audit = audit_new();
    assert_non_null(audit);
    assert_int_equal(audit_add_bytes(audit, name, text, strlen(text)), OK);
    assert_int_equal(audit_mistake_count(audit), 1);
    assert_int_equal(audit_file_count(audit), 0);
    if (!text_contains(audit_mistake(audit, 0), expected)) {
        fail_msg("%s; expected %s", audit_mistake(audit, 0), expected);
    }
    audit_judge(audit);
    audit_free(audit);
}

static void
test_names_file_and_line_of_bad_syntax(void **state)
{
    (void)state;
    mistake_of("frigate:cams.yml", "cameras:\n  a: [1\n  b: 2\n", "cams.yml:3: not well-formed");
    mistake_of("frigate:cams.yml", "a: *nowhere\n", "cams.yml:1: alias *nowhere; expected");
    mistake_of("compose:c.yml", "a: 1\n---\nb: 2\n", "c.yml:2: a second document; expected one");
}

static void
test_says_which_formats_there_are_when_a_file_is_not_known(void **state)
{
    (void)state;
    mistake_of("notes.txt", "buy milk\n", "say what it is with FORMAT:notes.txt, FORMAT one of");
}

/* 64 aliases of 64 aliases of …: must end at the limit of values. */
static void
test_stops_a_file_that_grows_by_aliases(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf text;
    buf_init(&text, 65536);
    buf_text(&text, "a0: &a0 [1, 2, 3, 4, 5, 6, 7, 8]\n");
    for (int i = 1; i < 9; i++) {
        buf_format(&text, "a%d: &a%d [", i, i);
        for (int j = 0; j < 8; j++) {
            buf_format(&text, "%s*a%d", j == 0 ? "" : ", ", i - 1);
        }
        buf_text(&text, "]\n");
    }
    mistake_of("frigate:bomb.yml", text.data, "more than 60000 values");
}

static void
test_stops_a_file_that_is_nested_too_deep(void **state)
{
    (void)state;
    char text[400];
    memset(text, '[', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    mistake_of("frigate:deep.yml", text, "nested deeper than");
}

static void
test_refuses_what_is_no_ordinary_file(void **state)
{
    (void)state;
    char path[] = "/tmp/gatehouse-fifo-XXXXXX";
    struct note note = {""};
    struct audit *audit = audit_new();
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    (void)close(fd);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(audit_add(audit, path, NULL, &note), OK);
    assert_int_equal(audit_add(audit, "/dev/zero", NULL, &note), OK);
    assert_int_equal(audit_add(audit, "/nonexistent/frigate.yml", NULL, &note), OK);
    (void)unlink(path);
    assert_int_equal(audit_mistake_count(audit), 3);
    assert_true(text_contains(audit_mistake(audit, 0), "not an ordinary file"));
    assert_true(text_contains(audit_mistake(audit, 1), "not an ordinary file"));
    assert_true(text_contains(audit_mistake(audit, 2), "No such file"));
    audit_free(audit);
}

static void
test_refuses_a_file_above_its_limit(void **state)
{
    (void)state;
    static char text[1024 * 1024 + 100];
    memset(text, ' ', sizeof(text) - 1);
    memcpy(text, "cameras:\n", 9);
    mistake_of("frigate:large.yml", text, "larger than 1048576 bytes");
}

static void
test_reads_the_known_files_of_a_folder(void **state)
{
    (void)state;
    char path[512];
    struct note note = {""};
    struct audit *audit = audit_new();
    assert_int_equal(audit_add(audit, sample("compose", path), NULL, &note), OK);
    assert_int_equal(audit_file_count(audit), 5);
    audit_free(audit);
}

/* What fail2ban ships names programs that are not there. */
static void
test_a_jail_that_is_off_makes_no_vms(void **state)
{
    (void)state;
    const char *text = "[DEFAULT]\nenabled = false\n[zoneminder]\nport = http\n";
    struct audit *audit = audit_new();
    assert_int_equal(audit_add_bytes(audit, "fail2ban:jail.conf", text, strlen(text)), OK);
    audit_judge(audit);
    assert_null(audit_take(audit));
    audit_free(audit);
}

static void
test_a_part_folder_belongs_to_the_folder_above(void **state)
{
    (void)state;
    const char *text = "ZM_DB_PASS=canary\n";
    char key[SUBJECT_KEY];
    struct audit *audit = audit_new();
    assert_int_equal(audit_add_bytes(audit, "/etc/zm/zm.conf", text, strlen(text)), OK);
    assert_int_equal(audit_add_bytes(audit, "/etc/zm/conf.d/02-own.conf", text, strlen(text)), OK);
    audit_judge(audit);
    struct subject *subject = audit_take(audit);
    assert_string_equal(subject_key(subject, key), "config:zoneminder:/etc/zm");
    assert_null(audit_take(audit));
    subject_free(subject);
    audit_free(audit);
}

/* Each parser: where it stopped and what it expected. */
static void
test_every_syntax_names_line_and_expectation(void **state)
{
    (void)state;
    static const char *const rows[][3] = {
        {"zoneminder:a", "ZM_DB_HOST=x\nnonsense\n",         "a:2: no =; expected KEY = VALUE"              },
        {"wireguard:a",  "[Interface\n",                     "a:1: a section without ]; expected [NAME]"    },
        {"openvpn:a",    "dev tun\n<ca>\nx\n",               "a:2: <ca> without its end; expected </ca>"    },
        {"nginx:a",      "server {\n listen 80;\n",          "a:1: block server without its end; expected }"},
        {"nginx:a",      "server {\n listen 80\n}\n",
         "a:2: directive listen without its end; expected ;"                                                },
        {"nginx:a",      "}\n",                              "a:1: } without its {"                         },
        {"nginx:a",      "a \"b\n;",                         "a:1: a text without its end; expected \""     },
        {"caddy:a",      "x {\n",                            "a:1: block x without its end; expected }"     },
        {"caddy:a",      "x {\n}\n}\n",                      "a:3: } without its {"                         },
        {"traefik:a",    "[http]\nx =\n",                    "a:2: expected a value"                        },
        {"traefik:a",    "[http\nx = 1\n",                   "a:1: expected ]"                              },
        {"traefik:a",    "[a]\nx = \"y\nz = 1\n",            "a:2: expected the end of a text"              },
        {"traefik:a",    "[a]\nx = [1 2\n",                  "a:3: expected , or ]"                         },
        {"blueiris:a",   "REGEDIT4\n\"x\"=1\n",              "a:2: expected [HKEY_"                         },
        {"blueiris:a",   "REGEDIT4\n[HKEY_X]\nx=1\n",        "a:3: expected \"NAME\"=VALUE"                 },
        {"zmdatabase:a", "INSERT INTO Config VALUES ('x;\n",
         "a:1: a text without its end; expected '"                                                          },
        {"shinobi:a",    "{\"a\": [1}\n",                    "a:1: not well-formed"                         },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        mistake_of(rows[i][0], rows[i][1], rows[i][2]);
    }
}

static void
test_files_hint_at_ports_of_a_vms(void **state)
{
    (void)state;
    struct audit *audit = audit_new();
    const char *compose = "services:\n  f:\n    image: ghcr.io/blakeblackshear/frigate:stable\n"
                          "    ports: [\"5011:5000\", \"127.0.0.1:5012:8971\", \"8555:8555/udp\"]\n"
                          "  web:\n    image: nginx\n    ports: [\"9999:80\"]\n";
    const char *home = "zoneminder:\n  - host: 10.0.0.3:8085\n    path: /zm/\n"
                       "frigate:\n  url: http://10.0.0.4:5013/\n";
    const uint16_t *ports = NULL;
    assert_int_equal(audit_add_bytes(audit, "compose:c.yml", compose, strlen(compose)), OK);
    assert_int_equal(audit_add_bytes(audit, "homeassistant:h.yaml", home, strlen(home)), OK);
    audit_judge(audit);
    assert_int_equal(audit_ports(audit, &ports), 3);
    assert_int_equal(ports[0], 5011);
    assert_int_equal(ports[1] + ports[2], 8085 + 5013);
    audit_free(audit);
}

static void
test_two_folders_of_one_product_are_two(void **state)
{
    (void)state;
    struct audit *audit = audit_new();
    const char *text = "cameras:\n  a:\n    ffmpeg: {}\nauth: {enabled: true}\n";
    size_t count = 0;
    assert_int_equal(audit_add_bytes(audit, "frigate:/srv/a/config.yml", text, strlen(text)), OK);
    assert_int_equal(audit_add_bytes(audit, "frigate:/srv/b/config.yml", text, strlen(text)), OK);
    audit_judge(audit);
    for (struct subject *s = audit_take(audit); s != NULL; s = audit_take(audit)) {
        char key[SUBJECT_KEY];
        assert_true(text_starts(subject_key(s, key), "config:frigate:/srv/"));
        subject_free(s);
        count++;
    }
    assert_int_equal(count, 2);
    audit_free(audit);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#define CONFIG_CASE(claim, files, product, expected) cmocka_unit_test(test_##claim),
#include "config/cases.def"
#undef CONFIG_CASE
        cmocka_unit_test(test_names_file_and_line_of_bad_syntax),
        cmocka_unit_test(test_says_which_formats_there_are_when_a_file_is_not_known),
        cmocka_unit_test(test_stops_a_file_that_grows_by_aliases),
        cmocka_unit_test(test_stops_a_file_that_is_nested_too_deep),
        cmocka_unit_test(test_refuses_what_is_no_ordinary_file),
        cmocka_unit_test(test_refuses_a_file_above_its_limit),
        cmocka_unit_test(test_reads_the_known_files_of_a_folder),
        cmocka_unit_test(test_a_jail_that_is_off_makes_no_vms),
        cmocka_unit_test(test_a_part_folder_belongs_to_the_folder_above),
        cmocka_unit_test(test_every_syntax_names_line_and_expectation),
        cmocka_unit_test(test_files_hint_at_ports_of_a_vms),
        cmocka_unit_test(test_two_folders_of_one_product_are_two),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
