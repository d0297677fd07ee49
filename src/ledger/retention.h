/*
 * What a log no longer keeps: log/retention says below which index entries are pruned (C2SP
 * tlog-tiles, "pruning"), by which policy, and which event of the log states it. The file is only
 * a pointer: without that event, at its proven place, nothing may be missing.
 */
#pragma once

#include "ledger/tree.h"

#define RETENTION_FILE   "retention"
#define RETENTION_POLICY 256 /* room for its text */

struct retention {
    uint64_t minimum; /* of whole bundles; 0: everything is kept */
    uint64_t event;   /* index of the `ledger.prune` that states it */
    char policy[RETENTION_POLICY];
};

/* Strict: ERR_SYNTAX for anything that retention_put() would not write. */
enum err retention_parse(const char *text, size_t len, struct retention *ret_retention) MUST_CHECK;
void retention_put(struct buf *out, const struct retention *retention);
/* A policy that fits into the file: 1 to 255 bytes of printable ASCII. */
bool retention_is_policy(const char *policy);

/*
 * The file of a log; a minimum of 0 where there is none. Read it before the checkpoint: it is
 * written after the one that covers its event. ERR_SYNTAX, ERR_IO.
 */
enum err retention_read(
    struct tree *tree, struct retention *ret_retention, struct note *note) MUST_CHECK;
/* Whether the log of that head states it. ERR_VALUE: it does not; the note says what is wrong. */
enum err retention_check(struct tree *tree, const struct retention *retention,
    const struct merkle_head *head, struct note *note) MUST_CHECK;
/* Replaces the file in a log's folder, durably. */
enum err retention_write(int log, const struct retention *retention, struct note *note) MUST_CHECK;
/* ERR_MISSING, and why, for an entry that is pruned by what the file says; else OK. */
enum err retention_entry(struct tree *tree, uint64_t index, struct note *note) MUST_CHECK;
/* How many bundles, from the first, may be missing. */
uint64_t retention_bundles(const struct retention *retention);
