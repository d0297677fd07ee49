/*
 * The published entries of a log, one after the other: those that its checkpoint covers, and the
 * tree that they make. A bundle is read once for all of its entries.
 */
#pragma once

#include "ledger/retention.h"

struct entries;

/*
 * As tree_open(); reads the checkpoint. Its signature is verify's matter. ERR_VALUE: entries are
 * said to be pruned, and the log does not state it.
 */
enum err entries_open(
    const char *folder, struct entries **ret_entries, struct note *note) MUST_CHECK;
void entries_close(struct entries *entries);
/* Size and root of the checkpoint that was read last. */
const struct merkle_head *entries_head(const struct entries *entries);
/* Origin that it names; valid until the next refresh. */
const char *entries_origin(const struct entries *entries);
/* What is pruned by policy: entries below its minimum are not there. */
const struct retention *entries_retention(const struct entries *entries);
/* Reads the checkpoint again. */
enum err entries_refresh(struct entries *entries, struct note *note) MUST_CHECK;
/* Valid until the next call. ERR_MISSING: pruned. */
enum err entries_get(struct entries *entries, uint64_t index, const uint8_t **ret_entry,
    size_t *ret_len, struct note *note) MUST_CHECK;
/*
 * Whether that entry is at its place in the checkpoint's tree, by the tiles; what an index, or
 * anybody, saw there before does not count. ERR_VALUE: it is not, or the tiles can't tell.
 */
enum err entries_prove(struct entries *entries, uint64_t index, const uint8_t *entry, size_t len,
    struct note *note) MUST_CHECK;
/* Adds the entry that comes next to the tree. */
void entries_grow(
    struct entries *entries, struct merkle_frontier *frontier, const uint8_t *entry, size_t len);
/* The same for one that is pruned, by the hash that is kept of it. */
enum err entries_grow_pruned(
    struct entries *entries, struct merkle_frontier *frontier, struct note *note) MUST_CHECK;
/* Whether the tree is the checkpoint's. */
bool entries_are(struct entries *entries, const struct merkle_frontier *frontier);
