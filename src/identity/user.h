/*
 * Accounts. An administrator makes an account and hands on a one-time link; its owner sets password
 * and second factor by it. Nobody but the owner ever knows the password, also after a reset.
 */
#pragma once

#include "identity/identity.h"

struct user {
    char name[IDENTITY_NAME];
    bool is_administrator, is_disabled;
    bool has_password, has_totp;
    unsigned passkeys, recovery_left;
    int64_t created, last_login; /* 0: never */
    int64_t invited_until;       /* of a link that is not used yet, 0: none */
};

#define USER_TOKEN        44 /* one-time link's secret, base64url text with terminator */
#define USER_INVITE_HOURS 48

/* ERR_VALUE: a name that is not allowed or taken. */
enum err user_add(struct identity *identity, const char *name, bool is_administrator,
    struct note *note) MUST_CHECK;
/*
 * A fresh link; an earlier one stops working. `resets`: all factors, sessions and the password go.
 * ERR_REFUSED without a reset when the account is set up: a link must not open it to another.
 */
enum err user_invite(struct identity *identity, const char *name, bool resets,
    char ret_token[USER_TOKEN], struct note *note) MUST_CHECK;
/* Whose link that is; ERR_MISSING: unknown, used or expired. It stays usable until user_enrolled().
 */
enum err user_by_token(
    struct identity *identity, const char *token, struct user *ret_user) MUST_CHECK;
/* Password and a second factor are there: the link is used up. ERR_MISSING: a factor is missing. */
enum err user_enrolled(struct identity *identity, const char *token, struct note *note) MUST_CHECK;
enum err user_find(struct identity *identity, const char *name, struct user *ret_user) MUST_CHECK;
enum err user_list(struct identity *identity, struct arena *arena, struct user **ret_users,
    size_t *ret_count) MUST_CHECK;
/* These three end all its sessions too. The last administrator can't be disabled, removed or
 * demoted: ERR_REFUSED. */
enum err user_set_disabled(
    struct identity *identity, const char *name, bool is_disabled, struct note *note) MUST_CHECK;
enum err user_set_administrator(struct identity *identity, const char *name, bool is_administrator,
    struct note *note) MUST_CHECK;
enum err user_remove(struct identity *identity, const char *name, struct note *note) MUST_CHECK;

/* ERR_VALUE with words: too easily guessed (base/strength), under 12 or over 256 characters. */
enum err user_set_password(struct identity *identity, const char *name,
    const struct secret *password, struct note *note) MUST_CHECK;
/*
 * One argon2id computation whoever is asked about, in constant shape: false for an unknown user, a
 * wrong password and a disabled account alike. Slow by design (about 60 ms): call it off the loop.
 * Two steps, so that the slow one needs no database: take the hash, compare.
 */
#define USER_HASH 128
void user_password_hash(struct identity *identity, const char *name, char ret_hash[USER_HASH]);
bool user_password_fits(const char hash[USER_HASH], const struct secret *password);
