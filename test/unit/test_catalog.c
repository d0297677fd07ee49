#include "catalog/catalog.h"

#include "base/file.h"
#include "base/text.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEADER "{\"catalog\": 1, \"name\": \"Test\", \"date\": \"2026-01-02\"}\n"
#define ROW                                                                                        \
    "{\"id\": \"CVE-2026-1\", \"maker\": \"Axis\", \"models\": \"*\", \"severity\": \"high\", "    \
    "\"effect\": \"e\", \"fixed\": \"f\", \"source\": \"s\""

static enum err
parse(const char *text, struct note *note)
{
    struct catalog *catalog = NULL;
    note->text[0] = '\0';
    enum err err = catalog_parse(text, strlen(text), &catalog, note);
    if (err == OK) {
        catalog_free(catalog);
    }
    return err;
}

static void
test_the_embedded_catalogue_has_a_signature_that_matches(void **state)
{
    (void)state;
    struct catalog *catalog = NULL;
    struct note note = {""};
    enum err err = catalog_embedded(&catalog, &note);
    if (err != OK) {
        fail_msg("catalog/advisories.jsonl: %s; run: gatehouse catalog sign "
                 "catalog/advisories.jsonl",
            note.text);
    }
    assert_true(catalog->count >= 100);
    assert_true(catalog->release_count >= 2);
    assert_false(text_is_empty(catalog->signer));
    catalog_free(catalog);
}

static void
test_refuses_a_row_that_can_not_be_judged_and_names_its_line(void **state)
{
    (void)state;
    static const char *const bad[] = {
        HEADER ROW ", \"versions\": \"around 5\"}",
        HEADER ROW ", \"versions\": \"< \"}",
        HEADER ROW ", \"versions\": \";\"}",
        HEADER ROW ", \"builds\": \"< yesterday\"}",
        HEADER ROW ", \"exploited\": \"soon\"}",
        HEADER ROW ", \"versions\": 5}",
        HEADER "{\"id\": \"CVE-2026-1\"}",
        HEADER "{\"id\": ",
        HEADER "[]",
    };
    struct note note;
    assert_int_equal(parse(HEADER ROW ", \"versions\": \"< 5\"}\n", &note), OK);
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_not_equal(parse(bad[i], &note), OK);
        assert_true(text_starts(note.text, "catalogue, line 2: "));
    }
    assert_int_not_equal(parse("", &note), OK);
    assert_int_not_equal(parse(ROW "}\n", &note), OK);
    assert_int_equal(parse("{\"catalog\": 2, \"name\": \"x\", \"date\": \"2026-01-02\"}", &note),
        ERR_UNSUPPORTED);
}

static void
test_leaves_out_kinds_of_lines_that_it_does_not_know(void **state)
{
    (void)state;
    struct note note;
    assert_int_equal(parse(HEADER "{\"moon\": \"full\"}\n" ROW "}\n", &note), OK);
}

static void
test_falls_back_to_the_embedded_one(void **state)
{
    (void)state;
    struct catalog *catalog = NULL;
    struct note note;
    assert_int_equal(catalog_parse(HEADER, strlen(HEADER), &catalog, &note), OK);
    catalog_use(catalog);
    assert_string_equal(catalog_current()->date, "2026-01-02");
    assert_int_equal(catalog_current()->count, 0);
    catalog_use(NULL);
    assert_true(catalog_current()->count >= 100);
}

static char folder[] = "/tmp/gatehouse-seal-XXXXXX";

static char *
path_of(const char *name)
{
    static char path[sizeof(folder) + 32];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void
test_a_changed_byte_breaks_the_seal(void **state)
{
    (void)state;
    struct note note;
    struct seal_identity identity;
    CLEANUP(buf_release) struct buf bytes;
    CLEANUP(buf_release) struct buf seal;
    const char *signer = NULL;
    buf_init(&bytes, 100);
    buf_init(&seal, SEAL_LIMIT);
    buf_text(&bytes, "the whole file");
    assert_non_null(mkdtemp(folder));
    assert_int_equal(seal_generate(path_of("key"), "tester", &note), OK);
    assert_int_equal(seal_identify(path_of("key"), &identity, &note), OK);
    assert_int_equal(seal_sign(path_of("key"), bytes.data, bytes.len, &seal, &note), OK);
    const struct seal_key key = {identity.name, identity.public_key};
    const struct seal_ring ring = {&key, 1};
    const struct seal_ring others = {seal_keys, seal_key_count};
    assert_int_equal(seal_verify(&bytes, seal.data, &ring, &signer, &note), OK);
    assert_string_equal(signer, "tester");
    assert_int_equal(seal_verify(&bytes, seal.data, &others, &signer, &note), ERR_VALUE);
    bytes.data[3] = 'X';
    assert_int_equal(seal_verify(&bytes, seal.data, &ring, &signer, &note), ERR_VALUE);
    assert_int_equal(seal_verify(&bytes, "", &ring, &signer, &note), ERR_SYNTAX);
    assert_int_equal(
        seal_verify(&bytes, "gatehouse-catalog-1 tester AAAA", &ring, &signer, &note), ERR_SYNTAX);
}

static void
test_a_key_that_others_can_read_is_refused(void **state)
{
    (void)state;
    struct note note;
    struct seal_identity identity;
    assert_int_equal(chmod(path_of("key"), 0644), 0);
    assert_int_equal(seal_identify(path_of("key"), &identity, &note), ERR_VALUE);
    assert_true(text_contains(note.text, "chmod 600"));
}

static void
test_a_key_is_never_overwritten(void **state)
{
    (void)state;
    struct note note;
    assert_int_equal(seal_generate(path_of("key"), "tester", &note), ERR_VALUE);
    assert_int_equal(seal_generate(path_of("new"), "bad name\n", &note), ERR_VALUE);
    assert_int_equal(unlink(path_of("key")), 0);
    assert_int_equal(rmdir(folder), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_embedded_catalogue_has_a_signature_that_matches),
        cmocka_unit_test(test_refuses_a_row_that_can_not_be_judged_and_names_its_line),
        cmocka_unit_test(test_leaves_out_kinds_of_lines_that_it_does_not_know),
        cmocka_unit_test(test_falls_back_to_the_embedded_one),
        cmocka_unit_test(test_a_changed_byte_breaks_the_seal),
        cmocka_unit_test(test_a_key_that_others_can_read_is_refused),
        cmocka_unit_test(test_a_key_is_never_overwritten),
    };
    return cmocka_run_group_tests_name("catalog", tests, NULL, NULL);
}
