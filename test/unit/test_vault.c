#include "store/vault.h"

#include "base/file.h"
#include "store_scratch.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_NAME "secrets.sealed"
#define KEY_NAME  "secrets.key"

/* A folder of its own for every test. */
struct place {
    char folder[64], file[96], key[96];
    struct vault_place at;
};

static int
make_place(void **state)
{
    static struct place place;
    (void)snprintf(place.folder, sizeof(place.folder), "/tmp/gatehouse-vault-XXXXXX");
    assert_non_null(mkdtemp(place.folder));
    (void)snprintf(place.file, sizeof(place.file), "%s/" FILE_NAME, place.folder);
    (void)snprintf(place.key, sizeof(place.key), "%s/" KEY_NAME, place.folder);
    place.at = (struct vault_place){place.file, place.key};
    *state = &place;
    return 0;
}

static int
remove_place(void **state)
{
    static const char *const names[] = {
        FILE_NAME, FILE_NAME ".lock", KEY_NAME, KEY_NAME ".new", "other.key"};
    const struct place *place = *state;
    char path[128];
    for (size_t i = 0; i < COUNT(names); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", place->folder, names[i]);
        (void)unlink(path);
    }
    return rmdir(place->folder);
}

static void
put(const struct place *place, const char *name, const char *text)
{
    struct vault *vault = NULL;
    struct note note = {""};
    struct secret *secret = secret_new_text(text);
    assert_int_equal(vault_open(&place->at, true, &vault, &note), OK);
    assert_int_equal(vault_set(vault, name, secret, &note), OK);
    assert_int_equal(vault_save(vault, &note), OK);
    vault_close(vault);
    secret_free(secret);
}

static void
assert_holds(const struct place *place, const char *name, const char *text)
{
    struct vault *vault = NULL;
    struct secret *secret = NULL;
    struct note note = {""};
    if (vault_open(&place->at, false, &vault, &note) != OK ||
        vault_get(vault, name, &secret, &note) != OK) {
        fail_msg("%s", note.text);
    }
    assert_string_equal(secret_text(secret), text);
    secret_free(secret);
    vault_close(vault);
}

/* Why it can't be opened. */
static struct note
refusal(const struct place *place)
{
    struct vault *vault = NULL;
    struct note note = {""};
    assert_int_not_equal(vault_open(&place->at, false, &vault, &note), OK);
    assert_null(vault);
    return note;
}

static size_t
read_bytes(const char *path, uint8_t *out, size_t size)
{
    struct buf buf;
    struct note note;
    buf_init(&buf, size);
    assert_int_equal(file_read(path, &buf, &note), OK);
    size_t len = buf.len;
    memcpy(out, buf.data, len);
    buf_release(&buf);
    return len;
}

static void
write_bytes(const char *path, const void *bytes, size_t len)
{
    struct note note;
    assert_int_equal(file_write(path, bytes, len, 0600, &note), OK);
}

static void
test_gives_back_what_was_set_and_shows_none_of_it_on_disk(void **state)
{
    const struct place *place = *state;
    uint8_t bytes[4096];
    put(place, "yard", "Zebra-Kettle-93");
    put(place, "gate", "a");
    put(place, "gate", "Copper.Violin.7");
    assert_holds(place, "yard", "Zebra-Kettle-93");
    assert_holds(place, "gate", "Copper.Violin.7");
    size_t len = read_bytes(place->file, bytes, sizeof(bytes));
    assert_null(memmem(bytes, len, "Zebra", 5));
    assert_null(memmem(bytes, len, "Copper", 6));
}

static void
test_lists_names_in_the_order_of_the_alphabet_and_forgets_one(void **state)
{
    const struct place *place = *state;
    struct vault *vault = NULL;
    struct note note = {""};
    put(place, "yard", "1");
    put(place, "gate", "2");
    put(place, "lobby", "3");
    assert_int_equal(vault_open(&place->at, true, &vault, &note), OK);
    assert_int_equal(vault_remove(vault, "lobi", &note), ERR_MISSING);
    assert_string_equal(note.text, "no password is called \"lobi\"; did you mean lobby?");
    assert_int_equal(vault_remove(vault, "lobby", &note), OK);
    assert_int_equal(vault_save(vault, &note), OK);
    vault_close(vault);
    assert_int_equal(vault_open(&place->at, false, &vault, &note), OK);
    assert_int_equal(vault_count(vault), 2);
    assert_string_equal(vault_name(vault, 0), "gate");
    assert_string_equal(vault_name(vault, 1), "yard");
    vault_close(vault);
}

