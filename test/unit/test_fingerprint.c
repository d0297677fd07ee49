#include "catalog/fingerprint.h"

#include "base/file.h"
#include "base/text.h"
#include "catalog/fingerprint_literal.h"
#include "catalog/fingerprint_verify.h"
#include "catalog/fingerprint_xml.h"

#include "test.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define HEAD "<?xml version='1.0'?>\n<fingerprints matches='test.banner' protocol='test'>\n"
#define TAIL "</fingerprints>\n"

/* A database of one temporary file, and the file's path. */
struct fixture {
    char path[64];
    struct fingerprint_db *db;
    struct arena arena;
    struct fingerprint_match match;
    struct note note;
};

static enum err
load(struct fixture *fixture, const char *xml)
{
    (void)snprintf(
        fixture->path, sizeof(fixture->path), "/tmp/gatehouse-fp-%ld.xml", (long)getpid());
    fixture->note.text[0] = '\0';
    assert_int_equal(file_write(fixture->path, xml, strlen(xml), 0600, NULL), OK);
    enum err err = fingerprint_db_load(fixture->db, fixture->path, &fixture->note);
    (void)unlink(fixture->path);
    return err;
}

static enum err
match_n(struct fixture *fixture, const char *bytes, size_t len)
{
    const struct fingerprint_text text = {bytes, len};
    return fingerprint_db_match(fixture->db, "test.banner", text, &fixture->arena, &fixture->match);
}

static enum err
match(struct fixture *fixture, const char *text)
{
    return match_n(fixture, text, strlen(text));
}

static const char *
value(const struct fixture *fixture, const char *name)
{
    return fingerprint_match_value(&fixture->match, name);
}

static int
set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    arena_init(&fixture->arena, ARENA_DEVICE_LIMIT);
    assert_int_equal(fingerprint_db_new(&fixture->db), OK);
    *state = fixture;
    return 0;
}

static int
tear_down(void **state)
{
    struct fixture *fixture = *state;
    fingerprint_db_free(fixture->db);
    arena_release(&fixture->arena);
    free(fixture);
    return 0;
}

static void
test_gives_constants_captures_and_interpolated_values(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(
        load(f, HEAD "<fingerprint pattern='^Cam (\\w+)/([\\d.]+)(?: (x))?$' certainty='0.5'>\n"
                     "<description>A camera</description>\n"
                     "<param pos='0' name='hw.vendor' value='Acme &amp; Co'/>\n"
                     "<param pos='1' name='_tmp.001'/>\n"
                     "<param pos='0' name='hw.product' value='Model {_tmp.001}'/>\n"
                     "<param pos='2' name='hw.version'/>\n"
                     "<param pos='3' name='hw.family'/>\n"
                     "<param pos='0' name='hw.cpe23' value='cpe:/h:acme:{hw.version}'/>\n"
                     "</fingerprint>" TAIL),
        OK);
    assert_int_equal(match(f, "Cam M1/1.2"), OK);
    assert_string_equal(value(f, "hw.vendor"), "Acme & Co");
    assert_string_equal(value(f, "hw.product"), "Model M1");
    assert_string_equal(value(f, "hw.cpe23"), "cpe:/h:acme:1.2");
    assert_string_equal(value(f, "service.protocol"), "test");
    assert_null(value(f, "_tmp.001"));
    assert_null(value(f, "hw.family"));
    assert_true(f->match.certainty > 0.49 && f->match.certainty < 0.51);
    assert_int_equal(f->match.line, 3);
    assert_int_equal(match(f, "Cam M1"), ERR_MISSING);
}

static void
test_unknown_version_is_a_dash_in_a_cpe_and_unknown_elsewhere(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(
        load(f, HEAD "<fingerprint pattern='^Cam(?:/(\\d+))?$'><description>c</description>"
                     "<param pos='1' name='hw.version'/>"
                     "<param pos='0' name='hw.cpe23' value='cpe:/h:a:b:{hw.version}'/>"
                     "<param pos='0' name='hw.product' value='Cam {hw.version}'/>"
                     "</fingerprint>" TAIL),
        OK);
    assert_int_equal(match(f, "Cam"), OK);
    assert_string_equal(value(f, "hw.cpe23"), "cpe:/h:a:b:-");
    assert_null(value(f, "hw.product"));
}

