/* The loop: queues per host, taken in turn, let go by the pace and the limits. */
#include "base/clock.h"
#include "wire/call.h"

#include <signal.h>
#include <stdlib.h>

#define FIRST_HOSTS ((size_t)256)

struct wire_settings
wire_settings_default(void)
{
    return (struct wire_settings){
        .packets_per_second = 1000,
        .packets_per_second_host = 40,
        .connect_ms = 1500,
        .answer_ms = 8000,
        .calls = 256,
        .calls_host = 2,
    };
}

static void
list_add(struct wire_list *list, struct wire_call *call)
{
    call->prev = list->last;
    call->next = NULL;
    *(list->last == NULL ? &list->first : &list->last->next) = call;
    list->last = call;
    list->count++;
}

static void
list_remove(struct wire_list *list, struct wire_call *call)
{
    *(call->prev == NULL ? &list->first : &call->prev->next) = call->next;
    *(call->next == NULL ? &list->last : &call->next->prev) = call->prev;
    call->prev = call->next = NULL;
    list->count--;
}

/* The ring: hosts with a waiting call and a free place, each having its turn. */

static void
ring_add(struct wire *wire, struct wire_host *host)
{
    if (host->ring_next != NULL || host->waiting.count == 0 ||
        host->active >= wire->settings.calls_host) {
        return;
    }
    if (wire->ring == NULL) {
        wire->ring = host->ring_prev = host->ring_next = host;
    } else {
        host->ring_next = wire->ring;
        host->ring_prev = wire->ring->ring_prev;
        host->ring_prev->ring_next = host;
        wire->ring->ring_prev = host;
    }
    wire->ring_count++;
}

static void
ring_remove(struct wire *wire, struct wire_host *host)
{
    if (host->ring_next == NULL) {
        return;
    }
    host->ring_prev->ring_next = host->ring_next;
    host->ring_next->ring_prev = host->ring_prev;
    if (wire->ring == host) {
        wire->ring = host->ring_next == host ? NULL : host->ring_next;
    }
    host->ring_prev = host->ring_next = NULL;
    wire->ring_count--;
}

static size_t
bucket_of(const struct ip *ip, size_t size)
{
    uint32_t value = ip->family;
    for (size_t i = 0; i < sizeof(ip->bytes); i++) {
        value = (value ^ ip->bytes[i]) * 16777619U;
    }
    return (value ^ value >> 16) & (size - 1);
}

static bool
hosts_grow(struct wire *wire)
{
    size_t size = wire->host_size == 0 ? FIRST_HOSTS : wire->host_size * 2;
    struct wire_host **hosts = calloc(size, sizeof(struct wire_host *));
    if (hosts == NULL) {
        return false;
    }
    for (size_t i = 0; i < wire->host_size; i++) {
        struct wire_host *host = wire->hosts[i];
        while (host != NULL) {
            struct wire_host *next = host->next_in_bucket;
            size_t at = bucket_of(&host->ip, size);
            host->next_in_bucket = hosts[at];
            hosts[at] = host;
            host = next;
        }
    }
    free(wire->hosts);
    wire->hosts = hosts;
    wire->host_size = size;
    return true;
}

static struct wire_host *
host_of(struct wire *wire, const struct ip *ip)
{
    if (wire->host_count >= wire->host_size && !hosts_grow(wire)) {
        return NULL;
    }
    size_t at = bucket_of(ip, wire->host_size);
    for (struct wire_host *host = wire->hosts[at]; host != NULL; host = host->next_in_bucket) {
        if (ip_equal(&host->ip, ip)) {
            return host;
        }
    }
    struct wire_host *host = calloc(1, sizeof(*host));
    if (host != NULL) {
        host->ip = *ip;
        host->next_in_bucket = wire->hosts[at];
        wire->hosts[at] = host;
        wire->host_count++;
    }
    return host;
}

