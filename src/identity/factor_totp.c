/*
 * TOTP (RFC 6238): 160 bits, SHA-1, six digits, 30 s, as every authenticator program has it. Rule
 * of this file: the secret is sealed in the database and open in guarded memory only.
 */
#include "identity/factor.h"

#include "base/text.h"
#include "identity/identity_inside.h"

#include <liboath/oath.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECRET 20 /* bytes: RFC 4226, 4, R6 */
#define DIGITS 6
#define STEP   INT64_C(30) /* seconds */
#define LABEL  48

static void
write_label(char out[LABEL], int64_t user)
{
    (void)snprintf(out, LABEL, "totp/%lld", (long long)user);
}

/* The Key URI format of Google Authenticator's wiki, which the others read too. */
static enum err
write_uri(const struct secret *secret, const char *issuer, const char *user,
    char ret_uri[FACTOR_TOTP_URI])
{
    CLEANUP(buf_release) struct buf uri;
    char *base32 = NULL;
    if (oath_base32_encode(secret_text(secret), secret_len(secret), &base32, NULL) != OATH_OK) {
        return ERR_MEMORY;
    }
    buf_init(&uri, FACTOR_TOTP_URI - 1);
    buf_text(&uri, "otpauth://totp/");
    buf_percent(&uri, issuer);
    buf_byte(&uri, ':');
    buf_percent(&uri, user);
    buf_format(&uri, "?secret=%s&issuer=", base32);
    buf_percent(&uri, issuer);
    buf_format(&uri, "&algorithm=SHA1&digits=%d&period=%d", DIGITS, (int)STEP);
    sodium_memzero(base32, strlen(base32));
    free(base32);
    enum err err = buf_error(&uri);
    if (err == OK) {
        memcpy(ret_uri, uri.data, uri.len + 1);
    }
    sodium_memzero(uri.data, uri.len);
    return err;
}

static enum err
put_pending(
    struct identity *identity, const char *user, const struct secret *secret, struct note *note)
{
    char label[LABEL];
    struct identity_box box;
    int64_t number = 0;
    enum err err = identity_user(identity, user, &number, note);
    if (err == OK) {
        write_label(label, number);
        err = identity_box_close(identity, label, secret, &box);
    }
    if (err != OK) {
        return err;
    }
    return identity_run(identity,
        "INSERT INTO totp (user, pending) VALUES (?1, ?2)"
        " ON CONFLICT (user) DO UPDATE SET pending = ?2",
        "ib", number, box.bytes, box.len);
}

enum err
factor_totp_begin(struct identity *identity, const char *user, const char *issuer,
    char ret_uri[FACTOR_TOTP_URI], struct note *note)
{
    uint8_t bytes[SECRET];
    randombytes_buf(bytes, sizeof(bytes));
    struct secret *secret = secret_new(bytes, sizeof(bytes));
    sodium_memzero(bytes, sizeof(bytes));
    enum err err = secret == NULL ? ERR_MEMORY : identity_begin(identity, note);
    if (err == OK) {
        err = identity_end(identity, put_pending(identity, user, secret, note), note);
        if (err == OK) {
            err = write_uri(secret, issuer, user, ret_uri);
        }
    }
    secret_free(secret);
    return err;
}

/* "123 456" is what many programs show. */
static bool
read_code(const char *code, char ret_digits[DIGITS + 1])
{
    size_t count = 0;
    for (size_t i = 0; code[i] != '\0'; i++) {
        bool is_digit = code[i] >= '0' && code[i] <= '9';
        if (i >= (size_t)2 * DIGITS || (!is_digit && code[i] != ' ') ||
            (is_digit && count == DIGITS)) {
            return false;
        }
        if (is_digit) {
            ret_digits[count++] = code[i];
        }
    }
    ret_digits[count] = '\0';
    return count == DIGITS;
}

/*
 * The step of the code among this one and its neighbours, later than `last`; 0: none. All three are
 * computed and compared whole, so that time tells nothing.
 */
static int64_t
find_step(const struct secret *secret, const char *digits, int64_t now, int64_t last)
{
    int64_t found = 0;
    (void)oath_init(); /* may be called again */
    int64_t current = now / 1000 / STEP;
    for (int64_t step = current - 1; step <= current + 1; step++) {
        char expected[DIGITS + 1] = "";
        bool is_made =
            step > 0 && oath_hotp_generate(secret_text(secret), secret_len(secret), (uint64_t)step,
                            DIGITS, false, OATH_HOTP_DYNAMIC_TRUNCATION, expected) == OATH_OK;
        bool fits = sodium_memcmp(expected, digits, DIGITS) == 0 && is_made;
        found = fits && step > last && found == 0 ? step : found;
        sodium_memzero(expected, sizeof(expected));
    }
    return found;
}

struct held {
    int64_t user, last;
    struct secret *secret;
};

static enum err
read_held(struct identity *identity, const char *user, const char *sql, struct held *ret_held)
{
    CLEANUP(identity_finish) sqlite3_stmt *query = NULL;
    char label[LABEL];
    enum err err = identity_prepare(identity, &query, sql, "t", user);
    if (!identity_row(identity, query, &err)) {
        return err == OK ? ERR_VALUE : err;
    }
    ret_held->user = sqlite3_column_int64(query, 0);
    ret_held->last = sqlite3_column_int64(query, 1);
    write_label(label, ret_held->user);
    return identity_box_open(identity, label, sqlite3_column_blob(query, 2),
        (size_t)sqlite3_column_bytes(query, 2), &ret_held->secret);
}

/* `change` takes the step ?1 for the account ?2 when no later one was taken, else it does nothing.
 */
static enum err
take(struct identity *identity, const char *user, const char *code, int64_t now,
    const char *const sql[2])
{
    struct held held = {.secret = NULL};
    char digits[DIGITS + 1];
    int64_t step = 0;
    bool is_code = read_code(code, digits);
    enum err err = is_code ? read_held(identity, user, sql[0], &held) : ERR_VALUE;
    if (err == OK) {
        step = find_step(held.secret, digits, now, held.last);
        err = step == 0 ? ERR_VALUE : OK;
    }
    secret_free(held.secret);
    sodium_memzero(digits, sizeof(digits));
    if (err == OK) {
        err = identity_run(identity, sql[1], "ii", step, held.user);
    }
    return err == OK && identity_changes(identity) != 1 ? ERR_VALUE : err;
}

enum err
factor_totp_confirm(struct identity *identity, const char *user, const char *code, int64_t now)
{
    static const char *const sql[] = {
        "SELECT user.id, 0, pending FROM totp JOIN user ON user.id = totp.user"
        " WHERE name = ? AND is_disabled = 0 AND pending IS NOT NULL",
        "UPDATE totp SET secret = pending, pending = NULL, last_step = ?1 WHERE user = ?2"
        " AND pending IS NOT NULL",
    };
    enum err err = identity_begin(identity, NULL);
    return err == OK ? identity_end(identity, take(identity, user, code, now, sql), NULL) : err;
}

enum err
factor_totp_take(struct identity *identity, const char *user, const char *code, int64_t now)
{
    static const char *const sql[] = {
        "SELECT user.id, last_step, secret FROM totp JOIN user ON user.id = totp.user"
        " WHERE name = ? AND is_disabled = 0 AND secret IS NOT NULL",
        "UPDATE totp SET last_step = ?1 WHERE user = ?2 AND last_step < ?1",
    };
    enum err err = identity_begin_quietly(identity, NULL);
    return err == OK ? identity_end(identity, take(identity, user, code, now, sql), NULL) : err;
}
