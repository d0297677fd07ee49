/*
 * Connections to syslog receivers.
 *
 * Rule of this file: no record leaves before chain and name of the receiver's certificate are
 * good, and no end of a stream is taken for more than it proves.
 */
#include "siem/link.h"

#include "base/clock.h"
#include "siem/link_tls.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define SLICE   200   /* ms between two looks at the stop */
#define SETTLE  5000  /* ms for the last bytes to be acknowledged */
#define ANSWERS 65536 /* bytes that a receiver, who has nothing to say, may say */

struct siem_link {
    struct siem_outlet *outlet;
    struct siem_link_memory *memory;
    int fd;
    SSL *tls;        /* NULL: plain, or not greeted yet */
    size_t heard;    /* bytes that we ignored */
    bool is_greeted; /* … or plain */
};

/* ERR_TIMEOUT, also when something is there but the time is over; ERR_CANCELLED. */
static enum err
wait_for(const struct siem_link *link, short events, int64_t until)
{
    for (;;) {
        struct pollfd wait = {.fd = link->fd, .events = events};
        int64_t left = until - clock_mono();
        if (siem_stop_is_over(link->outlet->stop)) {
            return ERR_CANCELLED;
        }
        if (left < 0) {
            return ERR_TIMEOUT;
        }
        int got = poll(&wait, 1, (int)(left < SLICE ? left : SLICE));
        if (got > 0) {
            return OK;
        }
        if (got < 0 && errno != EINTR) {
            return ERR_SYSTEM;
        }
        if (left == 0) {
            return ERR_TIMEOUT;
        }
    }
}

static enum err
lost(const struct siem_link *link, int reason, struct note *note)
{
    bool was_asked = link->tls != NULL && link->memory->was_asked;
    note_set(note, "the receiver cut the connection before it had read everything (%s)%s",
        reason == 0 ? "end of stream" : strerror(reason),
        was_asked ? "; it asked for our certificate and may have refused it: its own log says why"
                  : "");
    return ERR_NETWORK;
}

static int
socket_error(int fd)
{
    int reason = 0;
    socklen_t len = sizeof(reason);
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &reason, &len) == 0 ? reason : errno;
}

