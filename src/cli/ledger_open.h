/*
 * Opening a ledger, or a copy of its log, for a command that searches it: where the index lies,
 * what a person sees while it is made, and how Ctrl-C stops it in order.
 */
#pragma once

#include "ledger/search.h"

#include <signal.h>

struct ledger_open {
    struct buf folder;
    struct buf index;
    struct search_settings settings;
    struct subjects *subjects; /* where they are and may be read */
    int64_t began, drawn;
    bool is_terminal, is_drawn;
};

/* Set by SIGINT and SIGTERM from ledger_open_catch() on. */
extern volatile sig_atomic_t ledger_open_stopped;
void ledger_open_catch(void);

/*
 * Finds the folder (option, environment, XDG state) and the index: the option's path, else
 * index.db in a ledger's folder, else a file of the XDG cache folder for a copy. Sealed fields are
 * opened where the keys (the option's folder, else beside the ledger) may be read.
 */
enum err ledger_open_init(struct ledger_open *open, const char *folder, const char *keys,
    const char *index, struct note *note) MUST_CHECK;
/*
 * Whether what the query asks for is sealed and can't be opened, so that finding nothing says
 * nothing; says so on standard error.
 */
bool ledger_open_is_blind(
    const struct ledger_open *open, struct search *search, const struct query *query);
void ledger_open_release(struct ledger_open *open);
/* Sealed fields are not opened any more from here on, and no subject's key is in memory. */
void ledger_open_forget(struct ledger_open *open);
/* Whether it is a ledger, whose readings are recorded, and not a copy of its log. */
bool ledger_open_is_live(const struct ledger_open *open);
/* search_open() with progress and messages on standard error. */
enum err ledger_open_search(
    struct ledger_open *open, struct search **ret_search, struct note *note) MUST_CHECK;