#define ROW(pattern, flags, name)                                                                  \
    "<fingerprint pattern='" pattern "' flags='" flags "'><description>" name                      \
    "</description><param pos='0' name='hw.product' value='" name "'/></fingerprint>\n"

static void
test_first_fingerprint_wins_and_preferred_files_come_first(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(
        load(f, HEAD ROW("camera", "", "first") ROW("camera one", "", "second") TAIL), OK);
    assert_int_equal(match(f, "a camera one"), OK);
    assert_string_equal(value(f, "hw.product"), "first");
    assert_int_equal(load(f, "<fingerprints matches='test.banner' preference='0.9'>" ROW(
                                 "camera one", "", "preferred") TAIL),
        OK);
    assert_int_equal(match(f, "a camera one"), OK);
    assert_string_equal(value(f, "hw.product"), "preferred");
    assert_int_equal(match(f, "a camera two"), OK);
    assert_string_equal(value(f, "hw.product"), "first");
}

static void
test_flags_mean_what_they_mean_in_recog(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(
        load(f, HEAD ROW("^upper$", "REG_ICASE", "case") ROW("^one.two$", "REG_DOT_NEWLINE", "dot")
                    ROW("^three.four$", "REG_MULTILINE,REG_ICASE", "multi")
                        ROW("^five.six$", "", "plain") TAIL),
        OK);
    assert_int_equal(match(f, "first line\nUPPER\nlast"), OK);
    assert_int_equal(match(f, "one\ntwo"), OK);
    assert_int_equal(match(f, "Three\nFour"), OK);
    assert_int_equal(match(f, "five\nsix"), ERR_MISSING);
    assert_int_equal(match(f, "FIVE six"), ERR_MISSING);
    assert_int_equal(match(f, "five\xc2\xb7six"), OK); /* one character of two bytes */
}

static void
test_bytes_that_are_no_text_are_matched_as_bytes(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(
        load(f, HEAD ROW("^\\xff\\xfb\\x01.+login: $", "REG_DOT_NEWLINE", "telnet") TAIL), OK);
    assert_int_equal(match_n(f, "\xff\xfb\x01\x00\xfe login: ", 13), OK);
    assert_int_equal(match_n(f, "\xff\xfb\x02\x00\xfe login: ", 13), ERR_MISSING);
    assert_int_equal(match_n(f, "\0\0\0", 3), ERR_MISSING);
    assert_int_equal(match_n(f, "", 0), ERR_MISSING);
}

static void
test_catastrophic_pattern_is_no_match_and_is_counted(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(load(f, HEAD ROW("^(?:a|aa|a?)+$", "", "bad") ROW("^a", "", "good") TAIL), OK);
    char text[61];
    memset(text, 'a', 60);
    text[59] = '!';
    clock_t start = clock();
    assert_int_equal(match_n(f, text, 60), OK);
    assert_string_equal(value(f, "hw.product"), "good");
    assert_int_equal(fingerprint_db_stats(f->db).limited, 1);
    assert_true(clock() - start < CLOCKS_PER_SEC);
}

static void
test_repeat_of_a_repeat_is_not_exponential(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(load(f, HEAD "<fingerprint pattern='^x(.+)* http'><description>r</description>"
                                  "<param pos='1' name='hw.product'/></fingerprint>" TAIL),
        OK);
    assert_int_equal(match(f, "x ab http://a.very.long.name.example.org/with/much/behind/it"), OK);
    assert_string_equal(value(f, "hw.product"), " ab");
    assert_int_equal(match(f, "x http"), OK);
    assert_null(value(f, "hw.product"));
    assert_int_equal(fingerprint_db_stats(f->db).limited, 0);
}

