#include "store/keyring.h"

#include "base/file.h"
#include "store_scratch.h"

#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>

/* A folder of its own for every test. */
struct place {
    char folder[64], file[96], key[96], device[96];
    struct vault_place at;
};

static const struct keyring_name gate = {"mac:00:11:22:33:44:55", "admin"};
static const struct keyring_name yard = {"serial:DS-2CD 1/7", "J. Doe"};

static int
make_place(void **state)
{
    static struct place place;
    (void)snprintf(place.folder, sizeof(place.folder), "/tmp/gatehouse-keyring-XXXXXX");
    assert_non_null(mkdtemp(place.folder));
    (void)snprintf(place.file, sizeof(place.file), "%s/s", place.folder);
    (void)snprintf(place.key, sizeof(place.key), "%s/k", place.folder);
    (void)snprintf(place.device, sizeof(place.device), "%s/device", place.folder);
    place.at = (struct vault_place){place.file, place.key};
    *state = &place;
    return 0;
}

static int
remove_place(void **state)
{
    static const char *const names[] = {"s", "s.lock", "k", "device"};
    const struct place *place = *state;
    char path[128];
    for (size_t i = 0; i < COUNT(names); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", place->folder, names[i]);
        (void)unlink(path);
    }
    return rmdir(place->folder);
}

static enum err
begin(const struct place *place, const struct keyring_name *name, const char *current,
    const char *next, struct note *note)
{
    struct secret *is = current == NULL ? NULL : secret_new_text(current);
    struct secret *will = secret_new_text(next);
    enum err err = keyring_begin(&place->at, name, is, will, note);
    secret_free(is);
    secret_free(will);
    return err;
}

static void
set_in_force(const struct place *place, const struct keyring_name *name, const char *text)
{
    struct note note = {""};
    assert_int_equal(begin(place, name, NULL, text, &note), OK);
    assert_int_equal(keyring_commit(&place->at, name, &note), OK);
}

static struct vault *
open_vault(const struct place *place)
{
    struct vault *vault = NULL;
    struct note note = {""};
    if (vault_open(&place->at, false, &vault, &note) != OK) {
        fail_msg("%s", note.text);
    }
    return vault;
}

/* The candidates in their order, with blanks between them. */
static void
assert_candidates(const struct place *place, const struct keyring_name *name, const char *wanted)
{
    struct secret *secrets[KEYRING_CANDIDATES];
    struct note note = {""};
    char text[256] = "";
    size_t count = 0;
    struct vault *vault = open_vault(place);
    assert_int_equal(keyring_candidates(vault, name, secrets, &count, &note), OK);
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(text);
        (void)snprintf(
            text + len, sizeof(text) - len, "%s%s", i == 0 ? "" : " ", secret_text(secrets[i]));
        secret_free(secrets[i]);
    }
    vault_close(vault);
    assert_string_equal(text, wanted);
}

static void
assert_in_force(const struct place *place, const struct keyring_name *name, const char *wanted)
{
    struct secret *secret = NULL;
    struct note note = {""};
    struct vault *vault = open_vault(place);
    enum err err = keyring_get(vault, name, &secret, &note);
    vault_close(vault);
    if (wanted == NULL) {
        assert_int_equal(err, ERR_MISSING);
        assert_string_not_equal(note.text, "");
        return;
    }
    assert_int_equal(err, OK);
    assert_string_equal(secret_text(secret), wanted);
    secret_free(secret);
}

static void
test_puts_the_next_in_force_only_when_it_is_proven(void **state)
{
    const struct place *place = *state;
    struct note note = {""};
    assert_in_force(place, &gate, NULL);
    assert_int_equal(begin(place, &gate, "12345", "first", &note), OK);
    assert_in_force(place, &gate, NULL);
    assert_candidates(place, &gate, "first 12345");
    assert_int_equal(keyring_commit(&place->at, &gate, &note), OK);
    assert_in_force(place, &gate, "first");
    assert_candidates(place, &gate, "first 12345");
    assert_int_equal(begin(place, &gate, NULL, "second", &note), OK);
    assert_in_force(place, &gate, "first");
    assert_candidates(place, &gate, "second first 12345");
}

