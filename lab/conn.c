/* TCP connections of the devices, plain or TLS, all in one loop. */
#include "lab/conn.h"

#include "base/log.h"
#include "lab/hostile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INPUT_LIMIT ((size_t)64 * 1024 * 1024) /* a file of firmware */
#define BACKLOG     64

struct sending {
    uv_write_t request;
    struct conn *conn;
    char bytes[];
};

static void
on_handle_closed(uv_handle_t *handle)
{
    struct conn *conn = handle->data;
    if (--conn->open_handles > 0)
        return;
    if (conn->here != NULL)
        *conn->here = conn->next;
    if (conn->next != NULL)
        conn->next->here = conn->here;
    SSL_free(conn->ssl);
    buf_release(&conn->in);
    buf_release(&conn->pump.bytes);
    free(conn);
}

static void
close_conn(struct conn *conn)
{
    if (!uv_is_closing((uv_handle_t *)&conn->timer))
        uv_close((uv_handle_t *)&conn->timer, on_handle_closed);
    if (!uv_is_closing((uv_handle_t *)&conn->tcp))
        uv_close((uv_handle_t *)&conn->tcp, on_handle_closed);
}

static void pump_next(struct conn *conn);

static void
on_sent(uv_write_t *request, int status)
{
    struct sending *sending = request->data;
    struct conn *conn = sending->conn;
    free(sending);
    if (uv_is_closing((uv_handle_t *)&conn->tcp))
        return;
    if (status != 0) {
        close_conn(conn);
        return;
    }
    if (uv_stream_get_write_queue_size((uv_stream_t *)&conn->tcp) > 0)
        return;
    if (conn->ending)
        close_conn(conn);
    else if (conn->pump.piece > 0 && conn->pump.interval == 0)
        pump_next(conn);
}

void
conn_send_raw(struct conn *conn, const void *bytes, size_t len)
{
    if (len == 0 || uv_is_closing((uv_handle_t *)&conn->tcp))
        return;
    struct sending *sending = malloc(sizeof *sending + len);
    if (sending == NULL) {
        close_conn(conn);
        return;
    }
    memcpy(sending->bytes, bytes, len);
    sending->conn = conn;
    sending->request.data = sending;
    uv_buf_t out = uv_buf_init(sending->bytes, (unsigned)len);
    if (uv_write(&sending->request, (uv_stream_t *)&conn->tcp, &out, 1, on_sent) != 0) {
        free(sending);
        close_conn(conn);
    }
}

/* What the TLS library wants to say goes to the socket. */
static void
flush_tls(struct conn *conn)
{
    char *bytes = NULL;
    long len = BIO_get_mem_data(conn->to_peer, &bytes);
    if (len > 0)
        conn_send_raw(conn, bytes, (size_t)len);
    (void)BIO_reset(conn->to_peer);
}

void
conn_send(struct conn *conn, const void *bytes, size_t len)
{
    if (conn->ssl == NULL) {
        conn_send_raw(conn, bytes, len);
        return;
    }
    if (len > 0 && SSL_write(conn->ssl, bytes, (int)len) <= 0)
        close_conn(conn);
    flush_tls(conn);
}

void
conn_consume(struct conn *conn, size_t len)
{
    struct buf *in = &conn->in;
    if (len > in->len)
        len = in->len;
    if (len == 0)
        return;
    memmove(in->data, in->data + len, in->len - len + 1);
    in->len -= len;
}

void
conn_end(struct conn *conn)
{
    conn->ending = true;
    if (conn->ssl != NULL && SSL_is_init_finished(conn->ssl)) {
        (void)SSL_shutdown(conn->ssl);
        flush_tls(conn);
    }
    if (uv_stream_get_write_queue_size((uv_stream_t *)&conn->tcp) == 0)
        close_conn(conn);
}

void
conn_reset(struct conn *conn)
{
    if (uv_is_closing((uv_handle_t *)&conn->tcp))
        return;
    if (!uv_is_closing((uv_handle_t *)&conn->timer))
        uv_close((uv_handle_t *)&conn->timer, on_handle_closed);
    if (uv_tcp_close_reset(&conn->tcp, on_handle_closed) != 0)
        close_conn(conn);
}

void
conn_reset_all(struct device *device)
{
    for (struct conn *conn = device->conns; conn != NULL; conn = conn->next)
        conn_reset(conn);
}

static void
on_tick(uv_timer_t *timer)
{
    struct conn *conn = timer->data;
    if (conn->stream.is_playing && !conn->ending && !uv_is_closing((uv_handle_t *)&conn->tcp) &&
        uv_stream_get_write_queue_size((uv_stream_t *)&conn->tcp) == 0)
        conn->stream.tick(conn);
}

void
conn_start_ticks(struct conn *conn, unsigned interval)
{
    if (uv_timer_start(&conn->timer, on_tick, 1, interval) != 0)
        close_conn(conn);
}

static void
pump_next(struct conn *conn)
{
    struct conn_pump *pump = &conn->pump;
    if (uv_is_closing((uv_handle_t *)&conn->tcp))
        return;
    if (pump->pos >= pump->bytes.len) {
        if (!pump->for_ever) {
            pump->piece = 0;
            conn_end(conn);
            return;
        }
        pump->pos = 0;
    }
    size_t len = pump->bytes.len - pump->pos;
    if (len > pump->piece)
        len = pump->piece;
    size_t from = pump->pos;
    pump->pos += len;
    conn_send(conn, pump->bytes.data + from, len);
}

