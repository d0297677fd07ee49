/*
 * Canonical JSON (RFC 8785) with integers only: walking over bytes that must be it, and writing it.
 * What is walked over is judged byte by byte and copied nowhere. Pure.
 */
#pragma once

#include "base/buf.h"

#include <jansson.h>

#define CANONICAL_INTEGER INT64_C(9007199254740991) /* 2^53 - 1 (RFC 7493) */
#define CANONICAL_DEPTH   64 /* deepest nesting that canonical_put() writes */

/* The place that a walk has reached. */
struct canonical {
    const uint8_t *at;
    const uint8_t *end;
    const char *trouble; /* words for the ERR_SYNTAX of a call */
    bool has_nul;        /* an escaped NUL was passed: allowed in JSON, cut at by many readers */
};

/* A text, or a member's name: what stands between the quotes, or plain bytes. */
struct canonical_text {
    const char *bytes;
    size_t len;
    bool is_escaped; /* a '\' begins an escape */
    bool is_wide;    /* it has more than ASCII */
};

void canonical_init(struct canonical *json, const void *bytes, size_t len);
/* The next byte, 0 at the end. Here, because it is asked for every token of every event. */
static inline uint8_t
canonical_peek(const struct canonical *json)
{
    return json->at < json->end ? *json->at : 0;
}
/* Goes past the byte, if it is the next one. */
static inline bool
canonical_take(struct canonical *json, char byte)
{
    bool is_it = json->at < json->end && *json->at == (uint8_t)byte;
    json->at += is_it;
    return is_it;
}
/* All of these: ERR_SYNTAX and the trouble for what is not canonical. */
enum err canonical_string(struct canonical *json, struct canonical_text *ret_text) MUST_CHECK;
enum err canonical_integer(struct canonical *json, int64_t *ret_value) MUST_CHECK;
/* Any value, with at most `depth` objects and arrays one in another. */
enum err canonical_value(struct canonical *json, unsigned depth) MUST_CHECK;

/* The next character of a text, which moves on; false at the end. Only for a text that was let
 * pass. */
bool canonical_next(struct canonical_text *text, uint32_t *ret_point);
/* The order of members: by UTF-16 code units, as memcmp. */
int canonical_compare(const struct canonical_text *a, const struct canonical_text *b);

/* Appends a text with its quotes; ERR_VALUE for what is not UTF-8, then nothing is added. */
enum err canonical_put_text(struct buf *out, const char *bytes, size_t len) MUST_CHECK;
/*
 * Appends any JSON. ERR_VALUE: a real number, an integer out of range, a text that is not UTF-8;
 * ERR_LIMIT: nested deeper than CANONICAL_DEPTH; ERR_MEMORY.
 */
enum err canonical_put(struct buf *out, const json_t *json) MUST_CHECK;
