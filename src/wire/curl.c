/* libcurl's multi handle on the loop: its sockets are polled and its timer kept by libuv. */
#include "wire/call.h"

#include <stdlib.h>

/* Idle connections kept in all; the host limit is what spares a camera. */
#define IDLE_CONNECTIONS 64L

struct curl_socket {
    uv_poll_t poll;
    struct wire *wire;
    curl_socket_t fd;
};

static void
finish_transfers(struct wire *wire)
{
    int left = 0;
    CURLMsg *message = NULL;
    while ((message = curl_multi_info_read(wire->multi, &left)) != NULL) {
        if (message->msg == CURLMSG_DONE) {
            char *call = NULL;
            CURLcode code = message->data.result;
            (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call);
            wire_exchange_over((struct wire_call *)(void *)call, code);
        }
    }
}

static void
on_poll(uv_poll_t *poll, int status, int events)
{
    struct curl_socket *entry = poll->data;
    struct wire *wire = entry->wire;
    int running = 0;
    int flags = status < 0 ? CURL_CSELECT_ERR : (events & ~UV_WRITABLE) ? CURL_CSELECT_IN : 0;
    flags |= status >= 0 && (events & UV_WRITABLE) != 0 ? CURL_CSELECT_OUT : 0;
    (void)curl_multi_socket_action(wire->multi, entry->fd, flags, &running);
    finish_transfers(wire);
}

static void
on_timer(uv_timer_t *timer)
{
    struct wire *wire = timer->data;
    int running = 0;
    (void)curl_multi_socket_action(wire->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    finish_transfers(wire);
}

static int
set_timer(CURLM *multi, long ms, void *context)
{
    struct wire *wire = context;
    (void)multi;
    uv_update_time(&wire->loop);
    if (ms < 0) {
        return uv_timer_stop(&wire->curl_timer);
    }
    return uv_timer_start(&wire->curl_timer, on_timer, (uint64_t)ms, 0);
}

static void
free_socket(uv_handle_t *handle)
{
    free(handle->data);
}

static int
watch_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *socket_data)
{
    struct wire *wire = context;
    struct curl_socket *entry = socket_data;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (entry != NULL) {
            (void)curl_multi_assign(wire->multi, fd, NULL);
            (void)uv_poll_stop(&entry->poll);
            uv_close((uv_handle_t *)&entry->poll, free_socket);
        }
        return 0;
    }
    if (entry == NULL) {
        entry = calloc(1, sizeof(*entry));
        if (entry == NULL || uv_poll_init_socket(&wire->loop, &entry->poll, fd) != 0) {
            free(entry);
            return -1;
        }
        entry->poll.data = entry;
        entry->wire = wire;
        entry->fd = fd;
        (void)curl_multi_assign(wire->multi, fd, entry);
    }
    int events = ((what & CURL_POLL_IN) != 0 ? UV_READABLE : 0) |
                 ((what & CURL_POLL_OUT) != 0 ? UV_WRITABLE : 0);
    return uv_poll_start(&entry->poll, events, on_poll);
}

enum err
wire_curl_open(struct wire *wire)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return ERR_MEMORY;
    }
    wire->multi = curl_multi_init();
    if (wire->multi == NULL) {
        curl_global_cleanup();
        return ERR_MEMORY;
    }
    (void)uv_timer_init(&wire->loop, &wire->curl_timer);
    wire->curl_timer.data = wire;
    (void)curl_multi_setopt(wire->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
    (void)curl_multi_setopt(wire->multi, CURLMOPT_SOCKETDATA, wire);
    (void)curl_multi_setopt(wire->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    (void)curl_multi_setopt(wire->multi, CURLMOPT_TIMERDATA, wire);
    (void)curl_multi_setopt(wire->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
    (void)curl_multi_setopt(wire->multi, CURLMOPT_MAXCONNECTS, IDLE_CONNECTIONS);
    (void)curl_multi_setopt(
        wire->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)wire->settings.calls_host);
    return OK;
}

void
wire_curl_close(struct wire *wire)
{
    (void)curl_multi_cleanup(wire->multi);
    uv_close((uv_handle_t *)&wire->curl_timer, NULL);
    curl_global_cleanup();
}
