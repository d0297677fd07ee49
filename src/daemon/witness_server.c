/*
 * HTTP for the witness, by libmicrohttpd on one thread.
 *
 * Rule of this file: nothing that a client sends or leaves out may hold anything for longer than
 * WITNESS_SERVER_LIFE, or make it grow beyond WITNESS_BODY.
 */
#include "daemon/witness_server.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "daemon/sandbox.h"

#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define BACKLOG 64
#define TURN    1000 /* ms; how late a connection may be ended */
#define HEADERS 16384

/* One connection. */
struct peer {
    struct peer *next, **place; /* place: what points to it */
    int fd;
    int64_t end;
};

struct server {
    struct witness_state *state;
    struct MHD_Daemon *daemon;
    struct peer *peers;
    enum err broken; /* why it must stop */
    struct note note;
};

/* One request: its body as far as it came. */
struct request {
    struct buf body;
};

enum err
witness_server_listen(
    const struct ip *ip, uint16_t port, int *ret_fd, uint16_t *ret_port, struct note *note)
{
    struct sockaddr_storage address;
    struct ip bound;
    char text[IP_TEXT];
    const int on = 1;
    socklen_t len = ip_to_socket(ip, port, &address);
    int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        bind(fd, (struct sockaddr *)&address, len) != 0 || listen(fd, BACKLOG) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) != 0) {
        note_set(note, "can't listen on %s port %u: %s", ip_text(ip, text), port, strerror(errno));
        if (fd >= 0) {
            (void)close(fd);
        }
        return ERR_NETWORK;
    }
    enum err err = ip_from_socket((struct sockaddr *)&address, &bound, ret_port);
    if (err != OK) {
        (void)close(fd);
        return err;
    }
    *ret_fd = fd;
    return OK;
}

/* A text as an answer; is_last ends the connection. */
static enum MHD_Result
reply(struct MHD_Connection *connection, int status, const char *type, const struct buf *text)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(text->len, text->data, MHD_RESPMEM_MUST_COPY);
    if (response == NULL) {
        return MHD_NO;
    }
    enum MHD_Result result = MHD_NO;
    if (MHD_add_response_header(response, "Content-Type", type) == MHD_YES &&
        MHD_add_response_header(response, "Cache-Control", "no-store") == MHD_YES) {
        result = MHD_queue_response(connection, (unsigned)status, response);
    }
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result
reply_words(struct MHD_Connection *connection, int status, const char *words)
{
    CLEANUP(buf_release) struct buf text;
    buf_init(&text, WITNESS_ANSWER);
    buf_format(&text, "%s\n", words);
    return reply(connection, status, "text/plain; charset=utf-8", &text);
}

/* What the owner of the witness reads in the journal. */
static void
tell(enum witness_verdict verdict)
{
    const struct witness_verdict_row *row = witness_verdict(verdict);
    if (verdict == WITNESS_OTHER || verdict == WITNESS_UNPROVEN) {
        log_warn("add-checkpoint: %d, %s: its log may have two histories", row->status, row->words);
    } else {
        log_info("add-checkpoint: %d, %s", row->status, row->words);
    }
}

static enum MHD_Result
add_checkpoint(struct server *server, struct MHD_Connection *connection, const struct buf *body)
{
    enum witness_verdict verdict = WITNESS_MALFORMED;
    struct note note = {""};
    CLEANUP(buf_release) struct buf answer;
    buf_init(&answer, WITNESS_ANSWER);
    enum err err = witness_state_add(server->state, body, &verdict, &answer, &note);
    if (err != OK) {
        log_error("%s", note.text);
        if (err == ERR_IO) {
            server->broken = err;
            server->note = note;
        }
        return reply_words(connection, err == ERR_FULL ? 503 : 500, err_words(err));
    }
    tell(verdict);
    int status = witness_verdict(verdict)->status;
    const char *type = status == 409 ? "text/x.tlog.size" : "text/plain; charset=utf-8";
    return reply(connection, status, type, &answer);
}

static enum MHD_Result
show(struct server *server, struct MHD_Connection *connection, const char *url)
{
    char name[WITNESS_NAME] = "";
    struct note note = {""};
    CLEANUP(buf_release) struct buf text;
    buf_init(&text, WITNESS_BODY);
    if (strlen(url) < WITNESS_NAME || !text_equal(url + WITNESS_NAME, "/checkpoint")) {
        return reply_words(connection, 404, err_words(ERR_MISSING));
    }
    memcpy(name, url + 1, WITNESS_NAME - 1);
    enum err err = witness_state_show(server->state, name, &text, &note);
    if (err != OK) {
        return reply_words(connection, err == ERR_MISSING ? 404 : 500, err_words(err));
    }
    return reply(connection, 200, "text/plain; charset=utf-8", &text);
}

/* Whether a body is announced that will not be taken. */
static bool
is_too_long(struct MHD_Connection *connection)
{
    uint64_t len = 0;
    const char *text = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Length");
    return text != NULL && text_to_u64(text, WITNESS_BODY, &len) != OK;
}

static enum MHD_Result
begin(struct MHD_Connection *connection, void **ret_request)
{
    if (is_too_long(connection)) {
        return reply_words(connection, 413, err_words(ERR_LIMIT));
    }
    struct request *request = calloc(1, sizeof(*request));
    if (request == NULL) {
        return MHD_NO;
    }
    buf_init(&request->body, WITNESS_BODY);
    *ret_request = request;
    return MHD_YES;
}

