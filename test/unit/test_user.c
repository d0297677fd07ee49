#include "identity/user.h"

#include "base/text.h"
#include "identity_scratch.h"

#include <sqlite3.h>

#define HOUR INT64_C(3600000)

static void
invite(struct scratch *scratch, const char *name, bool resets, char token[USER_TOKEN])
{
    struct note note = {""};
    if (user_invite(scratch->identity, name, resets, token, &note) != OK) {
        fail_msg("%s", note.text);
    }
}

static bool
fits(struct scratch *scratch, const char *name, const char *text)
{
    char hash[USER_HASH];
    struct secret *password = secret_new_text(text);
    user_password_hash(scratch->identity, name, hash);
    bool is_right = user_password_fits(hash, password);
    secret_free(password);
    return is_right;
}

/* A confirmed second factor, without what it takes. */
static void
fake_totp(const struct scratch *scratch, const char *name)
{
    char sql[256];
    char path[128];
    sqlite3 *db = NULL;
    (void)snprintf(path, sizeof(path), "%s/identity.db", scratch->folder);
    (void)snprintf(sql, sizeof(sql),
        "INSERT INTO totp (user, secret) SELECT id, x'00' FROM user WHERE name = '%s'", name);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void
test_refuses_name_that_is_taken_also_in_other_letters(void **state)
{
    struct scratch *scratch = *state;
    struct note note = {""};
    scratch_user(scratch, "anna", false);
    assert_int_equal(user_add(scratch->identity, "ANNA", true, &note), ERR_VALUE);
    assert_string_equal(note.text, "there is a user ANNA already");
    assert_int_equal(user_add(scratch->identity, "a b", true, &note), ERR_VALUE);
}

static void
test_a_new_account_has_no_factor_and_no_password_opens_it(void **state)
{
    struct scratch *scratch = *state;
    struct user user;
    scratch_user(scratch, "anna", false);
    assert_int_equal(user_find(scratch->identity, "anna", &user), OK);
    assert_false(user.has_password || user.has_totp || user.is_administrator);
    assert_int_equal(user.passkeys + user.recovery_left, 0);
    assert_int_equal(user.created, SCRATCH_NOON);
    assert_int_equal(user.invited_until, 0);
    assert_false(fits(scratch, "anna", ""));
    assert_false(fits(scratch, "anna", SCRATCH_PASSWORD));
}

static void
test_only_the_right_password_of_an_enabled_account_fits(void **state)
{
    struct scratch *scratch = *state;
    struct note note = {""};
    scratch_user(scratch, "anna", false);
    assert_int_equal(scratch_password(scratch, "anna", SCRATCH_PASSWORD, &note), OK);
    assert_true(fits(scratch, "anna", SCRATCH_PASSWORD));
    assert_false(fits(scratch, "anna", SCRATCH_PASSWORD "x"));
    assert_false(fits(scratch, "anna", "Kerze"));
    assert_false(fits(scratch, "berta", SCRATCH_PASSWORD));
    assert_int_equal(user_set_disabled(scratch->identity, "anna", true, &note), OK);
    assert_false(fits(scratch, "anna", SCRATCH_PASSWORD));
}

static void
test_unknown_user_costs_the_same_computation(void **state)
{
    struct scratch *scratch = *state;
    struct note note = {""};
    char known[USER_HASH];
    char unknown[USER_HASH];
    scratch_user(scratch, "anna", false);
    assert_int_equal(scratch_password(scratch, "anna", SCRATCH_PASSWORD, &note), OK);
    user_password_hash(scratch->identity, "anna", known);
    user_password_hash(scratch->identity, "nobody", unknown);
    /* "$argon2id$v=19$m=65536,t=2,p=1$": the parameters come before the salt. */
    assert_memory_equal(known, "$argon2id$v=19$m=65536,t=2,p=1$", 31);
    assert_memory_equal(known, unknown, 31);
    assert_string_not_equal(known, unknown);
    assert_int_equal(strlen(known), strlen(unknown));
}

static void
test_refuses_passwords_with_words(void **state)
{
    static const struct {
        const char *text, *words;
    } rows[] = {
        {"Kerze-41",           "12 to 256 characters; this one has 8"},
        {"",                   "12 to 256 characters; this one has 0"},
        {"passwordpassword",   "easily guessed"                      },
        {"annaannaannaanna",   "easily guessed"                      },
        {"aaaaaaaaaaaaaaaaaa", "easily guessed"                      },
        {"1234567890123456",   "easily guessed"                      },
        {"Kerze\nRotbarsch41", "is text of at most 256"              },
        {"Kerze\xffRotbarsch", "is text of at most 256"              },
    };
    struct scratch *scratch = *state;
    scratch_user(scratch, "anna", false);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct note note = {""};
        assert_int_equal(scratch_password(scratch, "anna", rows[i].text, &note), ERR_VALUE);
        if (!text_contains(note.text, rows[i].words)) {
            fail_msg("%s: %s", rows[i].text, note.text);
        }
        assert_true(text_is_empty(rows[i].text) || !text_contains(note.text, rows[i].text));
    }
    struct user user;
    assert_int_equal(user_find(scratch->identity, "anna", &user), OK);
    assert_false(user.has_password);
}

