/* RTSP as a player writes and reads it, and frames counted out of interleaved packets. */
#include "codec/rtp.h"
#include "codec/rtsp.h"

#include "test.h"

static struct answer
described(const char *headers, const char *body)
{
    return (struct answer){.status = 200,
        .headers = headers,
        .headers_len = strlen(headers),
        .body = body,
        .body_len = strlen(body)};
}

static void
test_writes_a_request(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf out;
    const struct request_header headers[] = {
        {"Session", "abc"}
    };
    const struct request request = {
        .ask = {.method = "PLAY", .path = "rtsp://10.0.0.7:554/live"},
        .authorization = "Digest x",
        .headers = headers,
        .header_count = 1
    };
    buf_init(&out, 4096);
    assert_int_equal(rtsp_write(&request, 3, &out), OK);
    assert_string_equal(out.data,
        "PLAY rtsp://10.0.0.7:554/live RTSP/1.0\r\nCSeq: 3\r\nUser-Agent: "
        "gatehouse/" GATEHOUSE_VERSION "\r\nAuthorization: Digest x\r\nSession: abc\r\n\r\n");
}

static void
expect_unwritten(const char *path, const char *authorization, const char *session)
{
    CLEANUP(buf_release) struct buf out;
    const struct request_header header = {"Session", session};
    const struct request request = {
        .ask = {.path = path},
        .authorization = authorization,
        .headers = &header,
        .header_count = 1,
    };
    buf_init(&out, 4096);
    assert_int_equal(rtsp_write(&request, 1, &out), ERR_VALUE);
}

static void
test_refuses_to_write_a_line_break_into_a_request(void **state)
{
    (void)state;
    expect_unwritten("rtsp://10.0.0.7/a b", NULL, "1");
    expect_unwritten("rtsp://10.0.0.7/a\r\nX: y", NULL, "1");
    expect_unwritten("rtsp://10.0.0.7/a", "x\ny", "1");
    expect_unwritten("rtsp://10.0.0.7/a", NULL, "a\r\nX: y");
}

static void
test_answer_is_whole_only_with_its_body(void **state)
{
    (void)state;
    static const char text[] = "RTSP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nabcdrest";
    size_t whole = 0;
    for (size_t len = 0; len < strlen(text) - 4; len++) {
        assert_int_equal(rtsp_whole(text, len, &whole), OK);
        assert_int_equal(whole, 0);
    }
    assert_int_equal(rtsp_whole(text, strlen(text), &whole), OK);
    assert_int_equal(whole, strlen(text) - 4);
    assert_int_equal(rtsp_whole("HTTP/1.1 200 OK", 15, &whole), ERR_SYNTAX);
    static const char huge[] = "RTSP/1.0 200 OK\r\nContent-Length: 99999999\r\n\r\n";
    assert_int_equal(rtsp_whole(huge, strlen(huge), &whole), ERR_LIMIT);
}

static void
expect_control(const char *headers, const char *body, const char *wanted)
{
    char out[RTSP_URI];
    const struct answer answer = described(headers, body);
    enum err err = rtsp_control(&answer, "rtsp://10.0.0.7:554/live", out);
    assert_int_equal(err, wanted == NULL ? ERR_MISSING : OK);
    if (wanted != NULL) {
        assert_string_equal(out, wanted);
    }
}

static void
test_control_of_the_first_video(void **state)
{
    (void)state;
    expect_control("",
        "v=0\r\nm=audio 0 RTP/AVP 0\r\na=control:track1\r\nm=video 0 RTP/AVP 96\r\n"
        "a=control:track2\r\nm=video 0 RTP/AVP 97\r\na=control:track3\r\n",
        "rtsp://10.0.0.7:554/live/track2");
    expect_control("Content-Base: rtsp://10.0.0.7/base/\r\n",
        "m=video 0 RTP/AVP 96\na=control:t=1\n", "rtsp://10.0.0.7/base/t=1");
    expect_control(
        "", "m=video 0 RTP/AVP 96\r\na=control:rtsp://10.0.0.7/x\r\n", "rtsp://10.0.0.7/x");
    expect_control("", "a=control:*\r\nm=video 0 RTP/AVP 96\r\n", "rtsp://10.0.0.7:554/live");
    expect_control("", "v=0\r\nm=audio 0 RTP/AVP 0\r\na=control:track1\r\n", NULL);
}

