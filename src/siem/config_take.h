/* One function for each sort of value of siem.yaml; used by config.c only. */
#pragma once

#include "codec/outline.h"
#include "siem/config.h"

/* A file that is being read. */
struct config_draft {
    struct siem_config *config;
    struct arena *arena;
};

/* ERR_VALUE without words: not what the row expects. */
typedef enum err config_take_fn(
    struct config_draft *draft, const struct outline_node *node, struct note *note);

config_take_fn config_take_ledger, config_take_state, config_take_secrets, config_take_host,
    config_take_destination, config_take_name, config_take_type, config_take_format,
    config_take_from, config_take_number, config_take_path, config_take_address, config_take_switch,
    config_take_framing, config_take_unconfirmed, config_take_url, config_take_shape,
    config_take_index, config_take_token, config_take_refused, config_take_level,
    config_take_filter;
