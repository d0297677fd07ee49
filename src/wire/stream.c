/* Questions and answers over one TCP connection that stays open between them. */
#include "base/clock.h"
#include "wire/call.h"

#include <stdlib.h>
#include <string.h>

#define ROOM ((size_t)4096)

struct stream_call;

/* Lives until its handle is closed, so that libuv's requests in it stay valid. */
struct wire_stream {
    uv_tcp_t tcp;
    uv_connect_t connect;
    uv_write_t write;
    struct stream_call *call; /* under way, or NULL */
    char *out;                /* what is being written */
    size_t out_len;
    bool begun;     /* the handle is on the loop */
    bool connected; /* and open */
    bool dead;      /* closed by the peer, or left in the middle of an answer */
    char room[ROOM];
};

struct stream_call {
    struct wire_call call;
    struct wire_stream *stream;
    uv_timer_t timer;
    bool timed; /* the timer is on the loop */
    bool answered;
    struct buf in;
    wire_whole_fn *whole;
    struct arena *arena;
    wire_answer_fn *done;
    void *context;
    wire_bytes_fn *got; /* NULL: one answer is awaited */
    unsigned ms;        /* of listening */
};

static struct stream_call *
stream_of(void *call)
{
    return call;
}

static void
on_timer_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void
release(struct wire_call *call)
{
    struct stream_call *asked = stream_of(call);
    if (asked->stream->call == asked) {
        asked->stream->call = NULL;
        asked->stream->dead = asked->stream->dead || !asked->answered;
    }
    buf_release(&asked->in);
    if (asked->timed) {
        uv_close((uv_handle_t *)&asked->timer, on_timer_closed);
    } else { /* it never began */
        free(asked->stream->out);
        asked->stream->out = NULL;
        free(asked);
    }
}

static void
report(struct wire_call *call, enum err err)
{
    struct stream_call *asked = stream_of(call);
    const char *body = arena_copy_n(asked->arena, asked->in.data, asked->in.len);
    const struct answer answer = {
        .err = err == OK && body == NULL ? ERR_LIMIT : err,
        .headers = "",
        .body = body == NULL ? "" : body,
        .body_len = body == NULL ? 0 : asked->in.len,
        .at = clock_wall(),
    };
    asked->done(asked->context, &answer);
}

static void
end(struct wire_stream *stream, enum err err)
{
    struct stream_call *asked = stream->call;
    if (asked != NULL) {
        asked->answered = err == OK;
        wire_call_end(&asked->call, err);
    }
}

static void
on_timeout(uv_timer_t *timer)
{
    struct stream_call *asked = timer->data;
    end(asked->stream, ERR_TIMEOUT);
}

static void
give_room(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_room)
{
    struct wire_stream *stream = handle->data;
    (void)suggested;
    *ret_room = uv_buf_init(stream->room, (unsigned)sizeof(stream->room));
}

static void
on_bytes(uv_stream_t *handle, ssize_t len, const uv_buf_t *room)
{
    struct wire_stream *stream = handle->data;
    struct stream_call *asked = stream->call;
    size_t whole = 0;
    if (len < 0) {
        stream->dead = true;
        end(stream, ERR_NETWORK);
        return;
    }
    if (asked == NULL) {
        return; /* said without being asked */
    }
    if (asked->got != NULL) {
        if (len != 0 && !asked->got(asked->context, room->base, (size_t)len)) {
            end(stream, OK);
        }
        return;
    }
    buf_add(&asked->in, room->base, (size_t)len);
    enum err err = buf_error(&asked->in);
    if (err == OK) {
        err = asked->whole(asked->in.data, asked->in.len, &whole);
    }
    if (err != OK) {
        stream->dead = true;
        end(stream, err);
    } else if (whole != 0) {
        end(stream, OK);
    }
}

static void
on_written(uv_write_t *write, int status)
{
    struct wire_stream *stream = write->data;
    free(stream->out);
    stream->out = NULL;
    if (status != 0 && status != UV_ECANCELED) {
        stream->dead = true;
        end(stream, ERR_NETWORK);
    }
}

static void
send_out(struct wire_stream *stream)
{
    uv_buf_t bytes = uv_buf_init(stream->out, (unsigned)stream->out_len);
    struct stream_call *asked = stream->call;
    unsigned ms = asked->got == NULL ? asked->call.wire->settings.answer_ms : asked->ms;
    if (ms == 0) {
        (void)uv_timer_stop(&asked->timer);
    } else {
        (void)uv_timer_start(&asked->timer, on_timeout, ms, 0);
    }
    stream->write.data = stream;
    if (uv_write(&stream->write, (uv_stream_t *)&stream->tcp, &bytes, 1, on_written) != 0) {
        stream->dead = true;
        end(stream, ERR_NETWORK);
        return;
    }
    if (asked->got != NULL) {
        wire_call_stand_aside(&asked->call);
    }
}