static void
test_closes_both_files_to_others(void **state)
{
    const struct place *place = *state;
    struct stat status;
    put(place, "gate", "x");
    assert_int_equal(stat(place->file, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(stat(place->key, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
}

static void
test_refuses_a_key_that_others_may_read(void **state)
{
    const struct place *place = *state;
    put(place, "gate", "x");
    assert_int_equal(chmod(place->key, 0640), 0);
    assert_non_null(strstr(refusal(place).text, "mode is 0640"));
    assert_int_equal(chmod(place->key, 0604), 0);
    assert_non_null(strstr(refusal(place).text, "mode is 0604"));
}

static void
test_tells_a_wrong_key_from_a_changed_file(void **state)
{
    const struct place *place = *state;
    uint8_t bytes[4096];
    uint8_t key[128];
    put(place, "gate", "Zebra-Kettle-93");
    put(place, "yard", "Copper.Violin.7");
    size_t len = read_bytes(place->file, bytes, sizeof(bytes));
    size_t key_len = read_bytes(place->key, key, sizeof(key));

    /* Every single byte counts. */
    for (size_t i = 0; i < len; i++) {
        bytes[i] ^= 1;
        write_bytes(place->file, bytes, len);
        (void)refusal(place);
        bytes[i] ^= 1;
    }
    bytes[len - 1] ^= 1;
    write_bytes(place->file, bytes, len);
    assert_non_null(strstr(refusal(place).text, "changed by something else"));
    bytes[len - 1] ^= 1;
    write_bytes(place->file, bytes, len);
    assert_holds(place, "gate", "Zebra-Kettle-93");

    key[0] = key[0] == '0' ? '1' : '0';
    write_bytes(place->key, key, key_len);
    assert_non_null(strstr(refusal(place).text, "sealed with another key"));
    write_bytes(place->key, "short\n", 6);
    assert_non_null(strstr(refusal(place).text, "it is no key"));
    assert_int_equal(unlink(place->key), 0);
    assert_non_null(strstr(refusal(place).text, "is gone"));
}

static void
test_makes_no_new_key_beside_a_file_that_needs_the_old_one(void **state)
{
    const struct place *place = *state;
    struct vault *vault = NULL;
    struct note note = {""};
    put(place, "gate", "x");
    assert_int_equal(unlink(place->key), 0);
    assert_int_not_equal(vault_open(&place->at, true, &vault, &note), OK);
    assert_int_equal(access(place->key, F_OK), -1);
}

static void
test_seals_everything_with_a_new_key(void **state)
{
    const struct place *place = *state;
    struct vault *vault = NULL;
    struct note note = {""};
    uint8_t before[128];
    uint8_t after[128];
    put(place, "gate", "Zebra-Kettle-93");
    size_t len = read_bytes(place->key, before, sizeof(before));
    assert_int_equal(vault_open(&place->at, true, &vault, &note), OK);
    assert_int_equal(vault_rekey(vault, NULL, &note), OK);
    vault_close(vault);
    assert_int_equal(read_bytes(place->key, after, sizeof(after)), len);
    assert_memory_not_equal(before, after, len);
    assert_holds(place, "gate", "Zebra-Kettle-93");
    write_bytes(place->key, before, len);
    assert_non_null(strstr(refusal(place).text, "sealed with another key"));
}

/* The file is there with the new key, and the new key still stands beside the old one. */
static void
test_ends_a_rekey_that_was_stopped_half_way(void **state)
{
    const struct place *place = *state;
    struct vault *vault = NULL;
    struct note note = {""};
    char beside[128];
    uint8_t old[128];
    put(place, "gate", "Zebra-Kettle-93");
    size_t len = read_bytes(place->key, old, sizeof(old));
    assert_int_equal(vault_open(&place->at, true, &vault, &note), OK);
    assert_int_equal(vault_rekey(vault, NULL, &note), OK);
    vault_close(vault);
    (void)snprintf(beside, sizeof(beside), "%s.new", place->key);
    assert_int_equal(rename(place->key, beside), 0);
    write_bytes(place->key, old, len);
    assert_holds(place, "gate", "Zebra-Kettle-93");
    assert_int_equal(access(beside, F_OK), -1);
}

static void
test_refuses_names_that_are_none(void **state)
{
    static const char *const bad[] = {"", "Gate", "a b", "../x", "-x", ".x", "a/b", "\xc3\xa4",
        "a\n", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_false(vault_name_is_valid(bad[i]));
    }
    assert_true(vault_name_is_valid("front-door.2_a"));
    assert_true(vault_name_is_valid("0"));
}

static void
test_keeps_passwords_of_every_length_up_to_the_limit(void **state)
{
    const struct place *place = *state;
    struct vault *vault = NULL;
    struct note note = {""};
    char text[VAULT_PASSWORD + 2];
    memset(text, 'x', sizeof(text));
    assert_int_equal(vault_open(&place->at, true, &vault, &note), OK);
    for (size_t len = 0; len <= VAULT_PASSWORD + 1; len++) {
        struct secret *secret = secret_new(text, len);
        struct secret *back = NULL;
        bool fits = len != 0 && len <= VAULT_PASSWORD;
        assert_int_equal(vault_set(vault, "gate", secret, &note) == OK, fits);
        if (fits) {
            assert_int_equal(vault_get(vault, "gate", &back, &note), OK);
            assert_true(secret_equal(secret, back));
        }
        secret_free(back);
        secret_free(secret);
    }
    vault_close(vault);
}

int
main(void)
{
#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, make_place, remove_place)
    const struct CMUnitTest tests[] = {
        IN_PLACE(test_gives_back_what_was_set_and_shows_none_of_it_on_disk),
        IN_PLACE(test_lists_names_in_the_order_of_the_alphabet_and_forgets_one),
        IN_PLACE(test_closes_both_files_to_others),
        IN_PLACE(test_refuses_a_key_that_others_may_read),
        IN_PLACE(test_tells_a_wrong_key_from_a_changed_file),
        IN_PLACE(test_makes_no_new_key_beside_a_file_that_needs_the_old_one),
        IN_PLACE(test_seals_everything_with_a_new_key),
        IN_PLACE(test_ends_a_rekey_that_was_stopped_half_way),
        IN_PLACE(test_refuses_names_that_are_none),
        IN_PLACE(test_keeps_passwords_of_every_length_up_to_the_limit),
    };
    return secret_start() == OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
