/*
 * What the destinations of siem.yaml have still to get of a log before some of it may go. A
 * destination is owed what its cursor has not passed; its filter may want less of that.
 */
#pragma once

#include "base/buf.h"
#include "ledger/entries.h"

#include <jansson.h>

struct ledger_owed_log {
    const char *folder; /* of the ledger, or of its log */
    struct entries *entries;
    uint64_t minimum; /* entries below it are to go */
};

/* Zeroed: nothing was looked at. */
struct ledger_owed {
    size_t count;     /* destinations that have not got everything */
    bool is_unknown;  /* of some, or of siem.yaml itself, nobody can tell */
    struct buf words; /* a line of each that has not got everything */
    /*
     * For the event: {"watchroom": 512, "archive": null}, how many entries at most, null where
     * nobody can tell; "unknown" of a siem.yaml that can't be read; NULL: none was looked at.
     */
    json_t *unsent;
};

/*
 * `config`: siem.yaml, NULL: the one in the gateway's folder, which need not be there. All of its
 * destinations are looked at; where something is unknown, the note says the first of it.
 * ERR_MEMORY.
 */
enum err ledger_owed_look(const char *config, const struct ledger_owed_log *log,
    struct ledger_owed *ret_owed, struct note *note) MUST_CHECK;
void ledger_owed_release(struct ledger_owed *owed);
