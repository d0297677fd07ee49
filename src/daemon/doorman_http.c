/*
 * HTTP for the doorman: libmicrohttpd on a unix socket, turned by the one loop.
 *
 * Rule of this file: nothing that a client sends or leaves out holds anything for longer than
 * DOORMAN_IDLE, or makes it grow beyond DOORMAN_BODY and DOORMAN_VISIT. Of its headers only cookies
 * and what browsers say about where a request comes from are read; its address is nginx's word.
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "daemon/doorman_parts.h"
#include "ledger/socketpath.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define BACKLOG 256
#define HEADERS 32768
#define TURN    1000 /* ms at most between turns */

static const char *
header(const struct visit *visit, const char *name)
{
    return MHD_lookup_connection_value(visit->connection, MHD_HEADER_KIND, name);
}

/* How often a header is there. */
struct count {
    const char *name;
    unsigned times;
};

static enum MHD_Result
count_one(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct count *count = context;
    (void)kind;
    (void)value;
    count->times += text_equal_nocase(name, count->name) ? 1 : 0;
    return MHD_YES;
}

static bool
is_once(const struct visit *visit, const char *name)
{
    struct count count = {name, 0};
    (void)MHD_get_connection_values(visit->connection, MHD_HEADER_KIND, count_one, &count);
    return count.times == 1;
}

static void
free_visit(struct visit *visit)
{
    *visit->place = visit->next;
    if (visit->next != NULL) {
        visit->next->place = visit->place;
    }
    if (visit->word != NULL) {
        visit->word->visit = NULL;
    }
    sodium_memzero(visit->body.data, visit->body.len);
    buf_release(&visit->body);
    sodium_memzero(visit->page.data, visit->page.len);
    buf_release(&visit->page);
    secret_free(visit->secret);
    arena_wipe(&visit->arena);
    sodium_memzero(visit, sizeof(*visit));
    free(visit);
}

static struct visit *
new_visit(struct doorman *doorman, struct MHD_Connection *connection)
{
    struct visit *visit = calloc(1, sizeof(*visit));
    if (visit == NULL) {
        return NULL;
    }
    visit->doorman = doorman;
    visit->connection = connection;
    visit->to = "/";
    arena_init(&visit->arena, DOORMAN_VISIT);
    buf_init(&visit->body, DOORMAN_BODY);
    buf_init(&visit->page, DOORMAN_PAGE);
    visit->next = doorman->visits;
    visit->place = &doorman->visits;
    if (visit->next != NULL) {
        visit->next->place = &visit->next;
    }
    doorman->visits = visit;
    return visit;
}

static void
add_header(struct MHD_Response *response, const char *name, const char *value)
{
    if (value != NULL && MHD_add_response_header(response, name, value) != MHD_YES) {
        log_debug("header %s could not be added", name);
    }
}

static void
add_cookies(const struct visit *visit, struct MHD_Response *response)
{
    for (size_t i = 0; i < visit->cookie_count; i++) {
        const struct doorman_cookie *cookie = &visit->cookies[i];
        CLEANUP(buf_release) struct buf line;
        buf_init(&line, 512);
        buf_format(&line, "%s=%s; Path=/; HttpOnly; SameSite=Strict%s%s",
            doorman_guard_cookie(visit->doorman, cookie->name), cookie->value,
            visit->doorman->settings->is_plain ? "" : "; Secure",
            cookie->value[0] == '\0' ? "; Max-Age=0" : "");
        add_header(response, "Set-Cookie", line.data);
    }
}

/* On every answer. */
static const struct {
    const char *name, *value;
} fixed_headers[] = {
    {"Content-Security-Policy",
     "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
        "img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"},
    {"X-Content-Type-Options",       "nosniff"                                             },
    {"X-Frame-Options",              "DENY"                                                },
    {"Referrer-Policy",              "no-referrer"                                         },
    {"Cross-Origin-Opener-Policy",   "same-origin"                                         },
    {"Cross-Origin-Resource-Policy", "same-origin"                                         },
    {"Permissions-Policy",           "camera=(), microphone=(), geolocation=(), payment=()"},
};

