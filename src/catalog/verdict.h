/*
 * What all rows of one flaw say together of one target: parts of a record are weighed, the maker's
 * words before those of others, and the sentence that decided goes with the verdict.
 */
#pragma once

#include "catalog/catalog.h"

#define VERDICT_WHY 640

struct verdict {
    enum advisory_match match;
    const struct advisory *row; /* the one that decided */
    char why[VERDICT_WHY];      /* a sentence, with the record's words */
    char other[VERDICT_WHY];    /* what another part says where it differs, or "" */
};

/* "affected", "possibly affected", "not affected" */
const char *verdict_words(enum advisory_match match);

/* Judges the rows from first on that have this id; false when the catalogue has none. */
bool verdict_judge(const struct catalog *catalog, const char *id,
    const struct advisory_target *target, struct verdict *ret_verdict);
