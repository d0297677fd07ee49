/* The kernel's neighbour and routing tables, read by rtnetlink (libmnl); nothing is sent. */
#pragma once

#include "base/ip.h"

struct neighbour {
    struct ip ip;
    struct mac mac;
    unsigned interface; /* index */
};

typedef void neighbour_fn(void *context, const struct neighbour *neighbour);

/* Calls for every IPv4 and IPv6 neighbour whose MAC is known. */
enum err neighbour_each(neighbour_fn *got, void *context) MUST_CHECK;

/* Calls for every default gateway; its MAC is zero. */
enum err neighbour_gateways(neighbour_fn *got, void *context) MUST_CHECK;
