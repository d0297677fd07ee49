#include "base/clock.h"
#include "base/text.h"
#include "peer.h"

/* The requests of a table, one after the other, to one peer; the rig keeps the answers. */
static void
ask(struct rig *rig, struct peer *peer, const struct request *requests, size_t count,
    struct outcome *outcomes)
{
    peer_start(peer, "127.0.0.1", peer->answer);
    rig_init(rig);
    rig_open(rig);
    const struct wire_target target = {.ip = peer_ip("127.0.0.1"), .port = peer->port};
    for (size_t i = 0; i < count; i++) {
        (void)wire_rtsp(rig->wire, &target, &requests[i], &rig->arena, keep, &outcomes[i]);
        assert_int_equal(outcomes[i].calls, 0);
        wire_run(rig->wire);
        assert_int_equal(outcomes[i].calls, 1);
    }
    wire_free(rig->wire);
    rig->wire = NULL;
    peer_stop(peer);
}

static bool
camera(struct peer *peer, int fd)
{
    if (text_starts(peer->request, "OPTIONS")) {
        return peer_text(
            fd, "RTSP/1.0 200 OK\r\nCSeq: 1\r\nServer: Rtsp Server\r\nPublic: OPTIONS\r\n\r\n");
    }
    if (!text_contains(peer->request, "\r\nAuthorization: Digest username=\"x\"\r\n")) {
        return peer_text(fd, "RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\n"
                             "WWW-Authenticate: Digest realm=\"IP Camera\", nonce=\"1\"\r\n\r\n");
    }
    return peer_text(fd, "RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Type: application/sdp\r\n"
                         "Content-Length: 5\r\n\r\nv=0\r\n");
}

static void
test_log_in_goes_over_one_connection(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct request requests[] = {
        {.ask = {.method = "OPTIONS", .path = "*"}},
        {.ask = {.path = "/Streaming/Channels/101?transportmode=unicast"}},
        {.ask = {.path = "/Streaming/Channels/101"}, .authorization = "Digest username=\"x\""},
    };
    /* clang-format on */
    struct rig rig;
    struct peer peer = {.answer = camera};
    struct outcome outcomes[COUNT(requests)] = {0};
    char realm[64];
    char expected[128];
    ask(&rig, &peer, requests, COUNT(requests), outcomes);
    assert_int_equal(outcomes[0].answer.err, OK);
    assert_int_equal(outcomes[0].answer.status, 200);
    assert_true(answer_header(&outcomes[0].answer, "server", 0, realm, sizeof(realm)));
    assert_string_equal(realm, "Rtsp Server");
    assert_int_equal(outcomes[1].answer.err, OK);
    assert_int_equal(outcomes[1].answer.status, 401);
    assert_true(answer_header(&outcomes[1].answer, "WWW-Authenticate", 0, realm, sizeof(realm)));
    assert_int_equal(outcomes[2].answer.err, OK);
    assert_int_equal(outcomes[2].answer.status, 200);
    assert_string_equal(outcomes[2].answer.body, "v=0\r\n");
    assert_int_equal(peer.accepted, 1);
    (void)snprintf(expected, sizeof(expected),
        "DESCRIBE rtsp://127.0.0.1:%u/Streaming/Channels/101 RTSP/1.0\r\n", peer.port);
    assert_true(text_starts(peer.request, expected));
    rig_release(&rig);
}

static bool
no_cseq(struct peer *peer, int fd)
{
    (void)peer;
    return peer_text(fd, "RTSP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nv=0\n");
}

static bool
interleaved(struct peer *peer, int fd)
{
    static const char junk[4096] = {'$', 0, 0, 16};
    (void)peer;
    bool sent = true;
    while (sent) {
        sent = peer_send(fd, junk, sizeof(junk));
    }
    return false;
}

static bool
interleaved_after_head(struct peer *peer, int fd)
{
    bool sent = peer_text(fd, "RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 400\r\n\r\n$$$");
    return sent ? interleaved(peer, fd) : false;
}

static bool
claimed_packet(struct peer *peer, int fd)
{
    static const char start[] = {'$', 0, (char)0xff, (char)0xff, 1};
    (void)peer;
    (void)peer_send(fd, start, sizeof(start));
    peer_wait_end(fd);
    return false;
}

