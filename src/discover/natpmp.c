/*
 * NAT-PMP (RFC 6886): asks default gateways and UPnP routers for their external address. It has no
 * list of mappings, and no mapping is ever made or deleted: opcode 0 is all there is here.
 */
#include "base/clock.h"
#include "base/reader.h"
#include "discover/methods.h"
#include "discover/neighbour.h"
#include "discover/parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PORT       5351
#define ANSWER_MAX 1100 /* of PCP, RFC 6887 section 7 */
#define GATEWAYS   16
#define SOCKETS    16
#define ROUNDS     4
#define ROUND_MS   500
#define TRIES      2
#define REFUSED    2 /* switched off by its owner, RFC 6886 section 3.5 */

static const char asked[] = "NAT-PMP public address request to port 5351";
static const uint8_t request[] = {0, 0};

enum err
natpmp_parse(const void *bytes, size_t len, uint16_t *ret_result, struct ip *ret_outside)
{
    struct reader reader;
    if (len > ANSWER_MAX) {
        return ERR_LIMIT;
    }
    reader_init(&reader, bytes, len);
    uint8_t version = reader_u8(&reader);
    uint8_t operation = reader_u8(&reader);
    uint16_t result = reader_u16be(&reader);
    reader_skip(&reader, 4);
    /* A router that speaks PCP only says so in PCP's own format, version 2. */
    if (reader_error(&reader) != OK || (version != 0 && version != 2) || operation != 128) {
        return ERR_SYNTAX;
    }
    struct ip outside = {0};
    if (version == 0 && result == 0) {
        const uint8_t *address = reader_bytes(&reader, 4);
        if (address == NULL) {
            return ERR_SYNTAX;
        }
        outside.family = 4;
        memcpy(outside.bytes, address, 4);
    }
    *ret_result = result;
    *ret_outside = outside;
    return OK;
}

struct gateway {
    struct ip ip;
    unsigned tries;
    bool answered;
};

struct state {
    struct discovery *discovery;
    struct wire_call *timer;
    unsigned round;
    struct gateway gateways[GATEWAYS];
    size_t gateway_count;
    struct wire_udp *sockets[SOCKETS];
    struct net nets[SOCKETS];
    size_t socket_count;
};

static void
add_gateway(struct state *state, const struct ip *ip)
{
    if (ip->family != 4 || !scope_contains(discovery_scope(state->discovery), ip) ||
        state->gateway_count == GATEWAYS) {
        return;
    }
    for (size_t i = 0; i < state->gateway_count; i++) {
        if (ip_equal(&state->gateways[i].ip, ip)) {
            return;
        }
    }
    state->gateways[state->gateway_count++].ip = *ip;
}

static void
on_gateway(void *context, const struct neighbour *gateway)
{
    add_gateway(context, &gateway->ip);
}

static void
record(struct state *state, const struct ip *from, uint16_t result, const struct ip *outside)
{
    char text[IP_TEXT];
    char said[128];
    struct gateway_router *router = discovery_router(state->discovery, from);
    (void)snprintf(said, sizeof(said), "result %u, external address %s", result,
        outside->family == 0 ? "none" : ip_text(outside, text));
    if (router != NULL) {
        router->natpmp = result != REFUSED;
        if (router->outside.family == 0) {
            router->outside = *outside;
        }
        if (router->evidence == NULL) {
            router->evidence =
                evidence_new(discovery_arena(state->discovery), asked, said, clock_wall());
        }
    }
    struct heard heard;
    heard_init(&heard);
    heard_text(&heard, FACT_DEVICE_KIND, 60, "NAT-PMP", "router");
    heard_quote(&heard, said);
    if (result != REFUSED) {
        heard_bool(&heard, FACT_IGD_PRESENT, 85, "NAT-PMP", true);
        heard_quote(&heard, said);
    }
    struct heard_from where = {.method = &discover_natpmp, .ip = *from, .asked = asked};
    (void)heard_record(state->discovery, &where, &heard);
}

static void
got(void *context, const struct ip *from, uint16_t from_port, const uint8_t *bytes, size_t len)
{
    struct state *state = context;
    struct ip outside;
    uint16_t result = 0;
    for (size_t i = 0; i < state->gateway_count; i++) {
        struct gateway *gateway = &state->gateways[i];
        if (ip_equal(&gateway->ip, from) && from_port == PORT && !gateway->answered &&
            natpmp_parse(bytes, len, &result, &outside) == OK) {
            gateway->answered = true;
            record(state, from, result, &outside);
        }
    }
}

static void
ask(struct state *state, struct gateway *gateway)
{
    struct wire_udp *udp = state->sockets[0];
    for (size_t i = 0; i < state->socket_count; i++) {
        if (net_contains(&state->nets[i], &gateway->ip)) {
            udp = state->sockets[i];
            break;
        }
    }
    gateway->tries++;
    (void)!wire_udp_send(udp, &gateway->ip, PORT, request, sizeof(request));
}

/* Routers become known while UPnP answers come in. */
static void
next_round(void *context)
{
    struct state *state = context;
    state->timer = NULL;
    for (const struct gateway_router *router = discovery_routers(state->discovery); router != NULL;
         router = router->next) {
        add_gateway(state, &router->ip);
    }
    for (size_t i = 0; i < state->gateway_count; i++) {
        struct gateway *gateway = &state->gateways[i];
        if (!gateway->answered && gateway->tries < TRIES) {
            ask(state, gateway);
        }
    }
    if (++state->round < ROUNDS) {
        state->timer = wire_after(discovery_wire(state->discovery), ROUND_MS, next_round, state);
    }
}

static void
stop(void *context)
{
    struct state *state = context;
    if (state->timer != NULL) {
        wire_cancel(state->timer);
    }
    for (size_t i = 0; i < state->socket_count; i++) {
        wire_udp_close(state->sockets[i]);
    }
    free(state);
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
    for (size_t i = 0; i < count && state->socket_count < SOCKETS; i++) {
        struct wire_udp *udp = NULL;
        if (interfaces[i].ip.family == 4) {
            udp = wire_udp_open(discovery_wire(discovery), &interfaces[i], 0, NULL, got, state);
        }
        if (udp != NULL) {
            state->nets[state->socket_count] = interfaces[i].net;
            state->sockets[state->socket_count++] = udp;
        }
    }
    if (state->socket_count == 0) {
        stop(state);
        return ERR_NETWORK;
    }
    /* Without the routing table there may still be UPnP routers. */
    (void)!neighbour_gateways(on_gateway, state);
    next_round(state);
    *ret_state = state;
    return OK;
}

const struct discover_method discover_natpmp = {
    .name = "natpmp",
    .title = "NAT-PMP of the gateways (address request only)",
    .packets = TRIES,
    .start = start,
    .stop = stop,
};