static void
test_megabyte_banner_is_cut_and_bounded(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(load(f, HEAD ROW("a[^b]*b.*c", "REG_DOT_NEWLINE", "slow")
                                 ROW("^start", "", "start") ROW("end$", "", "end") TAIL),
        OK);
    const size_t len = (size_t)1024 * 1024;
    char *text = malloc(len);
    assert_non_null(text);
    memset(text, 'a', len);
    static const char first[] = {'s', 't', 'a', 'r', 't'};
    static const char last[] = {'e', 'n', 'd'};
    memcpy(text, first, sizeof(first));
    memcpy(text + len - sizeof(last), last, sizeof(last));
    clock_t start = clock();
    assert_int_equal(match_n(f, text, len), OK);
    assert_string_equal(value(f, "hw.product"), "start");
    text[0] = 'S';
    assert_int_equal(match_n(f, text, len), ERR_MISSING);
    assert_int_equal(fingerprint_db_stats(f->db).texts_cut, 2);
    assert_true(clock() - start < 2 * CLOCKS_PER_SEC);
    free(text);
}

static void
test_full_arena_is_an_error_not_a_half_match(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(load(f, HEAD "<fingerprint pattern='^(.*)$'><description>r</description>"
                                  "<param pos='1' name='hw.product'/></fingerprint>" TAIL),
        OK);
    struct arena small;
    arena_init(&small, 128);
    char text[1000];
    memset(text, 'x', sizeof(text));
    const struct fingerprint_text whole = {text, sizeof(text)};
    assert_int_equal(
        fingerprint_db_match(f->db, "test.banner", whole, &small, &f->match), ERR_MEMORY);
    arena_release(&small);
}

static void
test_refuses_bad_files_and_names_the_line(void **state)
{
    struct fixture *f = *state;
    /* clang-format off */
    static const struct {
        const char *xml, *note;
    } rows[] = {
        {HEAD ROW("ok", "", "ok") ROW("(unclosed", "", "bad") TAIL, ".xml:4: pattern, byte 9"},
        {HEAD ROW("ok", "REG_NONSENSE", "bad") TAIL, ".xml:3: unknown flag"},
        {HEAD "<fingerprint pattern='a'><param pos='1' name='n'/></fingerprint>" TAIL,
         ".xml:3: n: pos 1"},
        {HEAD "<fingerprint pattern='a'><param pos='0' name='n'/></fingerprint>" TAIL,
         ".xml:3: a param"},
        {HEAD "<fingerprint pattern='a'><param pos='0' name='n' value='{b}'/></fingerprint>" TAIL,
         "{b} is not"},
        {HEAD "<fingerprint pattern='a' certainty='2'/>" TAIL, ".xml:3: certainty"},
        {HEAD "<fingerprint/>" TAIL, ".xml:3: a fingerprint needs"},
        {HEAD "<nonsense/>" TAIL, ".xml:3: expected the element"},
        {HEAD "<fingerprint pattern='a'>", ".xml:3: "},
        {"<other/>", ".xml:1: expected the element"},
        {"not xml", ".xml:1: "},
        {"", ".xml:1: "},
    };
    /* clang-format on */
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_not_equal(load(f, rows[i].xml), OK);
        if (strstr(f->note.text, rows[i].note) == NULL) {
            fail_msg("row %zu: note is \"%s\"", i, f->note.text);
        }
    }
    assert_int_equal(fingerprint_db_stats(f->db).fingerprints, 0);
    assert_false(fingerprint_db_has(f->db, "test.banner"));
}

static void
test_refuses_document_types_before_any_entity(void **state)
{
    struct fixture *f = *state;
    static const char *const files[] = {
        "<!DOCTYPE fingerprints [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>\n"
        "<fingerprints><fingerprint pattern='&x;'/></fingerprints>",
        "<!DOCTYPE f [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>"
        "<!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;'><!ENTITY d '&c;&c;&c;&c;&c;&c;&c;&c;'>]>"
        "<fingerprints><fingerprint pattern='&d;'><description>&d;</description></fingerprint>"
        "</fingerprints>",
        "<!DOCTYPE fingerprints SYSTEM 'http://127.0.0.1:1/evil.dtd'>\n<fingerprints/>",
    };
    for (size_t i = 0; i < COUNT(files); i++) {
        assert_int_equal(load(f, files[i]), ERR_SYNTAX);
        assert_non_null(strstr(f->note.text, "a document type is not allowed"));
    }
}

static void
test_refuses_a_file_larger_than_the_limit(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    struct fingerprint_file file;
    const struct fingerprint_xml_source source = {"x.xml", "", FINGERPRINT_FILE_LIMIT + 1, false};
    assert_int_equal(fingerprint_xml_parse(&source, &arena, &file, NULL), ERR_LIMIT);
    arena_release(&arena);
}

