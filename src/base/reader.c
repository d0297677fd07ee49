/* A bounded cursor over received bytes. */
#include "base/reader.h"

#include <string.h>

void
reader_init(struct reader *reader, const void *data, size_t len)
{
    *reader = (struct reader){.data = data, .len = data == NULL ? 0 : len};
}

size_t
reader_left(const struct reader *reader)
{
    return reader->failed ? 0 : reader->len - reader->pos;
}

const uint8_t *
reader_bytes(struct reader *reader, size_t len)
{
    if (len > reader_left(reader)) {
        reader->failed = true;
        return NULL;
    }
    const uint8_t *bytes = reader->data + reader->pos;
    reader->pos += len;
    return bytes;
}

void
reader_skip(struct reader *reader, size_t len)
{
    (void)reader_bytes(reader, len);
}

uint8_t
reader_u8(struct reader *reader)
{
    const uint8_t *b = reader_bytes(reader, 1);
    return b == NULL ? 0 : b[0];
}

uint16_t
reader_u16be(struct reader *reader)
{
    const uint8_t *b = reader_bytes(reader, 2);
    return b == NULL ? 0 : (uint16_t)((unsigned)b[0] << 8 | b[1]);
}

uint16_t
reader_u16le(struct reader *reader)
{
    const uint8_t *b = reader_bytes(reader, 2);
    return b == NULL ? 0 : (uint16_t)((unsigned)b[1] << 8 | b[0]);
}

uint32_t
reader_u32be(struct reader *reader)
{
    uint32_t high = reader_u16be(reader);
    uint32_t low = reader_u16be(reader);
    return reader->failed ? 0 : high << 16 | low;
}

uint32_t
reader_u32le(struct reader *reader)
{
    uint32_t low = reader_u16le(reader);
    uint32_t high = reader_u16le(reader);
    return reader->failed ? 0 : high << 16 | low;
}

bool
reader_line(struct reader *reader, const char **ret_line, size_t *ret_len)
{
    size_t left = reader_left(reader);
    if (left == 0) {
        return false;
    }
    const char *start = (const char *)reader->data + reader->pos;
    const char *end = memchr(start, '\n', left);
    size_t len = end == NULL ? left : (size_t)(end - start);
    reader->pos += end == NULL ? len : len + 1;
    if (len != 0 && start[len - 1] == '\r') {
        len--;
    }
    *ret_line = start;
    *ret_len = len;
    return true;
}

enum err
reader_error(const struct reader *reader)
{
    return reader->failed ? ERR_SYNTAX : OK;
}
