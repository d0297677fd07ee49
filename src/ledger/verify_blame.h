/* Says what is wrong with which file and entry, by what the signed root proves. Part of verify.c.
 */
#pragma once

#include "ledger/verify_trust.h"

/* Adds a finding while there is room; the words are cut at their size. */
void verify_blame_add(struct verify_result *result, const struct verify_finding *finding);

/* Compares every entry that was read, and every tile, with what is proven; adds findings. */
void verify_blame(struct verify_trust *trust, struct verify_result *result);

/*
 * The root of the tree's first entries, by proven hashes only. ERR_VALUE when the size is larger
 * than the tree's; ERR_SYNTAX when a tile that it takes is not proven.
 */
enum err verify_blame_root(
    struct verify_trust *trust, uint64_t size, struct merkle_hash *ret_root) MUST_CHECK;
