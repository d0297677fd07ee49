/*
 * The only code that does network I/O: one libuv loop; HTTP(S) and RTSP by libcurl; TCP connects,
 * banners and UDP by libuv. Everything that leaves passes the scope and the pace. Each call
 * gives a handle that cancels it; its function is called exactly once, from the loop, unless
 * it is cancelled. Time and memory of every call are bounded.
 */
#pragma once

#include "base/arena.h"
#include "codec/exchange.h"
#include "wire/scope.h"

#include <uv.h>

#define WIRE_BANNER   512           /* first bytes that wire_banner() keeps */
#define WIRE_DATAGRAM (16UL * 1024) /* longest datagram taken or sent */

/* Limits and pace of a run; wire_settings_default() has design values. */
struct wire_settings {
    unsigned packets_per_second;      /* in all; 1,000 */
    unsigned packets_per_second_host; /* to one host; 40 */
    unsigned connect_ms;              /* TCP connect; 1,500 */
    unsigned answer_ms;               /* a whole HTTP or RTSP answer; 8,000 */
    unsigned calls;                   /* at once in all; 256 */
    unsigned calls_host;              /* at once to one host; 2 */
    size_t answer_bytes;              /* of an HTTP answer's body; 0: ANSWER_BODY */
};

/* What was really sent, for the report. */
struct wire_totals {
    uint64_t packets;     /* estimate by the pace's own counting */
    uint64_t connections; /* TCP connects begun */
    uint64_t requests;    /* HTTP and RTSP requests */
    uint64_t datagrams;   /* UDP sent */
    uint64_t refused;     /* sends refused because they were outside the scope */
    uint64_t dropped;     /* datagrams received but longer than WIRE_DATAGRAM */
};

struct wire;
struct wire_call;

struct wire_settings wire_settings_default(void);
/* The scope must outlive the wire. */
enum err wire_new(const struct scope *scope, const struct wire_settings *settings,
    struct wire **ret_wire) MUST_CHECK;
/* Tells no caller; handles that the program put on the loop must be closed before. */
void wire_free(struct wire *wire);
uv_loop_t *wire_loop(struct wire *wire);
const struct wire_totals *wire_totals(const struct wire *wire);
/* Runs the loop until nothing is under way (an open UDP socket is) or wire_stop(). */
void wire_run(struct wire *wire);
void wire_stop(struct wire *wire);

struct wire_target {
    struct ip ip;
    uint16_t port;
    bool tls;
};

/* The answer's texts live in the arena given to the call; a full arena is answer.err ERR_LIMIT. */
typedef void wire_answer_fn(void *context, const struct answer *answer);

/*
 * One HTTP exchange: no redirect is followed, no proxy, no certificate check (the certificate is
 * reported), gzip/deflate unpacked within ANSWER_BODY, headers within ANSWER_HEADERS. NULL when
 * memory is out; a target outside the scope calls back with ERR_SCOPE, a request with control
 * characters, a path without '/' or to a printer's or SDK port with ERR_VALUE. err is OK only for a
 * whole answer; what came of a broken or too long one is kept beside the error. The request is
 * copied.
 */
struct wire_call *wire_http(struct wire *wire, const struct wire_target *target,
    const struct request *request, struct arena *arena, wire_answer_fn *done, void *context)
    __attribute__((nonnull(1, 2, 3, 4, 5)));

/*
 * One RTSP exchange over TCP (OPTIONS or DESCRIBE; the path may be a whole path with query, or
 * "*"). The connection is kept a few seconds, since many cameras bind a digest nonce to it. RTSP
 * over TLS is ERR_UNSUPPORTED.
 */
struct wire_call *wire_rtsp(struct wire *wire, const struct wire_target *target,
    const struct request *request, struct arena *arena, wire_answer_fn *done, void *context)
    __attribute__((nonnull(1, 2, 3, 4, 5)));

/* A TCP connect: OK open, ERR_REFUSED closed (a RST), ERR_TIMEOUT nothing, ERR_NETWORK other. */
typedef void wire_connect_fn(void *context, const struct wire_target *target, enum err err);
struct wire_call *wire_connect(
    struct wire *wire, const struct wire_target *target, wire_connect_fn *done, void *context);