static void
test_takes_passwords_up_to_256_characters_of_any_alphabet(void **state)
{
    struct scratch *scratch = *state;
    struct note note = {""};
    char text[1024];
    size_t len = 0;
    scratch_user(scratch, "anna", false);
    for (unsigned i = 0; i < 256; i++) {
        text[len++] = (char)0xd0;
        text[len++] = (char)(0x90 + (i * i * 7 + i * 3) % 40);
    }
    text[len] = '\0';
    assert_int_equal(scratch_password(scratch, "anna", text, &note), OK);
    assert_true(fits(scratch, "anna", text));
    memcpy(text + len, "\xd0\x90", 3);
    assert_int_equal(scratch_password(scratch, "anna", text, &note), ERR_VALUE);
    assert_true(text_contains(note.text, "has 257"));
}

static void
test_a_link_works_for_48_hours(void **state)
{
    struct scratch *scratch = *state;
    char token[USER_TOKEN];
    struct user user;
    scratch_user(scratch, "anna", false);
    invite(scratch, "anna", false, token);
    assert_int_equal(strlen(token), 43);
    scratch_now += 48 * HOUR - 1;
    assert_int_equal(user_by_token(scratch->identity, token, &user), OK);
    assert_string_equal(user.name, "anna");
    assert_int_equal(user.invited_until, SCRATCH_NOON + 48 * HOUR);
    scratch_now += 1;
    assert_int_equal(user_by_token(scratch->identity, token, &user), ERR_MISSING);
}

static void
test_a_fresh_link_stops_the_earlier_one(void **state)
{
    struct scratch *scratch = *state;
    char first[USER_TOKEN];
    char second[USER_TOKEN];
    struct user user;
    scratch_user(scratch, "anna", false);
    invite(scratch, "anna", false, first);
    invite(scratch, "anna", false, second);
    assert_int_equal(user_by_token(scratch->identity, first, &user), ERR_MISSING);
    assert_int_equal(user_by_token(scratch->identity, second, &user), OK);
    assert_int_equal(user_by_token(scratch->identity, "", &user), ERR_MISSING);
}

static void
test_a_link_is_used_up_only_with_password_and_second_factor(void **state)
{
    struct scratch *scratch = *state;
    struct note note = {""};
    char token[USER_TOKEN];
    struct user user;
    scratch_user(scratch, "anna", false);
    invite(scratch, "anna", false, token);
    assert_int_equal(user_enrolled(scratch->identity, token, &note), ERR_MISSING);
    assert_string_equal(note.text, "the password is missing");
    assert_int_equal(scratch_password(scratch, "anna", SCRATCH_PASSWORD, &note), OK);
    assert_int_equal(user_enrolled(scratch->identity, token, &note), ERR_MISSING);
    assert_string_equal(note.text, "a second factor is missing");
    fake_totp(scratch, "anna");
    assert_int_equal(user_enrolled(scratch->identity, token, &note), OK);
    assert_int_equal(user_by_token(scratch->identity, token, &user), ERR_MISSING);
    assert_int_equal(user_enrolled(scratch->identity, token, &note), ERR_MISSING);
}

