/* Multicast and broadcast on all interfaces, twice. */
#include "discover/caster.h"

#include "base/log.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#define SOCKETS   64
#define MESSAGES  8
#define REPEAT_MS 700

struct voice {
    struct wire_udp *udp;
    struct ip group; /* family 0: none */
    struct ip broadcast;
};

struct message {
    const void *bytes;
    size_t len;
};

struct caster {
    struct wire *wire;
    const struct cast *cast;
    struct voice voices[SOCKETS];
    size_t voice_count;
    struct message messages[MESSAGES];
    size_t message_count;
    struct wire_call *repeat;
};

static struct ip
group_of(const struct cast *cast, const struct wire_interface *interface)
{
    struct ip group = {0};
    const char *text = interface->ip.family == 4 ? cast->group : cast->group6;
    if (text == NULL || ip_parse(text, &group) != OK) {
        return (struct ip){0};
    }
    if (group.family == 6) {
        group.zone = interface->index;
    }
    return group;
}

static void
open_voice(struct caster *caster, const struct wire_interface *interface, wire_datagram_fn *got,
    void *context)
{
    const struct cast *cast = caster->cast;
    struct voice voice = {.group = group_of(cast, interface)};
    if (cast->broadcast && interface->ip.family == 4) {
        voice.broadcast = interface->broadcast;
        if (voice.broadcast.family == 0 && ip_parse("255.255.255.255", &voice.broadcast) != OK) {
            return;
        }
    }
    if (caster->voice_count == SOCKETS ||
        (voice.group.family == 0 && voice.broadcast.family == 0)) {
        return;
    }
    const struct ip *join = cast->join && voice.group.family == 4 ? &voice.group : NULL;
    voice.udp = wire_udp_open(caster->wire, interface, cast->bind, join, got, context);
    /* The fixed port may be taken by another program; then only direct answers are heard. */
    if (voice.udp == NULL && cast->bind != 0) {
        voice.udp = wire_udp_open(caster->wire, interface, 0, NULL, got, context);
    }
    if (voice.udp != NULL) {
        caster->voices[caster->voice_count++] = voice;
    }
}

enum err
caster_new(struct discovery *discovery, const struct cast *cast, wire_datagram_fn *got,
    void *context, struct caster **ret_caster)
{
    struct caster *caster = calloc(1, sizeof(*caster));
    if (caster == NULL) {
        return ERR_MEMORY;
    }
    caster->wire = discovery_wire(discovery);
    caster->cast = cast;
    const struct wire_interface *interfaces = NULL;
    size_t count = discovery_interfaces(discovery, &interfaces);
    for (size_t i = 0; i < count; i++) {
        open_voice(caster, &interfaces[i], got, context);
    }
    if (caster->voice_count == 0) {
        caster_free(caster);
        return ERR_NETWORK;
    }
    *ret_caster = caster;
    return OK;
}

void
caster_free(struct caster *caster)
{
    if (caster == NULL) {
        return;
    }
    if (caster->repeat != NULL) {
        wire_cancel(caster->repeat);
    }
    for (size_t i = 0; i < caster->voice_count; i++) {
        wire_udp_close(caster->voices[i].udp);
    }
    free(caster);
}

static void
send_to(
    const struct voice *voice, const struct ip *to, uint16_t port, const struct message *message)
{
    char text[IP_TEXT];
    if (to->family == 0) {
        return;
    }
    enum err err = wire_udp_send(voice->udp, to, port, message->bytes, message->len);
    if (err != OK) {
        log_debug("discovery: %s not asked: %s", ip_text(to, text), err_words(err));
    }
}

static void
say(struct caster *caster, const struct message *message)
{
    for (size_t i = 0; i < caster->voice_count; i++) {
        const struct voice *voice = &caster->voices[i];
        send_to(voice, &voice->group, caster->cast->port, message);
        send_to(voice, &voice->broadcast, caster->cast->port, message);
    }
}

static void
say_again(void *context)
{
    struct caster *caster = context;
    caster->repeat = NULL;
    for (size_t i = 0; i < caster->message_count; i++) {
        say(caster, &caster->messages[i]);
    }
}

void
caster_say(struct caster *caster, const void *bytes, size_t len)
{
    assert(caster->message_count < MESSAGES);
    struct message *message = &caster->messages[caster->message_count++];
    *message = (struct message){.bytes = bytes, .len = len};
    say(caster, message);
    if (caster->repeat == NULL) {
        caster->repeat = wire_after(caster->wire, REPEAT_MS, say_again, caster);
    }
}

const char *
caster_uuid(char out[CASTER_UUID])
{
    uint8_t b[16];
    randombytes_buf(b, sizeof(b));
    b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
    (void)snprintf(out, CASTER_UUID,
        "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2],
        b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
    return out;
}
