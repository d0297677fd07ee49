/*
 * A request target in the one form that is judged and sent on: what nginx would merge, decode or
 * resolve must not mean something else to the VMS. Pure.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

struct uri {
    const char *sent;  /* path and query as they go upstream: re-encoded, canonical */
    const char *path;  /* decoded, for the access table */
    const char *query; /* as sent, without '?'; "" when none */
};

/*
 * OK, or ERR_VALUE with the reason for the event: an encoded slash, backslash, dot segment, NUL or
 * control character; a bad percent sequence; raw bytes over 0x7e; ';' or '#' in the path; an
 * absolute form whose host is not `host`; ERR_LIMIT over 8 KiB. "//" becomes "/".
 */
enum err uri_canonical(const char *target, size_t len, const char *host, struct arena *arena,
    struct uri *ret_uri, struct note *note) MUST_CHECK;
