/*
 * Inside of wire: a call waits in its host's queue until pace and limits let it start, is active,
 * and ends by its function or by being cancelled. Each kind of call is a row of functions.
 */
#pragma once

#include "base/buf.h"
#include "wire/pace.h"
#include "wire/wire.h"

#include <curl/curl.h>

struct wire_call;

struct wire_kind {
    unsigned cost; /* packets; of enum pace_cost */
    /* Begins; may end the call at once. */
    void (*start)(struct wire_call *call);
    /* Tells the caller. */
    void (*report)(struct wire_call *call, enum err err);
    /* Gives everything back, memory of the call included; in any state. */
    void (*release)(struct wire_call *call);
};

enum wire_state {
    WIRE_WAITING, /* in its host's queue */
    WIRE_ACTIVE,  /* started */
    WIRE_FAILED,  /* refused at birth; the loop will tell */
};

/* First member of every kind of call. */
struct wire_call {
    struct wire *wire;
    const struct wire_kind *kind;
    struct wire_host *host; /* NULL for timers and refused calls */
    struct wire_call *prev; /* in the list of its state */
    struct wire_call *next;
    enum wire_state state;
    enum err err; /* why it was refused at birth */
    struct wire_target target;
};

struct wire_list {
    struct wire_call *first;
    struct wire_call *last;
    size_t count;
};

/* The certificate seen at a port, for answers over a connection that was opened before. */
struct wire_certificate {
    struct wire_certificate *next;
    uint16_t port;
    char subject[256];
    char issuer[256];
    int64_t expires;
};

struct wire_host {
    struct ip ip;
    struct wire_host *next_in_bucket;
    struct wire_list waiting;
    unsigned active;
    struct wire_host *ring_prev; /* NULL: not in the ring of hosts that may start a call */
    struct wire_host *ring_next;
    struct wire_certificate *certificates;
};

struct wire {
    uv_loop_t loop;
    uv_timer_t pump;
    uv_timer_t curl_timer;
    CURLM *multi;
    const struct scope *scope;
    struct wire_settings settings;
    struct pace pace;
    struct wire_totals totals;
    struct wire_list active;
    struct wire_list failed;
    unsigned active_count; /* active calls that hold a place, that is all but timers */
    struct wire_host *ring;
    size_t ring_count;
    struct wire_host **hosts; /* hashed by address */
    size_t host_count;
    size_t host_size;
    struct wire_udp *sockets;
    uint8_t datagram[WIRE_DATAGRAM + 1];
};

/* Fills the common part; call->target is what the kind set. ERR_SCOPE when it is outside. */
enum err wire_call_begin(struct wire_call *call, struct wire *wire, const struct wire_kind *kind,
    const struct wire_target *target);
/* Queues it, or lets the loop tell about the error. */
struct wire_call *wire_call_queue(struct wire_call *call, enum err err);
/* For calls without a host: active at once. */
void wire_call_activate(struct wire_call *call);
/* Gives the place of an active call back, though it goes on. */
void wire_call_stand_aside(struct wire_call *call);
/* From the loop only: tells the caller and releases the call. */
void wire_call_end(struct wire_call *call, enum err err);

/* curl.c: the multi handle on the loop. */
enum err wire_curl_open(struct wire *wire) MUST_CHECK;
void wire_curl_close(struct wire *wire);

/* A file on its way. */
struct wire_file {
    struct request_file from;
    int fd; /* a duplicate */
    uint64_t at;
    uint64_t told;
};

/* An HTTP or RTSP exchange: what http.c and rtsp.c share. */
struct wire_exchange {
    struct wire_call call;
    struct arena *arena;
    wire_answer_fn *done;
    void *context;
    CURL *easy;
    struct curl_slist *lines; /* request header lines */
    struct buf headers;
    struct buf body;
    size_t header_bytes; /* of all responses, interim ones included */
    size_t header_lines;
    size_t codings;
    bool head_ended;        /* a blank line came: a status line may follow */
    bool in_multi;          /* the transfer is under way */
    curl_mime *mime;        /* a form with a file, or NULL */
    struct wire_file *file; /* NULL: none */
    bool once;              /* counts at the device, so libcurl may not send it again */
    enum err stopped;       /* why we stopped it ourselves */
    enum err refused;       /* what is wrong with the request */
};

/* An exchange with all that HTTP and RTSP have in common set; NULL when memory is out. */
struct wire_exchange *wire_exchange_new(struct wire *wire, const struct wire_kind *kind,
    const struct wire_target *target, const struct request *request);
/* "http://10.0.0.7:80" and a path, or "/"; notes an error in `refused`. */
void wire_exchange_address(struct wire_exchange *exchange, const char *scheme, const char *path);
/* Adds a request header line; a control character in it is refused. */
void wire_exchange_line(struct wire_exchange *exchange, const char *name, const char *value);
/* An option of libcurl, by the type of its value; what libcurl does not take is refused. */
void wire_exchange_number(struct wire_exchange *exchange, CURLoption option, long value);
void wire_exchange_value(struct wire_exchange *exchange, CURLoption option, const void *value);
/* The request will not be sent; the first reason stays. */
void wire_exchange_refuse(struct wire_exchange *exchange, enum err err);
/* upload.c: the file goes with the exchange, whose request lines are not yet set. */
void wire_upload_set(struct wire_exchange *exchange, const struct request *request);
void wire_upload_release(struct wire_exchange *exchange);
void wire_exchange_start(struct wire_call *call);
void wire_exchange_report(struct wire_call *call, enum err err);
void wire_exchange_release(struct wire_call *call);
/* Called by curl.c when the transfer is over. */
void wire_exchange_over(struct wire_call *call, CURLcode code);