static void
hosts_free(struct wire *wire)
{
    for (size_t i = 0; i < wire->host_size; i++) {
        struct wire_host *host = wire->hosts[i];
        while (host != NULL) {
            struct wire_host *next = host->next_in_bucket;
            while (host->certificates != NULL) {
                struct wire_certificate *certificate = host->certificates;
                host->certificates = certificate->next;
                free(certificate);
            }
            free(host);
            host = next;
        }
    }
    free(wire->hosts);
}

static void pump(uv_timer_t *timer);

static void
wake(struct wire *wire, int64_t ms)
{
    uv_update_time(&wire->loop);
    (void)uv_timer_start(&wire->pump, pump, (uint64_t)ms, 0);
}

static void
give_place_back(struct wire *wire, struct wire_host *host)
{
    host->active--;
    wire->active_count--;
    ring_add(wire, host);
    wake(wire, 0);
}

void
wire_call_stand_aside(struct wire_call *call)
{
    if (call->host != NULL && call->state == WIRE_ACTIVE) {
        give_place_back(call->wire, call->host);
        call->host = NULL;
    }
}

/* Takes the call out of every list and gives its place back. */
static void
leave(struct wire_call *call)
{
    struct wire *wire = call->wire;
    struct wire_host *host = call->host;
    if (call->state == WIRE_FAILED) {
        list_remove(&wire->failed, call);
    } else if (call->state == WIRE_ACTIVE) {
        list_remove(&wire->active, call);
        if (host != NULL) {
            give_place_back(wire, host);
        }
    } else {
        list_remove(&host->waiting, call);
        if (host->waiting.count == 0) {
            ring_remove(wire, host);
        }
    }
}

void
wire_call_end(struct wire_call *call, enum err err)
{
    const struct wire_kind *kind = call->kind;
    leave(call);
    kind->report(call, err);
    kind->release(call);
}

void
wire_cancel(struct wire_call *call)
{
    if (call != NULL) {
        leave(call);
        call->kind->release(call);
    }
}

/* Only those that are there now: a caller may answer a refusal with the next wrong call. */
static void
tell_failed(struct wire *wire)
{
    for (size_t left = wire->failed.count; left != 0 && wire->failed.first != NULL; left--) {
        wire_call_end(wire->failed.first, wire->failed.first->err);
    }
}

static void
start(struct wire *wire, struct wire_host *host, struct wire_call *call)
{
    list_remove(&host->waiting, call);
    ring_remove(wire, host);
    host->active++;
    wire->active_count++;
    ring_add(wire, host);
    call->state = WIRE_ACTIVE;
    list_add(&wire->active, call);
    wire->totals.packets += call->kind->cost;
    call->kind->start(call);
}

/* Starts what may start; gives the milliseconds until more may, or -1 when none is waiting. */
static int64_t
start_waiting(struct wire *wire)
{
    int64_t soonest = -1;
    size_t turns = wire->ring_count;
    while (turns != 0 && wire->ring != NULL && wire->active_count < wire->settings.calls) {
        struct wire_host *host = wire->ring;
        struct wire_call *call = host->waiting.first;
        int64_t wait = pace_wait(&wire->pace, call->kind->cost);
        if (wait != 0) {
            return wait;
        }
        wait = pace_take(&wire->pace, &host->ip, call->kind->cost);
        if (wait == 0) {
            start(wire, host, call);
            turns = wire->ring_count;
            continue;
        }
        soonest = soonest < 0 || wait < soonest ? wait : soonest;
        wire->ring = host->ring_next;
        turns--;
    }
    return wire->active_count < wire->settings.calls ? soonest : -1;
}

static void
pump(uv_timer_t *timer)
{
    struct wire *wire = timer->data;
    tell_failed(wire);
    int64_t wait = start_waiting(wire);
    if (wire->failed.count != 0) {
        wait = 0;
    }
    if (wait >= 0 && !uv_is_active((uv_handle_t *)timer)) {
        wake(wire, wait);
    }
}

