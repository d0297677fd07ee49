/*
 * How the commands find the ledger and reach its keeper. When nobody listens, a command starts a
 * keeper for itself, which ends with the connection.
 */
#pragma once

#include "cli/ledger_folder.h"
#include "ledger/client.h"

/* Rows of `--ledger` and `--keys` for a command's table of options. */
#define LEDGER_OPTION                                                                              \
    {                                                                                              \
        "ledger", 0, "DIR", "the ledger (default: GATEHOUSE_LEDGER, or ledger in XDG state)"       \
    }
#define KEYS_OPTION                                                                                \
    {                                                                                              \
        "keys", 0, "DIR", "its keys (default: the ledger's path with -keys)"                       \
    }

/*
 * A client whose keeper has answered once. Both may be NULL for the defaults. ERR_MISSING: there
 * is no ledger; ERR_TIMEOUT: another process has it and does not answer; ERR_VALUE: a keeper could
 * not be started on it. The note says more.
 */
enum err ledger_connect(
    const char *folder, const char *keys, struct client **ret_client, struct note *note) MUST_CHECK;
/* Exit status of a command's own keeper that found the ledger taken by another process. */
#define KEEPER_TAKEN 75
/* Makes a ledger and its key as `ledger init` does, and prints nothing. */
enum err ledger_make(const char *folder, const char *origin, struct note *note) MUST_CHECK;
/* Closes it, and waits until a keeper that was started for it has published all and is gone. */
void ledger_disconnect(struct client *client);
