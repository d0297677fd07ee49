/* Frames of a browser's WebSocket, RFC 6455. */
#include "gate/frame.h"

#include "base/reader.h"
#include "base/text.h"

#include <string.h>

#define FIN         0x80
#define RESERVED    0x70
#define OPCODE      0x0f
#define MASKED      0x80
#define CONTROL     0x08
#define CONTROL_MAX 125 /* 5.5 */

struct head {
    bool is_last;
    enum frame_opcode opcode;
    uint64_t len;
    uint8_t mask[4];
};

void
frames_init(struct frames *frames)
{
    memset(frames, 0, sizeof(*frames));
    buf_init(&frames->raw, FRAME_HELD);
    buf_init(&frames->message, FRAME_MESSAGE);
}

void
frames_release(struct frames *frames)
{
    buf_release(&frames->raw);
    buf_release(&frames->message);
}

size_t
frames_room(const struct frames *frames)
{
    return FRAME_HELD - frames->raw.len;
}

bool
frames_is_waiting(const struct frames *frames)
{
    return frames->raw.len != frames->judged;
}

enum err
frames_feed(struct frames *frames, const void *bytes, size_t len)
{
    if (len > frames_room(frames)) {
        return ERR_LIMIT;
    }
    buf_add(&frames->raw, bytes, len);
    return buf_error(&frames->raw);
}

static enum err
fail(struct frames *frames, enum err err, struct note *note, const char *words)
{
    note_set(note, "%s", words);
    frames->err = err;
    return err;
}

/* 5.2; false: not all of it is there. */
static bool
read_head(struct reader *reader, struct head *head, bool *ret_is_good)
{
    uint8_t first = reader_u8(reader);
    uint8_t second = reader_u8(reader);
    unsigned len = second & 0x7fU;
    head->is_last = (first & FIN) != 0;
    head->opcode = (enum frame_opcode)(first & OPCODE);
    head->len = len;
    *ret_is_good = (first & RESERVED) == 0 && (second & MASKED) != 0;
    if (len == 126) {
        head->len = reader_u16be(reader);
        *ret_is_good = *ret_is_good && head->len > 125; /* the shortest form, 5.2 */
    } else if (len == 127) {
        uint64_t high = reader_u32be(reader);
        head->len = high << 32 | reader_u32be(reader);
        *ret_is_good = *ret_is_good && head->len > UINT16_MAX;
    }
    const uint8_t *mask = reader_bytes(reader, sizeof(head->mask));
    if (mask != NULL) {
        memcpy(head->mask, mask, sizeof(head->mask));
    }
    return reader_error(reader) == OK;
}

static const char *
what_is_wrong(const struct frames *frames, const struct head *head)
{
    bool is_control = (head->opcode & CONTROL) != 0;
    if (frames->has_closed) {
        return "a frame after the close";
    }
    switch (head->opcode) {
    case FRAME_CONTINUATION:
        return frames->is_joining ? NULL : "a continuation of nothing";
    case FRAME_TEXT:
    case FRAME_BINARY:
        return frames->is_joining ? "a message within another" : NULL;
    case FRAME_CLOSE:
    case FRAME_PING:
    case FRAME_PONG:
        return is_control && (!head->is_last || head->len > CONTROL_MAX)
                   ? "a control frame in pieces or over 125 bytes"
                   : NULL;
    default:
        return "a frame of an unknown kind";
    }
}

static void
unmask(struct frames *frames, const struct head *head, const uint8_t *bytes)
{
    uint8_t *out = buf_extend(&frames->message, (size_t)head->len);
    for (size_t i = 0; out != NULL && i < head->len; i++) {
        out[i] = bytes[i] ^ head->mask[i % 4];
    }
}

/* Text must be UTF-8 (8.1): what the VMS would read otherwise can't be judged. */
static bool
is_utf8(const struct buf *text)
{
    uint32_t point;
    for (size_t at = 0; at < text->len;) {
        size_t len = text_utf8(text->data + at, text->len - at, &point);
        if (len == 0) {
            return false;
        }
        at += len;
    }
    return true;
}

static enum err
take_frame(struct frames *frames, const struct head *head, const uint8_t *bytes, struct note *note)
{
    if (head->opcode >= FRAME_CLOSE) {
        frames->has_closed = head->opcode == FRAME_CLOSE;
        if (!frames->is_joining) {
            frames->judged = frames->parsed;
        }
        return OK;
    }
    if (head->opcode != FRAME_CONTINUATION) {
        buf_clear(&frames->message);
        frames->opcode = head->opcode;
    }
    unmask(frames, head, bytes);
    if (buf_error(&frames->message) != OK) {
        return fail(frames, ERR_LIMIT, note, "a message over 64 KiB");
    }
    frames->is_joining = !head->is_last;
    frames->is_whole = head->is_last;
    if (frames->is_whole && frames->opcode == FRAME_TEXT && !is_utf8(&frames->message)) {
        return fail(frames, ERR_SYNTAX, note, "a text that is not UTF-8");
    }
    return OK;
}

enum err
frames_next(struct frames *frames, bool *ret_is_whole, struct note *note)
{
    while (frames->err == OK && !frames->is_whole) {
        struct reader reader;
        struct head head = {.is_last = false};
        bool is_good = false;
        reader_init(&reader, frames->raw.data + frames->parsed, frames->raw.len - frames->parsed);
        if (!read_head(&reader, &head, &is_good)) {
            break;
        }
        const char *wrong = is_good ? what_is_wrong(frames, &head)
                                    : "a frame with reserved bits, an odd length or no mask";
        if (wrong != NULL) {
            return fail(frames, ERR_SYNTAX, note, wrong);
        }
        if (head.len > FRAME_MESSAGE) {
            return fail(frames, ERR_LIMIT, note, "a frame over 64 KiB");
        }
        const uint8_t *bytes = reader_bytes(&reader, (size_t)head.len);
        if (bytes == NULL) {
            break;
        }
        frames->parsed += reader.pos;
        enum err err = take_frame(frames, &head, bytes, note);
        if (err != OK) {
            return err;
        }
    }
    if (frames->err == OK && !frames->is_whole && frames_room(frames) == 0 && frames->judged == 0) {
        return fail(frames, ERR_LIMIT, note, "a message in too many frames");
    }
    if (frames->err != OK) {
        note_set(note, "the connection had ended");
        return frames->err;
    }
    *ret_is_whole = frames->is_whole;
    return OK;
}

void
frames_pass(struct frames *frames)
{
    if (frames->is_whole) {
        frames->is_whole = false;
        frames->judged = frames->parsed;
    }
}

size_t
frames_give(struct frames *frames, void *out, size_t size)
{
    size_t left = frames->judged - frames->given;
    size_t len = left < size ? left : size;
    if (len == 0) {
        return 0;
    }
    memcpy(out, frames->raw.data + frames->given, len);
    frames->given += len;
    if (frames->given == frames->judged) { /* the rest moves to the begin */
        size_t rest = frames->raw.len - frames->given;
        memmove(frames->raw.data, frames->raw.data + frames->given, rest);
        frames->raw.len = rest;
        frames->parsed -= frames->given;
        frames->judged = 0;
        frames->given = 0;
    }
    return len;
}
