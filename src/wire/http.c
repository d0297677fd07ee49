/* One HTTP or HTTPS exchange by libcurl. */
#include "base/text.h"
#include "wire/call.h"

#include <string.h>

static const struct wire_kind http_kind = {
    .cost = PACE_REQUEST,
    .start = wire_exchange_start,
    .report = wire_exchange_report,
    .release = wire_exchange_release,
};

static bool
is_method(const char *method)
{
    size_t len = strlen(method);
    return len != 0 && len <= 16 && strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-") == len;
}

static const char *
type_of(const struct ask *ask)
{
    if (ask->type != NULL) {
        return ask->type;
    }
    if (ask->body == NULL || ask->body[0] == '\0') {
        return "application/x-www-form-urlencoded";
    }
    switch (ask->body[strspn(ask->body, " \t\r\n")]) {
    case '<':
        return "application/xml; charset=utf-8";
    case '{':
    case '[':
        return "application/json";
    default:
        return "application/x-www-form-urlencoded";
    }
}

static void
set_method(struct wire_exchange *exchange, const struct ask *ask)
{
    const char *method = ask->method;
    if (method == NULL) {
        method = ask->body != NULL ? "POST" : "GET";
    }
    bool head = text_equal(method, "HEAD");
    bool sends = ask->body != NULL || text_equal(method, "POST") || text_equal(method, "PUT");
    if (!is_method(method) || (head && sends)) {
        wire_exchange_refuse(exchange, ERR_VALUE);
        return;
    }
    if (sends) {
        const char *body = ask->body == NULL ? "" : ask->body;
        wire_exchange_number(exchange, CURLOPT_POSTFIELDSIZE, (long)strlen(body));
        wire_exchange_value(exchange, CURLOPT_COPYPOSTFIELDS, body);
        wire_exchange_line(exchange, "Content-Type", type_of(ask));
    } else if (head) {
        wire_exchange_number(exchange, CURLOPT_NOBODY, 1L);
    }
    if (!head && !text_equal(method, sends ? "POST" : "GET")) {
        wire_exchange_value(exchange, CURLOPT_CUSTOMREQUEST, method);
    }
}

struct wire_call *
wire_http(struct wire *wire, const struct wire_target *target, const struct request *request,
    struct arena *arena, wire_answer_fn *done, void *context)
{
    struct wire_exchange *exchange = wire_exchange_new(wire, &http_kind, target, request);
    if (exchange == NULL) {
        return NULL;
    }
    exchange->arena = arena;
    exchange->done = done;
    exchange->context = context;
    const char *path = request->ask.path == NULL ? "/" : request->ask.path;
    wire_exchange_address(exchange, target->tls ? "https" : "http", path);
    wire_exchange_value(exchange, CURLOPT_REQUEST_TARGET, path);
    if (request->file != NULL) {
        wire_upload_set(exchange, request);
    } else {
        set_method(exchange, &request->ask);
        /* Old servers know no 100 Continue. */
        struct curl_slist *lines = curl_slist_append(exchange->lines, "Expect:");
        exchange->lines = lines != NULL ? lines : exchange->lines;
    }
    wire_exchange_value(exchange, CURLOPT_HTTPHEADER, exchange->lines);
    return wire_call_queue(&exchange->call, exchange->refused);
}
