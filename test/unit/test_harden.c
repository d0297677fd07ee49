#include "remedy/harden.h"

#include "audit/audit.h"
#include "base/file.h"
#include "base/text.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRESH "Zq3canary7Zq3canary7Zq3canary7Zq3canary7"

static struct arena arena;

static int
set_up(void **state)
{
    (void)state;
    arena_init(&arena, (size_t)64 * 1024 * 1024);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static void
load(const char *name, struct buf *out)
{
    char path[512];
    struct note note = {""};
    const char *source = getenv("GATEHOUSE_SOURCE");
    (void)snprintf(path, sizeof(path), "%s/test/config/%s", source == NULL ? "." : source, name);
    buf_init(out, (size_t)1 << 20);
    if (file_read(path, out, &note) != OK) {
        fail_msg("%s", note.text);
    }
}

/* Every found value edited; the new text in out. */
static enum err
patch(const char *format, const struct buf *before, struct harden_file *file, struct buf *out,
    struct note *note)
{
    struct harden_edit edits[HARDEN_FOUND];
    *file = (struct harden_file){.arena = &arena};
    buf_init(out, (size_t)1 << 21);
    enum err err = harden_read(file, format, before->data, before->len, note);
    for (size_t i = 0; i < file->found_count; i++) {
        const char *value = file->found[i].value;
        edits[i] = (struct harden_edit){&file->found[i], value == NULL ? FRESH : value};
    }
    return err != OK ? err : harden_text(file, edits, file->found_count, out, note);
}

static const char *
fact_of(const char *kind, const char *beside, const struct buf *text, enum fact_id id)
{
    char name[80];
    struct buf other;
    const char *found = NULL;
    struct audit *audit = audit_new();
    assert_non_null(audit);
    if (beside != NULL) {
        load(beside, &other);
        (void)snprintf(name, sizeof(name), "frigate:%s", beside);
        assert_int_equal(audit_add_bytes(audit, name, other.data, other.len), OK);
        buf_release(&other);
    }
    (void)snprintf(name, sizeof(name), "%s:edited", kind);
    assert_int_equal(audit_add_bytes(audit, name, text->data, text->len), OK);
    assert_int_equal(audit_mistake_count(audit), 0);
    audit_judge(audit);
    for (struct subject *s = audit_take(audit); s != NULL; s = audit_take(audit)) {
        found = arena_copy(&arena, facts_text(&s->facts, id));
        subject_free(s);
    }
    audit_free(audit);
    return found;
}

static size_t
lines_of(const struct buf *buf)
{
    size_t count = 0;
    for (size_t i = 0; i < buf->len; i++) {
        count += buf->data[i] == '\n' ? 1 : 0;
    }
    return count;
}

/* The rows in their order, what the audit says before and no more afterwards. */
static const struct {
    const char *file, *format, *rows;
    const char *beside; /* read with it */
} cases[] = {
    {"frigate/open.yml",           "frigate",   "frigate_auth frigate_limit frigate_reset ",      NULL                 },
    {"frigate/default.yml",        "frigate",   "frigate_limit ",                                 NULL                 },
    {"frigate/careful.yml",        "frigate",   "",                                               NULL                 },
    {"frigate/proxy.yml",          "frigate",   "frigate_limit ",                                 NULL                 },
    {"frigate/old.yml",            "frigate",   "",                                               NULL                 },
    {"compose/open.yml",           "compose",   "compose_open compose_stream ",                   "frigate/default.yml"},
    {"compose/long.yml",           "compose",   "compose_open ",                                  NULL                 },
    {"compose/variable.yml",       "compose",   "compose_open ",                                  NULL                 },
    {"compose/careful.yml",        "compose",   "",                                               "frigate/careful.yml"},
    {"shinobi/conf.json",          "shinobi",   "shinobi_cron shinobi_plate shinobi_debug_heap ", NULL                 },
    {"shinobi/careful.json",       "shinobi",   "",                                               NULL                 },
    {"nxwitness/mediaserver.conf", "nxwitness", "nx_password nx_tls ",                            NULL                 },
};

static void
test_every_failing_file_passes_once_it_is_patched(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buf before;
        struct buf after;
        struct harden_file file;
        struct note note = {""};
        char rows[400] = "";
        load(cases[i].file, &before);
        if (patch(cases[i].format, &before, &file, &after, &note) != OK) {
            fail_msg("%s: %s", cases[i].file, note.text);
        }
        for (size_t j = 0; j < file.found_count; j++) {
            const struct harden_row *row = file.found[j].row;
            const char *was = fact_of(cases[i].format, cases[i].beside, &before, row->fact);
            if (!text_contains(was, row->told)) {
                continue; /* the kind leaves it alone: nothing was found there */
            }
            (void)snprintf(rows + strlen(rows), sizeof(rows) - strlen(rows), "%s ", row->id);
            const char *is = fact_of(cases[i].format, cases[i].beside, &after, row->fact);
            if (text_contains(is, row->told)) {
                fail_msg("%s, %s: before %s, after %s", cases[i].file, row->id,
                    was == NULL ? "-" : was, is == NULL ? "-" : is);
            }
        }
        assert_string_equal(rows, cases[i].rows);
        size_t added = lines_of(&after) - lines_of(&before);
        assert_true(added <= 2);
        buf_release(&before);
        buf_release(&after);
    }
}