/* One address; the note says why not. */
static enum err
connect_to(struct siem_link *link, const struct ip *ip, struct note *note)
{
    struct sockaddr_storage address;
    const int on = 1;
    char text[IP_TEXT];
    uint16_t port = link->outlet->to->port;
    socklen_t len = ip_to_socket(ip, port, &address);
    link->fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (link->fd < 0) {
        note_set(note, "socket: %s", strerror(errno));
        return ERR_SYSTEM;
    }
    int reason = 0;
    enum err err = OK;
    if (connect(link->fd, (const struct sockaddr *)&address, len) != 0) {
        reason = errno;
    }
    if (reason == EINPROGRESS) {
        err = wait_for(link, POLLOUT, clock_mono() + SIEM_LINK_CONNECT);
        reason = err == OK ? socket_error(link->fd) : ETIMEDOUT;
    }
    if (reason != 0) {
        note_set(note, "%s port %u: %s", ip_text(ip, text), port, strerror(reason));
        (void)close(link->fd);
        link->fd = -1;
        return err == OK ? ERR_REFUSED : err;
    }
    (void)setsockopt(link->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    siem_outlet_say(link->outlet, "connected: %s port %u", ip_text(ip, text), port);
    return OK;
}

static enum err
connect_any(struct siem_link *link, struct note *note)
{
    struct siem_addresses found = {.count = 0};
    struct siem_outlet *outlet = link->outlet;
    enum err err = siem_resolver_ask(outlet->resolver, outlet->to, &found, note);
    if (err != OK) {
        return err;
    }
    siem_outlet_say(outlet, "resolved: %s has %zu address%s", outlet->to->host, found.count,
        found.count == 1 ? "" : "es");
    err = ERR_REFUSED;
    for (size_t i = 0; i < found.count && err != OK && err != ERR_CANCELLED; i++) {
        err = connect_to(link, &found.rows[i], note);
    }
    return err;
}

enum err
siem_link_open(struct siem_outlet *outlet, struct siem_link_memory *memory,
    struct siem_link **ret_link, struct note *note)
{
    struct siem_link *link = calloc(1, sizeof(*link));
    if (link == NULL) {
        return ERR_MEMORY;
    }
    *link = (struct siem_link){.outlet = outlet, .memory = memory, .fd = -1};
    enum err err = connect_any(link, note);
    if (err != OK) {
        siem_link_close(link);
        return err;
    }
    *ret_link = link;
    return OK;
}

void
siem_link_close(struct siem_link *link)
{
    if (link != NULL) {
        if (link->tls != NULL) {
            SSL_free(link->tls);
        }
        if (link->fd >= 0) {
            (void)close(link->fd);
        }
        free(link);
    }
}

void
siem_link_leave(struct siem_link *link)
{
    if (link != NULL && link->tls != NULL && link->is_greeted) {
        ERR_clear_error();
        (void)SSL_shutdown(link->tls);
    }
    siem_link_close(link);
}

/* OK: the call may be tried again. Else what is wrong, in words. */
static enum err
again(struct siem_link *link, int result, int64_t until, struct note *note)
{
    int reason = errno;
    enum err err = ERR_TLS;
    switch (SSL_get_error(link->tls, result)) {
    case SSL_ERROR_WANT_READ:
        err = wait_for(link, POLLIN, until);
        break;
    case SSL_ERROR_WANT_WRITE:
        err = wait_for(link, POLLOUT, until);
        break;
    case SSL_ERROR_ZERO_RETURN:
        return lost(link, 0, note);
    case SSL_ERROR_SYSCALL:
        return lost(link, reason, note);
    default:
        return siem_link_tls_trouble(link->tls, link->outlet->to, note);
    }
    if (err == ERR_TIMEOUT) {
        note_set(note, "the receiver does not go on: no answer in time");
    }
    return err;
}

enum err
siem_link_greet(struct siem_link *link, struct note *note)
{
    const struct siem_destination *to = link->outlet->to;
    if (link->is_greeted || !to->uses_tls) {
        link->is_greeted = true;
        return OK;
    }
    enum err err = siem_link_tls_new(to, link->memory, &link->tls, note);
    if (err == OK && SSL_set_fd(link->tls, link->fd) != 1) {
        err = ERR_MEMORY;
    }
    int64_t until = clock_mono() + SIEM_LINK_CONNECT;
    link->memory->was_asked = false;
    while (err == OK) {
        errno = 0;
        ERR_clear_error();
        int result = SSL_connect(link->tls);
        if (result == 1) {
            break;
        }
        err = again(link, result, until, note);
    }
    if (err == OK) {
        link->is_greeted = true;
        if (SSL_session_reused(link->tls) == 0) {
            link->memory->verified = clock_mono();
        }
        siem_link_tls_tell(link->tls, link->outlet, link->memory);
    }
    return err;
}

/* Bounds what a receiver may say. */
static enum err
count_heard(struct siem_link *link, size_t got, struct note *note)
{
    link->heard += got;
    if (link->heard > ANSWERS) {
        note_set(note, "it talks back: this is no syslog receiver");
        return ERR_SYNTAX;
    }
    return OK;
}

/* Whatever came; *ret_is_end: the stream's end, *ret_is_bye: by a close_notify. OK, or an error. */
static enum err
hear(struct siem_link *link, bool *ret_is_end, bool *ret_is_bye, struct note *note)
{
    char bytes[4096];
    *ret_is_end = *ret_is_bye = false;
    for (;;) {
        errno = 0;
        ERR_clear_error();
        int got = link->tls != NULL ? SSL_read(link->tls, bytes, sizeof(bytes))
                                    : (int)recv(link->fd, bytes, sizeof(bytes), 0);
        if (got > 0) {
            enum err err = count_heard(link, (size_t)got, note);
            if (err != OK) {
                return err;
            }
            continue;
        }
        if (link->tls == NULL) {
            *ret_is_end = got == 0;
            return got == 0 || errno == EAGAIN || errno == EINTR ? OK : lost(link, errno, note);
        }
        int why = SSL_get_error(link->tls, got);
        if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
            return OK;
        }
        *ret_is_bye = why == SSL_ERROR_ZERO_RETURN;
        *ret_is_end = *ret_is_bye || siem_link_tls_is_eof(why, errno);
        return *ret_is_end ? OK
               : why == SSL_ERROR_SYSCALL
                   ? lost(link, errno, note)
                   : siem_link_tls_trouble(link->tls, link->outlet->to, note);
    }
}

enum err
siem_link_look(struct siem_link *link, int ms, struct note *note)
{
    bool is_end = false, is_bye = false;
    enum err err = ms > 0 ? wait_for(link, POLLIN, clock_mono() + ms) : OK;
    if (err == OK) {
        err = hear(link, &is_end, &is_bye, note);
    } else if (err == ERR_TIMEOUT) {
        err = OK;
    }
    return err == OK && is_end ? lost(link, 0, note) : err;
}

