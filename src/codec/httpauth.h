/*
 * Challenges and answers of HTTP log-ins (RFC 7616, 7617; 2617 and 2069 for old devices), used for
 * HTTP and RTSP alike.
 */
#pragma once

#include "base/arena.h"
#include "codec/digest.h"
#include "codec/exchange.h"

enum httpauth_scheme {
    HTTPAUTH_NONE,
    HTTPAUTH_BASIC,
    HTTPAUTH_DIGEST,
};

#define HTTPAUTH_TEXT 256

/* A challenge that can be answered. */
struct httpauth_challenge {
    enum httpauth_scheme scheme;
    enum digest hash; /* DIGEST_MD5 or DIGEST_SHA256 */
    bool session;     /* "-sess" variant of the hash */
    bool qop;         /* qop "auth" is offered; else the RFC 2069 form */
    bool stale;       /* only the nonce was old */
    bool has_opaque;
    bool has_algorithm;
    char realm[HTTPAUTH_TEXT];
    char nonce[HTTPAUTH_TEXT];
    char opaque[HTTPAUTH_TEXT];
};

struct httpauth_user {
    const char *user;
    const char *password;
    const char *cnonce; /* client's nonce */
    unsigned count;     /* of requests with this nonce, from 1 */
};

/*
 * The strongest challenge of one header value that may hold several: Digest SHA-256, Digest MD5,
 * Basic. ERR_MISSING when there is none that can be answered, ERR_LIMIT when a part is too long.
 */
enum err httpauth_parse(const char *value, struct httpauth_challenge *ret_challenge) MUST_CHECK;

/* The strongest of all WWW-Authenticate headers of an answer; errors as httpauth_parse(). */
enum err httpauth_challenge(
    const struct answer *answer, struct httpauth_challenge *ret_challenge) MUST_CHECK;

/* The Authorization header's value. The text holds a secret of the user (Basic: his password). */
enum err httpauth_answer(const struct httpauth_challenge *challenge,
    const struct httpauth_user *user, const struct ask *ask, struct arena *arena,
    const char **ret_value) MUST_CHECK;

/* A fresh client nonce of 16 hex digits. */
#define HTTPAUTH_CNONCE 17
void httpauth_cnonce(char ret_cnonce[HTTPAUTH_CNONCE]);

/* The method by which an ask is sent: its own, else POST with a body, else GET. */
const char *ask_method(const struct ask *ask);
