/* One function for each sort of value of gateway.yaml; used by settings.c only. */
#pragma once

#include "codec/outline.h"
#include "gate/settings.h"

/* Settings that are being read. */
struct settings_draft {
    struct settings *settings;
    struct arena *arena;
    const char *proxies[32];
    size_t proxy_count;
};

/* ERR_VALUE without words: not what the row expects. */
typedef enum err settings_take_fn(
    struct settings_draft *draft, const struct outline_node *node, struct note *note);

settings_take_fn settings_take_line, settings_take_host, settings_take_path, settings_take_switch,
    settings_take_net, settings_take_number, settings_take_proxy, settings_take_vms,
    settings_take_name, settings_take_type, settings_take_upstream, settings_take_listen,
    settings_take_tsa;
