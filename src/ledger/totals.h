/* How much of what there is among the matches of a search: a count for each value of a member. */
#pragma once

#include "ledger/logged.h"

enum totals_kind {
    TOTALS_ACTION,
    TOTALS_OUTCOME,
    TOTALS_USER,
    TOTALS_IP,
    TOTALS_CAMERA,
    TOTALS_KINDS,
};
const char *totals_name(enum totals_kind kind); /* "action" */

struct totals;

struct totals_row {
    enum totals_kind kind;
    struct event_text value;
    uint64_t events;
    int64_t bytes;
};

struct totals_sum {
    uint64_t events;
    uint64_t strange; /* entries that are no events, not in the others */
    int64_t bytes;
    int64_t first, last; /* times; first > last: no event */
};

/* NULL when memory is out. */
struct totals *totals_new(void);
void totals_free(struct totals *totals);
/* A search_found_fn: the context is the totals; false: memory is out. */
bool totals_add(void *context, const struct logged *logged);
/* Rows by kind, the most events first; the totals' own. ERR_MEMORY. */
enum err totals_end(struct totals *totals, struct totals_sum *ret_sum,
    const struct totals_row **ret_rows, size_t *ret_count) MUST_CHECK;
