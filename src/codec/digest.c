/* Hashes and Base64. */
#include "codec/digest.h"

#include "base/text.h"

#include <limits.h>
#include <openssl/evp.h>

enum err
digest_bytes(enum digest digest, const void *data, size_t len, uint8_t ret_bytes[DIGEST_SIZE],
    size_t *ret_len)
{
    static const char *const names[] = {
        [DIGEST_MD5] = "MD5",
        [DIGEST_SHA1] = "SHA1",
        [DIGEST_SHA256] = "SHA256",
    };
    assert((size_t)digest < COUNT(names));
    uint8_t bytes[EVP_MAX_MD_SIZE];
    size_t got = 0;
    if (EVP_Q_digest(NULL, names[digest], NULL, data, len, bytes, &got) != 1) {
        return ERR_UNSUPPORTED;
    }
    assert(got <= DIGEST_SIZE);
    for (size_t i = 0; i < got; i++) {
        ret_bytes[i] = bytes[i];
    }
    *ret_len = got;
    return OK;
}

enum err
digest_hex(enum digest digest, const void *data, size_t len, char ret_hex[DIGEST_HEX])
{
    uint8_t bytes[DIGEST_SIZE];
    size_t got = 0;
    enum err err = digest_bytes(digest, data, len, bytes, &got);
    if (err == OK) {
        text_hex(ret_hex, bytes, got);
    }
    return err;
}

enum err
digest_base64(const void *data, size_t len, char *out, size_t size)
{
    if (len > INT_MAX / 2 || (len + 2) / 3 * 4 + 1 > size) {
        return ERR_LIMIT;
    }
    (void)EVP_EncodeBlock((unsigned char *)out, data, (int)len);
    return OK;
}
