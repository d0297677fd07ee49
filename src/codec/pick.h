/*
 * Picking one value out of an answer by an expression, whatever text format the answer is in.
 *
 *   "firmwareVersion"        XML: first element of that local name
 *   "DeviceInfo/model"       XML: child by child, from the first element that begins the path
 *   "[0].value.DevInfo.name" JSON: path of keys and indices; ["a.b"] is a key with a dot
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

/* Where the value of a key stands in key=value lines, its quotes left out. ERR_MISSING. */
enum err pick_line(const char *body, size_t len, const char *key, const char **ret_value,
    size_t *ret_len) MUST_CHECK;

/*
 * Where group 1 (or the whole match) of a PCRE2 regular expression stands in a body. ERR_MISSING;
 * ERR_LIMIT; ERR_VALUE: no expression.
 */
enum err pick_match(const char *body, size_t len, const char *regex, const char **ret_at,
    size_t *ret_len) MUST_CHECK;

/* Children of an element, each a name or a path ("Networks/IPv4/Enabled"). */
struct pick_row {
    const char *element;
    const char *const *children;
    size_t count;
};

/*
 * Of the n-th (0 is the first) XML element of that local name: the values of some of its children,
 * "" for one that is absent. ERR_MISSING when there is no such element; else errors as pick_text().
 */
enum err pick_row(const struct answer *answer, const struct pick_row *row, size_t n,
    struct arena *arena, const char **ret_texts) MUST_CHECK;
