/* The functions of site.def: each takes one value into the site. */
#pragma once

#include "assess/site.h"
#include "codec/outline.h"

/*
 * ERR_VALUE with an empty note: the value is not what its row expects. A note says it better, or
 * says what is missing.
 */
typedef enum err site_take_fn(
    struct site *site, const struct outline_node *node, struct note *note);

site_take_fn site_take_name, site_take_authorised, site_take_scope, site_take_zone,
    site_take_device, site_take_device_key, site_take_others, site_take_snmp, site_take_port,
    site_take_search, site_take_number, site_take_never, site_take_remote, site_take_word,
    site_take_line, site_take_gateway, site_take_waiver, site_take_waiver_key, site_take_finding,
    site_take_expires, site_take_window, site_take_window_key, site_take_config, site_take_consumer,
    site_take_consumer_key, site_take_update;

/* What a consumer lacks, in words; NULL: nothing. */
const char *site_consumer_gap(const struct site *site, const struct site_consumer *consumer);
