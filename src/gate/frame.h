/*
 * What a browser sends into a WebSocket (RFC 6455), cut into whole messages. Bytes are kept as they
 * came until the message that they make was judged; then they are given on, equal byte for byte.
 * Extensions were not negotiated, so that a frame with a reserved bit is refused. Pure.
 */
#pragma once

#include "base/buf.h"

#define FRAME_MESSAGE ((size_t)64 * 1024)  /* bytes of a message */
#define FRAME_HELD    ((size_t)128 * 1024) /* of what is kept as it came; many frames cost more */

enum frame_opcode {
    FRAME_CONTINUATION = 0,
    FRAME_TEXT = 1,
    FRAME_BINARY = 2,
    FRAME_CLOSE = 8,
    FRAME_PING = 9,
    FRAME_PONG = 10,
};

struct frames {
    struct buf raw;     /* as it came */
    size_t parsed;      /* of raw: frames that were looked at */
    size_t judged;      /* of raw: may be given on */
    size_t given;       /* of raw: was */
    struct buf message; /* unmasked, of the message that is being joined or judged */
    enum frame_opcode opcode;
    bool is_joining; /* the first frame of a message came, the last did not */
    bool is_whole;   /* a message waits to be judged */
    bool has_closed; /* a close frame came: nothing may follow */
    enum err err;    /* sticky */
};

void frames_init(struct frames *frames);
void frames_release(struct frames *frames);
/* How many bytes it takes now. */
size_t frames_room(const struct frames *frames);
/* ERR_LIMIT: more than there is room for. */
enum err frames_feed(struct frames *frames, const void *bytes, size_t len) MUST_CHECK;
/*
 * Goes on to the end of the next message: OK with *ret_is_whole, then frames->message and opcode
 * are it, until frames_pass(). Control frames are passed by themselves, in their order. ERR_SYNTAX,
 * ERR_LIMIT with the reason: the connection is to be ended; what was judged may still be given.
 */
enum err frames_next(struct frames *frames, bool *ret_is_whole, struct note *note) MUST_CHECK;
/* The message may go on. */
void frames_pass(struct frames *frames);
/* Copies what may go on; how many bytes. */
size_t frames_give(struct frames *frames, void *out, size_t size);
/* Something came that is not judged yet. */
bool frames_is_waiting(const struct frames *frames);
