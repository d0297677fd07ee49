/* One RTSP exchange by libcurl: OPTIONS or DESCRIBE, never a stream. */
#include "base/text.h"
#include "wire/call.h"

static const struct wire_kind rtsp_kind = {
    .cost = PACE_REQUEST,
    .start = wire_exchange_start,
    .report = wire_exchange_report,
    .release = wire_exchange_release,
};

/* Nobody asked for a stream: interleaved media ends the exchange. */
static size_t
refuse_media(void *bytes, size_t size, size_t count, void *context)
{
    struct wire_exchange *exchange = context;
    (void)bytes;
    (void)size;
    (void)count;
    exchange->stopped = ERR_SYNTAX;
    return 0;
}

static enum err
request_of(const struct ask *ask, long *ret_request)
{
    if (text_equal(ask->method, "OPTIONS")) {
        *ret_request = CURL_RTSPREQ_OPTIONS;
    } else if (ask->method == NULL || text_equal(ask->method, "DESCRIBE")) {
        *ret_request = CURL_RTSPREQ_DESCRIBE;
    } else {
        return ERR_VALUE;
    }
    return ask->body == NULL ? OK : ERR_VALUE;
}

/* The stream's whole URI, or "*". */
static void
set_stream(struct wire_exchange *exchange, const char *path)
{
    char *base = NULL;
    bool any = text_equal(path, "*");
    wire_exchange_address(exchange, "rtsp", any ? NULL : path);
    (void)curl_easy_getinfo(exchange->easy, CURLINFO_EFFECTIVE_URL, &base);
    struct buf uri CLEANUP(buf_release);
    buf_init(&uri, ANSWER_HEADERS);
    /* The base ends in '/', with which the path begins. */
    buf_format(&uri, "%s%s", any || base == NULL ? "" : base, any ? "*" : path + 1);
    if (buf_error(&uri) != OK) {
        wire_exchange_refuse(exchange, ERR_LIMIT);
        return;
    }
    wire_exchange_value(exchange, CURLOPT_RTSP_STREAM_URI, uri.data);
}

struct wire_call *
wire_rtsp(struct wire *wire, const struct wire_target *target, const struct request *request,
    struct arena *arena, wire_answer_fn *done, void *context)
{
    struct wire_exchange *exchange = wire_exchange_new(wire, &rtsp_kind, target, request);
    if (exchange == NULL) {
        return NULL;
    }
    exchange->arena = arena;
    exchange->done = done;
    exchange->context = context;
    long kind = 0;
    enum err err = target->tls ? ERR_UNSUPPORTED : request_of(&request->ask, &kind);
    if (err != OK) {
        wire_exchange_refuse(exchange, err);
        return wire_call_queue(&exchange->call, exchange->refused);
    }
    set_stream(exchange, text_is_empty(request->ask.path) ? "/" : request->ask.path);
    wire_exchange_number(exchange, CURLOPT_RTSP_REQUEST, kind);
    (void)curl_easy_setopt(exchange->easy, CURLOPT_INTERLEAVEFUNCTION, refuse_media);
    (void)curl_easy_setopt(exchange->easy, CURLOPT_INTERLEAVEDATA, exchange);
    wire_exchange_value(exchange, CURLOPT_HTTPHEADER, exchange->lines);
    return wire_call_queue(&exchange->call, exchange->refused);
}
