/*
 * How far a destination has got, on the disk: which entry it gets next. Moved only when the
 * receiver has shown that it read what is before; so after any crash records come again, never
 * fail to come. Written whole or not at all, durable on return.
 */
#pragma once

#include "ledger/merkle.h"

struct siem_cursor {
    char origin[256];   /* of the log that it counts in; another log is refused, not begun anew */
    uint64_t next;      /* index of the first entry not yet delivered */
    uint64_t delivered; /* records in all */
    int64_t moved;      /* wall ms */
    uint64_t pruned;    /* entries that were pruned before they could be delivered, in all */
    bool has_leaf;      /* not in a cursor of an old version, nor before the first entry */
    struct merkle_hash leaf; /* hash of entry next - 1: what is there was delivered */
};

/* ERR_MISSING: none yet; ERR_SYNTAX. */
enum err siem_cursor_read(
    const char *path, struct siem_cursor *ret_cursor, struct note *note) MUST_CHECK;
enum err siem_cursor_write(
    const char *path, const struct siem_cursor *cursor, struct note *note) MUST_CHECK;
