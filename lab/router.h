/* The site's router: a real miniupnpd with nftables in a namespace of its own. */
#pragma once

#include "lab/netns.h"
#include "lab/site.h"

#include <sys/types.h>

struct router {
    int netns;
    int internet; /* what is on the other side */
    pid_t daemon;
};

/*
 * Connects the router to the switch and to an internet of its own, loads its rules and starts
 * miniupnpd; everything that it writes lives in a private tmpfs.
 */
enum err router_start(
    struct router *router, const struct site *site, int switch_netns, bool verbose) MUST_CHECK;

/* Asks the router for a port mapping by UPnP, from inside the device's namespace. */
enum err router_map(const struct site_router *row, const struct site_mapping *mapping,
    const char *client, int client_netns) MUST_CHECK;

void router_stop(struct router *router);
