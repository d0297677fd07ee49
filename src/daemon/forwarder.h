/*
 * The process that brings the ledger's events to the receivers of siem.yaml: one thread for each,
 * shut in before the first byte from outside. It reads the log as anybody may, and writes only its
 * state folder and the files that siem.yaml names.
 */
#pragma once

#include "siem/forward.h"

struct forwarder_settings {
    const struct siem_config *config;
    bool is_open; /* go on where the kernel can't shut it in */
};

/*
 * Until SIGTERM, SIGINT or SIGHUP; what is under way gets a few seconds. ERR_REFUSED: another one
 * has the state folder; ERR_MISSING, ERR_VALUE: a token or a certificate can't be had.
 */
enum err forwarder_run(const struct forwarder_settings *settings, struct note *note) MUST_CHECK;
/* Process of the one that has that state folder, 0: none. */
int forwarder_pid(const char *state);
