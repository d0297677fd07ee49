/* Asks a time-stamp authority over HTTP (RFC 3161 section 3.4): the only network of this area. */
#pragma once

#include "base/buf.h"

#define STAMP_SECONDS 20

struct stamp_server {
    const char *url;         /* http:// or https://, as the owner typed it, without a password */
    const char *authorities; /* PEM file for https; NULL: the system's */
    unsigned seconds;        /* for the whole of it; 0: STAMP_SECONDS */
};

/* ERR_VALUE: no such address; the note says why it is none. For settings. */
enum err stamp_server_check(const char *url, struct note *note) MUST_CHECK;
/*
 * Posts a request and appends the answer, at most STAMP_LIMIT bytes, unchecked: stamp_check() is
 * for that. No redirect is followed, no proxy of the
 * environment asked. ERR_REFUSED, ERR_TIMEOUT, ERR_TLS, ERR_NETWORK: it could not
 * be asked, so ask again later; ERR_VALUE, ERR_LIMIT: something answered that is no authority.
 */
enum err stamp_send(const struct stamp_server *server, const struct buf *request,
    struct buf *ret_answer, struct note *note) MUST_CHECK;
