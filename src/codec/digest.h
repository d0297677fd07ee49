/* Hashes and Base64 for log-ins, by OpenSSL. */
#pragma once

#include "base/err.h"

enum digest {
    DIGEST_MD5,
    DIGEST_SHA1,
    DIGEST_SHA256,
};

#define DIGEST_SIZE 32 /* the largest */
#define DIGEST_HEX  (2 * DIGEST_SIZE + 1)

/* The hash's bytes and their number; ERR_UNSUPPORTED when OpenSSL's policy forbids the hash. */
enum err digest_bytes(enum digest digest, const void *data, size_t len,
    uint8_t ret_bytes[DIGEST_SIZE], size_t *ret_len) MUST_CHECK;

/* The same as lower-case hex text. */
enum err digest_hex(
    enum digest digest, const void *data, size_t len, char ret_hex[DIGEST_HEX]) MUST_CHECK;

/* Base64 (RFC 4648 section 4) of bytes; ERR_LIMIT when out is too small. */
enum err digest_base64(const void *data, size_t len, char *out, size_t size) MUST_CHECK;
