/*
 * Rule of this file: a password is looked at in guarded memory only, and who is asked about an
 * account that is not there does the same work as for one that is.
 */
#include "identity/identity_inside.h"

#include "base/strength.h"
#include "base/text.h"

#include <sodium.h>
#include <string.h>

/*
 * OWASP's cheat sheet on password storage asks for argon2id with at least 19 MiB and two passes;
 * these take about 80 ms on one core of a small server of 2023. libsodium always uses one lane.
 */
#define PASSES 2
#define MEMORY ((size_t)64 * 1024 * 1024)

#define PASSWORD_LEAST 12
#define PASSWORD_MOST  256
#define PASSWORD_BYTES 1024

static_assert(USER_HASH == crypto_pwhash_STRBYTES, "libsodium's size of a hash");

static enum err
hash_password(const struct secret *password, char ret_hash[USER_HASH])
{
    return crypto_pwhash_argon2id_str(
               ret_hash, secret_text(password), secret_len(password), PASSES, MEMORY) == 0
               ? OK
               : ERR_MEMORY;
}

enum err
user_dummy_hash(char ret_hash[USER_HASH])
{
    struct secret *nobody = secret_new_random(64);
    enum err err = nobody == NULL ? ERR_MEMORY : hash_password(nobody, ret_hash);
    secret_free(nobody);
    return err;
}

/* Characters, not bytes: RFC 3629 sequences. */
static enum err
count_characters(const struct secret *password, size_t *ret_count)
{
    const char *text = secret_text(password);
    size_t left = secret_len(password);
    size_t count = 0;
    while (left != 0) {
        uint32_t point = 0;
        size_t len = text_utf8(text, left, &point);
        if (len == 0 || point < 0x20 || point == 0x7f) {
            return ERR_VALUE;
        }
        text += len;
        left -= len;
        count++;
    }
    *ret_count = count;
    return OK;
}

static enum err
check_password(const char *name, const struct secret *password, struct note *note)
{
    size_t count = 0;
    struct strength_words words = {.count = 0};
    if (secret_len(password) > PASSWORD_BYTES || count_characters(password, &count) != OK) {
        note_set(note, "a password is text of at most %d characters", PASSWORD_MOST);
        return ERR_VALUE;
    }
    if (count < PASSWORD_LEAST || count > PASSWORD_MOST) {
        note_set(note, "a password has %d to %d characters; this one has %zu", PASSWORD_LEAST,
            PASSWORD_MOST, count);
        return ERR_VALUE;
    }
    strength_add(&words, name);
    strength_add(&words, "gatehouse");
    const char *trouble = strength_trouble(password, &words);
    if (trouble != NULL) {
        note_set(
            note, "that password is easily guessed: %s; take a few words of your own", trouble);
        return ERR_VALUE;
    }
    return OK;
}

enum err
user_set_password(
    struct identity *identity, const char *name, const struct secret *password, struct note *note)
{
    char hash[USER_HASH];
    int64_t user = 0;
    enum err err = check_password(name, password, note);
    if (err == OK) {
        err = hash_password(password, hash);
    }
    if (err == OK) {
        err = identity_begin(identity, note);
    }
    if (err != OK) {
        return err;
    }
    err = identity_user(identity, name, &user, note);
    if (err == OK) {
        err = identity_run(identity, "UPDATE user SET password = ? WHERE id = ?", "ti", hash, user);
    }
    return identity_end(identity, err, note);
}

void
user_password_hash(struct identity *identity, const char *name, char ret_hash[USER_HASH])
{
    CLEANUP(identity_finish) sqlite3_stmt *query = NULL;
    char hash[USER_HASH];
    memcpy(hash, identity->dummy, sizeof(hash));
    enum err err = identity_prepare(identity, &query,
        "SELECT password FROM user WHERE name = ? AND is_disabled = 0 AND password IS NOT NULL",
        "t", name);
    if (identity_row(identity, query, &err)) {
        identity_text(query, 0, hash, sizeof(hash));
    }
    memcpy(ret_hash, hash, sizeof(hash));
}

bool
user_password_fits(const char hash[USER_HASH], const struct secret *password)
{
    /* A longer one can't be anybody's; the work is done all the same. */
    bool is_possible = secret_len(password) <= PASSWORD_BYTES;
    bool fits = crypto_pwhash_str_verify(hash, secret_text(password),
                    is_possible ? secret_len(password) : PASSWORD_BYTES) == 0;
    return fits && is_possible;
}