/*
 * Connects and listens at most wait_ms for up to WIRE_BANNER first bytes, sending nothing. OK with
 * an empty body when it connected but the peer said nothing.
 */
struct wire_call *wire_banner(struct wire *wire, const struct wire_target *target, unsigned wait_ms,
    struct arena *arena, wire_answer_fn *done, void *context);

/* How many of these first bytes are the whole answer; 0: more must come. */
typedef enum err wire_whole_fn(const void *bytes, size_t len, size_t *ret_len);

/*
 * One question over a TCP connection that stays open for the next, until wire_stream_close(): for
 * protocols whose session is the connection. The first question begins *stream (NULL before). The
 * bytes are copied, the answer's body is what came. A connection that broke, or was left in the
 * middle of an answer, gives ERR_NETWORK to every later question. NULL when memory is out or a
 * question is under way.
 */
struct wire_stream;
struct wire_question {
    struct wire_target target;
    const void *bytes;
    size_t len;
    wire_whole_fn *whole;
};
struct wire_call *wire_stream_ask(struct wire *wire, struct wire_stream **stream,
    const struct wire_question *question, struct arena *arena, wire_answer_fn *done, void *context);
/*
 * The same, but all that comes is given to `got` and nothing is kept, until it says false (OK), so
 * many ms are over (ERR_TIMEOUT; 0: never) or the connection ends (ERR_NETWORK). Meanwhile it holds
 * no place among the calls of its host.
 */
typedef bool wire_bytes_fn(void *context, const void *bytes, size_t len);
struct wire_listen {
    wire_bytes_fn *got;
    wire_answer_fn *done; /* the answer has no body */
    void *context;
    unsigned ms;
};
struct wire_call *wire_stream_listen(struct wire *wire, struct wire_stream **stream,
    const struct wire_question *question, const struct wire_listen *listen);
/* Bytes to a stream that is listened to, without an answer; false: not now. */
bool wire_stream_say(struct wire_stream *stream, const void *bytes, size_t len);
/* NULL is allowed; a question under way must be cancelled before. */
void wire_stream_close(struct wire_stream *stream);

/* The function will not be called. NULL is allowed; a handle ends when its function is called. */
void wire_cancel(struct wire_call *call);

/* Calls once after ms. */
typedef void wire_timer_fn(void *context);
struct wire_call *wire_after(struct wire *wire, unsigned ms, wire_timer_fn *done, void *context);

/* A network interface with an address; what discovery sends from. */
struct wire_interface {
    char name[16]; /* IF_NAMESIZE */
    unsigned index;
    struct ip ip;
    struct net net;
    struct ip broadcast; /* family 0 when none */
};

/* Interfaces that are up and not loopback (loopback too when it lies in the scope). */
size_t wire_interfaces(const struct wire *wire, struct wire_interface *out, size_t max);

/* A UDP socket on one interface. */
struct wire_udp;
typedef void wire_datagram_fn(
    void *context, const struct ip *from, uint16_t from_port, const uint8_t *bytes, size_t len);

/*
 * Bound to port (0: any) with address reuse, joined to group when given. Multicast (TTL 1) and
 * broadcast leave by this interface; one's own multicast comes back. NULL when the system refuses.
 * Datagrams longer than WIRE_DATAGRAM are dropped and counted; got() sees senders outside the
 * scope too.
 */
struct wire_udp *wire_udp_open(struct wire *wire, const struct wire_interface *interface,
    uint16_t port, const struct ip *group, wire_datagram_fn *got, void *context);
/* The port that it is bound to, 0 when closed. */
uint16_t wire_udp_port(const struct wire_udp *udp);
/* What still waits to be sent is dropped. */
void wire_udp_close(struct wire_udp *udp);
/*
 * Sends when the pace allows; the bytes are copied. Allowed: an address in the scope; when the
 * interface's network meets the scope also its broadcast, 255.255.255.255, and the groups of the
 * site (224.0.0.0/24, 239.255.0.0/16, ff02::/16). Else ERR_SCOPE; ERR_VALUE for an empty or too
 * long datagram.
 */
enum err wire_udp_send(struct wire_udp *udp, const struct ip *to, uint16_t port, const void *bytes,
    size_t len) MUST_CHECK;
