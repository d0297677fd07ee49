/* TCP connects and banners, and the timer that any caller may want. */
#include "base/clock.h"
#include "wire/call.h"

#include <stdlib.h>
#include <string.h>

/* A banner that began is awaited so long for more. */
#define QUIET_MS 100U

struct tcp_call {
    struct wire_call call;
    uv_tcp_t tcp;
    uv_timer_t timer;
    uv_connect_t connect;
    unsigned handles; /* open, those that are closing included */
    bool connected;
    wire_connect_fn *connect_done; /* of a connect */
    wire_answer_fn *banner_done;   /* of a banner */
    wire_timer_fn *timer_done;     /* of a timer */
    void *context;
    struct arena *arena;
    unsigned wait_ms;
    size_t len;
    char bytes[WIRE_BANNER];
};

static struct tcp_call *
tcp_of(void *call)
{
    return call;
}

static void
on_closed(uv_handle_t *handle)
{
    struct tcp_call *tcp = handle->data;
    if (--tcp->handles == 0) {
        free(tcp);
    }
}

static void
release(struct wire_call *call)
{
    struct tcp_call *tcp = tcp_of(call);
    if (tcp->handles == 0) {
        free(tcp);
        return;
    }
    uv_close((uv_handle_t *)&tcp->timer, on_closed);
    if (tcp->handles == 2) {
        uv_close((uv_handle_t *)&tcp->tcp, on_closed);
    }
}

static void
on_timeout(uv_timer_t *timer)
{
    struct tcp_call *tcp = timer->data;
    wire_call_end(&tcp->call, tcp->connected ? OK : ERR_TIMEOUT);
}

static enum err
meaning(int status)
{
    return status == 0                 ? OK
           : status == UV_ECONNREFUSED ? ERR_REFUSED
           : status == UV_ETIMEDOUT    ? ERR_TIMEOUT
           : status == UV_ENOMEM       ? ERR_MEMORY
                                       : ERR_NETWORK;
}

static void
give_room(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_room)
{
    struct tcp_call *tcp = handle->data;
    (void)suggested;
    *ret_room = uv_buf_init(tcp->bytes + tcp->len, (unsigned)(sizeof(tcp->bytes) - tcp->len));
}

static void
on_bytes(uv_stream_t *stream, ssize_t len, const uv_buf_t *room)
{
    struct tcp_call *tcp = stream->data;
    (void)room;
    if (len < 0) {
        wire_call_end(&tcp->call, len == UV_EOF || tcp->len != 0 ? OK : ERR_NETWORK);
        return;
    }
    tcp->len += (size_t)len;
    if (tcp->len == sizeof(tcp->bytes)) {
        wire_call_end(&tcp->call, OK);
    } else if (len != 0 && uv_timer_get_due_in(&tcp->timer) > QUIET_MS) {
        (void)uv_timer_start(&tcp->timer, on_timeout, QUIET_MS, 0);
    }
}

static void
on_connect(uv_connect_t *connect, int status)
{
    struct tcp_call *tcp = connect->data;
    if (uv_is_closing((uv_handle_t *)&tcp->tcp)) {
        return;
    }
    if (status != 0 || tcp->banner_done == NULL) {
        wire_call_end(&tcp->call, meaning(status));
        return;
    }
    tcp->connected = true;
    status = uv_read_start((uv_stream_t *)&tcp->tcp, give_room, on_bytes);
    if (status != 0) {
        wire_call_end(&tcp->call, ERR_NETWORK);
        return;
    }
    (void)uv_timer_start(&tcp->timer, on_timeout, tcp->wait_ms, 0);
}

static void
start(struct wire_call *call)
{
    struct tcp_call *tcp = tcp_of(call);
    struct wire *wire = call->wire;
    struct sockaddr_storage address;
    (void)uv_timer_init(&wire->loop, &tcp->timer);
    (void)uv_tcp_init(&wire->loop, &tcp->tcp);
    tcp->timer.data = tcp->tcp.data = tcp->connect.data = tcp;
    tcp->handles = 2;
    (void)ip_to_socket(&call->target.ip, call->target.port, &address);
    wire->totals.connections++;
    uv_update_time(&wire->loop);
    (void)uv_timer_start(&tcp->timer, on_timeout, wire->settings.connect_ms, 0);
    int status =
        uv_tcp_connect(&tcp->connect, &tcp->tcp, (const struct sockaddr *)&address, on_connect);
    if (status != 0) {
        wire_call_end(call, meaning(status));
    }
}

static void
report_connect(struct wire_call *call, enum err err)
{
    struct tcp_call *tcp = tcp_of(call);
    tcp->connect_done(tcp->context, &call->target, err);
}

static void
report_banner(struct wire_call *call, enum err err)
{
    struct tcp_call *tcp = tcp_of(call);
    const char *body = arena_copy_n(tcp->arena, tcp->bytes, tcp->len);
    const struct answer answer = {
        .err = err == OK && body == NULL ? ERR_LIMIT : err,
        .headers = "",
        .body = body == NULL ? "" : body,
        .body_len = body == NULL ? 0 : tcp->len,
        .at = clock_wall(),
    };
    tcp->banner_done(tcp->context, &answer);
}

static void
report_timer(struct wire_call *call, enum err err)
{
    struct tcp_call *tcp = tcp_of(call);
    (void)err;
    tcp->timer_done(tcp->context);
}

static const struct wire_kind connect_kind = {PACE_CONNECT, start, report_connect, release};
static const struct wire_kind banner_kind = {PACE_CONNECT, start, report_banner, release};
static const struct wire_kind timer_kind = {0, NULL, report_timer, release};

struct wire_call *
wire_connect(
    struct wire *wire, const struct wire_target *target, wire_connect_fn *done, void *context)
{
    struct tcp_call *tcp = calloc(1, sizeof(*tcp));
    if (tcp == NULL) {
        return NULL;
    }
    tcp->connect_done = done;
    tcp->context = context;
    return wire_call_queue(&tcp->call, wire_call_begin(&tcp->call, wire, &connect_kind, target));
}

struct wire_call *
wire_banner(struct wire *wire, const struct wire_target *target, unsigned wait_ms,
    struct arena *arena, wire_answer_fn *done, void *context)
{
    struct tcp_call *tcp = calloc(1, sizeof(*tcp));
    if (tcp == NULL) {
        return NULL;
    }
    tcp->banner_done = done;
    tcp->context = context;
    tcp->arena = arena;
    tcp->wait_ms = wait_ms;
    return wire_call_queue(&tcp->call, wire_call_begin(&tcp->call, wire, &banner_kind, target));
}

struct wire_call *
wire_after(struct wire *wire, unsigned ms, wire_timer_fn *done, void *context)
{
    struct tcp_call *tcp = calloc(1, sizeof(*tcp));
    if (tcp == NULL) {
        return NULL;
    }
    tcp->call.wire = wire;
    tcp->call.kind = &timer_kind;
    tcp->timer_done = done;
    tcp->context = context;
    (void)uv_timer_init(&wire->loop, &tcp->timer);
    tcp->timer.data = tcp;
    tcp->handles = 1;
    wire_call_activate(&tcp->call);
    uv_update_time(&wire->loop);
    (void)uv_timer_start(&tcp->timer, on_timeout, ms, 0);
    return &tcp->call;
}
