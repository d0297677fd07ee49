#include "catalog/imported.h"

#include "base/file.h"
#include "base/text.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char record[] = "{\"dataType\":\"CVE_RECORD\",\"cveMetadata\":{\"cveId\":\"CVE-2099-"
                             "1\"},\"containers\":{\"cna\":{"
                             "\"affected\":[{\"vendor\":\"Axis\",\"product\":\"AXIS "
                             "OS\",\"versions\":[{\"status\":\"affected\","
                             "\"version\":\"%s\"}]}]}}}";

static char folder[] = "/tmp/gatehouse-imported-XXXXXX/catalog";

static int
make_folder(void **state)
{
    (void)state;
    char *end = strrchr(folder, '/');
    *end = '\0';
    bool made = mkdtemp(folder) != NULL;
    *end = '/';
    return made ? 0 : -1;
}

static const char *
path_of(const char *name)
{
    static char path[200];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static int
remove_folder(void **state)
{
    (void)state;
    (void)unlink(path_of("imported.jsonl"));
    (void)unlink(path_of("local.key"));
    (void)unlink(path_of("bundle.jsonl"));
    (void)rmdir(folder);
    *strrchr(folder, '/') = '\0';
    return rmdir(folder);
}

static enum err
add(const char *version, size_t *ret_total, struct note *note)
{
    char document[1024];
    struct import import;
    (void)snprintf(document, sizeof(document), record, version);
    assert_int_equal(import_init(&import), OK);
    assert_int_equal(import_document(&import, document, strlen(document), note), OK);
    assert_int_equal(import_finish(&import), OK);
    enum err err = imported_add(folder, &import, ret_total, note);
    import_release(&import);
    return err;
}

static size_t
rows_in_force(struct imported_state *ret_state)
{
    struct note note = {""};
    struct catalog *catalog = NULL;
    assert_int_equal(imported_open(folder, &catalog, ret_state, &note), OK);
    assert_true(catalog->count - ret_state->rows >= 100);
    catalog_free(catalog);
    return ret_state->rows;
}

static void
test_a_record_that_comes_again_replaces_its_rows(void **state)
{
    (void)state;
    struct note note = {""};
    struct imported_state found;
    struct stat key;
    size_t total = 0;
    assert_int_equal(rows_in_force(&found), 0);
    assert_int_equal(add("< 11.5", &total, &note), OK);
    assert_int_equal(total, 1);
    assert_int_equal(add("< 11.6", &total, &note), OK);
    assert_int_equal(total, 1);
    assert_int_equal(rows_in_force(&found), 1);
    assert_string_equal(found.trouble.text, "");
    assert_int_equal(stat(path_of("local.key"), &key), 0);
    assert_int_equal(key.st_mode & 0777, 0600);
}

static void
test_changed_rows_are_left_out_and_said_and_never_added_to(void **state)
{
    (void)state;
    struct note note = {""};
    struct imported_state found;
    size_t total = 0;
    CLEANUP(buf_release) struct buf bytes;
    buf_init(&bytes, 1 << 20);
    assert_int_equal(file_read(path_of("imported.jsonl"), &bytes, &note), OK);
    char *digit = strstr(bytes.data, "2099");
    assert_non_null(digit);
    digit[0] = '3';
    assert_int_equal(file_write(path_of("imported.jsonl"), bytes.data, bytes.len, 0600, &note), OK);
    assert_int_equal(rows_in_force(&found), 0);
    assert_true(text_contains(found.trouble.text, "changed since it was written"));
    assert_int_equal(add("< 11.7", &total, &note), ERR_VALUE);
}

static void
test_a_bundle_without_a_trusted_signature_is_refused(void **state)
{
    (void)state;
    struct note note = {""};
    struct imported_state found;
    CLEANUP(buf_release) struct buf bytes;
    buf_init(&bytes, 1 << 20);
    buf_text(&bytes, "{\"catalog\":1,\"name\":\"x\",\"date\":\"2099-01-01\"}\n");
    assert_true(imported_is_bundle(bytes.data, bytes.len));
    assert_int_not_equal(
        imported_take_bundle(folder, &bytes, "gatehouse-catalog-1 a AA==", &note), OK);
    assert_int_not_equal(access(path_of("bundle.jsonl"), F_OK), 0);
    assert_int_equal(file_write(path_of("bundle.jsonl"), bytes.data, bytes.len, 0600, &note), OK);
    (void)rows_in_force(&found);
    assert_string_equal(found.bundle_date, "");
    assert_false(text_is_empty(found.trouble.text));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_record_that_comes_again_replaces_its_rows),
        cmocka_unit_test(test_changed_rows_are_left_out_and_said_and_never_added_to),
        cmocka_unit_test(test_a_bundle_without_a_trusted_signature_is_refused),
    };
    return cmocka_run_group_tests_name("imported", tests, make_folder, remove_folder);
}