static void
test_a_link_to_an_account_in_use_needs_a_reset(void **state)
{
    struct scratch *scratch = *state;
    struct note note = {""};
    char token[USER_TOKEN];
    struct user user;
    scratch_user(scratch, "anna", false);
    assert_int_equal(scratch_password(scratch, "anna", SCRATCH_PASSWORD, &note), OK);
    fake_totp(scratch, "anna");
    assert_int_equal(user_invite(scratch->identity, "anna", false, token, &note), ERR_REFUSED);
    assert_true(text_contains(note.text, "only made by a reset"));
    invite(scratch, "anna", true, token);
    assert_int_equal(user_by_token(scratch->identity, token, &user), OK);
    assert_false(user.has_password || user.has_totp);
    assert_false(fits(scratch, "anna", SCRATCH_PASSWORD));
}

static void
test_a_disabled_account_has_no_link(void **state)
{
    struct scratch *scratch = *state;
    struct note note = {""};
    char token[USER_TOKEN];
    struct user user;
    scratch_user(scratch, "anna", false);
    invite(scratch, "anna", false, token);
    assert_int_equal(user_set_disabled(scratch->identity, "anna", true, &note), OK);
    assert_int_equal(user_by_token(scratch->identity, token, &user), ERR_MISSING);
}

static void
test_the_last_administrator_stays(void **state)
{
    struct scratch *scratch = *state;
    struct note note = {""};
    struct user user;
    scratch_user(scratch, "root", true);
    scratch_user(scratch, "anna", false);
    assert_int_equal(user_remove(scratch->identity, "root", &note), ERR_REFUSED);
    assert_string_equal(note.text, "root is the last administrator; make another one first");
    assert_int_equal(user_set_disabled(scratch->identity, "root", true, &note), ERR_REFUSED);
    assert_int_equal(user_set_administrator(scratch->identity, "root", false, &note), ERR_REFUSED);
    assert_int_equal(user_find(scratch->identity, "root", &user), OK);
    assert_true(user.is_administrator && !user.is_disabled);
    assert_int_equal(user_set_administrator(scratch->identity, "anna", true, &note), OK);
    assert_int_equal(user_remove(scratch->identity, "root", &note), OK);
    assert_int_equal(user_find(scratch->identity, "root", &user), ERR_MISSING);
    assert_int_equal(user_remove(scratch->identity, "root", &note), ERR_MISSING);
    assert_string_equal(note.text, "there is no user root");
}

static void
test_lists_accounts_by_name(void **state)
{
    struct scratch *scratch = *state;
    struct arena arena;
    struct user *users = NULL;
    size_t count = 0;
    scratch_user(scratch, "berta", false);
    scratch_user(scratch, "Anna", true);
    arena_init(&arena, 1 << 20);
    assert_int_equal(user_list(scratch->identity, &arena, &users, &count), OK);
    assert_int_equal(count, 2);
    assert_string_equal(users[0].name, "Anna");
    assert_string_equal(users[1].name, "berta");
    arena_release(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(test_refuses_name_that_is_taken_also_in_other_letters),
        SCRATCH_TEST(test_a_new_account_has_no_factor_and_no_password_opens_it),
        SCRATCH_TEST(test_only_the_right_password_of_an_enabled_account_fits),
        SCRATCH_TEST(test_unknown_user_costs_the_same_computation),
        SCRATCH_TEST(test_refuses_passwords_with_words),
        SCRATCH_TEST(test_takes_passwords_up_to_256_characters_of_any_alphabet),
        SCRATCH_TEST(test_a_link_works_for_48_hours),
        SCRATCH_TEST(test_a_fresh_link_stops_the_earlier_one),
        SCRATCH_TEST(test_a_link_is_used_up_only_with_password_and_second_factor),
        SCRATCH_TEST(test_a_link_to_an_account_in_use_needs_a_reset),
        SCRATCH_TEST(test_a_disabled_account_has_no_link),
        SCRATCH_TEST(test_the_last_administrator_stays),
        SCRATCH_TEST(test_lists_accounts_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
