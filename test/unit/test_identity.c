#include "identity/identity.h"

#include "base/file.h"
#include "base/text.h"
#include "identity_scratch.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>

static const char *
path_of(const struct scratch *scratch, const char *name)
{
    static char path[128];
    (void)snprintf(path, sizeof(path), "%s/%s", scratch->folder, name);
    return path;
}

static void
test_makes_files_for_their_owner_alone(void **state)
{
    static const char *const names[] = {"identity.db", "identity.key", "identity.db-wal"};
    struct scratch *scratch = *state;
    for (size_t i = 0; i < COUNT(names); i++) {
        struct stat status;
        assert_int_equal(stat(path_of(scratch, names[i]), &status), 0);
        assert_int_equal(status.st_mode & 0777, 0600);
    }
}

static enum err
open_again(const struct scratch *scratch, struct note *note)
{
    struct identity *identity = NULL;
    enum err err = identity_open(scratch->folder, &identity, note);
    if (err == OK) {
        identity_close(identity);
    }
    return err;
}

static void
test_refuses_key_that_others_may_read_with_the_way_out(void **state)
{
    struct scratch *scratch = *state;
    struct note note = {""};
    assert_int_equal(chmod(path_of(scratch, "identity.key"), 0640), 0);
    assert_int_equal(open_again(scratch, &note), ERR_VALUE);
    assert_true(text_contains(note.text, "identity.key has mode 0640"));
    assert_true(text_contains(note.text, "chmod 600"));
    assert_int_equal(chmod(path_of(scratch, "identity.key"), 0600), 0);
    assert_int_equal(open_again(scratch, &note), OK);
}

static void
test_refuses_database_that_others_may_read(void **state)
{
    struct scratch *scratch = *state;
    struct note note = {""};
    assert_int_equal(chmod(path_of(scratch, "identity.db"), 0604), 0);
    assert_int_equal(open_again(scratch, &note), ERR_VALUE);
    assert_true(text_contains(note.text, "mode 0604"));
}

static void
test_refuses_key_of_another_database(void **state)
{
    struct scratch *scratch = *state;
    struct note note = {""};
    char digits[66];
    memset(digits, 'a', 64);
    digits[64] = '\n';
    assert_int_equal(file_write(path_of(scratch, "identity.key"), digits, 65, 0600, &note), OK);
    assert_int_equal(open_again(scratch, &note), ERR_VALUE);
    assert_true(text_contains(note.text, "is not the key of its database"));
    assert_false(text_contains(note.text, "aaaa"));
}

static void
test_makes_no_second_key_for_a_database_that_lost_its_own(void **state)
{
    struct scratch *scratch = *state;
    struct note note = {""};
    assert_int_equal(unlink(path_of(scratch, "identity.key")), 0);
    assert_int_equal(open_again(scratch, &note), ERR_MISSING);
    assert_true(text_contains(note.text, "restore it"));
    assert_int_not_equal(access(path_of(scratch, "identity.key"), F_OK), 0);
}

static void
test_refuses_database_of_another_program_and_broken_file(void **state)
{
    struct scratch *scratch = *state;
    struct note note = {""};
    char text[8192];
    memset(text, 'x', sizeof(text));
    identity_close(scratch->identity);
    scratch->identity = NULL;
    assert_int_equal(
        file_write(path_of(scratch, "identity.db"), text, sizeof(text), 0600, &note), OK);
    assert_int_equal(open_again(scratch, &note), ERR_SYNTAX);
    assert_true(text_contains(note.text, "is no database"));
}

