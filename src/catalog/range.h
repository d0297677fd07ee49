/* Bounds of a record, put together to conditions of the catalogue's language (condition.h). */
#pragma once

#include "catalog/prose.h"

/* Longest list that is written; a longer one is given up and said to be unreadable. */
#define RANGE_LIMIT ((size_t)8192)

struct range {
    struct buf versions, builds;
    bool has_tracks;           /* AXIS OS: long-term tracks get fixes of their own */
    bool is_release;           /* about one release alone: 22.1 of "below 22.1b" */
    bool is_all;               /* every version */
    bool is_opaque;            /* something could not be read: it may touch every version */
    bool older_too;            /* versions older than a single one that is named may be touched */
    char highest[PROSE_VALUE]; /* of the single ones */
    char least[PROSE_VALUE];   /* of the bounds that have no lower one */
};

void range_init(struct range *range);
void range_release(struct range *range);

/* One alternative; either bound may be NULL, both NULL is every version. */
void range_add(struct range *range, const struct prose_bound *lower,
    const struct prose_bound *upper, bool sure);
/* All that a text says. */
void range_add_prose(struct range *range, const struct prose *prose);
/* Ends the lists: versions and builds hold conditions ("" is: any). */
void range_finish(struct range *range);