static void
on_connect(uv_connect_t *connect, int status)
{
    struct wire_stream *stream = connect->data;
    if (stream->call == NULL || uv_is_closing((uv_handle_t *)&stream->tcp)) {
        return;
    }
    if (status == 0) {
        status = uv_read_start((uv_stream_t *)&stream->tcp, give_room, on_bytes);
    }
    if (status != 0) {
        stream->dead = true;
        end(stream, status == UV_ECONNREFUSED ? ERR_REFUSED : ERR_NETWORK);
        return;
    }
    stream->connected = true;
    send_out(stream);
}

static void
start(struct wire_call *call)
{
    struct stream_call *asked = stream_of(call);
    struct wire_stream *stream = asked->stream;
    struct wire *wire = call->wire;
    struct sockaddr_storage address;
    (void)uv_timer_init(&wire->loop, &asked->timer);
    asked->timer.data = asked;
    asked->timed = true;
    wire->totals.requests++;
    if (stream->dead) {
        end(stream, ERR_NETWORK);
        return;
    }
    uv_update_time(&wire->loop);
    if (stream->connected) {
        send_out(stream);
        return;
    }
    (void)uv_tcp_init(&wire->loop, &stream->tcp);
    stream->begun = true;
    stream->tcp.data = stream->connect.data = stream;
    (void)ip_to_socket(&call->target.ip, call->target.port, &address);
    wire->totals.connections++;
    (void)uv_timer_start(&asked->timer, on_timeout, wire->settings.connect_ms, 0);
    if (uv_tcp_connect(
            &stream->connect, &stream->tcp, (const struct sockaddr *)&address, on_connect) != 0) {
        stream->dead = true;
        end(stream, ERR_NETWORK);
    }
}

static const struct wire_kind stream_kind = {PACE_REQUEST, start, report, release};

/* A question with its bytes copied; NULL when memory is out or another is under way. */
static struct stream_call *
new_call(struct wire_stream **stream, const struct wire_question *question)
{
    if (*stream == NULL) {
        *stream = calloc(1, sizeof(**stream));
    }
    struct stream_call *asked = calloc(1, sizeof(*asked));
    char *out = malloc(question->len);
    if (*stream == NULL || asked == NULL || out == NULL || (*stream)->call != NULL ||
        (*stream)->out != NULL) {
        free(asked);
        free(out);
        return NULL;
    }
    memcpy(out, question->bytes, question->len);
    (*stream)->out = out;
    (*stream)->out_len = question->len;
    (*stream)->call = asked;
    buf_init(&asked->in, ANSWER_BODY);
    asked->stream = *stream;
    asked->whole = question->whole;
    return asked;
}

struct wire_call *
wire_stream_ask(struct wire *wire, struct wire_stream **stream,
    const struct wire_question *question, struct arena *arena, wire_answer_fn *done, void *context)
{
    struct stream_call *asked = new_call(stream, question);
    if (asked == NULL) {
        return NULL;
    }
    asked->arena = arena;
    asked->done = done;
    asked->context = context;
    return wire_call_queue(
        &asked->call, wire_call_begin(&asked->call, wire, &stream_kind, &question->target));
}

static void
report_listen(struct wire_call *call, enum err err)
{
    struct stream_call *asked = stream_of(call);
    const struct answer answer = {.err = err, .headers = "", .body = "", .at = clock_wall()};
    asked->done(asked->context, &answer);
}

static const struct wire_kind listen_kind = {PACE_REQUEST, start, report_listen, release};

struct wire_call *
wire_stream_listen(struct wire *wire, struct wire_stream **stream,
    const struct wire_question *question, const struct wire_listen *listen)
{
    struct stream_call *asked = new_call(stream, question);
    if (asked == NULL) {
        return NULL;
    }
    asked->got = listen->got;
    asked->ms = listen->ms;
    asked->done = listen->done;
    asked->context = listen->context;
    return wire_call_queue(
        &asked->call, wire_call_begin(&asked->call, wire, &listen_kind, &question->target));
}

bool
wire_stream_say(struct wire_stream *stream, const void *bytes, size_t len)
{
    char *out = stream->dead || !stream->connected || stream->out != NULL ? NULL : malloc(len);
    if (out == NULL) {
        return false;
    }
    memcpy(out, bytes, len);
    stream->out = out;
    stream->out_len = len;
    stream->write.data = stream;
    uv_buf_t said = uv_buf_init(out, (unsigned)len);
    if (uv_write(&stream->write, (uv_stream_t *)&stream->tcp, &said, 1, on_written) != 0) {
        stream->dead = true;
        free(out);
        stream->out = NULL;
        return false;
    }
    return true;
}

static void
on_closed(uv_handle_t *handle)
{
    struct wire_stream *stream = handle->data;
    free(stream->out);
    free(stream);
}

void
wire_stream_close(struct wire_stream *stream)
{
    if (stream == NULL) {
        return;
    }
    assert(stream->call == NULL);
    if (stream->begun) {
        uv_close((uv_handle_t *)&stream->tcp, on_closed);
    } else {
        free(stream->out);
        free(stream);
    }
}
