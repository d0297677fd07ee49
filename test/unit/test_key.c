#include "ledger/key.h"

#include "base/file.h"
#include "base/secret.h"

#include "test.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* golang.org/x/mod/sumdb/note, package documentation. */
#define PETER_PRIVATE                                                                              \
    "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
#define PETER "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"

static char folder[64];
static char path[96];
static struct note note;

static int
make_folder(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof(folder), "/tmp/gatehouse-test-key.XXXXXX");
    char *made = mkdtemp(folder);
    (void)snprintf(path, sizeof(path), "%s/ledger.key", folder);
    return made == NULL ? -1 : 0;
}

static int
remove_folder(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(folder); /* fails when anything else was left there */
}

static void
put_file(const char *text, unsigned mode)
{
    (void)unlink(path);
    assert_int_equal(file_write(path, text, strlen(text), 0600, &note), OK);
    assert_int_equal(chmod(path, (mode_t)mode), 0);
}

static enum err
read_text(const char *text)
{
    struct key *key = NULL;
    put_file(text, 0600);
    enum err err = key_read(path, &key, &note);
    key_free(key);
    return err;
}

static void
test_reads_a_key_of_another_program_and_signs_as_it_does(void **state)
{
    (void)state;
    static const char text[] = "If you think cryptography is the answer to your problem,\n"
                               "then you don't know what your problem is.\n";
    struct key *key = NULL;
    char public[VKEY_TEXT];
    uint8_t blob[VKEY_BLOB];
    char base64[sodium_base64_ENCODED_LEN(VKEY_ID + VKEY_BLOB, sodium_base64_VARIANT_ORIGINAL)];
    uint8_t whole[VKEY_ID + VKEY_BLOB];
    put_file(PETER_PRIVATE "\n", 0600);
    assert_int_equal(key_read(path, &key, &note), OK);
    assert_string_equal(vkey_text(key_public(key), public), PETER);
    key_sign(key, text, strlen(text), blob);
    memcpy(whole, key_public(key)->id, VKEY_ID);
    memcpy(whole + VKEY_ID, blob, VKEY_BLOB);
    (void)sodium_bin2base64(
        base64, sizeof(base64), whole, sizeof(whole), sodium_base64_VARIANT_ORIGINAL);
    assert_string_equal(base64, "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXg"
                                "KvqfqdngotpRZb6KE6RyyBwJnAM=");
    key_free(key);
}

static void
test_written_key_is_private_and_reads_back(void **state)
{
    (void)state;
    static const enum vkey_type types[] = {VKEY_ED25519, VKEY_COSIGNER};
    for (size_t i = 0; i < COUNT(types); i++) {
        struct key *key = NULL;
        struct key *again = NULL;
        struct stat status;
        uint8_t one[VKEY_BLOB];
        uint8_t two[VKEY_BLOB];
        (void)unlink(path);
        assert_int_equal(key_new("example.com/log", types[i], &key), OK);
        assert_int_equal(key_write(key, path, &note), OK);
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 07777, 0600);
        assert_int_equal(key_read(path, &again, &note), OK);
        assert_true(vkey_equal(key_public(key), key_public(again)));
        key_sign(key, "x", 1, one);
        key_sign(again, "x", 1, two);
        assert_memory_equal(one, two, VKEY_BLOB);
        key_free(key);
        key_free(again);
    }
}

static void
test_never_overwrites_a_key(void **state)
{
    (void)state;
    struct key *key = NULL;
    CLEANUP(buf_release) struct buf text;
    buf_init(&text, 4096);
    put_file("something\n", 0600);
    assert_int_equal(key_new("x", VKEY_ED25519, &key), OK);
    assert_int_equal(key_write(key, path, &note), ERR_VALUE);
    assert_int_equal(file_read(path, &text, &note), OK);
    assert_string_equal(text.data, "something\n");
    key_free(key);
}

static void
test_refuses_a_key_that_others_can_read(void **state)
{
    (void)state;
    static const unsigned modes[] = {0640, 0604, 0610, 0666};
    struct key *key = NULL;
    for (size_t i = 0; i < COUNT(modes); i++) {
        put_file(PETER_PRIVATE "\n", modes[i]);
        assert_int_equal(key_read(path, &key, &note), ERR_VALUE);
        assert_non_null(strstr(note.text, "chmod 600"));
    }
    put_file(PETER_PRIVATE "\n", 0400);
    assert_int_equal(key_read(path, &key, &note), OK);
    key_free(key);
    key = NULL;
    put_file(PETER_PRIVATE "\n", 0440); /* as a credential of systemd, where root runs this */
    assert_int_equal(key_read(path, &key, &note), geteuid() == 0 ? OK : ERR_VALUE);
    key_free(key);
    assert_int_equal(key_read(folder, &key, &note), ERR_VALUE);
    (void)unlink(path);
    assert_int_equal(key_read(path, &key, &note), ERR_MISSING);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(key_read(path, &key, &note), ERR_VALUE); /* and does not wait for a writer */
}

static void
test_refuses_what_is_no_key_without_repeating_it(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "\n", PETER, "PRIVATE+KEY+", "PRIVATE+KEY+x+c74f20a3",
        PETER_PRIVATE "\n\n", PETER_PRIVATE " ", PETER_PRIVATE "AAAA",
        "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDF",
        "PRIVATE+KEY+PeterNeumann+c74f20a4+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz",
        "PRIVATE+KEY+PeterNeumanm+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz",
        "PRIVATE+KEY+Peter Neumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz",
        "PRIVATE+KEY+PeterNeumann+c74f20a3+AIEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz",
        "PRIVATE+KEY++c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(read_text(bad[i]), ERR_SYNTAX);
        assert_null(strstr(note.text, "AYEKFAL"));
    }
    assert_int_equal(read_text(PETER_PRIVATE), OK); /* the line's end may be missing */
    char large[2048];
    memset(large, 'x', sizeof(large));
    large[sizeof(large) - 1] = '\0';
    assert_int_equal(read_text(large), ERR_SYNTAX);
}

static void
test_longest_name_survives_the_file(void **state)
{
    (void)state;
    char name[VKEY_NAME];
    struct key *key = NULL;
    struct key *again = NULL;
    memset(name, 'n', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    (void)unlink(path);
    assert_int_equal(key_new(name, VKEY_ED25519, &key), OK);
    assert_int_equal(key_write(key, path, &note), OK);
    assert_int_equal(key_read(path, &again, &note), OK);
    assert_true(vkey_equal(key_public(key), key_public(again)));
    key_free(key);
    key_free(again);
    assert_int_equal(key_new("a b", VKEY_ED25519, &key), ERR_VALUE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_a_key_of_another_program_and_signs_as_it_does),
        cmocka_unit_test(test_written_key_is_private_and_reads_back),
        cmocka_unit_test(test_never_overwrites_a_key),
        cmocka_unit_test(test_refuses_a_key_that_others_can_read),
        cmocka_unit_test(test_refuses_what_is_no_key_without_repeating_it),
        cmocka_unit_test(test_longest_name_survives_the_file),
    };
    return secret_start() == OK ? cmocka_run_group_tests(tests, make_folder, remove_folder) : 1;
}
