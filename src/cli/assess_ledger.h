/* The ledger that gatehouse assess records itself in. */
#pragma once

#include "assess/run_events.h"
#include "cli/cli.h"
#include "cli/ledger_user.h"
#include "ledger/client.h"

struct assess_ledger {
    struct buf folder; /* "": there is none */
    struct client *client;
    char user[LEDGER_USER]; /* who runs this */
    uint64_t written;       /* events of this run */
    struct note trouble;    /* why an event could not be written; "": all were */
    char words[384];        /* what is wrong with it, or why nobody knows */
};

void assess_ledger_init(struct assess_ledger *ledger);
/*
 * Opens the ledger that was named, else one at the usual place, and verifies it; "none" is none.
 * CLI_END when the run may begin, else the exit status: a ledger that is there but can't be written
 * stops it.
 */
int assess_ledger_open(
    struct assess_ledger *ledger, const char *named, struct run_ledger *ret_ledger);
/* Waits until all is published; says at the end how it went. */
int assess_ledger_close(struct assess_ledger *ledger, bool is_quiet, int status);
void assess_ledger_release(struct assess_ledger *ledger);
