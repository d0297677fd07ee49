/* Base64 of RFC 4648 section 4, strict: one text for each value, no blanks, padding demanded. */
#pragma once

#include "base/buf.h"

#define BASE64_SIZE(len) (((len) + 2) / 3 * 4 + 1) /* of the text, with its end */

/* ERR_SYNTAX, also for more than `size` bytes. */
enum err base64_decode(
    const char *text, size_t len, void *out, size_t size, size_t *ret_len) MUST_CHECK;
/* The size is at least BASE64_SIZE(len); returns out. */
const char *base64_encode(const void *bytes, size_t len, char *out, size_t size);
/* Appends the text of at most BASE64_PUT bytes; more fail the buffer. */
#define BASE64_PUT 8192
void base64_put(struct buf *out, const void *bytes, size_t len);
