/*
 * The doorman: the only process that lets people in. It has the accounts (identity.db), the pages
 * under /gatehouse/, sessions and bans; nginx's workers learn from its board. It hears HTTP on
 * run/doorman.sock from nginx and speaks to the ledger's keeper; nothing else.
 */
#pragma once

#include "gate/settings.h"

struct doorman_settings {
    const struct settings *gate;
    const char *keeper; /* the keeper's socket; NULL: keeper.sock in the ledger's folder */
    bool is_open;       /* go on where the kernel can't shut it in */
};

/* Runs until it is told to end (SIGTERM, SIGINT). ERR_UNSUPPORTED: no Landlock. */
enum err doorman_run(const struct doorman_settings *settings, struct note *note) MUST_CHECK;