static void
test_control_with_a_blank_is_no_address(void **state)
{
    (void)state;
    char out[RTSP_URI];
    const struct answer answer = described("", "m=video 0 RTP/AVP 96\r\na=control:a b\r\n");
    assert_int_equal(rtsp_control(&answer, "rtsp://10.0.0.7/", out), ERR_VALUE);
}

static void
test_session_without_its_timeout(void **state)
{
    (void)state;
    char out[64];
    const struct answer answer = described("Session: 12ab;timeout=60\r\n", "");
    assert_int_equal(rtsp_session(&answer, out, sizeof(out)), OK);
    assert_string_equal(out, "12ab");
}

/* A packet of one byte of payload. */
static void
add_packet(struct buf *out, uint8_t channel, bool marked, uint8_t stamp)
{
    const uint8_t bytes[] = {'$', channel, 0, 13, 0x80, (uint8_t)(96 | (marked ? 0x80 : 0)), 0, 1,
        0, 0, 0, stamp, 0, 0, 0, 9, 0x65};
    buf_add(out, bytes, sizeof(bytes));
}

static void
feed_in_pieces(struct rtp_feed *feed, const struct buf *bytes, size_t piece)
{
    rtp_feed_init(feed);
    for (size_t at = 0; at < bytes->len; at += piece) {
        size_t len = bytes->len - at < piece ? bytes->len - at : piece;
        assert_int_equal(rtp_feed_take(feed, bytes->data + at, len), OK);
    }
}

static void
test_counts_frames_however_the_bytes_come(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf bytes;
    buf_init(&bytes, 4096);
    buf_text(&bytes, "RTSP/1.0 200 OK\r\nCSeq: 4\r\nSession: 1\r\n\r\n");
    add_packet(&bytes, 0, false, 1);
    add_packet(&bytes, 1, true, 1); /* RTCP's channel */
    add_packet(&bytes, 0, true, 1);
    buf_text(&bytes, "RTSP/1.0 200 OK\r\nCSeq: 5\r\nContent-Length: 2\r\n\r\nok");
    add_packet(&bytes, 0, true, 2);
    buf_text(&bytes, "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n");
    for (size_t piece = 1; piece <= bytes.len; piece++) {
        struct rtp_feed feed;
        feed_in_pieces(&feed, &bytes, piece);
        assert_int_equal(feed.status, 200);
        assert_int_equal(feed.packets, 3);
        assert_int_equal(feed.frames, 2);
        rtp_feed_release(&feed);
    }
}

static void
test_counts_frames_of_cameras_that_set_no_marker(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf bytes;
    struct rtp_feed feed;
    buf_init(&bytes, 4096);
    for (uint8_t i = 0; i < 8; i++) {
        add_packet(&bytes, 0, false, i / 2);
    }
    feed_in_pieces(&feed, &bytes, bytes.len);
    assert_int_equal(feed.packets, 8);
    assert_int_equal(feed.frames, 3);
    rtp_feed_release(&feed);
}

static void
test_refuses_what_is_neither_packet_nor_message(void **state)
{
    (void)state;
    struct rtp_feed feed;
    rtp_feed_init(&feed);
    assert_int_equal(rtp_feed_take(&feed, "\x01\x02\x03\x04", 4), ERR_SYNTAX);
    rtp_feed_release(&feed);
}

static void
test_refuses_a_message_without_an_end(void **state)
{
    (void)state;
    struct rtp_feed feed;
    enum err err = OK;
    rtp_feed_init(&feed);
    for (int i = 0; i < 100000 && err == OK; i++) {
        err = rtp_feed_take(&feed, "ANNOUNCE ANNOUNCE", 17);
    }
    assert_int_equal(err, ERR_LIMIT);
    rtp_feed_release(&feed);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writes_a_request),
        cmocka_unit_test(test_refuses_to_write_a_line_break_into_a_request),
        cmocka_unit_test(test_answer_is_whole_only_with_its_body),
        cmocka_unit_test(test_control_of_the_first_video),
        cmocka_unit_test(test_control_with_a_blank_is_no_address),
        cmocka_unit_test(test_session_without_its_timeout),
        cmocka_unit_test(test_counts_frames_however_the_bytes_come),
        cmocka_unit_test(test_counts_frames_of_cameras_that_set_no_marker),
        cmocka_unit_test(test_refuses_what_is_neither_packet_nor_message),
        cmocka_unit_test(test_refuses_a_message_without_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
