/* Frames of DVRIP: written for the few messages that only read, and read within bounds. */
#include "codec/dvrip.h"

#include "base/reader.h"
#include "base/text.h"
#include "codec/digest.h"
#include "codec/pick.h"

#include <stdlib.h>
#include <string.h>

#define HEADER   20U
#define HEAD     0xffU
#define BODY_MAX ((size_t)256 * 1024)
#define ALARM    1504U /* pushed by the device itself */
#define EVENTS   16

static const unsigned messages[] = {1000, 1002, 1006, 1020, 1040, 1042, 1488};
#define SET_CONFIG 1040U

/* The number at the start of "/1042/NetWork.Nat"; 0 when it is none that may be sent. */
static unsigned
message_of(const char *path)
{
    if (path == NULL || path[0] != '/') {
        return 0;
    }
    unsigned long number = strtoul(path + 1, NULL, 10);
    for (size_t i = 0; i < COUNT(messages); i++) {
        if (messages[i] == number) {
            return messages[i];
        }
    }
    return 0;
}

enum err
dvrip_write(const struct request *request, uint32_t sequence, struct buf *out)
{
    unsigned message = message_of(request->ask.path);
    const char *body = request->ask.body == NULL ? "{}" : request->ask.body;
    size_t len = strlen(body);
    if (message == 0 || len > BODY_MAX ||
        (message == SET_CONFIG && request->authorization == NULL)) {
        return ERR_VALUE;
    }
    unsigned long session =
        request->authorization == NULL ? 0 : strtoul(request->authorization, NULL, 16);
    buf_u32le(out, HEAD);
    buf_u32le(out, (uint32_t)session);
    buf_u32le(out, sequence);
    buf_byte(out, 0);
    buf_byte(out, 0);
    buf_byte(out, (uint8_t)(message & 0xffU));
    buf_byte(out, (uint8_t)(message >> 8U));
    buf_u32le(out, (uint32_t)len + 2);
    buf_add(out, body, len);
    buf_add(out, "\n", 2);
    return buf_error(out);
}

struct frame {
    unsigned message;
    size_t len; /* of the body */
};

/* The header at the start; OK with len 0 and message 0 when there are too few bytes for one. */
static enum err
read_header(const void *bytes, size_t len, struct frame *ret_frame)
{
    struct reader reader;
    *ret_frame = (struct frame){.message = 0};
    if (len == 0) {
        return OK;
    }
    reader_init(&reader, bytes, len);
    if (reader_u8(&reader) != HEAD) {
        return ERR_SYNTAX;
    }
    if (len < HEADER) {
        return OK;
    }
    reader_skip(&reader, 13);
    unsigned message = reader_u16le(&reader);
    uint32_t body = reader_u32le(&reader);
    if (body > BODY_MAX) {
        return ERR_LIMIT;
    }
    *ret_frame = (struct frame){.message = message, .len = body};
    return OK;
}

enum err
dvrip_whole(const void *bytes, size_t len, size_t *ret_len)
{
    const char *at = bytes;
    size_t used = 0;
    for (unsigned i = 0; i < EVENTS; i++) {
        struct frame frame;
        enum err err = read_header(at + used, len - used, &frame);
        bool is_short = len - used < HEADER || len - used - HEADER < frame.len;
        if (err != OK || is_short) {
            *ret_len = 0;
            return err;
        }
        used += HEADER + frame.len;
        if (frame.message != ALARM) {
            *ret_len = used;
            return OK;
        }
    }
    return ERR_LIMIT;
}

/* The body of the last frame, without the line end and zero behind it. */
static const char *
last_body(const struct answer *frames, struct arena *arena, size_t *ret_len)
{
    size_t used = 0;
    size_t body = 0;
    size_t body_len = 0;
    struct frame frame;
    while (frames->body_len - used >= HEADER &&
           read_header(frames->body + used, frames->body_len - used, &frame) == OK &&
           frames->body_len - used - HEADER >= frame.len) {
        body = used + HEADER;
        body_len = frame.len;
        used = body + frame.len;
    }
    while (body_len != 0 && strchr("\n\r ", frames->body[body + body_len - 1]) != NULL) {
        body_len--; /* strchr finds the terminating zero too */
    }
    *ret_len = body_len;
    return arena_copy_n(arena, frames->body + body, body_len);
}

static int
status_of(const char *ret)
{
    static const struct {
        const char *ret;
        int status;
    } rows[] = {
        {"100", 200}, /* OK */
        {"515", 200}, /* OK after an upgrade */
        {"603", 200}, /* set, and it restarts */
        {"105", 401}, /* not logged in */
        {"106", 401}, /* user name or password is wrong */
        {"107", 403}, /* may not do that */
        {"203", 401}, /* password is wrong */
        {"205", 401}, /* locked, or no such user: public clients differ */
        {"206", 401}, /* on the black list */
        {"207", 401},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (text_equal(rows[i].ret, ret)) {
            return rows[i].status;
        }
    }
    return 400;
}

struct answer
dvrip_answer(const struct answer *frames, struct arena *arena)
{
    struct answer answer = *frames;
    const char *ret = NULL;
    size_t len = 0;
    if (frames->err != OK) {
        return answer;
    }
    const char *body = last_body(frames, arena, &len);
    answer.body = body == NULL ? "" : body;
    answer.body_len = body == NULL ? 0 : len;
    answer.status = pick_text(&answer, "Ret", arena, &ret) == OK ? status_of(ret) : 400;
    return answer;
}

enum err
dvrip_hash(const char *password, char ret_hash[DVRIP_HASH])
{
    static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    uint8_t md5[DIGEST_SIZE];
    size_t len = 0;
    enum err err = digest_bytes(DIGEST_MD5, password, strlen(password), md5, &len);
    if (err != OK || len != 16) {
        return err != OK ? err : ERR_UNSUPPORTED;
    }
    for (size_t i = 0; i < DVRIP_HASH - 1; i++) {
        ret_hash[i] = letters[(md5[2 * i] + md5[2 * i + 1]) % 62];
    }
    ret_hash[DVRIP_HASH - 1] = '\0';
    return OK;
}
