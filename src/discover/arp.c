/*
 * The neighbour table: one tiny datagram to each host of the link makes the kernel resolve it
 * (ARP), then the table says who is there, without a privilege. IPv6 neighbours are in the table
 * once they answered a multicast of another method.
 */
#include "discover/discover.h"
#include "discover/methods.h"
#include "discover/neighbour.h"

#include <stdlib.h>

#define SOCKETS    32
#define DISCARD    9 /* RFC 863 */
#define BATCH      64
#define BATCH_MS   64
#define SLOW_AFTER 256 /* the kernel holds 1,024 neighbours (gc_thresh3), open ones for 3 s */
#define SLOW_MS    256
#define WAIT_MS    1000
#define SECOND_MS  1200

/* A datagram to a host that does not answer fills its socket's buffer for 3 s; 277 of them fill it
 * up. So the hosts take turns. */
#define TURNS 4

struct link {
    struct wire_udp *udp[TURNS]; /* NULL on IPv6 */
    struct net net;
    unsigned index;
};

struct state {
    struct discovery *discovery;
    struct wire_call *timer;
    size_t cursor;
    size_t sent;
    struct link links[SOCKETS];
    size_t link_count;
};

static bool
is_multicast_mac(const struct mac *mac)
{
    return (mac->bytes[0] & 1) != 0;
}

static bool
is_on_our_link(const struct state *state, unsigned index)
{
    for (size_t i = 0; i < state->link_count; i++) {
        if (state->links[i].index == index) {
            return true;
        }
    }
    return false;
}

/* This machine's own business with others is none of the run's; IPv6 is in no scope by itself. */
static bool
is_stranger(const struct state *state, const struct ip *ip)
{
    return ip->family == 4 && !scope_contains(discovery_scope(state->discovery), ip);
}

static void
on_neighbour(void *context, const struct neighbour *neighbour)
{
    struct state *state = context;
    if (mac_is_zero(&neighbour->mac) || is_multicast_mac(&neighbour->mac) ||
        ip_is_multicast(&neighbour->ip) || !is_on_our_link(state, neighbour->interface) ||
        is_stranger(state, &neighbour->ip) ||
        discovery_find(state->discovery, &discover_arp, &neighbour->ip, &neighbour->mac) != NULL) {
        return;
    }
    struct sighting *sighting = discovery_sight(state->discovery, &discover_arp, &neighbour->ip);
    if (sighting != NULL) {
        sighting->mac = neighbour->mac;
        sighting->answers = 1;
    }
}

/* Those that answered a little later, and IPv6 neighbours. */
static void
second_look(void *context)
{
    struct state *state = context;
    state->timer = NULL;
    (void)!neighbour_each(on_neighbour, state);
    discovery_let_go(state->discovery);
}

static void
later(struct state *state, unsigned ms, wire_timer_fn *what)
{
    state->timer = wire_after(discovery_wire(state->discovery), ms, what, state);
    if (state->timer == NULL) {
        discovery_neighbours_known(state->discovery);
        discovery_let_go(state->discovery);
    }
}

static void
first_look(void *context)
{
    struct state *state = context;
    state->timer = NULL;
    (void)!neighbour_each(on_neighbour, state);
    discovery_neighbours_known(state->discovery);
    later(state, SECOND_MS, second_look);
}

static const struct link *
link_of(const struct state *state, const struct ip *ip)
{
    for (size_t i = 0; i < state->link_count; i++) {
        if (state->links[i].udp[0] != NULL && net_contains(&state->links[i].net, ip)) {
            return &state->links[i];
        }
    }
    return NULL;
}

static void
provoke(void *context)
{
    struct state *state = context;
    struct ip ip;
    state->timer = NULL;
    for (size_t n = 0; n < BATCH;) {
        if (!scope_next_host(discovery_scope(state->discovery), &state->cursor, &ip)) {
            later(state, WAIT_MS, first_look);
            return;
        }
        const struct link *link = link_of(state, &ip);
        if (link != NULL) {
            (void)!wire_udp_send(link->udp[state->sent % TURNS], &ip, DISCARD, "", 1);
            state->sent++;
            n++;
        }
    }
    if (state->sent > SLOW_AFTER) {
        /* Before the table forgets them. */
        (void)!neighbour_each(on_neighbour, state);
    }
    later(state, state->sent > SLOW_AFTER ? SLOW_MS : BATCH_MS, provoke);
}

static void
ignore(void *context, const struct ip *from, uint16_t from_port, const uint8_t *bytes, size_t len)
{
    (void)context;
    (void)from;
    (void)from_port;
    (void)bytes;
    (void)len;
}

static void
stop(void *context)
{
    struct state *state = context;
    if (state->timer != NULL) {
        wire_cancel(state->timer);
    }
    for (size_t i = 0; i < state->link_count; i++) {
        for (size_t turn = 0; turn < TURNS; turn++) {
            wire_udp_close(state->links[i].udp[turn]);
        }
    }
    free(state);
}

/* All or none. */
static void
open_sockets(struct wire *wire, const struct wire_interface *interface, struct link *link)
{
    for (size_t turn = 0; turn < TURNS; turn++) {
        link->udp[turn] = wire_udp_open(wire, interface, 0, NULL, ignore, NULL);
        if (link->udp[turn] == NULL) {
            while (turn-- != 0) {
                wire_udp_close(link->udp[turn]);
                link->udp[turn] = NULL;
            }
            return;
        }
    }
}

static enum err
start(struct discovery *discovery, void **ret_state)
{
    const struct wire_interface *interfaces = NULL;
    size_t count = discovery_interfaces(discovery, &interfaces);
    struct state *state = calloc(1, sizeof(*state));
    if (state == NULL) {
        return ERR_MEMORY;
    }
    state->discovery = discovery;
    for (size_t i = 0; i < count && state->link_count < SOCKETS; i++) {
        struct link *link = &state->links[state->link_count];
        if (ip_is_loopback(&interfaces[i].ip)) {
            continue;
        }
        link->index = interfaces[i].index;
        link->net = interfaces[i].net;
        if (interfaces[i].ip.family == 4) {
            open_sockets(discovery_wire(discovery), &interfaces[i], link);
        }
        state->link_count++;
    }
    if (state->link_count == 0) {
        stop(state);
        return ERR_NETWORK;
    }
    discovery_hold(discovery);
    provoke(state);
    *ret_state = state;
    return OK;
}

const struct discover_method discover_arp = {
    .name = "arp",
    .title = "neighbour table (ARP, IPv6 neighbours)",
    .packets_host = 1,
    .start = start,
    .stop = stop,
};
