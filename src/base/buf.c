/* A growing buffer with a maximum and a sticky error. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE ((size_t)256)
#define DRAIN_SIZE ((size_t)1024 * 1024)

static char empty[1];

void
buf_init(struct buf *buf, size_t max)
{
    assert(max < SIZE_MAX / 4);
    *buf = (struct buf){.data = empty, .max = max};
}

void
buf_release(struct buf *buf)
{
    if (buf->size != 0) {
        free(buf->data);
    }
    buf_init(buf, buf->max);
}

void
buf_clear(struct buf *buf)
{
    buf->len = 0;
    buf->failed = false;
    if (buf->size != 0) {
        buf->data[0] = '\0';
    }
}

void
buf_pour(struct buf *buf, buf_sink_fn *sink, void *context)
{
    buf->sink = sink;
    buf->sink_context = context;
}

void
buf_drain(struct buf *buf)
{
    if (buf->sink == NULL || buf->failed || buf->len < DRAIN_SIZE) {
        return;
    }
    if (!buf->sink(buf->sink_context, buf->data, buf->len)) {
        buf->failed = true;
        return;
    }
    buf->max -= buf->len;
    buf_clear(buf);
}

static bool
has_room(struct buf *buf, size_t more)
{
    if (buf->failed || more > buf->max || buf->len > buf->max - more) {
        buf->failed = true;
        return false;
    }
    size_t need = buf->len + more + 1;
    if (need <= buf->size) {
        return true;
    }
    size_t size = buf->size == 0 ? FIRST_SIZE : buf->size;
    while (size < need) {
        size *= 2;
    }
    char *data = realloc(buf->size == 0 ? NULL : buf->data, size);
    if (data == NULL) {
        buf->failed = true;
        return false;
    }
    buf->data = data;
    buf->size = size;
    return true;
}

void
buf_add(struct buf *buf, const void *bytes, size_t len)
{
    if (!has_room(buf, len)) {
        return;
    }
    if (len != 0) {
        memcpy(buf->data + buf->len, bytes, len);
    }
    buf->len += len;
    buf->data[buf->len] = '\0';
}

void
buf_text(struct buf *buf, const char *text)
{
    buf_add(buf, text, strlen(text));
}

void
buf_byte(struct buf *buf, uint8_t byte)
{
    buf_add(buf, &byte, 1);
}

void
buf_u16be(struct buf *buf, uint16_t value)
{
    const uint8_t bytes[] = {(uint8_t)(value >> 8), (uint8_t)value};
    buf_add(buf, bytes, sizeof(bytes));
}

void
buf_u32le(struct buf *buf, uint32_t value)
{
    const uint8_t bytes[] = {
        (uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16), (uint8_t)(value >> 24)};
    buf_add(buf, bytes, sizeof(bytes));
}

void
buf_percent(struct buf *buf, const char *text)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    for (; *text != '\0'; text++) {
        if (strchr(plain, *text) != NULL) {
            buf_byte(buf, (uint8_t)*text);
        } else {
            buf_format(buf, "%%%02X", (unsigned)(uint8_t)*text);
        }
    }
}

void
buf_format(struct buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0) {
        buf->failed = true;
    } else if (has_room(buf, (size_t)len)) {
        (void)vsnprintf(buf->data + buf->len, (size_t)len + 1, format, again);
        buf->len += (size_t)len;
    }
    va_end(again);
}

void *
buf_extend(struct buf *buf, size_t len)
{
    if (!has_room(buf, len)) {
        return NULL;
    }
    void *start = buf->data + buf->len;
    buf->len += len;
    buf->data[buf->len] = '\0';
    return start;
}

enum err
buf_error(const struct buf *buf)
{
    return buf->failed ? ERR_LIMIT : OK;
}
