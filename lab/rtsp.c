/* RTSP up to DESCRIBE: enough to see who asks for a log-in and who just plays (RFC 2326). */
#include "lab/rtsp.h"

#include "base/text.h"
#include "lab/auth.h"
#include "lab/hostile.h"
#include "lab/http.h"
#include "lab/template.h"

#include <string.h>

#define ANSWER_LIMIT ((size_t)64 * 1024)

static const char usual_sdp[] = "v=0\r\n"
                                "o=- 0 0 IN IP4 @ip@\r\n"
                                "s=Media Presentation\r\n"
                                "c=IN IP4 0.0.0.0\r\n"
                                "t=0 0\r\n"
                                "m=video 0 RTP/AVP 96\r\n"
                                "a=rtpmap:96 H264/90000\r\n"
                                "a=control:trackID=1\r\n";

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

static void
describe(struct buf *out, struct device *device, const struct site_rtsp *rtsp,
    const struct http_request *request)
{
    const struct template_scope scope = {.device = device};
    const struct site_auth *auth = rtsp->auth != NULL ? rtsp->auth : device->record->auth;
    bool stale = false;
    unsigned status = judge(device, rtsp, request, &stale);
    const char *sequence = http_header(request, "CSeq");
    buf_format(out, "RTSP/1.0 %u %s\r\nCSeq: %s\r\n", status, http_words(status),
        sequence == NULL ? "0" : sequence);
    if (rtsp->server != NULL)
        buf_format(out, "Server: %s\r\n", rtsp->server);
    if (status == 401)
        auth_challenge(out, device, auth, stale);
    if (status != 200) {
        buf_text(out, "\r\n");
        return;
    }
    const char *text = rtsp->sdp != NULL ? rtsp->sdp : usual_sdp;
    struct buf sdp;
    buf_init(&sdp, ANSWER_LIMIT);
    template_add(&sdp, &scope, text, strlen(text));
    buf_format(out,
        "Content-Base: %s/\r\nContent-Type: application/sdp\r\nContent-Length: %zu\r\n\r\n",
        request->target, sdp.len);
    buf_add(out, sdp.data, sdp.len);
    buf_release(&sdp);
}

static void
serve(struct conn *conn, const struct http_request *request)
{
    const struct site_rtsp *rtsp = conn->port->config;
    const char *sequence = http_header(request, "CSeq");
    bool asks = text_equal(request->method, "OPTIONS");
    struct buf out;
    buf_init(&out, ANSWER_LIMIT);
    conn->device->stats.requests++;
    if (text_equal(request->method, "DESCRIBE")) {
        describe(&out, conn->device, rtsp, request);
    } else {
        buf_format(&out, "RTSP/1.0 %s\r\nCSeq: %s\r\n", asks ? "200 OK" : "405 Method Not Allowed",
            sequence == NULL ? "0" : sequence);
        if (rtsp->server != NULL)
            buf_format(&out, "Server: %s\r\n", rtsp->server);
        buf_text(&out, "Public: OPTIONS, DESCRIBE, SETUP, TEARDOWN, PLAY\r\n\r\n");
    }
    if (!hostile_rtsp(conn, &out))
        conn_send(conn, out.data, out.len);
    conn->device->answers++;
    buf_release(&out);
}

static void
on_data(struct conn *conn)
{
    for (bool more = true; more && !conn->ending && conn->in.len > 0;) {
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
