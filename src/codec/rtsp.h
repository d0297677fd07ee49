/*
 * RTSP 1.0 (RFC 2326) as a client writes and reads it on a connection of its own, and as much of a
 * session description (RFC 4566) as it takes to play its video. Pure.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "codec/exchange.h"

#define RTSP_URI 1024

/*
 * The bytes of a request; ask.path is the whole URI ("rtsp://10.0.0.7:554/live"). ERR_VALUE: a
 * control character or blank where none may be, or a body; ERR_LIMIT.
 */
enum err rtsp_write(const struct request *request, unsigned sequence, struct buf *out) MUST_CHECK;
/*
 * How many of the bytes are the answer with its body; 0: more must come. ERR_SYNTAX when it is no
 * RTSP, ERR_LIMIT when it is too long.
 */
enum err rtsp_whole(const void *bytes, size_t len, size_t *ret_len) MUST_CHECK;
/* The status of "RTSP/1.0 200 OK"; 0 when it is none. */
int rtsp_status(const char *line, size_t len);
/* Of an answer whose body is such bytes: status, headers and body. */
struct answer rtsp_answer(const struct answer *raw, struct arena *arena);

/*
 * The URI by which the first video of a description is set up: its control attribute, joined to
 * Content-Base or, without one, to the URI that was asked. ERR_MISSING: no video; ERR_VALUE: no
 * URI.
 */
enum err rtsp_control(
    const struct answer *description, const char *asked, char out[RTSP_URI]) MUST_CHECK;
/* The session's name out of the answer to SETUP, without its time-out. ERR_MISSING, ERR_VALUE. */
enum err rtsp_session(const struct answer *answer, char *out, size_t size) MUST_CHECK;
