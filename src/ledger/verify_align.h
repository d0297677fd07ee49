/*
 * What was done to a bundle: the hashes that its entries have against those that were signed.
 * Pure; part of verify.c.
 */
#pragma once

#include "ledger/merkle.h"
#include "ledger/verify.h"

struct verify_align {
    const struct merkle_hash *truth; /* of this bundle's entries, then the next one's */
    size_t truth_count, width;       /* all of them; of this bundle */
    const struct merkle_hash *found; /* in this bundle's file, then in the next one's */
    size_t found_count, own;         /* all of them; in this bundle's file */
    bool is_cut;                     /* bytes that are no entry follow this file's entries */
    bool is_last;                    /* no file of later entries is there */
};

struct verify_alignment {
    enum verify_kind kind;
    size_t at;    /* the first that is wrong; `width` when all are right and more follow */
    size_t count; /* entries dropped, inserted or gone; for REORDERED where it belongs */
    bool is_open; /* might be told otherwise by what lies farther away than the next bundle */
};

void verify_align(const struct verify_align *align, struct verify_alignment *ret_alignment);
