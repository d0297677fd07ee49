#include "base/file.h"

#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64];
static char path[96];

static int
make_folder(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof(folder), "/tmp/gatehouse-test-file.XXXXXX");
    char *made = mkdtemp(folder);
    (void)snprintf(path, sizeof(path), "%s/report", folder);
    return made == NULL ? -1 : 0;
}

static int
remove_folder(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(folder);
}

static void
assert_holds(const char *text)
{
    CLEANUP(buf_release) struct buf buf;
    buf_init(&buf, 4096);
    assert_int_equal(file_read(path, &buf, NULL), OK);
    assert_string_equal(buf.data, text);
}

static void
test_a_draft_replaces_the_file_only_when_kept(void **state)
{
    (void)state;
    struct note note = {""};
    struct file_draft draft;
    assert_int_equal(file_write(path, "old", 3, 0600, &note), OK);
    assert_int_equal(file_draft_open(&draft, path, 0600, &note), OK);
    assert_true(file_draft_add(&draft, "ne", 2));
    assert_holds("old");
    assert_int_equal(file_draft_close(&draft, false, &note), OK);
    assert_holds("old");
    assert_int_equal(file_draft_open(&draft, path, 0600, &note), OK);
    assert_true(file_draft_add(&draft, "ne", 2));
    assert_true(file_draft_add(&draft, "w", 1));
    assert_int_equal(file_draft_close(&draft, true, &note), OK);
    assert_holds("new");
}

static void
test_a_full_disk_leaves_the_old_file_and_says_why(void **state)
{
    (void)state;
    struct note note = {""};
    struct file_draft draft;
    assert_int_equal(file_write(path, "old", 3, 0600, &note), OK);
    assert_int_equal(file_draft_open(&draft, path, 0600, &note), OK);
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(full >= 0 && dup2(full, draft.fd) == draft.fd);
    (void)close(full);
    assert_false(file_draft_add(&draft, "new", 3));
    assert_int_equal(file_draft_close(&draft, true, &note), ERR_IO);
    assert_non_null(strstr(note.text, "No space left"));
    assert_holds("old");
}

static void
test_tail_keeps_the_name_of_a_long_path(void **state)
{
    (void)state;
    assert_string_equal(file_tail("/etc/shop.yaml", 80), "/etc/shop.yaml");
    assert_string_equal(file_tail("/home/a/very/long/folder/shop.yaml", 16), "shop.yaml");
    assert_string_equal(file_tail("/home/a/very/long/folder/shop.yaml", 18), "folder/shop.yaml");
    assert_string_equal(file_tail("averylongnamewithoutanyfolder", 6), "folder");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tail_keeps_the_name_of_a_long_path),
        cmocka_unit_test(test_a_draft_replaces_the_file_only_when_kept),
        cmocka_unit_test(test_a_full_disk_leaves_the_old_file_and_says_why),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
