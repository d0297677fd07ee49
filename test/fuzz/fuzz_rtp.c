/* Bytes of a camera whose stream is played: its answers, its description, its frames. */
#include "codec/rtp.h"
#include "codec/rtsp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
read_answer(const uint8_t *data, size_t size)
{
    size_t whole = 0;
    struct arena arena;
    char uri[RTSP_URI];
    char session[64];
    if (size > ANSWER_BODY || rtsp_whole(data, size, &whole) != OK || whole == 0) {
        return;
    }
    assert(whole <= size);
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    const struct answer raw = {.body = (const char *)data, .body_len = size};
    const struct answer answer = rtsp_answer(&raw, &arena);
    assert(answer.body_len <= whole && answer.headers_len <= whole);
    enum err err = rtsp_control(&answer, "rtsp://10.0.0.7:554/live", uri);
    err = err == OK ? rtsp_session(&answer, session, sizeof(session)) : err;
    (void)err;
    arena_release(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rtp_feed feed;
    enum err err = OK;
    read_answer(data, size);
    rtp_feed_init(&feed);
    for (size_t at = 0; at < size && err == OK; at += 37) {
        err = rtp_feed_take(&feed, data + at, size - at < 37 ? size - at : 37);
        assert(feed.frames <= feed.packets * 2);
    }
    rtp_feed_release(&feed);
    return 0;
}
