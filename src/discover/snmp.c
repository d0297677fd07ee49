/*
 * SNMP sysDescr and sysName, only with the community that the owner gives: one question to each
 * host that may be there. A community is never guessed.
 */
#include "codec/snmp.h"
#include "base/text.h"
#include "discover/heard.h"
#include "discover/methods.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define PORT     161
#define SOCKETS  32
#define BATCH    32
#define BATCH_MS 100
#define POLL_MS  50
#define WAIT_MS  1200

static const char asked[] = "SNMP get of sysDescr.0 and sysName.0, port 161";

struct state {
    struct discovery *discovery;
    struct wire_call *timer;
    size_t cursor;
    struct buf question;
    uint32_t id;
    struct wire_udp *sockets[SOCKETS];
    struct net nets[SOCKETS];
    size_t socket_count;
};

static void
got(void *context, const struct ip *from, uint16_t from_port, const uint8_t *bytes, size_t len)
{
    const struct state *state = context;
    struct snmp_answer answer;
    struct heard heard;
    char clean[SNMP_TEXT];
    if (from_port != PORT || snmp_parse(bytes, len, &answer) != OK || answer.id != state->id) {
        return;
    }
    heard_init(&heard);
    text_clean(clean, sizeof(clean), answer.descr, strlen(answer.descr));
    heard_text(&heard, FACT_SNMP_DESCR, 75, "sysDescr.0", clean);
    text_clean(clean, sizeof(clean), answer.name, strlen(answer.name));
    heard_text(&heard, FACT_DEVICE_NAME, 40, "sysName.0", clean);
    struct heard_from where = {.method = &discover_snmp, .ip = *from, .asked = asked};
    (void)heard_record(state->discovery, &where, &heard);
}

static void
ask(struct state *state, const struct ip *ip)
{
    struct wire_udp *udp = state->sockets[0];
    for (size_t i = 0; i < state->socket_count; i++) {
        if (net_contains(&state->nets[i], ip)) {
            udp = state->sockets[i];
            break;
        }
    }
    (void)!wire_udp_send(udp, ip, PORT, state->question.data, state->question.len);
}

static void
let_go(void *context)
{
    struct state *state = context;
    state->timer = NULL;
    discovery_let_go(state->discovery);
}

static void
later(struct state *state, unsigned ms, wire_timer_fn *what)
{
    state->timer = wire_after(discovery_wire(state->discovery), ms, what, state);
    if (state->timer == NULL) {
        discovery_let_go(state->discovery);
    }
}

static void
ask_more(void *context)
{
    struct state *state = context;
    struct ip ip;
    bool known = false;
    state->timer = NULL;
    for (size_t sent = 0; sent < BATCH;) {
        if (!scope_next_host(discovery_scope(state->discovery), &state->cursor, &ip)) {
            later(state, WAIT_MS, let_go);
            return;
        }
        if (ip.family == 4 && discovery_may_be_there(state->discovery, &ip, &known)) {
            ask(state, &ip);
            sent++;
        }
    }
    later(state, BATCH_MS, ask_more);
}

static void
wait_for_neighbours(void *context)
{
    struct state *state = context;
    state->timer = NULL;
    if (discovery_has_neighbours(state->discovery)) {
        ask_more(state);
    } else {
        later(state, POLL_MS, wait_for_neighbours);
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
    if (state->question.data != NULL) {
        sodium_memzero(state->question.data, state->question.len);
    }
    buf_release(&state->question);
    free(state);
}

static void
open_sockets(struct state *state)
{
    const struct wire_interface *interfaces = NULL;
    size_t count = discovery_interfaces(state->discovery, &interfaces);
    for (size_t i = 0; i < count && state->socket_count < SOCKETS; i++) {
        struct wire_udp *udp = NULL;
        if (interfaces[i].ip.family == 4) {
            udp = wire_udp_open(
                discovery_wire(state->discovery), &interfaces[i], 0, NULL, got, state);
        }
        if (udp != NULL) {
            state->nets[state->socket_count] = interfaces[i].net;
            state->sockets[state->socket_count++] = udp;
        }
    }
}

static enum err
start(struct discovery *discovery, void **ret_state)
{
    struct state *state = calloc(1, sizeof(*state));
    if (state == NULL) {
        return ERR_MEMORY;
    }
    state->discovery = discovery;
    state->id = randombytes_uniform(INT32_MAX);
    buf_init(&state->question, 512);
    open_sockets(state);
    enum err err = state->socket_count == 0
                       ? ERR_NETWORK
                       : snmp_write_get(&state->question,
                             secret_text(discovery_choice(discovery)->community), state->id);
    if (err != OK) {
        stop(state);
        return err;
    }
    discovery_hold(discovery);
    later(state, 0, wait_for_neighbours);
    *ret_state = state;
    return OK;
}

const struct discover_method discover_snmp = {
    .name = "snmp",
    .title = "SNMP sysDescr, with the owner's community",
    .packets_host = 1,
    .start = start,
    .stop = stop,
};