static enum err
write_plain(struct siem_link *link, const char *bytes, size_t len, struct note *note)
{
    int64_t until = clock_mono() + (int64_t)link->outlet->to->confirm_ms;
    while (len != 0) {
        ssize_t put = send(link->fd, bytes, len, MSG_NOSIGNAL);
        if (put > 0) {
            bytes += put;
            len -= (size_t)put;
            until = clock_mono() + (int64_t)link->outlet->to->confirm_ms;
            continue;
        }
        if (put < 0 && errno != EAGAIN && errno != EINTR) {
            return lost(link, errno, note);
        }
        enum err err = wait_for(link, POLLOUT, until);
        if (err != OK) {
            note_set(note, "the receiver takes nothing any more: no answer in time");
            return err;
        }
    }
    return OK;
}

/* A refusal that came while we wrote says more than the broken write. */
static enum err
explain(struct siem_link *link, enum err err, struct note *note)
{
    struct note better = {""};
    bool is_end = false, is_bye = false;
    if (err == ERR_NETWORK && hear(link, &is_end, &is_bye, &better) == ERR_TLS) {
        *note = better;
        return ERR_TLS;
    }
    return err;
}

enum err
siem_link_write(struct siem_link *link, const void *bytes, size_t len, struct note *note)
{
    size_t put = 0;
    if (link->tls == NULL) {
        return write_plain(link, bytes, len, note);
    }
    for (;;) {
        errno = 0;
        ERR_clear_error();
        int result = len == 0 ? 1 : SSL_write_ex(link->tls, bytes, len, &put);
        if (result == 1) {
            return OK;
        }
        enum err err =
            again(link, result, clock_mono() + (int64_t)link->outlet->to->confirm_ms, note);
        if (err != OK) {
            return explain(link, err, note);
        }
    }
}

/* Whether everything was taken by the receiver's kernel before its end came. */
static enum err
settle(const struct siem_link *link, struct note *note)
{
    int64_t until = clock_mono() + SETTLE;
    int left = 0;
    do {
        int reason = socket_error(link->fd);
        if (reason != 0 || ioctl(link->fd, SIOCOUTQ, &left) != 0) {
            return lost(link, reason != 0 ? reason : errno, note);
        }
        if (left == 0) {
            return OK;
        }
        (void)poll(NULL, 0, 5);
    } while (clock_mono() < until && !siem_stop_is_over(link->outlet->stop));
    return lost(link, 0, note);
}

static enum err
end_our_side(struct siem_link *link, unsigned ms, struct note *note)
{
    if (link->tls == NULL) {
        return shutdown(link->fd, SHUT_WR) == 0 ? OK : lost(link, errno, note);
    }
    if ((SSL_get_shutdown(link->tls) & SSL_RECEIVED_SHUTDOWN) != 0) {
        return lost(link, 0, note); /* it ended by itself, which proves nothing */
    }
    for (;;) {
        errno = 0;
        ERR_clear_error();
        int result = SSL_shutdown(link->tls);
        if (result >= 0) {
            return OK;
        }
        enum err err = again(link, result, clock_mono() + (int64_t)ms, note);
        if (err != OK) {
            return explain(link, err, note);
        }
    }
}

/* After a close_notify: the end of the connection itself. */
static enum err
drain(struct siem_link *link, int64_t until, struct note *note)
{
    char bytes[4096];
    if (shutdown(link->fd, SHUT_WR) != 0) {
        return lost(link, errno, note);
    }
    for (;;) {
        ssize_t got = recv(link->fd, bytes, sizeof(bytes), 0);
        if (got == 0) {
            return OK;
        }
        if (got < 0 && errno != EAGAIN && errno != EINTR) {
            return lost(link, errno, note);
        }
        enum err err =
            got > 0 ? count_heard(link, (size_t)got, note) : wait_for(link, POLLIN, until);
        if (err != OK) {
            return err;
        }
    }
}

enum err
siem_link_finish(
    struct siem_link *link, unsigned ms, enum siem_link_end *ret_end, struct note *note)
{
    bool is_end = false, is_bye = false;
    int64_t until = clock_mono() + (int64_t)ms;
    enum err err = siem_link_look(link, 0, note);
    err = err == OK ? end_our_side(link, ms, note) : err;
    while (err == OK && !is_end) {
        err = hear(link, &is_end, &is_bye, note);
        err = err == OK && !is_end ? wait_for(link, POLLIN, until) : err;
    }
    if (err == OK && is_bye) {
        err = drain(link, until, note);
    }
    if (err == OK || err == ERR_TIMEOUT) {
        enum err settled = settle(link, note);
        err = settled == OK ? err : settled;
    }
    if (err == ERR_TIMEOUT) {
        note_set(note, "the receiver does not close its side, so nothing shows that it has read");
    }
    if (err == OK) {
        *ret_end = is_bye ? SIEM_LINK_BYE : SIEM_LINK_EOF;
    }
    return err;
}
