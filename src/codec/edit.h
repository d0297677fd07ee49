/*
 * Puts one value in the place of another in a text of any format that codec/pick.h reads, byte for
 * byte: everything else stays as it was, so that a device gets its own document back.
 */
#pragma once

#include "base/buf.h"
#include "codec/exchange.h"

/*
 * Appends the body of the answer with the value at `pick` replaced, escaped for the format (XML
 * text; a JSON string, or a number, true and false where one stood). ERR_MISSING: nothing there;
 * ERR_SYNTAX: not well-formed; ERR_UNSUPPORTED: a pick by regex or header; ERR_LIMIT.
 */
enum err edit_value(
    const struct answer *answer, const char *pick, const char *value, struct buf *out) MUST_CHECK;
