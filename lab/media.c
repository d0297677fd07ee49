/* Video of the devices: a grey picture that any decoder shows, a key frame every second. */
#include "lab/media.h"

#include "lab/hostile.h"

#define PAYLOAD_TYPE 96
#define CLOCK        90000U
#define FRAMES       5U /* a second */
#define STAP_A       24

/* ITU-T H.264 7.3.2: baseline, 32x32, order of output is order of decoding. */
static const uint8_t sequence_set[] = {0x67, 0x42, 0xc0, 0x0a, 0xda, 0x25, 0x90};
static const uint8_t picture_set[] = {0x68, 0xce, 0x38, 0x80};
/* All four macroblocks are predicted from nothing: grey. */
static const uint8_t key_frame[] = {0x65, 0x88, 0x84, 0x93, 0x93, 0x93, 0x93, 0xc0};
/* All four are skipped: the picture stays; they differ in frame_num. */
static const uint8_t still_frames[FRAMES - 1][4] = {
    {0x61, 0x9a, 0x22, 0x58},
    {0x61, 0x9a, 0x42, 0x58},
    {0x61, 0x9a, 0x62, 0x58},
    {0x61, 0x9a, 0x82, 0x58},
};

static void
send_packet(struct conn *conn, const void *payload, size_t len, bool marker)
{
    struct conn_stream *stream = &conn->stream;
    uint32_t time = stream->frame * (CLOCK / FRAMES);
    struct buf out;
    buf_init(&out, 256);
    buf_byte(&out, '$');
    buf_byte(&out, stream->channel);
    buf_u16be(&out, (uint16_t)(12 + len));
    buf_byte(&out, 0x80);
    buf_byte(&out, (uint8_t)(PAYLOAD_TYPE | (marker ? 0x80 : 0)));
    buf_u16be(&out, stream->sequence++);
    buf_u16be(&out, (uint16_t)(time >> 16));
    buf_u16be(&out, (uint16_t)time);
    buf_u32le(&out, UINT32_C(0x6b636f6c)); /* SSRC */
    buf_add(&out, payload, len);
    conn_send(conn, out.data, out.len);
    buf_release(&out);
}

static void
send_sets(struct conn *conn)
{
    struct buf both;
    buf_init(&both, 64);
    buf_byte(&both, 0x60 | STAP_A);
    buf_u16be(&both, sizeof sequence_set);
    buf_add(&both, sequence_set, sizeof sequence_set);
    buf_u16be(&both, sizeof picture_set);
    buf_add(&both, picture_set, sizeof picture_set);
    send_packet(conn, both.data, both.len, false);
    buf_release(&both);
}

void
media_tick(struct conn *conn)
{
    bool silent =
        hostile_does(conn->device, HOSTILE_NO_VIDEO_AFTER) && conn->device->changes % 2 == 1;
    if (silent)
        return;
    unsigned within = conn->stream.frame % FRAMES;
    if (within == 0) {
        send_sets(conn);
        send_packet(conn, key_frame, sizeof key_frame, true);
    } else {
        send_packet(conn, still_frames[within - 1], sizeof still_frames[0], true);
    }
    conn->stream.frame++;
}
