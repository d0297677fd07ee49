/*
 * Picking one value out of an answer by an expression, whatever text format the answer is in.
 *
 *   "firmwareVersion"        XML: first element of that local name
 *   "DeviceInfo/model"       XML: child by child, from the first element that begins the path
 *   "[0].value.DevInfo.name" JSON: path of keys and indices
 *   "root.Brand.ProdNbr"     key=value lines ("root." or "table." may be missing in the answer)
 *   "~regex"                 group 1 (or the whole match) of a PCRE2 regular expression over the
 * body
 *   "@name", "@name~regex"   a header, or group 1 of a regular expression over it
 *
 * Names compare without letter case: firmwares of one vendor spell them in several ways.
 *
 * The format is told by the body's first letter: '<' XML, '{' or '[' JSON, else lines. XML never
 * loads anything, and a document with a DOCTYPE (XHTML pages included) is refused.
 */
#pragma once

#include "base/arena.h"
#include "codec/exchange.h"

#define PICK_VALUE ((size_t)4096) /* a longer value is no value */

/*
 * The value, trimmed, in the arena. ERR_MISSING when it is absent or empty, ERR_SYNTAX when the
 * body is not well-formed, ERR_LIMIT when a bound was met.
 */
enum err pick_text(const struct answer *answer, const char *pick, struct arena *arena,
    const char **ret_text) MUST_CHECK;
