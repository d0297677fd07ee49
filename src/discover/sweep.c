/*
 * TCP connects to the ports of ports.def on every host of the scope. A host of our own link that
 * did not answer ARP is not there; a host behind a router must first answer on one of four ports.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "discover/discover.h"
#include "discover/methods.h"

#include <stdio.h>
#include <stdlib.h>

#define HOSTS     96 /* at once */
#define PARALLEL  2  /* connects to one host; the wire begins no more than that */
#define POLL_MS   50
#define PORTS_MAX 64

/* The first ones of ports.def: one of them answers, open or with a RST, where anything lives. */
#define SIGNS_OF_LIFE 4

struct state;
struct host;

/* One connect under way. */
struct slot {
    struct host *host;
    size_t port; /* of the state's */
    struct wire_call *call;
};

struct host {
    struct state *state;
    struct ip ip;
    bool used;
    bool known; /* alive before any answer: a neighbour, or this machine */
    bool alive;
    size_t next;    /* port to be asked next */
    size_t waiting; /* connects under way */
    bool open[PORTS_MAX];
    struct slot slots[PARALLEL];
};

struct state {
    struct discovery *discovery;
    struct wire_call *timer;
    size_t cursor;
    size_t done;
    size_t all;
    size_t active;
    bool over;
    uint16_t ports[PORTS_MAX];
    size_t port_count;
    struct host hosts[HOSTS];
};

static void fill(struct state *state);

static int
port_order(const void *a, const void *b)
{
    uint16_t left = *(const uint16_t *)a;
    uint16_t right = *(const uint16_t *)b;
    return (left > right) - (left < right);
}

static void
set_ports(const struct host *host, struct sighting *sighting)
{
    CLEANUP(buf_release) struct buf list;
    CLEANUP(buf_release) struct buf said;
    char asked[64];
    buf_init(&list, 512);
    buf_init(&said, 512);
    for (size_t i = 0; i < sighting->open_port_count; i++) {
        buf_format(&list, "%s%u", i == 0 ? "" : ", ", sighting->open_ports[i]);
    }
    buf_format(&said, "open: %s", list.len == 0 ? "none" : list.data);
    const struct state *state = host->state;
    (void)snprintf(asked, sizeof(asked), "TCP connect to %zu ports", state->port_count);
    struct source source = {
        .witness = WITNESS_WIRE,
        .confidence = 90,
        .evidence = evidence_new(sighting->facts.arena, asked, said.data, clock_wall()),
    };
    facts_set_text(&sighting->facts, FACT_PORTS_OPEN, list.data, &source);
    for (size_t i = 0; i < state->port_count; i++) {
        if (state->ports[i] == 21) {
            facts_set_bool(&sighting->facts, FACT_PORT_FTP, host->open[i], &source);
        } else if (state->ports[i] == 23) {
            facts_set_bool(&sighting->facts, FACT_PORT_TELNET, host->open[i], &source);
        }
    }
}

static void
record(const struct host *host)
{
    struct sighting *sighting = discovery_sight(host->state->discovery, &discover_sweep, &host->ip);
    if (sighting == NULL) {
        return;
    }
    sighting->answers = 1;
    for (size_t i = 0; i < host->state->port_count; i++) {
        if (host->open[i]) {
            sighting->open_ports[sighting->open_port_count++] = host->state->ports[i];
        }
    }
    qsort(sighting->open_ports, sighting->open_port_count, sizeof(sighting->open_ports[0]),
        port_order);
    set_ports(host, sighting);
}

static void
count_host(struct state *state)
{
    state->done++;
    discovery_progress(state->discovery, state->done, state->all);
}

static void
finish(struct host *host)
{
    struct state *state = host->state;
    if (host->alive) {
        record(host);
    }
    host->used = false;
    state->active--;
    count_host(state);
}

/* Past the signs of life only where there was one. */
static bool
goes_on(const struct host *host)
{
    return host->next < host->state->port_count &&
           (host->known || host->alive || host->next < SIGNS_OF_LIFE);
}

static void on_connect(void *context, const struct wire_target *target, enum err err);

