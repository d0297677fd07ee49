/* HTTP as devices serve it: one request after the other, answered from the record's routes. */
#include "lab/http.h"

#include "base/text.h"
#include "lab/auth.h"
#include "lab/change.h"
#include "lab/hostile.h"
#include "lab/onvif.h"
#include "lab/state.h"
#include "lab/template.h"
#include "lab/update.h"

#include <string.h>

#define HEAD_LIMIT   ((size_t)64 * 1024)
#define BODY_LIMIT   ((size_t)48 * 1024 * 1024)
#define ANSWER_LIMIT ((size_t)8 * 1024 * 1024)

/* One request on its way to its answer. */
struct exchange {
    struct conn *conn;
    struct device *device;
    const struct site_http *http;
    const struct http_request *request;
    struct buf extra; /* header lines of this answer only */
    bool keep;
};

static bool
add_header(struct http_request *request, struct arena *arena, const char *line, size_t len)
{
    const char *colon = memchr(line, ':', len);
    if (colon == NULL || request->header_count == HTTP_HEADERS)
        return colon != NULL;
    char *name = arena_copy_n(arena, line, (size_t)(colon - line));
    char *value = arena_copy_n(arena, colon + 1, len - (size_t)(colon + 1 - line));
    if (name == NULL || value == NULL)
        return false;
    request->headers[request->header_count].name = name;
    request->headers[request->header_count++].value = text_trim(value);
    return true;
}

static bool
split_first_line(struct http_request *request, struct arena *arena, const char *line, size_t len)
{
    const char *first = memchr(line, ' ', len);
    if (first == NULL)
        return false;
    size_t rest = len - (size_t)(first + 1 - line);
    const char *second = memchr(first + 1, ' ', rest);
    if (second == NULL)
        return false;
    request->method = arena_copy_n(arena, line, (size_t)(first - line));
    request->target = arena_copy_n(arena, first + 1, (size_t)(second - first - 1));
    request->path = arena_copy(arena, request->target);
    request->version = arena_copy_n(arena, second + 1, rest - (size_t)(second - first));
    if (request->method == NULL || request->path == NULL || request->version == NULL)
        return false;
    request->query = strchr(request->path, '?');
    if (request->query != NULL)
        *request->query++ = '\0';
    else
        request->query = request->path + strlen(request->path);
    return true;
}

enum http_state
http_parse(const char *bytes, size_t len, struct arena *arena, struct http_request *ret_request)
{
    const char *end = memmem(bytes, len, "\r\n\r\n", 4);
    if (end == NULL)
        return len > HEAD_LIMIT ? HTTP_BAD : HTTP_PART;
    struct http_request request = {0};
    size_t head = (size_t)(end - bytes) + 2;
    bool first = true;
    for (size_t pos = 0; pos < head;) {
        const char *line = bytes + pos;
        const char *stop = memmem(line, head - pos, "\r\n", 2);
        size_t size = stop == NULL ? head - pos : (size_t)(stop - line);
        bool fine = first ? split_first_line(&request, arena, line, size)
                          : add_header(&request, arena, line, size);
        if (!fine)
            return HTTP_BAD;
        first = false;
        pos += size + 2;
    }
    uint64_t body = 0;
    const char *length = http_header(&request, "Content-Length");
    if (length != NULL && text_to_u64(length, BODY_LIMIT, &body) != OK)
        return HTTP_BAD;
    if (len - head - 2 < body)
        return HTTP_PART;
    request.body = arena_copy_n(arena, bytes + head + 2, body);
    request.body_len = body;
    request.size = head + 2 + body;
    if (request.body == NULL)
        return HTTP_BAD;
    *ret_request = request;
    return HTTP_WHOLE;
}

const char *
http_header(const struct http_request *request, const char *name)
{
    for (unsigned i = 0; i < request->header_count; i++)
        if (text_equal_nocase(request->headers[i].name, name))
            return request->headers[i].value;
    return NULL;
}

const char *
http_words(unsigned status)
{
    static const struct {
        unsigned status;
        const char *words;
    } table[] = {
        {200, "OK"                   },
        {204, "No Content"           },
        {301, "Moved Permanently"    },
        {302, "Found"                },
        {400, "Bad Request"          },
        {401, "Unauthorized"         },
        {403, "Forbidden"            },
        {404, "Not Found"            },
        {405, "Method Not Allowed"   },
        {490, "Too Many Sessions"    },
        {500, "Internal Server Error"},
        {503, "Service Unavailable"  },
        {599, "Unknown"              },
    };
    for (size_t i = 0; i < COUNT(table); i++)
        if (table[i].status == status)
            return table[i].words;
    return "Status";
}

static void
add_lines(struct buf *out, const struct exchange *exchange, char *const *lines, unsigned count)
{
    const struct template_scope scope = {.device = exchange->device};
    for (unsigned i = 0; i < count; i++) {
        template_add(out, &scope, lines[i], strlen(lines[i]));
        buf_text(out, "\r\n");
    }
}