static void
becomes(const char *format, const char *before, const char *after)
{
    struct buf text;
    struct buf out;
    struct harden_file file;
    struct note note = {""};
    buf_init(&text, 65536);
    buf_text(&text, before);
    enum err err = patch(format, &text, &file, &out, &note);
    if (err != OK) {
        fail_msg("%s: %s", before, note.text);
    }
    assert_string_equal(out.data, after);
    buf_release(&text);
    buf_release(&out);
}

static void
test_only_the_value_changes(void **state)
{
    (void)state;
    becomes("frigate",
        "# ä comment: kept\r\nauth:   # here too\r\n    enabled:  'off'   # why ü\r\n"
        "    failed_login_rate_limit: 1/minute\r\ncameras: {}\r\n",
        "# ä comment: kept\r\nauth:   # here too\r\n    enabled:  true   # why ü\r\n"
        "    failed_login_rate_limit: 1/minute\r\ncameras: {}\r\n");
    becomes("nxwitness", "[General]\r\nport = 7001\r\nappserverPassword = \"se cret\"\r\n",
        "[General]\r\nport = 7001\r\nappserverPassword = \"\"\r\n");
    becomes("shinobi", "{\n\t\"cron\": {\"key\":\t\"short\"},\n\t\"debugHeap\":true, \"port\": 1}",
        "{\n\t\"cron\": {\"key\":\t\"" FRESH "\"},\n\t\"debugHeap\":false, \"port\": 1}");
}

static void
test_adds_a_key_where_its_mapping_is(void **state)
{
    (void)state;
#define LIMIT "\"1/second;5/minute;20/hour\""
    becomes("frigate", "auth:\n  enabled: true\nmqtt: {}",
        "auth:\n  failed_login_rate_limit: " LIMIT "\n  enabled: true\nmqtt: {}");
    becomes("frigate", "mqtt: {}\nversion: 0.16-0",
        "mqtt: {}\nversion: 0.16-0\nauth:\n  failed_login_rate_limit: " LIMIT "\n");
    becomes("frigate", "auth: {enabled: true}\n",
        "auth: {failed_login_rate_limit: " LIMIT ", enabled: true}\n");
    becomes("frigate", "auth: {}\n", "auth: {failed_login_rate_limit: " LIMIT "}\n");
    becomes(
        "frigate", "auth:\nmqtt: {}\n", "auth:\n  failed_login_rate_limit: " LIMIT "\nmqtt: {}\n");
    becomes("compose",
        "services:\n  frigate:\n    ports:\n      - target: 5000\n        published: 80\n",
        "services:\n  frigate:\n    ports:\n      - host_ip: 127.0.0.1\n        target: 5000\n"
        "        published: 80\n");
}

static void
test_binds_every_form_of_a_port(void **state)
{
    (void)state;
#define PORT(text) "services: {frigate: {ports: [" text "]}}"
    becomes("compose", PORT("\"5000\""), PORT("\"127.0.0.1::5000\""));
    becomes("compose", PORT("80:5000/tcp"), PORT("\"127.0.0.1:80:5000/tcp\""));
    becomes("compose", PORT("'0.0.0.0:80:5000'"), PORT("'127.0.0.1:80:5000'"));
    becomes("compose", PORT("'[::]:80:1984'"), PORT("'127.0.0.1:80:1984'"));
    becomes("compose", PORT("'[::1]:80:1984', 8971:8971, 8555:8555/udp, \"x\", \"\""),
        PORT("'[::1]:80:1984', 8971:8971, 8555:8555/udp, \"x\", \"\""));
    becomes("compose", PORT("{target: 5000, host_ip: 0.0.0.0}"),
        PORT("{target: 5000, host_ip: 127.0.0.1}"));
}