static void
test_programs_that_open_at_once_make_one_database(void **state)
{
    struct scratch *scratch = *state;
    char folder[128];
    pid_t children[6];
    (void)snprintf(folder, sizeof(folder), "%s/new", scratch->folder);
    for (size_t i = 0; i < COUNT(children); i++) {
        children[i] = fork();
        if (children[i] == 0) {
            struct identity *identity = NULL;
            struct note note = {""};
            enum err err = identity_open(folder, &identity, &note);
            _exit(err == OK ? 0 : 1);
        }
    }
    for (size_t i = 0; i < COUNT(children); i++) {
        int status = 0;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    struct identity *identity = scratch_open(folder);
    identity_close(identity);
    (void)unlink(path_of(scratch, "new/identity.db"));
    (void)unlink(path_of(scratch, "new/identity.db-wal"));
    (void)unlink(path_of(scratch, "new/identity.db-shm"));
    (void)unlink(path_of(scratch, "new/identity.key"));
    assert_int_equal(rmdir(folder), 0);
}

static void
test_sees_changes_of_its_own_and_of_others_once(void **state)
{
    struct scratch *scratch = *state;
    struct note note = {""};
    struct identity *other = scratch_open(scratch->folder);
    assert_true(identity_has_changed(scratch->identity));
    assert_false(identity_has_changed(scratch->identity));
    scratch_user(scratch, "anna", false);
    assert_true(identity_has_changed(scratch->identity));
    assert_false(identity_has_changed(scratch->identity));
    assert_int_equal(user_add(other, "berta", false, &note), OK);
    assert_true(identity_has_changed(scratch->identity));
    assert_false(identity_has_changed(scratch->identity));
    assert_int_equal(user_add(other, "berta", false, &note), ERR_VALUE);
    assert_false(identity_has_changed(scratch->identity));
    identity_close(other);
}

static void
test_several_changes_are_all_or_none(void **state)
{
    struct scratch *scratch = *state;
    struct note note = {""};
    struct user user;
    assert_int_equal(identity_begin(scratch->identity, &note), OK);
    assert_int_equal(user_add(scratch->identity, "anna", false, &note), OK);
    enum err err = user_add(scratch->identity, "anna", false, &note);
    assert_int_equal(identity_end(scratch->identity, err, &note), ERR_VALUE);
    assert_string_equal(note.text, "there is a user anna already");
    assert_int_equal(user_find(scratch->identity, "anna", &user), ERR_MISSING);
    scratch_user(scratch, "anna", false);
    assert_int_equal(user_find(scratch->identity, "anna", &user), OK);
}

static void
test_sealed_text_comes_back_and_is_not_in_the_file(void **state)
{
    struct scratch *scratch = *state;
    struct note note = {""};
    struct secret *secret = secret_new_text("a-long-random-password-of-zoneminder");
    struct secret *back = NULL;
    assert_int_equal(identity_unseal(scratch->identity, "vms/zm", &back, &note), ERR_MISSING);
    assert_int_equal(identity_seal(scratch->identity, "vms/zm", secret, &note), OK);
    scratch_again(scratch);
    assert_int_equal(identity_unseal(scratch->identity, "vms/zm", &back, &note), OK);
    assert_true(secret_equal(secret, back));
    identity_close(scratch->identity);
    scratch->identity = NULL;
    CLEANUP(buf_release) struct buf file;
    buf_init(&file, 1 << 20);
    assert_int_equal(file_read(path_of(scratch, "identity.db"), &file, &note), OK);
    assert_null(memmem(file.data, file.len, secret_text(secret), secret_len(secret)));
    secret_free(secret);
    secret_free(back);
}

static void
test_sealed_text_of_one_name_does_not_open_as_another(void **state)
{
    struct scratch *scratch = *state;
    struct note note = {""};
    struct secret *secret = secret_new_text("a-long-random-password");
    struct secret *back = NULL;
    sqlite3 *db = NULL;
    assert_int_equal(identity_seal(scratch->identity, "vms/a", secret, &note), OK);
    assert_int_equal(sqlite3_open(path_of(scratch, "identity.db"), &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db, "UPDATE sealed SET name = 'vms/b'", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_int_equal(identity_unseal(scratch->identity, "vms/b", &back, &note), ERR_VALUE);
    assert_null(back);
    secret_free(secret);
}

static void
test_takes_names_of_letters_digits_and_four_signs(void **state)
{
    static const char *const good[] = {"a", "anna.b-c_d@example", "7", "A"};
    static const char *const bad[] = {"", "-a", ".a", "a b", "a\n", "a/b", "\xc3\xa4", "a'b",
        "a2345678901234567890123456789012345678901234567890123456789012345"};
    struct note note = {""};
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_int_equal(identity_check_name(good[i], &note), OK);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(identity_check_name(bad[i], &note), ERR_VALUE);
    }
    assert_int_equal(identity_check_name(NULL, &note), ERR_VALUE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(test_makes_files_for_their_owner_alone),
        SCRATCH_TEST(test_refuses_key_that_others_may_read_with_the_way_out),
        SCRATCH_TEST(test_refuses_database_that_others_may_read),
        SCRATCH_TEST(test_refuses_key_of_another_database),
        SCRATCH_TEST(test_makes_no_second_key_for_a_database_that_lost_its_own),
        SCRATCH_TEST(test_refuses_database_of_another_program_and_broken_file),
        SCRATCH_TEST(test_programs_that_open_at_once_make_one_database),
        SCRATCH_TEST(test_sees_changes_of_its_own_and_of_others_once),
        SCRATCH_TEST(test_several_changes_are_all_or_none),
        SCRATCH_TEST(test_sealed_text_comes_back_and_is_not_in_the_file),
        SCRATCH_TEST(test_sealed_text_of_one_name_does_not_open_as_another),
        SCRATCH_TEST(test_takes_names_of_letters_digits_and_four_signs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
