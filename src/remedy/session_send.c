/* What a session asks: where it goes, and how it comes there. */
#include "remedy/session_parts.h"

#include "assess/knock.h"
#include "base/log.h"
#include "base/text.h"
#include "codec/dvrip.h"
#include "codec/rtsp.h"

#include <string.h>

#define ONVIF_PATH "/onvif/device_service"

/* A question on the session's own connection. */
struct frame_post {
    struct desk_post post;
    struct session *session;
    struct wire_question question;
    bool is_rtsp;
    struct wire_call *call;
    struct arena *arena;
    struct answer answer;
};

static void
got_frames(void *context, const struct answer *raw)
{
    struct frame_post *asked = context;
    asked->answer =
        asked->is_rtsp ? rtsp_answer(raw, asked->arena) : dvrip_answer(raw, asked->arena);
    desk_post_end(&asked->post, raw->err != OK ? raw->err : asked->answer.err);
}

static void
start_frames(struct desk_post *post, struct wire *wire)
{
    struct frame_post *asked = (struct frame_post *)post;
    asked->call = wire_stream_ask(
        wire, &asked->session->stream, &asked->question, asked->arena, got_frames, asked);
    if (asked->call == NULL) {
        desk_post_end(post, ERR_MEMORY);
    }
}

static void
cancel_frames(struct desk_post *post)
{
    wire_cancel(((struct frame_post *)post)->call);
}

static void
close_stream(struct desk_post *post, struct wire *wire)
{
    struct frame_post *asked = (struct frame_post *)post;
    (void)wire;
    wire_stream_close(asked->session->stream);
    desk_post_end(post, OK);
}

void
session_hang_up(struct session *session)
{
    struct frame_post asked = {
        .post = {.start = close_stream, .is_last = true}
    };
    asked.session = session;
    if (session->stream != NULL && desk_post(session->job->desk, &asked.post) != OK) {
        log_debug("a connection could not be closed");
    }
    session->stream = NULL;
}

static enum err
ask_frames(struct session *session, const struct session_place *place,
    const struct request *request, struct arena *arena, struct answer *ret_answer)
{
    CLEANUP(buf_release) struct buf out;
    char value[32];
    bool is_rtsp = place->way == BY_STREAM;
    buf_init(&out, ANSWER_BODY);
    enum err err = is_rtsp ? rtsp_write(request, ++session->frames, &out)
                           : dvrip_write(request, session->frames++, &out);
    if (err != OK) {
        return err;
    }
    struct frame_post asked = {
        .post = {.start = start_frames, .cancel = cancel_frames},
        .session = session,
        .question.target = place->target,
        .question.bytes = out.data,
        .question.len = out.len,
        .question.whole = is_rtsp ? rtsp_whole : dvrip_whole,
        .is_rtsp = is_rtsp,
        .arena = arena,
        .answer = *ret_answer,
    };
    err = desk_post(session->job->desk, &asked.post);
    *ret_answer = asked.answer;
    explicit_bzero(out.data, out.len);
    if (is_rtsp && answer_header(ret_answer, "Connection", 0, value, sizeof(value)) &&
        text_equal_nocase(value, "close")) {
        session_hang_up(session);
    }
    return err;
}

enum err
session_exchange(struct session *session, const struct session_place *place,
    const struct request *request, struct arena *arena, struct answer *ret_answer)
{
    struct desk *desk = session->job->desk;
    struct request sent = *request;
    sent.ask.path = place->path == NULL ? request->ask.path : place->path;
    *ret_answer = (struct answer){.headers = "", .body = ""};
    enum err err = place->way == BY_HTTP ? desk_http(desk, &place->target, &sent, arena, ret_answer)
                   : place->way == BY_RTSP
                       ? desk_rtsp(desk, &place->target, &sent, arena, ret_answer)
                       : ask_frames(session, place, &sent, arena, ret_answer);
    err = err == ERR_REFUSED ? ERR_NETWORK : err;
    ret_answer->err = err;
    return err;
}

/* Over TLS where the device has that: what listens in learns nothing. */
static bool
find_web(const struct session *session, struct wire_target *ret_target)
{
    const struct subject *subject = session->job->subject;
    struct wire_target target;
    if (knock_http(subject, 443, &target) && target.tls) {
        *ret_target = target;
        return true;
    }
    return knock_web(subject, ret_target);
}

static bool
find_onvif(struct session *session, const struct ask *ask, struct session_place *place)
{
    const struct subject *subject = session->job->subject;
    uint16_t port = 0;
    const char *path = NULL;
    bool is_stated = text_starts(ask->path, ONVIF_PATH) &&
                     knock_onvif(subject, &session->arena, &port, &path) &&
                     knock_http(subject, port, &place->target);
    if (is_stated) {
        place->path = path;
    }
    return is_stated || knock_web(subject, &place->target);
}

bool
session_where(struct session *session, const struct ask *ask, struct session_place *ret_place)
{
    const struct subject *subject = session->job->subject;
    *ret_place = (struct session_place){.way = BY_HTTP};
    if (subject->address_count == 0) {
        return false;
    }
    if (session->place.way == BY_STREAM) {
        *ret_place = session->place;
        return true;
    }
    if (session->door->rtsp) {
        ret_place->way = BY_RTSP;
        return knock_rtsp(subject, &ret_place->target);
    }
    if (text_equal(ask->method, DVRIP_METHOD)) {
        ret_place->way = BY_DVRIP;
        return knock_dvrip(subject, ask->port, &ret_place->target);
    }
    if (text_starts(ask->path, "/onvif/")) {
        return find_onvif(session, ask, ret_place);
    }
    return ask->port != 0 ? knock_http(subject, ask->port, &ret_place->target)
                          : find_web(session, &ret_place->target);
}

enum err
session_send_once(struct session *session, const struct request *request, bool dressed,
    struct arena *arena, struct answer *ret_answer)
{
    struct arena vault;
    struct session_place place;
    if (!session_where(session, &request->ask, &place)) {
        return ERR_UNSUPPORTED;
    }
    arena_init(&vault, ARENA_DEVICE_LIMIT);
    struct request sent = *request;
    enum err err = OK;
    if (dressed) {
        struct ask plain = request->ask;
        plain.path = place.path == NULL ? plain.path : place.path;
        err = session->door->authorize(&session->login, &plain, &vault, &sent);
        sent.headers = request->headers;
        sent.header_count = request->header_count;
        sent.soap_action = request->soap_action;
        sent.file = request->file;
    }
    if (err == OK) {
        err = session_exchange(session, &place, &sent, arena, ret_answer);
    }
    arena_wipe(&vault);
    return err;
}

enum err
session_send(struct session *session, const struct request *request, struct arena *arena,
    struct answer *ret_answer)
{
    bool is_dressed = request->authorization == NULL && request->cookie == NULL;
    enum err err = session_send_once(session, request, is_dressed, arena, ret_answer);
    if (err == OK && is_dressed && device_login_renew(&session->login, ret_answer)) {
        err = session_send_once(session, request, true, arena, ret_answer);
    }
    return err;
}

enum err
session_ask(
    struct session *session, const struct ask *ask, struct arena *arena, struct answer *ret_answer)
{
    const struct request request = {.ask = *ask};
    return session_send(session, &request, arena, ret_answer);
}