static enum MHD_Result
send_answer(struct visit *visit)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(visit->page.len, visit->page.data, MHD_RESPMEM_MUST_COPY);
    if (response == NULL) {
        return MHD_NO;
    }
    for (size_t i = 0; i < COUNT(fixed_headers); i++) {
        add_header(response, fixed_headers[i].name, fixed_headers[i].value);
    }
    add_header(response, "Cache-Control", visit->keeps ? "no-cache" : "no-store");
    add_header(response, "Content-Type", visit->type);
    add_header(response, "Location", visit->location);
    add_header(response, "ETag", visit->etag);
    add_cookies(visit, response);
    enum MHD_Result result =
        MHD_queue_response(visit->connection, (unsigned)visit->status, response);
    MHD_destroy_response(response);
    return result;
}

static void
answer_plain(struct visit *visit, int status, const char *words)
{
    buf_text(&visit->page, words);
    buf_text(&visit->page, "\n");
    visit->status = status;
    visit->type = "text/plain; charset=utf-8";
    doorman_http_answer(visit);
}

/* nginx's word of who is there; without it nothing can be counted, so nothing is done. */
static bool
know_address(struct visit *visit)
{
    const char *address = header(visit, "X-Gatehouse-Address");
    if (address == NULL || !is_once(visit, "X-Gatehouse-Address") ||
        ip_parse(address, &visit->ip) != OK) {
        return false;
    }
    (void)ip_text(&visit->ip, visit->ip_text);
    const char *agent = header(visit, "User-Agent");
    text_clean(visit->agent, sizeof(visit->agent), agent == NULL ? "" : agent,
        agent == NULL ? 0 : strlen(agent));
    return true;
}

static bool
read_form(struct visit *visit)
{
    const char *type = header(visit, "Content-Type");
    return type != NULL && text_starts_nocase(type, "application/x-www-form-urlencoded") &&
           doorman_form_read(visit->body.data, visit->body.len, &visit->arena, &visit->form) == OK;
}

/* Where to go on afterwards, out of the form or the address. */
static void
know_way(struct visit *visit, bool is_post)
{
    const char *to =
        is_post ? doorman_form_value(&visit->form, "return")
                : MHD_lookup_connection_value(visit->connection, MHD_GET_ARGUMENT_KIND, "return");
    if (to != NULL && doorman_form_is_local(to)) {
        const char *copy = arena_copy(&visit->arena, to);
        visit->to = copy == NULL ? "/" : copy;
    }
}

/* Not in, or not far enough: the way there. */
static void
answer_need(struct visit *visit, bool is_post)
{
    bool wants_step = visit->route->need == DOORMAN_ELEVATED && visit->has_session;
    const char *way =
        visit->route->need == DOORMAN_HALF ? "/gatehouse/login"
        : wants_step                       ? "/gatehouse/step-up?return=/gatehouse/factors"
        : is_post                          ? "/gatehouse/login"
                  : arena_format(&visit->arena, "/gatehouse/login?return=%s", visit->route->path);
    doorman_answer_to(visit, way == NULL ? "/gatehouse/login" : way);
}

static void
answer_stale(struct visit *visit)
{
    if (visit->route->by == DOORMAN_SCRIPT) {
        doorman_answer_json(visit, 403,
            json_pack("{s:s}", "trouble", "This page was open for too long. Load it again."));
    } else {
        doorman_answer_page(visit, 403, "stale", NULL);
    }
}

static bool
has_need(const struct visit *visit)
{
    switch (visit->route->need) {
    case DOORMAN_NOTICE:
    case DOORMAN_ANYONE:
        return true;
    case DOORMAN_HALF:
        return visit->half != NULL && visit->half->stage >= HALF_PASSWORD;
    case DOORMAN_SESSION:
        return visit->has_session;
    case DOORMAN_ELEVATED:
        return visit->has_session && visit->is_elevated;
    }
    return false;
}

