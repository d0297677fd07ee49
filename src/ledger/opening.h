/*
 * What shows to anybody what one sealed text says, and nothing else: four lines, of which the last
 * is the text itself, to the end and without a line end of its own.
 *
 *     gatehouse opening 1
 *     actor.user
 *     salt, 64 hexadecimal digits
 *     anna
 *
 * The sealed text has the SHA-256 of these bytes (seal.h), so that no other text can be shown for
 * it, not even by who sealed it; the salt tells nothing of the key. Pure.
 */
#pragma once

#include "base/buf.h"

#define OPENING_SALT  32
#define OPENING_HEX   64    /* digits of its SHA-256 */
#define OPENING_LIMIT 70000 /* longest opening */
#define OPENING_HEAD  160   /* what stands before the text has less */

struct opening {
    char path[64]; /* of the member that was sealed */
    const char *text;
    size_t len; /* of any bytes */
};

/* Appends the opening of a text. */
void opening_put(struct buf *out, const char *path, const uint8_t salt[OPENING_SALT],
    const struct opening *text);
/* Strict: ERR_SYNTAX for what opening_put() does not write. The text lies in the bytes. */
enum err opening_parse(const char *bytes, size_t len, struct opening *ret_opening) MUST_CHECK;
/* Its SHA-256; returns out. */
const char *opening_digest(const void *bytes, size_t len, char out[OPENING_HEX + 1]);
