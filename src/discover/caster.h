/* Says the same to every interface of the discovery, by multicast and broadcast, and listens. */
#pragma once

#include "discover/discover.h"

/* Whom a method calls. A method that uses one protocol has one constant of this. */
struct cast {
    const char *group;  /* IPv4 group, NULL: none */
    const char *group6; /* IPv6 group, NULL: none */
    uint16_t port;      /* of the others */
    uint16_t bind;      /* own port; 0: any */
    bool join;          /* answers come to the IPv4 group */
    bool broadcast;     /* to the interface's broadcast address too */
};

struct caster;

/* Opens a socket per interface; ERR_NETWORK when none could be opened. */
enum err caster_new(struct discovery *discovery, const struct cast *cast, wire_datagram_fn *got,
    void *context, struct caster **ret_caster) MUST_CHECK;
void caster_free(struct caster *caster);

/* Sends now and once more 700 ms later (UDP gets lost); the bytes must outlive the caster. */
void caster_say(struct caster *caster, const void *bytes, size_t len);

#define CASTER_UUID 37
/* A random UUID (RFC 4122 version 4); returns out. */
const char *caster_uuid(char out[CASTER_UUID]);
