/* WS-UsernameToken with password digest (OASIS WSS UsernameToken Profile 1.0) for SOAP requests. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

#define WSSE_NONCE 16

struct wsse_user {
    const char *user;
    const char *password;
    uint8_t nonce[WSSE_NONCE]; /* fresh for every request */
    int64_t created;           /* the device's own time, milliseconds since 1970 */
};

/* Base64(SHA-1(nonce + created + password)) as the profile defines it; out has room for 29. */
enum err wsse_digest(
    const struct wsse_user *user, const char *created, char *out, size_t size) MUST_CHECK;

/*
 * The envelope with a Security header in front of its Body. ERR_SYNTAX when it has no Body or has a
 * Header already.
 */
enum err wsse_dress(const char *envelope, const struct wsse_user *user, struct arena *arena,
    const char **ret_envelope) MUST_CHECK;

/* Fills the nonce with random bytes. */
void wsse_nonce(uint8_t ret_nonce[WSSE_NONCE]);
