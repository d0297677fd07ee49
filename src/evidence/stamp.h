/*
 * RFC 3161 time-stamps (OpenSSL): a request over a SHA-256, the answer checked. No network here.
 */
#pragma once

#include "base/buf.h"

#define STAMP_LIMIT ((size_t)256 * 1024) /* of an answer */

enum stamp_state {
    STAMP_GOOD,
    STAMP_UNTRUSTED,     /* right in itself, but no authority was given to believe */
    STAMP_PENDING,       /* there is a request and no answer yet */
    STAMP_REFUSED,       /* the authority said no */
    STAMP_WRONG_IMPRINT, /* over other bytes */
    STAMP_WRONG_NONCE,   /* an answer to another request */
    STAMP_EXPIRED,       /* the signer's certificate was not valid at that time */
    STAMP_WRONG_SIGNER,  /* chain, purpose (EKU timeStamping, critical) or ESSCertID(v2) */
    STAMP_BROKEN,        /* no such structure */
};

struct stamp_verdict {
    enum stamp_state state;
    int64_t time;        /* ms since 1970: genTime; INT64_MIN: none */
    int64_t accuracy_ms; /* -1: not said */
    char signer[256];    /* subject of the certificate, cleaned */
    char serial[80];
    struct note why;
};

/* version 1, SHA-256, a random nonce of 64 bits, certReq TRUE. */
enum err stamp_request(const uint8_t sha256[32], struct buf *ret_request) MUST_CHECK;
/*
 * Whether that is such a request over these 32 bytes and nothing else: DER, no extensions, no room
 * for more. For what others wrote, before it is sent.
 */
bool stamp_is_request(const uint8_t sha256[32], const void *request, size_t len);
struct stamp_given {
    const uint8_t *sha256;
    const void *request; /* NULL: the nonce can't be compared, which is said */
    size_t request_len;
    const void *answer; /* NULL: STAMP_PENDING */
    size_t answer_len;
    const char *roots; /* PEM text of authorities that are believed; NULL: none */
};
void stamp_check(const struct stamp_given *given, struct stamp_verdict *ret_verdict);
const char *stamp_state_text(enum stamp_state state);
