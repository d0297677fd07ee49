/*
 * From an older key of a log to the one that signs now. A hand-over is log/handover/N (N from 1): a
 * checkpoint signed by both keys, whose last entry is the event `system.key` that names both.
 */
#pragma once

#include "ledger/checkpoint.h"
#include "ledger/tree.h"

#define HANDOVER_LIMIT 128

struct handover {
    size_t count;                             /* of hand-overs that were followed */
    struct vkey keys[HANDOVER_LIMIT + 1];     /* the trusted one, then one more for each */
    struct merkle_head heads[HANDOVER_LIMIT]; /* which the tree of today must begin with */
};

/*
 * Follows the chain from the trusted key as far as it goes; hand-overs before that key, and the one
 * to it, are passed over. `size` is that of the log's checkpoint of today. ERR_LIMIT when the log
 * was larger at a hand-over; ERR_VALUE, ERR_SYNTAX, ERR_MISSING when one that follows is not in
 * order; the note says which and why.
 */
enum err handover_follow(struct tree *tree, uint64_t size, const struct vkey *trusted,
    struct handover *ret_handover, struct note *note) MUST_CHECK;