static void
dispatch(struct visit *visit, const char *url, const char *method)
{
    bool is_other = false;
    bool is_post = text_equal(method, "POST");
    bool is_get = text_equal(method, "GET") || text_equal(method, "HEAD");
    if (!know_address(visit)) {
        answer_plain(visit, 400, "this door is for the gateway's own web server");
        return;
    }
    if (is_get && doorman_answer_file(visit, url)) {
        return;
    }
    visit->route = doorman_routes_find(is_get ? "GET" : method, url, &is_other);
    if (visit->route == NULL) {
        answer_plain(visit, is_other ? 405 : 404, is_other ? "not by this method" : "not found");
        return;
    }
    doorman_guard_know(visit, header(visit, "Cookie"));
    if (!doorman_guard_is_meant(visit)) {
        doorman_guard_tell(visit, "a script or a frame asked for a page of the gateway");
        answer_plain(visit, 403, "this page is for a window of its own");
        return;
    }
    if (is_post && doorman_board_is_banned(visit->doorman, &visit->ip)) {
        /* before anything is computed: a flood from there costs nothing more */
        doorman_guard_tell(visit, "the address is banned");
        answer_plain(
            visit, 403, "too many attempts came from this address: it is shut out for a while");
        return;
    }
    if (is_post && !read_form(visit)) {
        answer_plain(visit, 400, "the form could not be read");
        return;
    }
    know_way(visit, is_post);
    if (!has_need(visit)) {
        answer_need(visit, is_post);
    } else if (is_post && !doorman_guard_is_ours(visit)) {
        doorman_guard_tell(visit, "a form that no page of the gateway made");
        answer_stale(visit);
    } else {
        visit->route->run(visit);
    }
}

/* A body longer than is taken, or of unknown length: nginx always knows. */
static bool
is_too_long(struct MHD_Connection *connection)
{
    uint64_t len = 0;
    const char *text = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Length");
    const char *coding =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Transfer-Encoding");
    return coding != NULL || (text != NULL && text_to_u64(text, DOORMAN_BODY, &len) != OK);
}

static enum MHD_Result
refuse(struct MHD_Connection *connection, unsigned status)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    enum MHD_Result result =
        response == NULL ? MHD_NO : MHD_queue_response(connection, status, response);
    if (response != NULL) {
        MHD_destroy_response(response);
    }
    return result;
}

static enum MHD_Result
handle(void *context, // NOLINT(readability-function-size): what libmicrohttpd wants
    struct MHD_Connection *connection, const char *url, const char *method, const char *version,
    const char *bytes, size_t *len, void **visit_slot)
{
    struct doorman *doorman = context;
    struct visit *visit = *visit_slot;
    (void)version;
    if (visit == NULL) {
        if (doorman->is_ending || is_too_long(connection)) {
            return refuse(connection, doorman->is_ending ? 503 : 413);
        }
        visit = new_visit(doorman, connection);
        *visit_slot = visit;
        return visit == NULL ? MHD_NO : MHD_YES;
    }
    if (*len != 0) {
        buf_add(&visit->body, bytes, *len);
        *len = 0;
        return visit->body.failed ? MHD_NO : MHD_YES;
    }
    if (visit->is_answered) {
        return send_answer(visit);
    }
    dispatch(visit, url, method);
    if (visit->is_answered) {
        return send_answer(visit);
    }
    visit->is_suspended = true;
    MHD_suspend_connection(connection);
    return MHD_YES;
}

static void
completed(void *context, struct MHD_Connection *connection, void **visit_slot,
    enum MHD_RequestTerminationCode code)
{
    (void)context;
    (void)connection;
    (void)code;
    if (*visit_slot != NULL) {
        free_visit(*visit_slot);
        *visit_slot = NULL;
    }
}

static void complain(void *context, const char *format, va_list args) PRINTF(2, 0);

static void
complain(void *context, const char *format, va_list args)
{
    char text[256];
    (void)context;
    (void)vsnprintf(text, sizeof(text), format, args);
    log_debug("%s", text);
}