static void
on_pump_timer(uv_timer_t *timer)
{
    struct conn *conn = timer->data;
    /* An asker who does not read must not make the queue grow. */
    if (uv_stream_get_write_queue_size((uv_stream_t *)&conn->tcp) == 0)
        pump_next(conn);
}

void
conn_start_pump(
    struct conn *conn, const struct buf *text, size_t piece, unsigned interval, bool for_ever)
{
    if (conn->pump.piece > 0 || text->len == 0)
        return;
    buf_init(&conn->pump.bytes, text->len);
    buf_add(&conn->pump.bytes, text->data, text->len);
    conn->pump.piece = piece;
    conn->pump.interval = interval;
    conn->pump.for_ever = for_ever;
    if (interval > 0 && uv_timer_start(&conn->timer, on_pump_timer, interval, interval) != 0)
        close_conn(conn);
    pump_next(conn);
}

static void
on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buf)
{
    (void)handle;
    (void)suggested;
    static char bytes[65536];
    *ret_buf = uv_buf_init(bytes, sizeof bytes);
}

static void
hand_over(struct conn *conn)
{
    if (!conn->ready) {
        conn->ready = true;
        if (!hostile_open(conn) && conn->port->protocol->open != NULL)
            conn->port->protocol->open(conn);
    }
    if (buf_error(&conn->in) != OK)
        close_conn(conn);
    else if (conn->in.len > 0 && !conn->ending && !uv_is_closing((uv_handle_t *)&conn->tcp)) {
        if (conn->pump.piece > 0 || hostile_is_deaf(conn->device->behave))
            buf_clear(&conn->in);
        else
            conn->port->protocol->data(conn);
    }
}

static void
receive_tls(struct conn *conn, const char *bytes, size_t len)
{
    char plain[16384];
    BIO_write(conn->from_peer, bytes, (int)len);
    int done = SSL_is_init_finished(conn->ssl) ? 1 : SSL_do_handshake(conn->ssl);
    if (done <= 0) {
        bool waits = SSL_get_error(conn->ssl, done) == SSL_ERROR_WANT_READ;
        flush_tls(conn);
        if (!waits)
            conn_end(conn);
        return;
    }
    for (int got = 1; got > 0;) {
        got = SSL_read(conn->ssl, plain, sizeof plain);
        if (got > 0)
            buf_add(&conn->in, plain, (size_t)got);
    }
    flush_tls(conn);
    if (SSL_is_init_finished(conn->ssl))
        hand_over(conn);
}

static void
on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *bytes)
{
    struct conn *conn = stream->data;
    if (got < 0) {
        close_conn(conn);
        return;
    }
    if (got == 0 || uv_is_closing((uv_handle_t *)stream))
        return;
    if (conn->ssl != NULL) {
        receive_tls(conn, bytes->base, (size_t)got);
        return;
    }
    buf_add(&conn->in, bytes->base, (size_t)got);
    hand_over(conn);
}

static enum err
start_tls(struct conn *conn)
{
    conn->ssl = SSL_new(conn->device->tls);
    conn->from_peer = BIO_new(BIO_s_mem());
    conn->to_peer = BIO_new(BIO_s_mem());
    if (conn->ssl == NULL || conn->from_peer == NULL || conn->to_peer == NULL)
        return ERR_MEMORY;
    SSL_set_bio(conn->ssl, conn->from_peer, conn->to_peer);
    SSL_set_accept_state(conn->ssl);
    return OK;
}

static void
on_connection(uv_stream_t *listener, int status)
{
    const struct conn_port *port = listener->data;
    struct conn *conn = calloc(1, sizeof *conn);
    if (status != 0 || conn == NULL) {
        free(conn);
        return;
    }
    conn->port = port;
    conn->device = port->device;
    conn->next = port->device->conns;
    conn->here = &port->device->conns;
    if (conn->next != NULL)
        conn->next->here = &conn->next;
    port->device->conns = conn;
    buf_init(&conn->in, INPUT_LIMIT);
    uv_tcp_init(listener->loop, &conn->tcp);
    uv_timer_init(listener->loop, &conn->timer);
    conn->tcp.data = conn;
    conn->timer.data = conn;
    conn->open_handles = 2;
    if (uv_accept(listener, (uv_stream_t *)&conn->tcp) != 0) {
        close_conn(conn);
        return;
    }
    port->device->stats.connections++;
    if (port->tls && !hostile_breaks_tls(conn->device->behave) && start_tls(conn) != OK) {
        close_conn(conn);
        return;
    }
    if (uv_read_start((uv_stream_t *)&conn->tcp, on_alloc, on_read) != 0)
        close_conn(conn);
    else if (conn->ssl == NULL)
        hand_over(conn);
}

static enum err
open_listener(uv_loop_t *loop, uv_tcp_t *tcp, uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return ERR_NETWORK;
    const int yes = 1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        log_error("port %u: %s", port, strerrordesc_np(errno));
        close(fd);
        return ERR_NETWORK;
    }
    uv_tcp_init(loop, tcp);
    if (uv_tcp_open(tcp, fd) != 0) {
        close(fd);
        return ERR_SYSTEM;
    }
    return uv_listen((uv_stream_t *)tcp, BACKLOG, on_connection) == 0 ? OK : ERR_SYSTEM;
}

enum err
conn_listen(uv_loop_t *loop, struct conn_port *port)
{
    uv_tcp_t *tcp = calloc(1, sizeof *tcp);
    if (tcp == NULL)
        return ERR_MEMORY;
    tcp->data = port;
    enum err err = open_listener(loop, tcp, port->number);
    if (err == ERR_NETWORK)
        free(tcp);
    return err;
}
