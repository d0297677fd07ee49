/*
 * What comes on an RTSP connection while a stream plays: RTP and RTCP packets in interleaved frames
 * (RFC 2326 section 10.12, RFC 3550) and answers between them. Packets are counted and thrown away;
 * no video is kept. Pure.
 */
#pragma once

#include "base/buf.h"

/* A packet of 65,535 bytes, or a message. */
#define RTP_FEED ((size_t)80 * 1024)

struct rtp_feed {
    struct buf in;    /* what is no whole frame yet */
    int status;       /* of the last answer; 0: none came */
    unsigned packets; /* of RTP, on channel 0 */
    unsigned frames;  /* ends of frames: marker bits, or a new time stamp where none was set */
    uint32_t stamp;
    bool has_stamp, was_marked;
};

void rtp_feed_init(struct rtp_feed *feed);
void rtp_feed_release(struct rtp_feed *feed);
/* The next bytes. ERR_SYNTAX: neither a frame nor a message; ERR_LIMIT; then it is over. */
enum err rtp_feed_take(struct rtp_feed *feed, const void *bytes, size_t len) MUST_CHECK;
