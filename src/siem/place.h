/*
 * Whether a cursor's place is still in the log that it was counted in. A log that was restored from
 * an old copy, or made anew under the same name, has other entries at the same indices; the hash of
 * the entry that was delivered last, which the tiles have even of what is pruned, tells.
 */
#pragma once

#include "siem/cursor.h"

/* The log as it is now, and what a person can do when the cursor is of another. */
struct siem_place {
    const char *ledger; /* its folder */
    const char *origin; /* what its cursors are called after */
    uint64_t size;      /* entries of its checkpoint */
    const char *way_out;
};

/* The hash of that entry by the tiles, read from the disk anew; `size` is the checkpoint's. */
enum err siem_place_leaf(const char *ledger, uint64_t index, uint64_t size,
    struct merkle_hash *ret_leaf, struct note *note) MUST_CHECK;
/* ERR_SCOPE, in words for a person: another log, a shorter one, or another entry at the place. */
enum err siem_place_check(
    const struct siem_cursor *cursor, const struct siem_place *place, struct note *note) MUST_CHECK;