static void
send_answer(struct exchange *exchange, const struct site_reply *reply, unsigned status,
    const char *body, size_t len)
{
    struct buf out;
    const struct site_http *http = exchange->http;
    buf_init(&out, ANSWER_LIMIT);
    buf_format(&out, "HTTP/1.1 %u %s\r\n", status, http_words(status));
    if (http->server != NULL)
        buf_format(&out, "Server: %s\r\n", http->server);
    add_lines(&out, exchange, http->headers, http->headers_count);
    if (exchange->extra.len > 0)
        buf_add(&out, exchange->extra.data, exchange->extra.len);
    if (reply != NULL)
        add_lines(&out, exchange, reply->headers, reply->headers_count);
    const char *type = reply == NULL || reply->type == NULL ? "text/html" : reply->type;
    buf_format(&out, "Content-Type: %s\r\nContent-Length: %zu\r\nConnection: %s\r\n\r\n", type, len,
        exchange->keep ? "keep-alive" : "close");
    if (!text_equal(exchange->request->method, "HEAD"))
        buf_add(&out, body, len);
    if (!exchange->device->swallows_answer && !hostile_http(exchange->conn, &out))
        conn_send(exchange->conn, out.data, out.len);
    exchange->device->swallows_answer = false;
    exchange->device->answers++;
    buf_release(&out);
}

static void
answer_reply(struct exchange *exchange, const struct site_reply *reply, unsigned usual)
{
    const struct template_scope scope = {
        .device = exchange->device, .request_id = exchange->request->target};
    struct buf body;
    buf_init(&body, ANSWER_LIMIT);
    unsigned status = reply == NULL || reply->status == 0 ? usual : reply->status;
    bool text = reply == NULL || reply->type == NULL || !text_starts(reply->type, "image/");
    if (reply != NULL && reply->body != NULL && text)
        template_add(&body, &scope, reply->body, reply->body_len);
    else if (reply != NULL && reply->body != NULL)
        buf_add(&body, reply->body, reply->body_len);
    else if (status >= 400)
        buf_format(
            &body, "<html><head><title>%u %s</title></head></html>", status, http_words(status));
    send_answer(exchange, reply, status, body.data, body.len);
    buf_release(&body);
}

static const struct site_auth *
auth_of(const struct exchange *exchange)
{
    const struct site_auth *own = exchange->http->auth;
    return own != NULL ? own : exchange->device->record->auth;
}

static void
answer_unauthorized(struct exchange *exchange, enum auth_verdict verdict)
{
    const struct site_lockout *lockout = exchange->device->record->lockout;
    if (verdict == AUTH_LOCKED && lockout != NULL && lockout->reply != NULL) {
        answer_reply(exchange, lockout->reply, 401);
        return;
    }
    auth_challenge(&exchange->extra, exchange->device, auth_of(exchange), verdict == AUTH_STALE);
    answer_reply(exchange, exchange->http->denied, 401);
}

static bool
route_matches(
    const struct device *device, const struct site_route *route, const struct http_request *request)
{
    if (route->session && !device->has_session)
        return false;
    size_t len = strlen(route->path);
    bool prefix = len > 0 && route->path[len - 1] == '*';
    bool path = prefix ? strncmp(request->path, route->path, len - 1) == 0
                       : text_equal(request->path, route->path);
    bool reads = text_equal(request->method, "GET") || text_equal(request->method, "HEAD");
    bool method = route->method == NULL ? reads : text_equal(route->method, request->method);
    return path && method &&
           (route->query == NULL || text_contains(request->query, route->query)) &&
           (route->contains == NULL || text_contains(request->body, route->contains)) &&
           (route->cookie == NULL || text_contains(http_header(request, "Cookie"), route->cookie));
}

static const struct site_route *
find_route(
    const struct device *device, const struct site_http *http, const struct http_request *request)
{
    const struct site_routes *shared = http->shared;
    for (unsigned i = 0; shared != NULL && i < shared->routes_count; i++)
        if (route_matches(device, &shared->routes[i], request))
            return &shared->routes[i];
    for (unsigned i = 0; i < http->routes_count; i++)
        if (route_matches(device, &http->routes[i], request))
            return &http->routes[i];
    return NULL;
}

/* True when the asker may go on; otherwise he has had his answer. */
static bool
pass_login(struct exchange *exchange, enum site_login login, const struct site_route *route)
{
    const struct http_request *request = exchange->request;
    if (login == SITE_LOGIN_OWN)
        login =
            device_opens(exchange->device, DEVICE_WAY_HTTP, exchange->device->accounts[0].user, "")
                ? SITE_LOGIN_NO
                : SITE_LOGIN_HTTP;
    if (login == SITE_LOGIN_NO)
        return true;
    enum auth_verdict verdict = AUTH_RIGHT;
    if (login == SITE_LOGIN_HTTP) {
        const struct site_auth *auth = auth_of(exchange);
        if (auth == NULL || auth->scheme == SITE_SCHEME_NONE)
            return true;
        verdict = auth_header(exchange->device, auth, DEVICE_WAY_HTTP, request->method,
            http_header(request, "Authorization"));
        if (verdict != AUTH_RIGHT)
            answer_unauthorized(exchange, verdict);
        return verdict == AUTH_RIGHT;
    }
    if (login == SITE_LOGIN_BEARER) {
        const char *token = http_header(request, "Authorization");
        if (token != NULL && text_starts(token, "Bearer ") &&
            text_contains(token, exchange->device->uuid))
            return true;
        answer_reply(exchange, route->denied, 401);
        return false;
    }
    if (login == SITE_LOGIN_QUERY)
        verdict = auth_body(exchange->device, login, request->query, strlen(request->query));
    else
        verdict = auth_body(exchange->device, login, request->body, request->body_len);
    if (verdict == AUTH_RIGHT) {
        exchange->device->has_session = true;
        return true;
    }
    const struct site_lockout *lockout = exchange->device->record->lockout;
    bool locked = verdict == AUTH_LOCKED && lockout != NULL && lockout->reply != NULL;
    answer_reply(exchange, locked ? lockout->reply : route->denied, 401);
    return false;
}

