/* RTSP with video over its own connection, for who may see it (RFC 2326). */
#include "lab/rtsp.h"

#include "base/text.h"
#include "lab/auth.h"
#include "lab/hostile.h"
#include "lab/http.h"
#include "lab/media.h"
#include "lab/template.h"

#include <stdio.h>
#include <string.h>

#define ANSWER_LIMIT ((size_t)64 * 1024)
#define SESSION      "1185d20035702ca"

static const char usual_sdp[] = "v=0\r\n"
                                "o=- 0 0 IN IP4 @ip@\r\n"
                                "s=Media Presentation\r\n"
                                "c=IN IP4 0.0.0.0\r\n"
                                "t=0 0\r\n"
                                "m=video 0 RTP/AVP 96\r\n"
                                "a=rtpmap:96 H264/90000\r\n"
                                "a=control:trackID=1\r\n";

static const char *
words_of(unsigned status)
{
    return status == 454   ? "Session Not Found"
           : status == 461 ? "Unsupported Transport"
                           : http_words(status);
}

static bool
is_known_path(const struct site_rtsp *rtsp, const char *target)
{
    if (rtsp->path == NULL)
        return true;
    const char *path = text_starts_nocase(target, "rtsp://") ? strchr(target + 7, '/') : target;
    return text_starts(path, rtsp->path);
}

static unsigned
judge(struct device *device, const struct site_rtsp *rtsp, const struct http_request *request,
    bool *ret_stale)
{
    const struct site_auth *auth = rtsp->auth != NULL ? rtsp->auth : device->record->auth;
    if (auth != NULL && auth->scheme != SITE_SCHEME_NONE) {
        enum auth_verdict verdict = auth_header(
            device, auth, DEVICE_WAY_RTSP, request->method, http_header(request, "Authorization"));
        *ret_stale = verdict == AUTH_STALE;
        if (verdict == AUTH_LOCKED)
            return 403;
        if (verdict != AUTH_RIGHT)
            return 401;
    }
    return is_known_path(rtsp, request->target) ? 200 : 404;
}

/* One request and the answer to it as far as it is written. */
struct talk {
    struct conn *conn;
    const struct site_rtsp *rtsp;
    const struct http_request *request;
    struct buf *out;
};

static void
add_head(const struct talk *talk, unsigned status)
{
    const char *sequence = http_header(talk->request, "CSeq");
    buf_format(talk->out, "RTSP/1.0 %u %s\r\nCSeq: %s\r\n", status, words_of(status),
        sequence == NULL ? "0" : sequence);
    if (talk->rtsp->server != NULL)
        buf_format(talk->out, "Server: %s\r\n", talk->rtsp->server);
}

/* True when the asker may go on; else the answer is written. */
static bool
may_go_on(const struct talk *talk)
{
    struct device *device = talk->conn->device;
    const struct site_auth *auth =
        talk->rtsp->auth != NULL ? talk->rtsp->auth : device->record->auth;
    bool stale = false;
    unsigned status = judge(device, talk->rtsp, talk->request, &stale);
    if (status == 200)
        return true;
    add_head(talk, status);
    if (status == 401)
        auth_challenge(talk->out, device, auth, stale);
    buf_text(talk->out, "\r\n");
    return false;
}

static void
describe(const struct talk *talk)
{
    const struct template_scope scope = {.device = talk->conn->device};
    const char *text = talk->rtsp->sdp != NULL ? talk->rtsp->sdp : usual_sdp;
    struct buf sdp;
    buf_init(&sdp, ANSWER_LIMIT);
    template_add(&sdp, &scope, text, strlen(text));
    add_head(talk, 200);
    buf_format(talk->out,
        "Content-Base: %s/\r\nContent-Type: application/sdp\r\nContent-Length: %zu\r\n\r\n",
        talk->request->target, sdp.len);
    buf_add(talk->out, sdp.data, sdp.len);
    buf_release(&sdp);
}

static void
ask_what(const struct talk *talk)
{
    add_head(talk, 200);
    buf_text(talk->out, "Public: OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN\r\n\r\n");
}