static enum MHD_Result
handle(void *context, // NOLINT(readability-function-size): what libmicrohttpd wants
    struct MHD_Connection *connection, const char *url, const char *method, const char *version,
    const char *bytes, size_t *len, void **request_slot)
{
    struct server *server = context;
    struct request *request = *request_slot;
    (void)version;
    if (request == NULL) {
        return begin(connection, request_slot);
    }
    if (*len != 0) {
        buf_add(&request->body, bytes, *len);
        *len = 0;
        return request->body.failed ? MHD_NO : MHD_YES; /* more than announced: cut off */
    }
    bool is_get = text_equal(method, "GET") || text_equal(method, "HEAD");
    if (text_equal(url, "/add-checkpoint")) {
        return text_equal(method, "POST") ? add_checkpoint(server, connection, &request->body)
                                          : reply_words(connection, 405, "only by POST");
    }
    return is_get ? show(server, connection, url)
                  : reply_words(connection, 404, err_words(ERR_MISSING));
}

static void
completed(void *context, struct MHD_Connection *connection, void **request_slot,
    enum MHD_RequestTerminationCode code)
{
    struct request *request = *request_slot;
    (void)context;
    (void)connection;
    (void)code;
    if (request != NULL) {
        buf_release(&request->body);
        free(request);
        *request_slot = NULL;
    }
}

static void
add_peer(struct server *server, struct MHD_Connection *connection, void **socket_slot)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct peer *peer = info == NULL ? NULL : calloc(1, sizeof(*peer));
    if (peer == NULL) {
        return; /* the idle time-out still holds for it */
    }
    peer->fd = info->connect_fd;
    peer->end = clock_mono() + INT64_C(1000) * WITNESS_SERVER_LIFE;
    peer->next = server->peers;
    peer->place = &server->peers;
    if (peer->next != NULL) {
        peer->next->place = &peer->next;
    }
    server->peers = peer;
    *socket_slot = peer;
}

static void
notify(void *context, struct MHD_Connection *connection, void **socket_slot,
    enum MHD_ConnectionNotificationCode code)
{
    struct peer *peer = *socket_slot;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        add_peer(context, connection, socket_slot);
    } else if (peer != NULL) {
        *peer->place = peer->next;
        if (peer->next != NULL) {
            peer->next->place = peer->place;
        }
        free(peer);
        *socket_slot = NULL;
    }
}

/* A client that sends a byte now and then is never idle: its time ends all the same. */
static void
end_old_peers(const struct server *server)
{
    int64_t now = clock_mono();
    for (const struct peer *peer = server->peers; peer != NULL; peer = peer->next) {
        if (now >= peer->end) {
            (void)shutdown(peer->fd, SHUT_RDWR);
        }
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

static bool
start(struct server *server, int fd)
{
    server->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_ERROR_LOG, 0, NULL, NULL, handle,
        server, MHD_OPTION_EXTERNAL_LOGGER, complain, NULL, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)WITNESS_SERVER_CONNECTIONS,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)WITNESS_SERVER_IDLE,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADERS, MHD_OPTION_NOTIFY_COMPLETED, completed,
        NULL, MHD_OPTION_NOTIFY_CONNECTION, notify, server, MHD_OPTION_END);
    return server->daemon != NULL;
}

/* Until a signal or a broken disk. */
static enum err
turn(struct server *server, int signals)
{
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (info == NULL) {
        return ERR_SYSTEM;
    }
    struct pollfd watched[] = {
        {.fd = info->epoll_fd, .events = POLLIN},
        {.fd = signals,        .events = POLLIN},
    };
    bool was_busy = false;
    while (server->broken == OK) {
        MHD_UNSIGNED_LONG_LONG left = TURN;
        /* One more turn after the last one left: only then a full house is opened again. */
        int wait = server->peers == NULL && !was_busy ? -1 : TURN;
        was_busy = server->peers != NULL;
        if (MHD_get_timeout(server->daemon, &left) == MHD_YES && left < TURN) {
            wait = (int)left;
        }
        if (poll(watched, COUNT(watched), wait) < 0 && errno != EINTR) {
            return ERR_SYSTEM;
        }
        if (watched[1].revents != 0) {
            return OK;
        }
        end_old_peers(server);
        if (MHD_run(server->daemon) != MHD_YES) {
            return ERR_SYSTEM;
        }
    }
    return server->broken;
}

/* Its folder, its socket and what it has open: nothing else from here on. */
static enum err
shut_in(const char *folder, struct note *note)
{
    const struct sandbox_folder folders[] = {
        {folder, SANDBOX_FILES},
    };
    enum err err = sandbox_folders(folders, COUNT(folders), note);
    if (err == ERR_UNSUPPORTED) {
        log_warn("%s: the witness can read every file of its user", note->text);
        err = OK;
    }
    err = err == OK ? sandbox_capabilities(note) : err;
    return err == OK ? sandbox_calls(note) : err;
}

enum err
witness_server_run(struct witness_state *state, int fd, const char *folder, struct note *note)
{
    struct server server = {.state = state};
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    int signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals < 0 || !start(&server, fd)) {
        note_set(note, "the HTTP server does not start: %s", strerror(errno));
        if (signals >= 0) {
            (void)close(signals);
        }
        (void)close(fd);
        return ERR_SYSTEM;
    }
    enum err err = shut_in(folder, note);
    if (err == OK) {
        err = turn(&server, signals);
        note_set(note, "%s", server.note.text[0] == '\0' ? err_words(err) : server.note.text);
    }
    MHD_stop_daemon(server.daemon); /* closes the socket, and every connection */
    (void)close(signals);
    return err;
}