static void
test_prefilter_promises_only_what_the_pattern_needs(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *piece; /* NULL: nothing may be promised */
    } rows[] = {
        {"^Server$",        "serv"},
        {"^(?:abcd|efgh)",  "abcd"},
        {"^(?:abcd|ef)",    NULL  },
        {"abcd|ef",         NULL  },
        {"(?:abcd)?",       NULL  },
        {"(?:abcd){0,3}",   NULL  },
        {"(?:abcd){2}",     "abcd"},
        {"abcd?",           NULL  },
        {"abcd+",           "abcd"},
        {"abc\\.d",         "abc."},
        {"abc\\d",          NULL  },
        {"[abcd]",          NULL  },
        {"[]abcd]",         NULL  },
        {"[^]abcd]xyzw",    "xyzw"},
        {"(?!abcd)",        NULL  },
        {"(?<!abcd)",       NULL  },
        {"(?i)ABCD",        "abcd"},
        {"(?x)ab cd",       NULL  },
        {"\\Qab\\Ecd",      NULL  },
        {"\\x41bcd",        NULL  },
        {"\\x{41}bcdef",    NULL  },
        {"(?<name>abcd)",   "abcd"},
        {"(?#abcd)",        NULL  },
        {"(?(1)abcd|efgh)", NULL  },
    };
    static const struct fingerprint_weights weights;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct fingerprint_choice choice;
        fingerprint_literal_choose(rows[i].pattern, &weights, &choice);
        bool is_right =
            rows[i].piece == NULL
                ? choice.count == 0
                : choice.count != 0 && choice.grams[0] == fingerprint_literal_gram(rows[i].piece);
        if (!is_right) {
            fail_msg("%s", rows[i].pattern);
        }
    }
}

static enum err
verify_text(const char *xml, struct buf *report, struct fingerprint_counts *counts)
{
    char path[64];
    (void)snprintf(path, sizeof(path), "/tmp/gatehouse-fv-%ld.xml", (long)getpid());
    assert_int_equal(file_write(path, xml, strlen(xml), 0600, NULL), OK);
    *counts = (struct fingerprint_counts){0};
    enum err err = fingerprint_verify(path, true, report, counts, NULL);
    (void)unlink(path);
    return err;
}

static void
test_verify_says_what_was_expected_and_what_came(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf report;
    buf_init(&report, 65536);
    struct fingerprint_counts counts;
    assert_int_equal(
        verify_text(HEAD "<fingerprint pattern='^Cam/(\\d+)$'><description>c</description>\n"
                         "<example hw.version='1'>Cam/1</example>\n"
                         "<example hw.version='2'>Cam/1</example>\n"
                         "<example>Dog</example>\n"
                         "<example _encoding='base64' hw.version='7'>Q2FtLzc=</example>\n"
                         "<param pos='1' name='hw.version'/></fingerprint>\n"
                         "<fingerprint pattern='Cam/9'><description>late</description>\n"
                         "<example>Cam/9</example>\n"
                         "<param pos='0' name='hw.version' value='x'/></fingerprint>\n" TAIL,
            &report, &counts),
        OK);
    assert_int_equal(counts.passed, 2);
    assert_int_equal(counts.failed, 3);
    assert_non_null(
        strstr(report.data, ".xml:5: \"Cam/1\": expected hw.version=\"2\", got \"1\"\n"));
    assert_non_null(strstr(report.data, ".xml:6: \"Dog\": expected a match of \"c\", got none\n"));
    assert_non_null(
        strstr(report.data, "expected the fingerprint of line 9, got that of line 3\n"));
}

static void
test_verify_refuses_example_files_outside_its_folder(void **state)
{
    (void)state;
    static const char *const names[] = {"/etc/passwd", "../../etc/passwd", "absent.txt"};
    for (size_t i = 0; i < COUNT(names); i++) {
        char xml[512];
        (void)snprintf(xml, sizeof(xml),
            HEAD "<fingerprint pattern='a'><description>d</description><example _filename='%s'/>"
                 "</fingerprint>" TAIL,
            names[i]);
        CLEANUP(buf_release) struct buf report;
        buf_init(&report, 65536);
        struct fingerprint_counts counts;
        assert_int_equal(verify_text(xml, &report, &counts), ERR_MISSING);
    }
}