/* Only over the connection itself: nothing goes out that nobody asked for. */
static void
set_up(const struct talk *talk)
{
    const char *transport = http_header(talk->request, "Transport");
    const char *at = transport == NULL ? NULL : strstr(transport, "interleaved=");
    if (transport == NULL || !text_contains(transport, "/TCP")) {
        add_head(talk, 461);
        buf_text(talk->out, "\r\n");
        return;
    }
    unsigned channel = 0;
    for (at = at == NULL ? "" : at + strlen("interleaved="); *at >= '0' && *at <= '9'; at++)
        channel = (channel * 10 + (unsigned)(*at - '0')) & 0xffU;
    talk->conn->stream.channel = (uint8_t)channel;
    talk->conn->stream.is_set_up = true;
    add_head(talk, 200);
    buf_format(talk->out,
        "Session: %s;timeout=60\r\nTransport: RTP/AVP/TCP;unicast;interleaved=%u-%u\r\n\r\n",
        SESSION, channel, channel + 1);
}

static bool
has_session(const struct talk *talk)
{
    return talk->conn->stream.is_set_up &&
           text_starts(http_header(talk->request, "Session"), SESSION);
}

static void
play(const struct talk *talk)
{
    struct conn_stream *stream = &talk->conn->stream;
    if (!has_session(talk)) {
        add_head(talk, 454);
        buf_text(talk->out, "\r\n");
        return;
    }
    add_head(talk, 200);
    buf_format(talk->out, "Session: %s\r\nRange: npt=0.000-\r\n\r\n", SESSION);
    stream->starts = !stream->is_playing;
    stream->is_playing = true;
}

static void
keep_alive(const struct talk *talk)
{
    add_head(talk, has_session(talk) ? 200 : 454);
    buf_text(talk->out, "\r\n");
}

static void
tear_down(const struct talk *talk)
{
    keep_alive(talk);
    talk->conn->stream.is_playing = false;
    talk->conn->stream.is_set_up = false;
}

static const struct {
    const char *method;
    bool for_all;
    void (*answer)(const struct talk *talk);
} methods[] = {
    {"OPTIONS",       true,  ask_what  },
    {"DESCRIBE",      false, describe  },
    {"SETUP",         false, set_up    },
    {"PLAY",          false, play      },
    {"GET_PARAMETER", true,  keep_alive},
    {"TEARDOWN",      true,  tear_down },
};

static void
answer(const struct talk *talk)
{
    for (size_t i = 0; i < COUNT(methods); i++) {
        if (!text_equal(methods[i].method, talk->request->method))
            continue;
        if (methods[i].for_all || may_go_on(talk))
            methods[i].answer(talk);
        return;
    }
    add_head(talk, 405);
    buf_text(talk->out, "Public: OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN\r\n\r\n");
}

static void
serve(struct conn *conn, const struct http_request *request)
{
    struct buf out;
    const struct talk talk = {
        .conn = conn, .rtsp = conn->port->config, .request = request, .out = &out};
    buf_init(&out, ANSWER_LIMIT);
    conn->device->stats.requests++;
    answer(&talk);
    if (!hostile_rtsp(conn, &out))
        conn_send(conn, out.data, out.len);
    conn->device->answers++;
    buf_release(&out);
    if (conn->stream.starts && conn->pump.piece == 0) {
        conn->stream.starts = false;
        conn->stream.tick = media_tick;
        conn_start_ticks(conn, MEDIA_INTERVAL);
    }
}

/* What the viewer tells of the packets that he got (RTCP) is of no interest here. */
static bool
drop_interleaved(struct conn *conn)
{
    const uint8_t *bytes = (const uint8_t *)conn->in.data;
    if (conn->in.len < 4)
        return false;
    size_t len = 4 + ((size_t)bytes[2] << 8 | bytes[3]);
    if (conn->in.len < len)
        return false;
    conn_consume(conn, len);
    return true;
}

static void
on_data(struct conn *conn)
{
    for (bool more = true; more && !conn->ending && conn->in.len > 0;) {
        if (conn->in.data[0] == '$') {
            more = drop_interleaved(conn);
            continue;
        }
        struct arena arena;
        struct http_request request;
        arena_init(&arena, (size_t)1024 * 1024);
        enum http_state state = http_parse(conn->in.data, conn->in.len, &arena, &request);
        more = state == HTTP_WHOLE && text_starts(request.version, "RTSP/1.");
        if (more) {
            serve(conn, &request);
            conn_consume(conn, request.size);
        } else if (state != HTTP_PART) {
            conn_end(conn);
        }
        arena_release(&arena);
    }
}

const struct conn_protocol rtsp_protocol = {.data = on_data};