static void
is_refused(const char *format, const char *before, const char *why)
{
    struct buf text;
    struct buf out;
    struct harden_file file;
    struct note note = {""};
    buf_init(&text, 65536);
    buf_text(&text, before);
    enum err err = patch(format, &text, &file, &out, &note);
    if (err == OK || !text_contains(note.text, why) || out.len != 0) {
        fail_msg(
            "%s: %s (%s), expected %s", before, err == OK ? "taken" : "refused", note.text, why);
    }
    buf_release(&text);
    buf_release(&out);
}

static void
test_refuses_what_it_can_not_edit_safely(void **state)
{
    (void)state;
    is_refused("frigate", "a: &x {enabled: no}\nauth: *x\n", "alias");
    is_refused(
        "frigate", "auth:\n  enabled: &x no\n  other: *x\n  failed_login_rate_limit: 1\n", "mark");
    is_refused("frigate", "auth:\n  enabled: !!bool no\n  failed_login_rate_limit: 1\n", "mark");
    is_refused("shinobi", "{\"cron\": {\"key\": \"a\n b\"}}", "several lines");
    is_refused("frigate", "auth: [", "not well-formed");
    is_refused("frigate", "auth: text\nversion: 0.17-0\n", "no place");
    is_refused("zoneminder", "ZM_DB_PASS=zmpass\n", "not edited");
    is_refused("nxwitness", "appserverPassword=one\n  two\n", "not on the line");
    is_refused("frigate", "version: 0.16-0\n...\n# an end\n", "not mean the same");
}

static void
test_a_diff_shows_the_lines_and_no_secret(void **state)
{
    (void)state;
    struct buf before;
    struct buf after;
    struct buf diff;
    struct harden_file file;
    struct note note = {""};
    load("shinobi/conf.json", &before);
    assert_int_equal(patch("shinobi", &before, &file, &after, &note), OK);
    buf_init(&diff, 65536);
    assert_int_equal(harden_diff("conf.json", &before, &after, &diff), OK);
    assert_non_null(strstr(diff.data, "--- conf.json\n+++ conf.json\n@@ -1,6 +1,6 @@\n {\n"));
    assert_non_null(strstr(diff.data, "-  \"debugHeap\": true,\n+  \"debugHeap\": false,\n"));
    assert_non_null(strstr(diff.data, "+  \"cron\": {\"key\": ***"));
    assert_null(strstr(diff.data, "canary"));
    assert_null(strstr(diff.data, "change_this"));
    buf_release(&before);
    buf_release(&after);
    buf_release(&diff);
}

static void
test_a_diff_of_equal_texts_has_no_lines(void **state)
{
    (void)state;
    struct buf text;
    struct buf diff;
    buf_init(&text, 100);
    buf_init(&diff, 100);
    buf_text(&text, "a\nb");
    assert_int_equal(harden_diff("x", &text, &text, &diff), OK);
    assert_string_equal(diff.data, "--- x\n+++ x\n");
    buf_release(&text);
    buf_release(&diff);
}

static void
test_every_row_has_words_and_a_test_that_can_hold(void **state)
{
    (void)state;
    for (size_t i = 0; i < harden_row_count; i++) {
        const struct harden_row *row = &harden_rows[i];
        bool needs_bad =
            row->test == HARDEN_EQUALS || row->test == HARDEN_STARTS || row->test == HARDEN_WEAK;
        assert_true(needs_bad == (row->bad != NULL));
        assert_non_null(strchr(row->rule, '/'));
        assert_true(strlen(row->words) > 5 && strlen(row->told) > 1);
        assert_ptr_equal(harden_row(row->id), row);
    }
    assert_null(harden_row("nothing"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_failing_file_passes_once_it_is_patched),
        cmocka_unit_test(test_only_the_value_changes),
        cmocka_unit_test(test_adds_a_key_where_its_mapping_is),
        cmocka_unit_test(test_binds_every_form_of_a_port),
        cmocka_unit_test(test_refuses_what_it_can_not_edit_safely),
        cmocka_unit_test(test_a_diff_shows_the_lines_and_no_secret),
        cmocka_unit_test(test_a_diff_of_equal_texts_has_no_lines),
        cmocka_unit_test(test_every_row_has_words_and_a_test_that_can_hold),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
