/*
 * The keeper: the only process that has the ledger's key. It takes events over a unix socket, says
 * who sent them and when, makes them durable and answers; no network, two folders.
 */
#pragma once

#include "base/err.h"

struct keeper_settings {
    const char *folder; /* the ledger's; must exist */
    const char *keys;   /* with ledger.key */
    const char *socket; /* NULL: keeper.sock in the ledger's folder */
    const char *group;  /* whose members may connect; NULL: the user's own */
    int descriptor;     /* a connection to begin with, and to end with; -1: none */
    bool is_open;       /* go on where the kernel can't shut it in */
};

/*
 * Runs until it is told to end (SIGTERM, SIGINT) or its first connection closes. ERR_REFUSED:
 * another keeper has the ledger; ERR_MISSING: no ledger or no key; ERR_VALUE: what is on the disk
 * contradicts itself; ERR_UNSUPPORTED: no Landlock. A disk that fails ends the process at once,
 * with status 2.
 */
enum err keeper_run(const struct keeper_settings *settings, struct note *note) MUST_CHECK;