static bool
endless_headers(struct peer *peer, int fd)
{
    (void)peer;
    bool sent = peer_text(fd, "RTSP/1.0 200 OK\r\nCSeq: 1\r\n");
    while (sent) {
        sent = peer_text(fd, "X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n");
    }
    return false;
}

static bool
garbage(struct peer *peer, int fd)
{
    (void)peer;
    (void)peer_text(fd, "\x01\x02 no RTSP\r\n\r\n");
    peer_wait_end(fd);
    return false;
}

static bool
web_server(struct peer *peer, int fd)
{
    (void)peer;
    (void)peer_text(fd, "HTTP/1.1 400 Bad Request\r\nContent-Length: 3\r\n\r\nbad");
    peer_wait_end(fd);
    return false;
}

static bool
false_length(struct peer *peer, int fd)
{
    (void)peer;
    (void)peer_text(fd, "RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 99999999\r\n\r\nv=0\r\n");
    return false;
}

static bool
endless_body(struct peer *peer, int fd)
{
    static const char block[8192];
    (void)peer;
    bool sent = peer_text(fd, "RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 4000000000\r\n\r\n");
    while (sent) {
        sent = peer_send(fd, block, sizeof(block));
    }
    return false;
}

static bool
tarpit(struct peer *peer, int fd)
{
    (void)peer;
    peer_wait_end(fd);
    return false;
}

static bool
reset(struct peer *peer, int fd)
{
    (void)peer;
    peer_reset(fd);
    return false;
}

static void
test_rude_cameras_end_in_time_with_a_reason(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        peer_fn *behaviour;
        enum err err;
    } rows[] = {
        {"no CSeq",         no_cseq,                OK         },
        {"interleaved",     interleaved,            ERR_SYNTAX },
        {"media for body",  interleaved_after_head, OK         },
        {"claimed packet",  claimed_packet,         ERR_TIMEOUT},
        {"endless headers", endless_headers,        ERR_LIMIT  },
        {"garbage",         garbage,                ERR_SYNTAX },
        {"web server",      web_server,             ERR_SYNTAX },
        {"false length",    false_length,           ERR_NETWORK},
        {"endless body",    endless_body,           ERR_LIMIT  },
        {"tarpit",          tarpit,                 ERR_TIMEOUT},
        {"reset",           reset,                  ERR_NETWORK},
    };
    static const struct request request = {.ask = {.path = "/live"}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct rig rig;
        struct peer peer = {.answer = rows[i].behaviour};
        struct outcome outcome = {0};
        int64_t begun = clock_mono();
        ask(&rig, &peer, &request, 1, &outcome);
        int took = (int)(clock_mono() - begun);
        enum err err = outcome.answer.err;
        /* Whether media follow in the same segment as the head is the network's to choose. */
        bool is_other = rows[i].behaviour == interleaved_after_head && err == ERR_SYNTAX;
        if ((err != rows[i].err && !is_other) || took > 5000) {
            fail_msg("%s: %s, status %d, %zu bytes, %d ms", rows[i].name, err_words(err),
                outcome.answer.status, outcome.answer.body_len, took);
        }
        rig_release(&rig);
    }
}

static void
test_only_whole_requests_are_sent(void **state)
{
    (void)state;
    static const struct request requests[] = {
        {.ask = {.method = "PLAY", .path = "/live"}},
        {.ask = {.path = "/live\r\nX: y"}},
        {.ask = {.path = "live"}},
        {.ask = {.path = "/live", .body = "x"}},
    };
    struct rig rig;
    struct peer peer = {.answer = camera};
    struct outcome outcomes[COUNT(requests)] = {0};
    ask(&rig, &peer, requests, COUNT(requests), outcomes);
    for (size_t i = 0; i < COUNT(requests); i++) {
        assert_int_equal(outcomes[i].answer.err, ERR_VALUE);
    }
    assert_int_equal(peer.accepted, 0);
    rig_release(&rig);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_log_in_goes_over_one_connection),
        cmocka_unit_test(test_rude_cameras_end_in_time_with_a_reason),
        cmocka_unit_test(test_only_whole_requests_are_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
