/* The parts of `gatehouse gateway`: argv[0] is the part's name; they return a cli_exit. */
#pragma once

#include "cli/gate_ask.h"

#define PART(name, words) int gateway_##name(int argc, char **argv);
#include "cli/gateway.def"
#undef PART

/*
 * Writes run/nginx.conf from the settings, and the name nginx.conf beside gateway.yaml that leads
 * to it. `folder` is where it is written, which may not be where the settings say it will lie.
 */
enum err gateway_write_conf(
    const struct settings *settings, const char *folder, struct note *note) MUST_CHECK;

/* How a VMS must be set, so that it takes the gateway for its users and nobody else. */
struct gateway_vms_words {
    const struct settings_vms *vms;
    const char *secret; /* new, shown once; NULL: not known here */
};
void gateway_print_vms(const struct gateway_vms_words *words);
/* Whether the VMS needs a secret that both know: an account's password, or a proxy's. */
bool gateway_needs_secret(const struct settings_vms *vms);

/*
 * Says on standard output what is right and what is not; the number of what is not. Touches only
 * the addresses of the settings.
 */
unsigned gateway_look(const struct settings *settings);