static void
ask_next(struct host *host)
{
    struct wire *wire = discovery_wire(host->state->discovery);
    for (size_t i = 0; i < PARALLEL; i++) {
        struct slot *slot = &host->slots[i];
        if (slot->call != NULL || !goes_on(host)) {
            continue;
        }
        struct wire_target target = {.ip = host->ip, .port = host->state->ports[host->next]};
        *slot = (struct slot){.host = host, .port = host->next++};
        slot->call = wire_connect(wire, &target, on_connect, slot);
        host->waiting += slot->call != NULL;
    }
    if (host->waiting == 0) {
        finish(host);
    }
}

static void
on_connect(void *context, const struct wire_target *target, enum err err)
{
    (void)target;
    struct slot *slot = context;
    struct host *host = slot->host;
    struct state *state = host->state;
    slot->call = NULL;
    host->waiting--;
    host->alive |= err == OK || err == ERR_REFUSED;
    host->open[slot->port] = err == OK;
    ask_next(host);
    if (!host->used) {
        fill(state);
    }
}

static struct host *
free_host(struct state *state)
{
    for (size_t i = 0; i < HOSTS; i++) {
        if (!state->hosts[i].used) {
            return &state->hosts[i];
        }
    }
    return NULL;
}

static void
fill(struct state *state)
{
    struct ip ip;
    bool known = false;
    while (state->active < HOSTS && !state->over) {
        if (!scope_next_host(discovery_scope(state->discovery), &state->cursor, &ip)) {
            break;
        }
        if (!discovery_may_be_there(state->discovery, &ip, &known)) {
            count_host(state);
            continue;
        }
        struct host *host = free_host(state);
        assert(host != NULL);
        *host = (struct host){.state = state, .ip = ip, .used = true, .known = known};
        state->active++;
        ask_next(host);
    }
    if (state->active == 0 && !state->over) {
        state->over = true;
        discovery_let_go(state->discovery);
    }
}

/* Waits until the neighbours are known. */
static void
wait_for_neighbours(void *context)
{
    struct state *state = context;
    state->timer = NULL;
    if (!discovery_has_neighbours(state->discovery)) {
        state->timer =
            wire_after(discovery_wire(state->discovery), POLL_MS, wait_for_neighbours, state);
        if (state->timer != NULL) {
            return;
        }
    }
    fill(state);
}

static void
stop(void *context)
{
    struct state *state = context;
    if (state->timer != NULL) {
        wire_cancel(state->timer);
    }
    for (size_t i = 0; i < HOSTS; i++) {
        for (size_t j = 0; j < PARALLEL && state->hosts[i].used; j++) {
            wire_cancel(state->hosts[i].slots[j].call);
        }
    }
    free(state);
}

static void
add_port(struct state *state, uint16_t number)
{
    for (size_t i = 0; i < state->port_count; i++) {
        if (state->ports[i] == number) {
            return;
        }
    }
    if (state->port_count < PORTS_MAX) {
        state->ports[state->port_count++] = number;
    }
}

static void
choose_ports(struct state *state)
{
    const struct discover_choice *choice = discovery_choice(state->discovery);
    for (size_t i = 0; i < discover_port_count; i++) {
        add_port(state, discover_ports[i].number);
    }
    for (size_t i = 0; i < choice->port_count; i++) {
        add_port(state, choice->ports[i]);
    }
}

static enum err
start(struct discovery *discovery, void **ret_state)
{
    struct state *state = calloc(1, sizeof(*state));
    if (state == NULL) {
        return ERR_MEMORY;
    }
    assert(discover_port_count + DISCOVER_MORE_PORTS <= PORTS_MAX);
    state->discovery = discovery;
    choose_ports(state);
    state->all = scope_host_count(discovery_scope(discovery));
    discovery_hold(discovery);
    /* By the loop: the engine is still starting the other methods. */
    state->timer = wire_after(discovery_wire(discovery), 0, wait_for_neighbours, state);
    *ret_state = state;
    if (state->timer == NULL) {
        discovery_let_go(discovery);
    }
    return OK;
}

const struct discover_method discover_sweep = {
    .name = "sweep",
    .title = "TCP connects to the surveillance ports",
    .packets_host = 40,
    .start = start,
    .stop = stop,
};