static void
test_commits_and_abandons_twice_as_once(void **state)
{
    const struct place *place = *state;
    struct note note = {""};
    assert_int_equal(keyring_commit(&place->at, &gate, &note), ERR_MISSING);
    assert_int_equal(keyring_abandon(&place->at, &gate, &note), OK);
    set_in_force(place, &gate, "first");
    assert_int_equal(keyring_commit(&place->at, &gate, &note), OK);
    assert_in_force(place, &gate, "first");
    assert_int_equal(begin(place, &gate, NULL, "second", &note), OK);
    assert_int_equal(begin(place, &gate, NULL, "second", &note), OK);
    assert_candidates(place, &gate, "second first");
    assert_int_equal(keyring_abandon(&place->at, &gate, &note), OK);
    assert_int_equal(keyring_abandon(&place->at, &gate, &note), OK);
    assert_in_force(place, &gate, "first");
    assert_candidates(place, &gate, "first second");
}

static void
test_leaves_a_password_that_it_did_not_set_out_of_force(void **state)
{
    const struct place *place = *state;
    struct note note = {""};
    assert_int_equal(begin(place, &gate, "owners", "first", &note), OK);
    assert_int_equal(keyring_abandon(&place->at, &gate, &note), OK);
    assert_in_force(place, &gate, NULL);
    assert_candidates(place, &gate, "owners first");

    /* Somebody changed it by hand: what the keyring had is history. */
    set_in_force(place, &gate, "second");
    assert_int_equal(begin(place, &gate, "by-hand", "third", &note), OK);
    assert_in_force(place, &gate, NULL);
    assert_candidates(place, &gate, "third by-hand second owners first");
}

static void
test_keeps_the_last_five_and_an_earlier_next(void **state)
{
    const struct place *place = *state;
    struct note note = {""};
    static const char *const all[] = {"a", "b", "c", "d", "e", "f", "g"};
    for (size_t i = 0; i < COUNT(all); i++) {
        set_in_force(place, &gate, all[i]);
    }
    assert_candidates(place, &gate, "g f e d c b");
    assert_int_equal(begin(place, &gate, NULL, "h", &note), OK);
    assert_int_equal(begin(place, &gate, NULL, "i", &note), OK);
    assert_candidates(place, &gate, "i g h f e d c");
    /* One of the history comes into force again: it is found once. */
    assert_int_equal(begin(place, &gate, NULL, "e", &note), OK);
    assert_int_equal(keyring_commit(&place->at, &gate, &note), OK);
    assert_candidates(place, &gate, "e g i h f d");
}

static void
test_refuses_one_password_for_two_devices(void **state)
{
    const struct place *place = *state;
    struct note note = {""};
    set_in_force(place, &gate, "first");
    set_in_force(place, &gate, "second");
    assert_int_equal(begin(place, &yard, NULL, "second", &note), ERR_REFUSED);
    assert_non_null(strstr(note.text, "another device has this password"));
    assert_int_equal(begin(place, &yard, NULL, "first", &note), ERR_REFUSED);
    assert_candidates(place, &yard, "");
    assert_int_equal(begin(place, &gate, NULL, "second", &note), ERR_REFUSED);
    assert_non_null(strstr(note.text, "has now"));
    /* Two accounts of one device may share: web and ONVIF often have to. */
    const struct keyring_name other = {gate.device, "onvif"};
    assert_int_equal(begin(place, &other, NULL, "second", &note), OK);
    /* A password that many had before is no reason to leave one of them as it is. */
    assert_int_equal(begin(place, &yard, "second", "third", &note), OK);
}

static void
restore(const struct place *place, const char *text, bool is_ours, enum err wanted)
{
    struct note note = {""};
    struct secret *secret = secret_new_text(text);
    assert_int_equal(keyring_restore(&place->at, &gate, secret, is_ours, &note), wanted);
    secret_free(secret);
}

static void
test_restores_the_one_that_opens_again(void **state)
{
    const struct place *place = *state;
    struct note note = {""};
    assert_int_equal(begin(place, &gate, "12345", "first", &note), OK);
    assert_int_equal(keyring_commit(&place->at, &gate, &note), OK);
    for (int twice = 0; twice < 2; twice++) {
        restore(place, "12345", false, OK);
        assert_in_force(place, &gate, NULL);
        assert_candidates(place, &gate, "12345 first");
    }
    assert_int_equal(begin(place, &gate, "12345", "second", &note), OK);
    for (int twice = 0; twice < 2; twice++) {
        restore(place, "first", true, OK);
        assert_in_force(place, &gate, "first");
        assert_candidates(place, &gate, "first second 12345");
    }
    restore(place, "strange", true, ERR_MISSING);
    assert_candidates(place, &gate, "first second 12345");
    /* One that many devices had may be put back too. */
    set_in_force(place, &yard, "own");
    assert_int_equal(begin(place, &yard, "first", "other", &note), OK);
}

