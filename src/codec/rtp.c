/* Interleaved frames and what they carry. */
#include "codec/rtp.h"

#include "codec/rtsp.h"

#include <string.h>

#define FRAME_HEAD  4
#define RTP_HEAD    12
#define RTP_VERSION 2
#define MESSAGE_MAX ((size_t)16 * 1024)

void
rtp_feed_init(struct rtp_feed *feed)
{
    *feed = (struct rtp_feed){.status = 0};
    buf_init(&feed->in, RTP_FEED + MESSAGE_MAX);
}

void
rtp_feed_release(struct rtp_feed *feed)
{
    buf_release(&feed->in);
}

/* Whether a packet ends a frame; what is no RTP counts for nothing. */
static void
take_packet(struct rtp_feed *feed, const uint8_t *bytes, size_t len)
{
    if (len <= RTP_HEAD || bytes[0] >> 6 != RTP_VERSION) {
        return;
    }
    size_t head = RTP_HEAD + (size_t)4 * (bytes[0] & 0x0f);
    bool is_marked = (bytes[1] & 0x80) != 0;
    uint32_t stamp =
        (uint32_t)bytes[4] << 24 | (uint32_t)bytes[5] << 16 | (uint32_t)bytes[6] << 8 | bytes[7];
    if (len <= head) {
        return;
    }
    bool is_next = feed->has_stamp && stamp != feed->stamp && !feed->was_marked;
    feed->packets++;
    feed->frames += (is_marked ? 1U : 0U) + (is_next ? 1U : 0U);
    feed->stamp = stamp;
    feed->has_stamp = true;
    feed->was_marked = is_marked;
}

/* An answer, or a request that the device makes. Its length; 0: more must come. */
static enum err
take_message(struct rtp_feed *feed, const char *bytes, size_t len, size_t *ret_len)
{
    static const char version[] = "RTSP/1.";
    size_t shown = len < sizeof(version) - 1 ? len : sizeof(version) - 1;
    if (memcmp(bytes, version, shown) == 0) {
        enum err err = rtsp_whole(bytes, len, ret_len);
        if (err == OK && *ret_len != 0) {
            feed->status = rtsp_status(bytes, *ret_len);
        }
        return err == OK && *ret_len == 0 && len > MESSAGE_MAX ? ERR_LIMIT : err;
    }
    if (bytes[0] < 'A' || bytes[0] > 'Z') {
        return ERR_SYNTAX;
    }
    const char *end = memmem(bytes, len, "\r\n\r\n", 4);
    if (end == NULL) {
        return len > MESSAGE_MAX ? ERR_LIMIT : OK;
    }
    *ret_len = (size_t)(end - bytes) + 4;
    return OK;
}

static enum err
take_one(struct rtp_feed *feed, const char *bytes, size_t len, size_t *ret_len)
{
    *ret_len = 0;
    if (bytes[0] != '$') {
        return take_message(feed, bytes, len, ret_len);
    }
    if (len < FRAME_HEAD) {
        return OK;
    }
    size_t body = (size_t)(uint8_t)bytes[2] << 8 | (uint8_t)bytes[3];
    if (len - FRAME_HEAD < body) {
        return OK;
    }
    if (bytes[1] == 0) {
        take_packet(feed, (const uint8_t *)bytes + FRAME_HEAD, body);
    }
    *ret_len = FRAME_HEAD + body;
    return OK;
}

static void
drop(struct buf *in, size_t len)
{
    if (len != 0) {
        memmove(in->data, in->data + len, in->len - len);
        in->len -= len;
        in->data[in->len] = '\0';
    }
}

enum err
rtp_feed_take(struct rtp_feed *feed, const void *bytes, size_t len)
{
    buf_add(&feed->in, bytes, len);
    if (buf_error(&feed->in) != OK) {
        return ERR_LIMIT;
    }
    size_t at = 0;
    size_t whole = 0;
    do {
        whole = 0;
        enum err err =
            at == feed->in.len ? OK : take_one(feed, feed->in.data + at, feed->in.len - at, &whole);
        if (err != OK) {
            return err;
        }
        at += whole;
    } while (whole != 0);
    drop(&feed->in, at);
    return OK;
}
