/* TCP connections of the devices, plain or TLS, all in one loop. */
#pragma once

#include "base/buf.h"
#include "lab/device.h"

#include <openssl/ssl.h>
#include <uv.h>

struct conn;

/* What is spoken on a port. A function may send, end or reset the connection. */
struct conn_protocol {
    void (*open)(struct conn *conn); /* NULL: the asker speaks first */
    void (*data)(struct conn *conn); /* new bytes in conn->in */
};

struct conn_port {
    struct device *device;
    const struct conn_protocol *protocol;
    const void *config; /* the YAML row: site_http, site_rtsp, site_banner */
    uint16_t number;
    bool tls;
};

/* Bytes sent again and again. */
struct conn_pump {
    struct buf bytes;
    size_t pos;
    size_t piece;      /* bytes sent at a time */
    unsigned interval; /* milliseconds between pieces; 0: as fast as they go */
    bool for_ever;
};

/* Video that runs over a connection. */
struct conn_stream {
    bool is_set_up;
    bool starts; /* with the answer that is being written */
    bool is_playing;
    uint8_t channel; /* interleaved */
    uint16_t sequence;
    uint32_t frame;
    void (*tick)(struct conn *conn);
};

struct conn {
    uv_tcp_t tcp;
    uv_timer_t timer;
    const struct conn_port *port;
    struct device *device;
    SSL *ssl; /* NULL on a plain port */
    BIO *from_peer;
    BIO *to_peer;
    bool ready; /* open was called */
    bool ending;
    unsigned open_handles;
    struct buf in;
    struct conn_pump pump;
    struct conn_stream stream;
    struct conn *next; /* of its device */
    struct conn **here;
};

/* Listens in the current network namespace; the port's memory must outlive the loop. */
enum err conn_listen(uv_loop_t *loop, struct conn_port *port) MUST_CHECK;

void conn_send(struct conn *conn, const void *bytes, size_t len);
/* Past TLS, straight to the socket. */
void conn_send_raw(struct conn *conn, const void *bytes, size_t len);
/* Drops the first len bytes of what was received. */
void conn_consume(struct conn *conn, size_t len);
/* Closes after what was sent has gone out. */
void conn_end(struct conn *conn);
/* Ends with a TCP reset. */
void conn_reset(struct conn *conn);
/* All connections of a device end at once. */
void conn_reset_all(struct device *device);
/* Calls stream.tick every so many milliseconds while the connection lasts. */
void conn_start_ticks(struct conn *conn, unsigned interval);
/* Sends text piece by piece (and again for ever); nothing else may be sent after it. */
void conn_start_pump(
    struct conn *conn, const struct buf *text, size_t piece, unsigned interval, bool for_ever);
