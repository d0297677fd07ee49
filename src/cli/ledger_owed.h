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
    size_t count;         /* destinations that have not got everything */
    struct buf words;     /* a line of each */
    json_t *destinations; /* {"watchroom": 512}: how many entries at most */
};

/*
 * `config`: siem.yaml, NULL: the one in the gateway's folder, which need not be there. An error has
 * words: nobody can tell what is owed.
 */
enum err ledger_owed_look(const char *config, const struct ledger_owed_log *log,
    struct ledger_owed *ret_owed, struct note *note) MUST_CHECK;
void ledger_owed_release(struct ledger_owed *owed);
