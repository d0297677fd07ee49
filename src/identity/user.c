/* Accounts: made by an administrator, set up by their owner through a one-time link. */
#include "identity/identity_inside.h"

#include "base/clock.h"
#include "base/text.h"
#include "gate/policy.h"

#include <sodium.h>
#include <string.h>

#define HANDLE       32
#define INVITE_HOUR  INT64_C(3600000)
#define INVITE_KEEPS (USER_INVITE_HOURS * INVITE_HOUR)

#define SELECT_USER                                                                                \
    "SELECT name, is_administrator, is_disabled, password IS NOT NULL,"                            \
    " EXISTS (SELECT 1 FROM totp WHERE user = user.id AND secret IS NOT NULL),"                    \
    " (SELECT count(*) FROM passkey WHERE user = user.id),"                                        \
    " (SELECT count(*) FROM recovery WHERE user = user.id AND taken = 0), created, last_login,"    \
    " coalesce((SELECT until FROM invite WHERE user = user.id), 0) FROM user "

static void
read_user(sqlite3_stmt *query, struct user *out)
{
    *out = (struct user){
        .is_administrator = sqlite3_column_int(query, 1) != 0,
        .is_disabled = sqlite3_column_int(query, 2) != 0,
        .has_password = sqlite3_column_int(query, 3) != 0,
        .has_totp = sqlite3_column_int(query, 4) != 0,
        .passkeys = (unsigned)sqlite3_column_int(query, 5),
        .recovery_left = (unsigned)sqlite3_column_int(query, 6),
        .created = sqlite3_column_int64(query, 7),
        .last_login = sqlite3_column_int64(query, 8),
        .invited_until = sqlite3_column_int64(query, 9),
    };
    identity_text(query, 0, out->name, sizeof(out->name));
}

static enum err
add_row(struct identity *identity, const char *name, bool is_administrator, struct note *note)
{
    uint8_t handle[HANDLE];
    int64_t count = 0;
    int64_t same = 0;
    enum err err = identity_number(identity, &count, "SELECT count(*) FROM user", "");
    if (err == OK) {
        err =
            identity_number(identity, &same, "SELECT count(*) FROM user WHERE name = ?", "t", name);
    }
    if (err == OK && same != 0) {
        note_set(note, "there is a user %s already", name);
        return ERR_VALUE;
    }
    if (err == OK && count >= POLICY_USERS) {
        note_set(note, "there are %d users already, and no more fit; remove one", POLICY_USERS);
        return ERR_LIMIT;
    }
    if (err != OK) {
        return err;
    }
    randombytes_buf(handle, sizeof(handle));
    return identity_run(identity,
        "INSERT INTO user (name, is_administrator, handle, created) VALUES (?, ?, ?, ?)", "tibi",
        name, (int64_t)is_administrator, handle, sizeof(handle), clock_wall());
}

enum err
user_add(struct identity *identity, const char *name, bool is_administrator, struct note *note)
{
    enum err err = identity_check_name(name, note);
    if (err == OK) {
        err = identity_begin(identity, note);
    }
    if (err != OK) {
        return err;
    }
    return identity_end(identity, add_row(identity, name, is_administrator, note), note);
}

/* Everything that the owner proved to know or have; the counts too, as a new start is meant. */
static enum err
forget_factors(struct identity *identity, int64_t user)
{
    static const char *const statements[] = {
        "UPDATE user SET password = NULL WHERE id = ?",
        "DELETE FROM totp WHERE user = ?",
        "DELETE FROM recovery WHERE user = ?",
        "DELETE FROM passkey WHERE user = ?",
        "DELETE FROM session WHERE user = ?",
        "UPDATE attempt SET account = NULL WHERE account = (SELECT name FROM user WHERE id = ?)",
    };
    enum err err = OK;
    for (size_t i = 0; i < COUNT(statements) && err == OK; i++) {
        err = identity_run(identity, statements[i], "i", user);
    }
    return err;
}

/*
 * A link to an account that is in use would let whoever holds it set the password while the second
 * factor stays: only a reset, which its owner notices, makes one.
 */
static enum err
check_not_enrolled(struct identity *identity, int64_t user, const char *name, struct note *note)
{
    int64_t factors = 0;
    enum err err = identity_number(identity, &factors,
        "SELECT (SELECT count(*) FROM totp WHERE user = user.id AND secret IS NOT NULL)"
        " + (SELECT count(*) FROM passkey WHERE user = user.id) FROM user WHERE id = ?"
        " AND password IS NOT NULL",
        "i", user);
    if (err == ERR_MISSING) {
        return OK;
    }
    if (err == OK && factors != 0) {
        note_set(note, "%.63s has set up the account; a new link is only made by a reset", name);
        return ERR_REFUSED;
    }
    return err;
}

static enum err
invite(
    struct identity *identity, const char *name, bool resets, const char *token, struct note *note)
{
    uint8_t hash[IDENTITY_SHA256];
    int64_t user = 0;
    enum err err = identity_user(identity, name, &user, note);
    if (err == OK) {
        err = resets ? forget_factors(identity, user)
                     : check_not_enrolled(identity, user, name, note);
    }
    if (err != OK) {
        return err;
    }
    identity_hash(token, hash);
    return identity_run(identity,
        "INSERT OR REPLACE INTO invite (user, hash, until) VALUES (?, ?, ?)", "ibi", user, hash,
        sizeof(hash), clock_wall() + INVITE_KEEPS);
}