static void
test_finds_the_account_of_a_device(void **state)
{
    const struct place *place = *state;
    struct note note = {""};
    char account[32] = "";
    assert_int_equal(begin(place, &yard, "12345", "first", &note), OK);
    struct vault *vault = open_vault(place);
    assert_int_equal(keyring_account(vault, yard.device, account, sizeof(account)), ERR_MISSING);
    assert_int_equal(keyring_any_account(vault, yard.device, account, sizeof(account)), OK);
    assert_string_equal(account, "J. Doe");
    vault_close(vault);
    assert_int_equal(keyring_commit(&place->at, &yard, &note), OK);
    set_in_force(place, &gate, "other");
    vault = open_vault(place);
    assert_int_equal(keyring_account(vault, yard.device, account, sizeof(account)), OK);
    assert_string_equal(account, "J. Doe");
    assert_int_equal(keyring_account(vault, "serial:DS", account, sizeof(account)), ERR_MISSING);
    assert_int_equal(keyring_account(vault, yard.device, account, 3), ERR_LIMIT);
    vault_close(vault);
}

static void
test_refuses_names_that_do_not_fit(void **state)
{
    const struct place *place = *state;
    struct note note = {""};
    char account[VAULT_ENTRY + 1];
    memset(account, 'x', sizeof(account) - 1);
    account[sizeof(account) - 1] = '\0';
    const struct keyring_name name = {gate.device, account};
    assert_int_equal(begin(place, &name, NULL, "first", &note), ERR_LIMIT);
    assert_string_not_equal(note.text, "");
}

static void
tell_device(const struct place *place, const char *password)
{
    struct note note = {""};
    if (file_write(place->device, password, strlen(password), 0600, &note) != OK) {
        _exit(9);
    }
}

/* A rotation that ends at one of its points; the device is a file that holds its password. */
static void
rotate_until(const struct place *place, const char *next, bool is_taken_back, unsigned point)
{
    struct note note = {""};
    unsigned at = 0;
    if (at++ == point) {
        _exit(0);
    }
    if (begin(place, &gate, "12345", next, &note) != OK) {
        _exit(1);
    }
    if (at++ == point) {
        _exit(0);
    }
    tell_device(place, next);
    if (at++ == point) {
        _exit(0);
    }
    if (is_taken_back) {
        tell_device(place, "12345");
        if (at++ == point) {
            _exit(0);
        }
    }
    enum err err = is_taken_back ? keyring_abandon(&place->at, &gate, &note)
                                 : keyring_commit(&place->at, &gate, &note);
    _exit(err == OK ? 0 : 2);
}

static void
assert_somebody_knows(const struct place *place)
{
    struct secret *secrets[KEYRING_CANDIDATES];
    struct note note = {""};
    CLEANUP(buf_release) struct buf password;
    size_t count = 0;
    bool is_known = false;
    buf_init(&password, 64);
    assert_int_equal(file_read(place->device, &password, &note), OK);
    struct vault *vault = open_vault(place);
    assert_int_equal(keyring_candidates(vault, &gate, secrets, &count, &note), OK);
    vault_close(vault);
    for (size_t i = 0; i < count; i++) {
        is_known = is_known || strcmp(secret_text(secrets[i]), password.data) == 0;
        secret_free(secrets[i]);
    }
    assert_true(is_known || strcmp(password.data, "12345") == 0);
}

static void
test_knows_the_devices_password_whenever_it_is_killed(void **state)
{
    const struct place *place = *state;
    tell_device(place, "12345");
    for (unsigned round = 0; round < 10; round++) {
        char next[16];
        int status = 0;
        (void)snprintf(next, sizeof(next), "round-%u", round);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            rotate_until(place, next, round >= 5, round % 5);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
        assert_somebody_knows(place);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#define PLACE_TEST(name) cmocka_unit_test_setup_teardown(name, make_place, remove_place)
        PLACE_TEST(test_puts_the_next_in_force_only_when_it_is_proven),
        PLACE_TEST(test_commits_and_abandons_twice_as_once),
        PLACE_TEST(test_leaves_a_password_that_it_did_not_set_out_of_force),
        PLACE_TEST(test_keeps_the_last_five_and_an_earlier_next),
        PLACE_TEST(test_refuses_one_password_for_two_devices),
        PLACE_TEST(test_restores_the_one_that_opens_again),
        PLACE_TEST(test_finds_the_account_of_a_device),
        PLACE_TEST(test_refuses_names_that_do_not_fit),
        PLACE_TEST(test_knows_the_devices_password_whenever_it_is_killed),
    };
    if (secret_start() != OK) {
        return 1;
    }
    return cmocka_run_group_tests_name("keyring", tests, NULL, NULL);
}
