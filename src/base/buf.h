/*
 * Bytes going out or piling up: a growing buffer whose maximum is set at birth. The error is
 * sticky, so a writer of many lines checks once, at the end. The data is always terminated.
 */
#pragma once

#include "base/err.h"

/* Takes what a buffer drains; false: it could not. */
typedef bool buf_sink_fn(void *context, const char *bytes, size_t len);

struct buf {
    char *data; /* terminated; "" while empty */
    size_t len;
    size_t size;
    size_t max;
    bool failed;
    buf_sink_fn *sink; /* NULL: the buffer keeps everything */
    void *sink_context;
};

/* max: the largest number of bytes that the buffer will ever hold. */
void buf_init(struct buf *buf, size_t max);
void buf_release(struct buf *buf);
/* Empties the buffer, keeps its memory, forgets an error. */
void buf_clear(struct buf *buf);

/* From now on buf_drain() hands to the sink what piled up; max still counts all of it. */
void buf_pour(struct buf *buf, buf_sink_fn *sink, void *context);
/*
 * Said by a long writer at points from which it never looks back: with a sink, a megabyte or more
 * leaves the buffer. Nothing happens without one.
 */
void buf_drain(struct buf *buf);

/* On overflow nothing is added and the buffer fails. */
void buf_add(struct buf *buf, const void *bytes, size_t len);
void buf_text(struct buf *buf, const char *text);
void buf_byte(struct buf *buf, uint8_t byte);
void buf_u16be(struct buf *buf, uint16_t value);
void buf_u32le(struct buf *buf, uint32_t value);
/* Percent-encoded, all but the unreserved characters (RFC 3986 section 2.1). */
void buf_percent(struct buf *buf, const char *text);
void buf_format(struct buf *buf, const char *format, ...) PRINTF(2, 3);

/* Makes the data len bytes longer and gives where they are, to be filled; NULL on overflow. */
void *buf_extend(struct buf *buf, size_t len);

/* ERR_LIMIT when anything did not fit (or memory was out), else OK. */
enum err buf_error(const struct buf *buf) MUST_CHECK;
