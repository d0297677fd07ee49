/* Strict Base64, by libsodium. */
#include "ledger/base64.h"

#include <sodium.h>

#define VARIANT sodium_base64_VARIANT_ORIGINAL

/* libsodium 1.0.18 also takes some bytes above 0x7f for letters. */
static bool
is_ascii(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if ((uint8_t)text[i] > 0x7f) {
            return false;
        }
    }
    return true;
}

enum err
base64_decode(const char *text, size_t len, void *out, size_t size, size_t *ret_len)
{
    size_t got = 0;
    if (!is_ascii(text, len) ||
        sodium_base642bin(out, size, text, len, NULL, &got, NULL, VARIANT) != 0) {
        return ERR_SYNTAX;
    }
    *ret_len = got;
    return OK;
}

const char *
base64_encode(const void *bytes, size_t len, char *out, size_t size)
{
    assert(size >= BASE64_SIZE(len));
    return sodium_bin2base64(out, size, bytes, len, VARIANT);
}

void
base64_put(struct buf *out, const void *bytes, size_t len)
{
    char text[BASE64_SIZE(BASE64_PUT)];
    if (len > BASE64_PUT) {
        out->failed = true;
        return;
    }
    buf_text(out, base64_encode(bytes, len, text, sizeof(text)));
}