enum err
wire_call_begin(struct wire_call *call, struct wire *wire, const struct wire_kind *kind,
    const struct wire_target *target)
{
    call->wire = wire;
    call->kind = kind;
    call->target = *target;
    if (!scope_contains(wire->scope, &target->ip)) {
        wire->totals.refused++;
        return ERR_SCOPE;
    }
    return target->port == 0 ? ERR_VALUE : OK;
}

struct wire_call *
wire_call_queue(struct wire_call *call, enum err err)
{
    struct wire *wire = call->wire;
    call->host = err == OK ? host_of(wire, &call->target.ip) : NULL;
    if (call->host == NULL) {
        call->state = WIRE_FAILED;
        call->err = err == OK ? ERR_MEMORY : err;
        list_add(&wire->failed, call);
    } else {
        call->state = WIRE_WAITING;
        list_add(&call->host->waiting, call);
        ring_add(wire, call->host);
    }
    wake(wire, 0);
    return call;
}

void
wire_call_activate(struct wire_call *call)
{
    call->state = WIRE_ACTIVE;
    list_add(&call->wire->active, call);
}

enum err
wire_new(const struct scope *scope, const struct wire_settings *settings, struct wire **ret_wire)
{
    struct wire *wire = calloc(1, sizeof(*wire));
    if (wire == NULL) {
        return ERR_MEMORY;
    }
    if (uv_loop_init(&wire->loop) != 0) {
        free(wire);
        return ERR_SYSTEM;
    }
    wire->scope = scope;
    wire->settings = *settings;
    wire->settings.calls += settings->calls == 0;
    wire->settings.calls_host += settings->calls_host == 0;
    (void)uv_timer_init(&wire->loop, &wire->pump);
    wire->pump.data = wire;
    pace_init(&wire->pace, settings->packets_per_second, settings->packets_per_second_host);
    /* A peer that hangs up while TLS writes must not end the program. */
    (void)signal(SIGPIPE, SIG_IGN);
    enum err err = wire_curl_open(wire);
    if (err != OK) {
        uv_close((uv_handle_t *)&wire->pump, NULL);
        (void)uv_run(&wire->loop, UV_RUN_DEFAULT);
        (void)uv_loop_close(&wire->loop);
        free(wire);
        return err;
    }
    *ret_wire = wire;
    return OK;
}

static void
cancel_all(struct wire *wire)
{
    while (wire->failed.first != NULL) {
        wire_cancel(wire->failed.first);
    }
    while (wire->active.first != NULL) {
        wire_cancel(wire->active.first);
    }
    for (size_t i = 0; i < wire->host_size; i++) {
        for (struct wire_host *host = wire->hosts[i]; host != NULL; host = host->next_in_bucket) {
            while (host->waiting.first != NULL) {
                wire_cancel(host->waiting.first);
            }
        }
    }
}

void
wire_free(struct wire *wire)
{
    if (wire == NULL) {
        return;
    }
    cancel_all(wire);
    while (wire->sockets != NULL) {
        wire_udp_close(wire->sockets);
    }
    wire_curl_close(wire);
    uv_close((uv_handle_t *)&wire->pump, NULL);
    (void)uv_run(&wire->loop, UV_RUN_DEFAULT);
    int failed = uv_loop_close(&wire->loop);
    assert(failed == 0);
    hosts_free(wire);
    pace_release(&wire->pace);
    free(wire);
}

uv_loop_t *
wire_loop(struct wire *wire)
{
    return &wire->loop;
}

const struct wire_totals *
wire_totals(const struct wire *wire)
{
    return &wire->totals;
}

void
wire_run(struct wire *wire)
{
    (void)uv_run(&wire->loop, UV_RUN_DEFAULT);
}

void
wire_stop(struct wire *wire)
{
    uv_stop(&wire->loop);
}