static void
answer_onvif(struct exchange *exchange)
{
    static char soap[] = "application/soap+xml; charset=utf-8";
    const struct site_reply as_soap = {.type = soap};
    const struct http_request *request = exchange->request;
    const struct onvif_question question = {
        .body = request->body,
        .len = request->body_len,
        .method = request->method,
        .authorization = http_header(request, "Authorization"),
        .auth = auth_of(exchange),
    };
    struct buf body;
    buf_init(&body, ANSWER_LIMIT);
    unsigned status = onvif_answer(exchange->device, &question, &body);
    if (status == 401 && question.auth != NULL)
        auth_challenge(&exchange->extra, exchange->device, question.auth, false);
    else if (status == 401)
        status = 400;
    send_answer(exchange, &as_soap, status, body.data, body.len);
    buf_release(&body);
}

static void
answer_change(struct exchange *exchange, const struct site_route *route)
{
    enum err err = change_apply(exchange->device, exchange->http, route, exchange->request);
    if (err == OK)
        answer_reply(exchange, &route->reply, 200);
    else
        answer_reply(exchange, route->refused, 400);
}

/* The route's own text, or what requests have made of it. */
static void
answer_document(struct exchange *exchange, const struct site_route *route)
{
    const struct state_text now = state_shown(exchange->device, route);
    struct site_reply reply = route->reply;
    struct buf copy;
    buf_init(&copy, ANSWER_LIMIT);
    update_show(exchange->device, now.text, now.len, &copy);
    reply.body = copy.data;
    reply.body_len = copy.len;
    answer_reply(exchange, &reply, 200);
    buf_release(&copy);
}

static void
answer(struct exchange *exchange)
{
    const struct http_request *request = exchange->request;
    const struct site_http *http = exchange->http;
    const struct site_route *route = find_route(exchange->device, http, request);
    bool soap =
        http->onvif && text_starts(request->path, "/onvif/") && text_equal(request->method, "POST");
    if (route == NULL && soap) {
        answer_onvif(exchange);
        return;
    }
    enum site_login login = route != NULL     ? route->login
                            : http->login_all ? SITE_LOGIN_HTTP
                                              : SITE_LOGIN_NO;
    if (!pass_login(exchange, login, route))
        return;
    if (route != NULL && change_is(route))
        answer_change(exchange, route);
    else if (route != NULL && route->reply.body != NULL)
        answer_document(exchange, route);
    else
        answer_reply(exchange, route == NULL ? NULL : &route->reply, route == NULL ? 404 : 200);
}

/* "Logout", "sessionLogout", "global.logout", DELETE of a session. */
static bool
ends_session(const struct http_request *request)
{
    return text_contains_nocase(request->path, "logout") ||
           text_contains_nocase(request->query, "logout") ||
           text_contains_nocase(request->body, "logout") ||
           (text_equal(request->method, "DELETE") && text_contains(request->path, "sessions"));
}

static void
serve(struct conn *conn, const struct http_request *request)
{
    const char *connection = http_header(request, "Connection");
    struct exchange exchange = {
        .conn = conn,
        .device = conn->device,
        .http = conn->port->config,
        .request = request,
        .keep = text_equal(request->version, "HTTP/1.1") && !text_equal_nocase(connection, "close"),
    };
    conn->device->stats.requests++;
    conn->device->stats.logouts += ends_session(request) ? 1 : 0;
    buf_init(&exchange.extra, 4096);
    answer(&exchange);
    buf_release(&exchange.extra);
    if (!exchange.keep && conn->pump.piece == 0)
        conn_end(conn);
}

static void
on_data(struct conn *conn)
{
    for (bool more = true; more && !conn->ending && conn->in.len > 0;) {
        struct arena arena;
        struct http_request request;
        arena_init(&arena, 4 * (HEAD_LIMIT + BODY_LIMIT));
        enum http_state state = http_parse(conn->in.data, conn->in.len, &arena, &request);
        more = state == HTTP_WHOLE;
        if (state == HTTP_WHOLE) {
            serve(conn, &request);
            conn_consume(conn, request.size);
        } else if (state == HTTP_BAD) {
            conn_end(conn);
        }
        arena_release(&arena);
    }
}

const struct conn_protocol http_protocol = {.data = on_data};