static void
on_time(uv_timer_t *timer)
{
    struct doorman *doorman = timer->data;
    MHD_UNSIGNED_LONG_LONG left = TURN;
    (void)MHD_run(doorman->http);
    if (MHD_get_timeout(doorman->http, &left) != MHD_YES || left > TURN) {
        left = TURN;
    }
    (void)uv_timer_start(timer, on_time, left, 0);
}

static void
on_readable(uv_poll_t *poll, int status, int events)
{
    struct doorman *doorman = poll->data;
    (void)status;
    (void)events;
    on_time(&doorman->http_timer);
}

void
doorman_http_answer(struct visit *visit)
{
    assert(!visit->is_answered);
    visit->is_answered = true;
    if (visit->is_suspended) {
        visit->is_suspended = false;
        MHD_resume_connection(visit->connection);
        (void)uv_timer_start(&visit->doorman->http_timer, on_time, 0, 0);
    }
}

static void
work_slow(uv_work_t *work)
{
    struct visit *visit = work->data;
    visit->slow(visit);
}

static void
work_done(uv_work_t *work, int status)
{
    struct visit *visit = work->data;
    (void)status;
    visit->half = NULL; /* the table may have changed meanwhile */
    doorman_guard_half(visit);
    visit->then(visit);
}

void
doorman_http_work(struct visit *visit, doorman_work_fn *slow, doorman_work_fn *then)
{
    visit->slow = slow;
    visit->then = then;
    visit->work.data = visit;
    int queued = uv_queue_work(&visit->doorman->loop, &visit->work, work_slow, work_done);
    assert(queued == 0);
}

static enum err
listen_at(struct doorman *doorman, const char *path, struct note *note)
{
    struct socketpath place;
    doorman->door = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    enum err err = doorman->door < 0 ? ERR_SYSTEM : socketpath_open(path, &place);
    if (err != OK) {
        note_set(note, "no socket at %s: %s", path, err_words(err));
        return err;
    }
    (void)unlink(path); /* of one that was killed; the lock says that it is gone */
    mode_t before = umask(0117);
    bool is_bound = bind(doorman->door, (struct sockaddr *)&place.address, place.len) == 0 &&
                    listen(doorman->door, BACKLOG) == 0;
    (void)umask(before);
    if (!is_bound) {
        note_set(note, "can't listen on %s: %s", path, strerror(errno));
    }
    socketpath_close(&place);
    return is_bound ? OK : ERR_SYSTEM;
}

enum err
doorman_http_open(struct doorman *doorman, const char *path, struct note *note)
{
    enum err err = listen_at(doorman, path, note);
    if (err != OK) {
        return err;
    }
    doorman->http = MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_ERROR_LOG | MHD_ALLOW_SUSPEND_RESUME,
        0, NULL, NULL, handle, doorman, MHD_OPTION_EXTERNAL_LOGGER, complain, NULL,
        MHD_OPTION_LISTEN_SOCKET, doorman->door, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)DOORMAN_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)DOORMAN_IDLE,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADERS, MHD_OPTION_NOTIFY_COMPLETED, completed,
        NULL, MHD_OPTION_END);
    if (doorman->http == NULL) {
        note_set(note, "the HTTP server does not start");
    }
    return doorman->http == NULL ? ERR_SYSTEM : OK;
}

enum err
doorman_http_start(struct doorman *doorman)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(doorman->http, MHD_DAEMON_INFO_EPOLL_FD);
    doorman->http_poll.data = doorman->http_timer.data = doorman;
    return info != NULL && uv_poll_init(&doorman->loop, &doorman->http_poll, info->epoll_fd) == 0 &&
                   uv_timer_init(&doorman->loop, &doorman->http_timer) == 0 &&
                   uv_poll_start(&doorman->http_poll, UV_READABLE, on_readable) == 0 &&
                   uv_timer_start(&doorman->http_timer, on_time, 0, 0) == 0
               ? OK
               : ERR_SYSTEM;
}

void
doorman_http_stop(struct doorman *doorman)
{
    if (doorman->http != NULL) {
        (void)MHD_run(doorman->http);
        MHD_stop_daemon(doorman->http); /* closes the socket, and every connection */
        doorman->http = NULL;
    }
}
