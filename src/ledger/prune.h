/*
 * Pruning: the bundles of entries that lie whole below the minimum are removed, the hashes stay, so
 * every proof and the root verify as before. Bundles with the entry of a hand-over of the key stay
 * too: the chain of keys is followed through them. Comes after retention_write(); what a crash
 * leaves over is removed by the next run.
 */
#pragma once

#include "ledger/entries.h"

/* What lies there to be removed. */
struct prune_plan {
    uint64_t minimum;
    uint64_t bundles, bytes;
    uint64_t kept; /* bundles below the minimum that stay, for hand-overs */
};

/*
 * The most that can be pruned so that no entry of that time or later goes: whole bundles before the
 * first such entry, at most `limit`. What says no time is not kept for itself.
 */
enum err prune_find(struct entries *entries, int64_t before, uint64_t limit, uint64_t *ret_minimum,
    struct note *note) MUST_CHECK;
/*
 * How many entries from that minimum on follow each other that were recorded before: what should go
 * and stays.
 */
enum err prune_left(struct entries *entries, int64_t before, uint64_t minimum, uint64_t *ret_count,
    struct note *note) MUST_CHECK;
enum err prune_look(
    struct tree *tree, uint64_t minimum, struct prune_plan *ret_plan, struct note *note) MUST_CHECK;
/* Removes what prune_look() counts; durable on return. ERR_IO. */
enum err prune_remove(struct tree *tree, uint64_t minimum, struct note *note) MUST_CHECK;
