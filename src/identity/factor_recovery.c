/*
 * Recovery codes: 80 random bits each. One keyed BLAKE2b is enough for what can't be guessed:
 * trying 2^80 codes is out of reach however fast the hash, and without identity.key nothing can be
 * tried.
 */
#include "base/clock.h"
#include "identity/factor.h"
#include "identity/identity_inside.h"

#include <sodium.h>
#include <string.h>

#define SIGNS   16 /* of 5 bits each */
#define HASH    32
#define PER_GAP 4

static const char alphabet[] = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"; /* 32, without I O 0 1 */

static_assert(sizeof(alphabet) - 1 == 32, "five bits a sign");
static_assert(FACTOR_CODE > SIGNS + SIGNS / PER_GAP, "a code fits with its dashes");

static void
new_code(char ret_code[FACTOR_CODE])
{
    uint8_t bytes[SIGNS];
    size_t len = 0;
    randombytes_buf(bytes, sizeof(bytes));
    for (size_t i = 0; i < SIGNS; i++) {
        if (i != 0 && i % PER_GAP == 0) {
            ret_code[len++] = '-';
        }
        ret_code[len++] = alphabet[bytes[i] % (sizeof(alphabet) - 1)];
    }
    ret_code[len] = '\0';
    sodium_memzero(bytes, sizeof(bytes));
}

/* Letter case, dashes and blanks don't matter; false when it can't be a code. */
static bool
read_code(const char *code, char ret_signs[SIGNS + 1])
{
    size_t count = 0;
    for (size_t i = 0; code[i] != '\0'; i++) {
        char sign = code[i] >= 'a' && code[i] <= 'z' ? (char)(code[i] - 'a' + 'A') : code[i];
        if (sign == '-' || sign == ' ') {
            if (i < (size_t)2 * FACTOR_CODE) {
                continue;
            }
            return false;
        }
        if (count == SIGNS || strchr(alphabet, sign) == NULL) {
            return false;
        }
        ret_signs[count++] = sign;
    }
    ret_signs[count] = '\0';
    return count == SIGNS;
}

static void
hash_code(const struct identity *identity, const char signs[SIGNS + 1], uint8_t out[HASH])
{
    (void)crypto_generichash(out, HASH, (const uint8_t *)signs, SIGNS,
        (const uint8_t *)secret_text(identity->code_key), secret_len(identity->code_key));
}

static enum err
replace(struct identity *identity, const char *user, char codes[FACTOR_CODES][FACTOR_CODE])
{
    int64_t number = 0;
    enum err err = identity_user(identity, user, &number, NULL);
    if (err == OK) {
        err = identity_run(identity, "DELETE FROM recovery WHERE user = ?", "i", number);
    }
    for (size_t i = 0; i < FACTOR_CODES && err == OK; i++) {
        char signs[SIGNS + 1];
        uint8_t hash[HASH];
        bool is_code = read_code(codes[i], signs);
        assert(is_code);
        hash_code(identity, signs, hash);
        sodium_memzero(signs, sizeof(signs));
        err = identity_run(identity, "INSERT INTO recovery (user, hash) VALUES (?, ?)", "ib",
            number, hash, sizeof(hash));
    }
    return err;
}

enum err
factor_recovery_new(
    struct identity *identity, const char *user, char ret_codes[FACTOR_CODES][FACTOR_CODE])
{
    char codes[FACTOR_CODES][FACTOR_CODE];
    enum err err = identity_begin(identity, NULL);
    if (err != OK) {
        return err;
    }
    for (size_t i = 0; i < FACTOR_CODES; i++) {
        new_code(codes[i]);
    }
    err = identity_end(identity, replace(identity, user, codes), NULL);
    if (err == OK) {
        memcpy(ret_codes, codes, sizeof(codes));
    }
    sodium_memzero(codes, sizeof(codes));
    return err;
}

enum err
factor_recovery_take(struct identity *identity, const char *user, const char *code)
{
    char signs[SIGNS + 1];
    uint8_t hash[HASH];
    if (!read_code(code, signs)) {
        return ERR_VALUE;
    }
    hash_code(identity, signs, hash);
    sodium_memzero(signs, sizeof(signs));
    enum err err = identity_begin_quietly(identity, NULL);
    if (err != OK) {
        return err;
    }
    err = identity_run(identity,
        "UPDATE recovery SET taken = ? WHERE hash = ? AND taken = 0"
        " AND user = (SELECT id FROM user WHERE name = ? AND is_disabled = 0)",
        "ibt", clock_wall(), hash, sizeof(hash), user);
    if (err == OK && identity_changes(identity) != 1) {
        err = ERR_VALUE;
    }
    return identity_end(identity, err, NULL);
}
