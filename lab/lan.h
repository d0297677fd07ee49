/* The site's network while it is up: switch, administrator's place, devices, router. */
#pragma once

#include "lab/device.h"
#include "lab/router.h"

#include <uv.h>

struct conn_port;

struct lan {
    const struct site *site;
    int switch_netns;
    struct device *devices;
    struct conn_port **ports; /* one block per device */
    size_t device_count;
    struct router router;
};

/* Builds it all and opens every port; home becomes the administrator's namespace. */
enum err lan_build(
    struct lan *lan, const struct site *site, uv_loop_t *loop, bool verbose) MUST_CHECK;

/* Has the router map what the site says; the loop need not run for that. */
enum err lan_map_ports(struct lan *lan) MUST_CHECK;

void lan_release(struct lan *lan);
