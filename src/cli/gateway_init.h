/* What the files of `gateway init` share. */
#pragma once

#include "cli/gateway.h"
#include "gate/certificate.h"

/* What was asked for, with defaults filled in. */
struct gateway_init {
    const char *vms, *name, *upstream, *host, *listen, *site, *ledger, *certificate, *key;
    const char *user, *administrator;
    bool is_plain;
    const char *folder; /* where it will lie */
    const char *beside; /* where it is made */
    struct settings settings;
    struct buf yaml;
    struct arena *arena;
};

/* Fills what was not given; ERR_VALUE with words. */
enum err gateway_init_defaults(struct gateway_init *init, struct note *note) MUST_CHECK;
/* The commented gateway.yaml. */
enum err gateway_init_yaml(struct gateway_init *init) MUST_CHECK;
/* The addresses by which the server is reached, for its certificate. */
void gateway_init_names(const struct gateway_init *init, struct certificate_names *ret_names);

/*
 * A folder of its own beside the place of the gateway; gone again, with all in it, unless it is put
 * there. Ctrl-C is held back until it is asked for.
 */
enum err gateway_init_folder_begin(struct gateway_init *init, struct note *note) MUST_CHECK;
enum err gateway_init_folder_keep(struct gateway_init *init, struct note *note) MUST_CHECK;
void gateway_init_folder_drop(const struct gateway_init *init);
bool gateway_init_is_stopped(void);