enum err
user_invite(struct identity *identity, const char *name, bool resets, char ret_token[USER_TOKEN],
    struct note *note)
{
    char token[USER_TOKEN];
    enum err err = identity_begin(identity, note);
    if (err != OK) {
        return err;
    }
    identity_new_token(token);
    err = identity_end(identity, invite(identity, name, resets, token, note), note);
    if (err == OK) {
        memcpy(ret_token, token, sizeof(token));
    }
    sodium_memzero(token, sizeof(token));
    return err;
}

enum err
user_by_token(struct identity *identity, const char *token, struct user *ret_user)
{
    CLEANUP(identity_finish) sqlite3_stmt *query = NULL;
    uint8_t hash[IDENTITY_SHA256];
    identity_hash(token, hash);
    enum err err = identity_prepare(identity, &query,
        SELECT_USER "WHERE is_disabled = 0 AND id = (SELECT user FROM invite WHERE hash = ?"
                    " AND until > ?)",
        "bi", hash, sizeof(hash), clock_wall());
    if (identity_row(identity, query, &err)) {
        read_user(query, ret_user);
        return OK;
    }
    return err == OK ? ERR_MISSING : err;
}

static enum err
use_up(struct identity *identity, const char *token, struct note *note)
{
    struct user user;
    enum err err = user_by_token(identity, token, &user);
    if (err == ERR_MISSING) {
        note_set(note, "the link is unknown, used or expired; ask for a new one");
    }
    if (err != OK) {
        return err;
    }
    if (!user.has_password || (!user.has_totp && user.passkeys == 0)) {
        note_set(note, "%s is missing", user.has_password ? "a second factor" : "the password");
        return ERR_MISSING;
    }
    return identity_run(identity,
        "DELETE FROM invite WHERE user = (SELECT id FROM user WHERE name = ?)", "t", user.name);
}

enum err
user_enrolled(struct identity *identity, const char *token, struct note *note)
{
    enum err err = identity_begin(identity, note);
    if (err != OK) {
        return err;
    }
    return identity_end(identity, use_up(identity, token, note), note);
}

enum err
user_find(struct identity *identity, const char *name, struct user *ret_user)
{
    CLEANUP(identity_finish) sqlite3_stmt *query = NULL;
    enum err err = identity_prepare(identity, &query, SELECT_USER "WHERE name = ?", "t", name);
    if (identity_row(identity, query, &err)) {
        read_user(query, ret_user);
        return OK;
    }
    return err == OK ? ERR_MISSING : err;
}

enum err
user_list(
    struct identity *identity, struct arena *arena, struct user **ret_users, size_t *ret_count)
{
    CLEANUP(identity_finish) sqlite3_stmt *query = NULL;
    struct user *users = arena_alloc(arena, POLICY_USERS * sizeof(*users));
    size_t count = 0;
    if (users == NULL) {
        return ERR_LIMIT;
    }
    enum err err = identity_prepare(
        identity, &query, SELECT_USER "ORDER BY name LIMIT ?", "i", (int64_t)POLICY_USERS);
    while (identity_row(identity, query, &err)) {
        read_user(query, &users[count++]);
    }
    if (err == OK) {
        *ret_users = users;
        *ret_count = count;
    }
    return err;
}

/* Called inside the transaction: somebody must be left who can let people in. */
static enum err
count_administrators(struct identity *identity, int64_t *ret_count)
{
    return identity_number(identity, ret_count,
        "SELECT count(*) FROM user WHERE is_administrator = 1 AND is_disabled = 0", "");
}

/* `change` has the places ?1 of the account and ?2 of the value. */
static enum err
change_row(
    struct identity *identity, const char *name, const char *change, bool value, struct note *note)
{
    int64_t user = 0;
    int64_t before = 0;
    int64_t after = 0;
    enum err err = identity_user(identity, name, &user, note);
    if (err == OK) {
        err = count_administrators(identity, &before);
    }
    if (err == OK) {
        err = identity_run(identity, "DELETE FROM session WHERE user = ?", "i", user);
    }
    if (err == OK) {
        err = identity_run(identity, change, "ii", user, (int64_t)value);
    }
    if (err == OK) {
        err = count_administrators(identity, &after);
    }
    if (err == OK && before != 0 && after == 0) {
        note_set(note, "%.63s is the last administrator; make another one first", name);
        return ERR_REFUSED;
    }
    return err;
}

static enum err
change_user(
    struct identity *identity, const char *name, const char *change, bool value, struct note *note)
{
    enum err err = identity_begin(identity, note);
    if (err != OK) {
        return err;
    }
    return identity_end(identity, change_row(identity, name, change, value, note), note);
}

enum err
user_set_disabled(struct identity *identity, const char *name, bool is_disabled, struct note *note)
{
    return change_user(
        identity, name, "UPDATE user SET is_disabled = ?2 WHERE id = ?1", is_disabled, note);
}

enum err
user_set_administrator(
    struct identity *identity, const char *name, bool is_administrator, struct note *note)
{
    return change_user(identity, name, "UPDATE user SET is_administrator = ?2 WHERE id = ?1",
        is_administrator, note);
}

enum err
user_remove(struct identity *identity, const char *name, struct note *note)
{
    return change_user(identity, name, "DELETE FROM user WHERE id = ?1 AND ?2", true, note);
}
