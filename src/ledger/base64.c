/* Strict Base64, by libsodium. */
#include "ledger/base64.h"

#include <sodium.h>

#define VARIANT sodium_base64_VARIANT_ORIGINAL

enum err
base64_decode(const char *text, size_t len, void *out, size_t size, size_t *ret_len)
{
    size_t got = 0;
    if (sodium_base642bin(out, size, text, len, NULL, &got, NULL, VARIANT) != 0) {
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
