/*
 * Bytes going out or piling up: a growing buffer whose maximum is set at birth. The error is
 * sticky, so a writer of many lines checks once, at the end. The data is always terminated.
 */
#pragma once

#include "base/err.h"

struct buf {
    char *data; /* terminated; "" while empty */
    size_t len;
    size_t size;
    size_t max;
    bool failed;
};

/* max: the largest number of bytes that the buffer will ever hold. */
void buf_init(struct buf *buf, size_t max);
void buf_release(struct buf *buf);
/* Empties the buffer, keeps its memory, forgets an error. */
void buf_clear(struct buf *buf);

/* On overflow nothing is added and the buffer fails. */
void buf_add(struct buf *buf, const void *bytes, size_t len);
void buf_text(struct buf *buf, const char *text);
void buf_byte(struct buf *buf, uint8_t byte);
void buf_u16be(struct buf *buf, uint16_t value);
void buf_u32le(struct buf *buf, uint32_t value);
void buf_format(struct buf *buf, const char *format, ...) PRINTF(2, 3);

/* ERR_LIMIT when anything did not fit (or memory was out), else OK. */
enum err buf_error(const struct buf *buf) MUST_CHECK;