static void
test_our_own_catalogue_passes_and_shadows_nothing(void **state)
{
    struct fixture *f = *state;
    const char *source = getenv("GATEHOUSE_SOURCE");
    char folder[4096];
    (void)snprintf(
        folder, sizeof(folder), "%s/catalog/fingerprints", source == NULL ? "." : source);
    assert_int_equal(fingerprint_db_load_folder(f->db, folder, &f->note), OK);
    assert_true(fingerprint_db_stats(f->db).fingerprints >= 150);
    struct fingerprint_counts counts = {0};
    CLEANUP(buf_release) struct buf report;
    buf_init(&report, 65536);
    DIR *open = opendir(folder);
    assert_non_null(open);
    const struct dirent *entry = NULL;
    while ((entry = readdir(open)) != NULL) {
        char path[5000];
        (void)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        if (strstr(entry->d_name, ".xml") != NULL) {
            assert_int_equal(fingerprint_verify(path, true, &report, &counts, &f->note), OK);
        }
    }
    (void)closedir(open);
    assert_string_equal(report.data, "");
    assert_true(counts.passed >= fingerprint_db_stats(f->db).fingerprints);
}

static void
test_our_own_catalogue_tells_cameras_from_what_is_none(void **state)
{
    struct fixture *f = *state;
    const char *source = getenv("GATEHOUSE_SOURCE");
    char folder[4096];
    (void)snprintf(
        folder, sizeof(folder), "%s/catalog/fingerprints", source == NULL ? "." : source);
    assert_int_equal(fingerprint_db_load_folder(f->db, folder, &f->note), OK);
    /* clang-format off */
    static const struct {
        const char *key, *text, *device;
    } rows[] = {
        {"http_header.server", "Hikvision-Webs", "IP Camera"},
        {"http_header.server", "HP HTTP Server; HP LaserJet M15w - W2G51A; X", "Printer"},
        {"http_header.server", "nginx/1.22.1", NULL},
        {"http_header.wwwauth",
         "Digest realm=\"Login to 4C0AB12PAG00001\", qop=\"auth\"",
         "IP Camera"},
        {"html_title", "Frigate", "VMS"},
        {"ssdp_header.server", "Debian/12 UPnP/1.1 MiniUPnPd/2.3.1", "Router"},
    };
    /* clang-format on */
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct fingerprint_text text = {rows[i].text, strlen(rows[i].text)};
        assert_int_equal(fingerprint_db_match(f->db, rows[i].key, text, &f->arena, &f->match), OK);
        assert_true(text_equal(value(f, "hw.device"), rows[i].device));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#define WITH_DB(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
        WITH_DB(test_gives_constants_captures_and_interpolated_values),
        WITH_DB(test_unknown_version_is_a_dash_in_a_cpe_and_unknown_elsewhere),
        WITH_DB(test_first_fingerprint_wins_and_preferred_files_come_first),
        WITH_DB(test_flags_mean_what_they_mean_in_recog),
        WITH_DB(test_bytes_that_are_no_text_are_matched_as_bytes),
        WITH_DB(test_catastrophic_pattern_is_no_match_and_is_counted),
        WITH_DB(test_repeat_of_a_repeat_is_not_exponential),
        WITH_DB(test_megabyte_banner_is_cut_and_bounded),
        WITH_DB(test_full_arena_is_an_error_not_a_half_match),
        WITH_DB(test_refuses_bad_files_and_names_the_line),
        WITH_DB(test_refuses_document_types_before_any_entity),
        WITH_DB(test_our_own_catalogue_passes_and_shadows_nothing),
        WITH_DB(test_our_own_catalogue_tells_cameras_from_what_is_none),
        cmocka_unit_test(test_refuses_a_file_larger_than_the_limit),
        cmocka_unit_test(test_prefilter_promises_only_what_the_pattern_needs),
        cmocka_unit_test(test_verify_says_what_was_expected_and_what_came),
        cmocka_unit_test(test_verify_refuses_example_files_outside_its_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
