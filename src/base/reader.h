/*
 * Bytes from outside, read with a cursor that cannot pass the end. The error is sticky and every
 * read past the end gives zeros, so a parser of ten lines stays ten lines and checks once.
 * Lengths come from what was received, never from what the peer claims.
 */
#pragma once

#include "base/err.h"

struct reader {
    const uint8_t *data;
    size_t len;
    size_t pos;
    bool failed; /* sticky: something past the end was asked for */
};

void reader_init(struct reader *reader, const void *data, size_t len);
size_t reader_left(const struct reader *reader);

uint8_t reader_u8(struct reader *reader);
uint16_t reader_u16be(struct reader *reader);
uint16_t reader_u16le(struct reader *reader);
uint32_t reader_u32be(struct reader *reader);
uint32_t reader_u32le(struct reader *reader);
void reader_skip(struct reader *reader, size_t len);

/* A pointer to len bytes inside the input, or NULL (and failed) when fewer are left. */
const uint8_t *reader_bytes(struct reader *reader, size_t len);

/* The next line without its CR LF or LF; false at the end. The last line may lack its end. */
bool reader_line(struct reader *reader, const char **ret_line, size_t *ret_len);

/* ERR_SYNTAX when a read went past the end, else OK. */
enum err reader_error(const struct reader *reader) MUST_CHECK;
