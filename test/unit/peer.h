/* A small peer on loopback, in a thread of its own: what wire's tests talk to. */
#pragma once

#include "base/ip.h"
#include "wire/wire.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test.h"

struct peer;

/* Answers one request; true to wait for another on the same connection. */
typedef bool peer_fn(struct peer *peer, int fd);

struct peer {
    peer_fn *answer;
    bool speaks_first; /* does not wait for a request */
    int fd;
    uint16_t port;
    pthread_t thread;
    atomic_int accepted;
    atomic_int requests;
    char request[8192]; /* the last one; look after peer_stop() */
};

static inline struct ip
peer_ip(const char *text)
{
    struct ip ip;
    assert_int_equal(ip_parse(text, &ip), OK);
    return ip;
}

static inline bool
peer_send(int fd, const void *bytes, size_t len)
{
    const char *next = bytes;
    while (len != 0) {
        ssize_t sent = send(fd, next, len, MSG_NOSIGNAL);
        if (sent <= 0) {
            return false;
        }
        next += sent;
        len -= (size_t)sent;
    }
    return true;
}

static inline bool
peer_text(int fd, const char *text)
{
    return peer_send(fd, text, strlen(text));
}

/* Until the other side hangs up, at most two seconds. */
static inline void
peer_wait_end(int fd)
{
    char bytes[512];
    while (recv(fd, bytes, sizeof(bytes), 0) > 0) {
    }
}

/* Hangs up with a RST. */
static inline void
peer_reset(int fd)
{
    const struct linger now = {.l_onoff = 1};
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

static inline bool
peer_read_request(struct peer *peer, int fd)
{
    size_t len = 0;
    while (len < sizeof(peer->request) - 1) {
        ssize_t got = recv(fd, peer->request + len, sizeof(peer->request) - 1 - len, 0);
        if (got <= 0) {
            return false;
        }
        len += (size_t)got;
        peer->request[len] = '\0';
        if (strstr(peer->request, "\r\n\r\n") != NULL) {
            atomic_fetch_add(&peer->requests, 1);
            return true;
        }
    }
    return false;
}

static inline void *
peer_run(void *context)
{
    struct peer *peer = context;
    const struct timeval patience = {.tv_sec = 2};
    int fd = -1;
    while ((fd = accept(peer->fd, NULL, NULL)) >= 0) {
        atomic_fetch_add(&peer->accepted, 1);
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        while ((peer->speaks_first || peer_read_request(peer, fd)) && peer->answer(peer, fd)) {
        }
        close(fd);
    }
    return NULL;
}

/* Listens at a free port, but never at one to which the wire sends no HTTP because devices print
 * what they get. */
static inline uint16_t
peer_listen(struct peer *peer, const struct ip *ip)
{
    struct sockaddr_storage own;
    struct ip bound;
    uint16_t port = 0;
    socklen_t len = ip_to_socket(ip, 0, &own);
    peer->fd = socket(own.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(peer->fd >= 0);
    assert_int_equal(bind(peer->fd, (struct sockaddr *)&own, len), 0);
    assert_int_equal(listen(peer->fd, 64), 0);
    assert_int_equal(getsockname(peer->fd, (struct sockaddr *)&own, &len), 0);
    assert_int_equal(ip_from_socket((struct sockaddr *)&own, &bound, &port), OK);
    if (port != 34567 && port != 37777) {
        return port;
    }
    int unwanted = peer->fd;
    port = peer_listen(peer, ip);
    close(unwanted);
    return port;
}

static inline void
peer_start(struct peer *peer, const char *address, peer_fn *answer)
{
    struct ip ip = peer_ip(address);
    peer->answer = answer;
    peer->port = peer_listen(peer, &ip);
    assert_int_equal(pthread_create(&peer->thread, NULL, peer_run, peer), 0);
}

static inline void
peer_stop(struct peer *peer)
{
    (void)shutdown(peer->fd, SHUT_RDWR);
    (void)pthread_join(peer->thread, NULL);
    close(peer->fd);
}

/* A wire with short times whose scope is 127.0.0.1 and ::1. */
struct rig {
    struct scope scope;
    struct wire_settings settings;
    struct wire *wire;
    struct arena arena;
};

static inline void
rig_init(struct rig *rig)
{
    memset(rig, 0, sizeof(*rig));
    scope_init(&rig->scope);
    assert_int_equal(scope_allow(&rig->scope, "127.0.0.1", NULL), OK);
    assert_int_equal(scope_allow(&rig->scope, "::1", NULL), OK);
    rig->settings = (struct wire_settings){
        .packets_per_second = 100000,
        .packets_per_second_host = 100000,
        .connect_ms = 3000,
        .answer_ms = 1500,
        .calls = 64,
        .calls_host = 2,
    };
    arena_init(&rig->arena, ARENA_DEVICE_LIMIT);
}

static inline void
rig_open(struct rig *rig)
{
    assert_int_equal(wire_new(&rig->scope, &rig->settings, &rig->wire), OK);
}

static inline void
rig_stop(void *context)
{
    wire_stop(context);
}

static inline void
rig_run_for(struct rig *rig, unsigned ms)
{
    (void)wire_after(rig->wire, ms, rig_stop, rig->wire);
    wire_run(rig->wire);
}

/* Until the count is reached, five seconds at most, and a moment longer to see it pass that. */
static inline void
rig_run_until(struct rig *rig, const size_t *count, size_t wanted)
{
    for (int i = 0; i < 250 && *count < wanted; i++) {
        rig_run_for(rig, 20);
    }
    rig_run_for(rig, 30);
}

static inline void
rig_release(struct rig *rig)
{
    wire_free(rig->wire);
    arena_release(&rig->arena);
}

/* One exchange and how it ended. */
struct outcome {
    struct answer answer;
    int calls;
};

static inline void
keep(void *context, const struct answer *answer)
{
    struct outcome *outcome = context;
    outcome->answer = *answer;
    outcome->calls++;
}

static inline struct wire_target
target_of(const struct peer *peer)
{
    return (struct wire_target){.ip = peer_ip("127.0.0.1"), .port = peer->port};
}

/* One request to a peer of that behaviour on a wire of its own. */
static inline struct answer
ask_peer(struct rig *rig, peer_fn *behaviour)
{
    struct peer peer = {0};
    struct outcome outcome = {0};
    const struct request request = {.ask = {.path = "/info"}};
    peer_start(&peer, "127.0.0.1", behaviour);
    rig_init(rig);
    rig_open(rig);
    struct wire_target target = target_of(&peer);
    assert_non_null(wire_http(rig->wire, &target, &request, &rig->arena, keep, &outcome));
    assert_int_equal(outcome.calls, 0);
    wire_run(rig->wire);
    assert_int_equal(outcome.calls, 1);
    wire_free(rig->wire);
    rig->wire = NULL;
    peer_stop(&peer);
    assert_true(outcome.answer.headers != NULL && outcome.answer.body != NULL);
    assert_int_equal(outcome.answer.headers[outcome.answer.headers_len], '\0');
    assert_int_equal(outcome.answer.body[outcome.answer.body_len], '\0');
    return outcome.answer;
}
