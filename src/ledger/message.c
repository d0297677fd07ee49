/* Frames of the keeper's socket: length, number, token, payload. */
#include "ledger/message.h"
#include "base/reader.h"

#include <string.h>

#define HEAD_REST  (MESSAGE_HEAD - 4) /* of the head, what the length counts */
#define DONE_FIXED 9                  /* status and index */

struct row {
    enum message_kind kind;
    enum message_side to;
    size_t largest;
};

static const struct row *
find_row(uint8_t number)
{
    static const struct row rows[] = {
#define MESSAGE(name, number, from, to, largest, words) {MESSAGE_##name, MESSAGE_##to, largest},
#include "ledger/messages.def"
#undef MESSAGE
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (rows[i].kind == number) {
            return &rows[i];
        }
    }
    return NULL;
}

enum err
message_parse(enum message_side receiver, const uint8_t *bytes, size_t len,
    struct message *ret_message, size_t *ret_used)
{
    if (len < MESSAGE_HEAD - 4) { /* the number decides as early as it is there */
        *ret_used = 0;
        return OK;
    }
    struct reader reader;
    reader_init(&reader, bytes, len);
    size_t rest = reader_u32be(&reader);
    const struct row *row = find_row(reader_u8(&reader));
    if (row == NULL || row->to != receiver || rest < HEAD_REST || rest - HEAD_REST > row->largest) {
        return ERR_SYNTAX;
    }
    if (len - 4 < rest) {
        *ret_used = 0;
        return OK;
    }
    struct message message = {.kind = row->kind, .len = rest - HEAD_REST};
    message.token = reader_u32be(&reader);
    message.payload = reader_bytes(&reader, message.len);
    *ret_message = message;
    *ret_used = 4 + rest;
    return reader_error(&reader);
}

static void
store_u32be(uint8_t *out, uint32_t value)
{
    for (size_t i = 0; i < 4; i++) {
        out[i] = (uint8_t)(value >> (24 - 8 * i));
    }
}

static void
put_head(struct buf *out, enum message_kind kind, uint32_t token, size_t len)
{
    uint8_t head[MESSAGE_HEAD];
    assert(len <= MESSAGE_PAYLOAD);
    store_u32be(head, (uint32_t)(len + HEAD_REST));
    head[4] = (uint8_t)kind;
    store_u32be(head + 5, token);
    buf_add(out, head, sizeof(head));
}

void
message_put(struct buf *out, const struct message *message)
{
    size_t before = out->len;
    put_head(out, message->kind, message->token, message->len);
    buf_add(out, message->payload, message->len);
    if (out->failed) {
        out->len = before; /* never half a frame */
    }
}

static void
store_u64be(uint8_t *out, uint64_t value)
{
    store_u32be(out, (uint32_t)(value >> 32));
    store_u32be(out + 4, (uint32_t)value);
}

void
message_put_done(struct buf *out, uint32_t token, const struct message_done *done)
{
    uint8_t payload[DONE_FIXED + sizeof(done->words)];
    size_t words = strnlen(done->words, sizeof(done->words) - 1);
    payload[0] = (uint8_t)done->status;
    store_u64be(payload + 1, done->index);
    memcpy(payload + DONE_FIXED, done->words, words);
    const struct message message = {MESSAGE_DONE, token, payload, DONE_FIXED + words};
    message_put(out, &message);
}

enum err
message_parse_done(const struct message *message, struct message_done *ret_done)
{
    struct reader reader;
    if (message->kind != MESSAGE_DONE) {
        return ERR_SYNTAX;
    }
    reader_init(&reader, message->payload, message->len);
    uint8_t status = reader_u8(&reader);
    uint64_t index = (uint64_t)reader_u32be(&reader) << 32;
    index |= reader_u32be(&reader);
    size_t words = reader_left(&reader);
    if (reader_error(&reader) != OK || status > MESSAGE_ENDING ||
        words >= sizeof(ret_done->words)) {
        return ERR_SYNTAX;
    }
    ret_done->status = (enum message_status)status;
    ret_done->index = index;
    if (words != 0) {
        memcpy(ret_done->words, message->payload + DONE_FIXED, words);
    }
    ret_done->words[words] = '\0';
    return OK;
}

void
message_store_index(uint64_t index, uint8_t out[MESSAGE_INDEX])
{
    store_u64be(out, index);
}

enum err
message_parse_index(const struct message *message, uint64_t *ret_index)
{
    struct reader reader;
    reader_init(&reader, message->payload, message->len);
    uint64_t index = (uint64_t)reader_u32be(&reader) << 32;
    index |= reader_u32be(&reader);
    if (message->kind != MESSAGE_PUBLISH || reader_error(&reader) != OK ||
        reader_left(&reader) != 0) {
        return ERR_SYNTAX;
    }
    *ret_index = index;
    return OK;
}
