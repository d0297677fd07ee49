/* Openings of sealed texts, written, read and hashed. */
#include "ledger/opening.h"

#include "base/text.h"

#include <sodium.h>
#include <string.h>

#define HEAD "gatehouse opening 1\n"

void
opening_put(
    struct buf *out, const char *path, const uint8_t salt[OPENING_SALT], const struct opening *text)
{
    char hex[OPENING_HEX + 1];
    text_hex(hex, salt, OPENING_SALT);
    buf_format(out, HEAD "%s\n%s\n", path, hex);
    buf_add(out, text->text, text->len);
    sodium_memzero(hex, sizeof(hex));
}

/* "actor.user" and such. */
static bool
is_path(const char *path, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if ((path[i] < 'a' || path[i] > 'z') && path[i] != '.' && path[i] != '_') {
            return false;
        }
    }
    return len != 0;
}

enum err
opening_parse(const char *bytes, size_t len, struct opening *ret_opening)
{
    const size_t head = sizeof(HEAD) - 1;
    struct opening opening = {.len = 0};
    if (len > OPENING_LIMIT || len < head || memcmp(bytes, HEAD, head) != 0) {
        return ERR_SYNTAX;
    }
    const char *path = bytes + head;
    const char *end = memchr(path, '\n', len - head);
    size_t path_len = end == NULL ? 0 : (size_t)(end - path);
    if (path_len >= sizeof(opening.path) || !is_path(path, path_len)) {
        return ERR_SYNTAX;
    }
    const char *salt = end + 1;
    size_t left = len - (size_t)(salt - bytes);
    if (left < OPENING_HEX + 1 || salt[OPENING_HEX] != '\n') {
        return ERR_SYNTAX;
    }
    for (size_t i = 0; i < OPENING_HEX; i++) {
        if (strchr("0123456789abcdef", salt[i]) == NULL || salt[i] == '\0') {
            return ERR_SYNTAX;
        }
    }
    memcpy(opening.path, path, path_len);
    opening.text = salt + OPENING_HEX + 1;
    opening.len = left - OPENING_HEX - 1;
    *ret_opening = opening;
    return OK;
}

const char *
opening_digest(const void *bytes, size_t len, char out[OPENING_HEX + 1])
{
    uint8_t hash[crypto_hash_sha256_BYTES];
    (void)crypto_hash_sha256(hash, bytes, len);
    text_hex(out, hash, sizeof(hash));
    return out;
}
