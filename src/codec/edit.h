/*
 * Puts one value in the place of another in a text of any format that codec/pick.h reads, byte for
 * byte: everything else stays as it was, so that a device gets its own document back.
 */
#pragma once

#include "base/buf.h"
#include "codec/exchange.h"

/*
 * Appends the body of the answer with the value at `pick` replaced, escaped for the format (XML
 * text; a JSON string, or a number, true and false where one stood); the picker then finds exactly
 * the new value. ERR_MISSING: nothing there; ERR_SYNTAX: not well-formed; ERR_UNSUPPORTED: a pick
 * by header, by regex but for the whole text of an XML element, or a value that can't stand there;
 * ERR_LIMIT. On an error `out` is of no use.
 */
enum err edit_value(
    const struct answer *answer, const char *pick, const char *value, struct buf *out) MUST_CHECK;

/*
 * The bytes of an object, list, number or boolean at a path (as in codec/pick.h) of JSON that is
 * known to be well-formed, such as what edit_value() made. ERR_MISSING, ERR_SYNTAX: no JSON.
 */
enum err edit_part(const struct answer *answer, const char *path, const char **ret_bytes,
    size_t *ret_len) MUST_CHECK;

/* Appends a text as it is written inside an XML element, and inside a JSON string's quotes. */
void edit_escape_xml(const char *value, struct buf *out);
void edit_escape_json(const char *value, struct buf *out);
