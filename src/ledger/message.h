/* Frames of the keeper's socket, both directions (messages.def). Pure, bounded. */
#pragma once

#include "base/buf.h"

#define MESSAGE_HEAD    9     /* length, number, token */
#define MESSAGE_PAYLOAD 65535 /* the largest of messages.def */
#define MESSAGE_FRAME   (MESSAGE_HEAD + MESSAGE_PAYLOAD)
#define MESSAGE_ALL     UINT32_MAX /* token of a DONE about the whole connection, which ends */

enum message_kind {
#define MESSAGE(name, number, from, to, largest, words) MESSAGE_##name = number,
#include "ledger/messages.def"
#undef MESSAGE
};

enum message_side {
    MESSAGE_CLIENT,
    MESSAGE_KEEPER,
};

/* Status of a DONE. */
enum message_status {
    MESSAGE_OK = 0,     /* durable, at this index */
    MESSAGE_BAD = 1,    /* refused for what it is: not canonical, a member missing, not allowed */
    MESSAGE_FULL = 2,   /* no space: footage must stop */
    MESSAGE_ENDING = 3, /* the keeper is going away; nothing was recorded */
};

struct message {
    enum message_kind kind;
    uint32_t token;
    const uint8_t *payload; /* inside the bytes that were parsed */
    size_t len;
};

/*
 * The first frame of the bytes that a side received: OK and its whole length in *ret_used (0: more
 * must come); ERR_SYNTAX for what that side may not be sent, too long, or of no known kind.
 */
enum err message_parse(enum message_side receiver, const uint8_t *bytes, size_t len,
    struct message *ret_message, size_t *ret_used) MUST_CHECK;
/* Appends a frame. */
void message_put(struct buf *out, const struct message *message);

/* The payload of a DONE. */
struct message_done {
    enum message_status status;
    uint64_t index;
    char words[256];
};
void message_put_done(struct buf *out, uint32_t token, const struct message_done *done);
enum err message_parse_done(
    const struct message *message, struct message_done *ret_done) MUST_CHECK;

/* The payload of a PUBLISH. */
#define MESSAGE_INDEX 8
void message_store_index(uint64_t index, uint8_t out[MESSAGE_INDEX]);
enum err message_parse_index(const struct message *message, uint64_t *ret_index) MUST_CHECK;
