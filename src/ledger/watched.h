/*
 * Who watched, how long, from where: the events of footage joined to views, the views to rows of
 * users and addresses. A view's two events have the same detail.view; its time is cut to the time
 * that was asked for. What is not known is counted as not known, never guessed.
 */
#pragma once

#include "ledger/recorded.h"
#include "ledger/search.h"

struct watched;

enum watched_level {
    WATCHED_ADDRESS, /* one user from one address */
    WATCHED_USER,    /* the same user's addresses together; only where there are several */
    WATCHED_ALL,     /* everybody */
};

struct watched_row {
    enum watched_level level;
    struct event_text user, ip; /* bytes NULL: not said, or of several */
    uint64_t views;             /* live and playback that were in the time */
    uint64_t open;              /* of them, those without a recorded end: going on, or cut off */
    uint64_t before;  /* begun up to a day before, no end recorded: nobody knows; not in views */
    int64_t total_ms; /* all views with known times added up */
    int64_t wall_ms;  /* time in which at least one of them was on */
    int64_t recording_ms;                 /* of recordings that whole views played, added up */
    int64_t recording_from, recording_to; /* earliest and latest of them; LOGGED_NONE: none */
    int64_t bytes; /* of whole views, snapshots and exports, as far as said */
    uint64_t snapshots;
    uint64_t exports;
    uint64_t refused;    /* asked for and not allowed, or failed */
    int64_t first, last; /* moments in the time asked for at which something of this was on */
};

/*
 * Gathers what the query asks for, of that only what `only` has (NULL: all); its actions are
 * footage.* unless it names others.
 */
enum err watched_gather(struct search *search, const struct query *query,
    const struct recorded *only, struct watched **ret_watched, struct note *note) MUST_CHECK;
void watched_free(struct watched *watched);
/* By user and address, subtotals behind, the total last; the watched's own. */
const struct watched_row *watched_rows(const struct watched *watched, size_t *ret_count);
