/*
 * A puzzle of hashes: of several sequences, each perhaps wrong somewhere, the one that leads to a
 * known root. Pure, bounded; part of verify.c.
 */
#pragma once

#include "ledger/merkle.h"

#define VERIFY_SEQUENCES 3
#define VERIFY_GROUPS    8

struct verify_settle {
    size_t count;
    const struct merkle_hash *ways[VERIFY_SEQUENCES]; /* NULL: none */
    size_t group_count;
    size_t groups[VERIFY_GROUPS]; /* where each begins; what is taken as a whole at first */
    bool (*fits)(void *context, const struct merkle_hash *hashes);
    void *context;
};

/* Fills `count` hashes and returns true when some mixture fits. */
bool verify_settle(const struct verify_settle *settle, struct merkle_hash *ret_hashes);
