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
    char ground[ADVISORY_WHY];  /* what decided, in short */
    char why[VERDICT_WHY];      /* the same with the record and its words */
    char other[VERDICT_WHY];    /* what another part says where it differs, or "" */
};

/* "affected", "possibly affected", "not affected" */
const char *verdict_words(enum advisory_match match);

/* The rows of one number and maker. */
void verdict_of_rows(const struct advisory *const *rows, size_t count,
    const struct advisory_target *target, struct verdict *ret_verdict);

/* The rows that have this id; false when the catalogue has none. */
bool verdict_judge(const struct catalog *catalog, const char *id,
    const struct advisory_target *target, struct verdict *ret_verdict);
