/* Clock offsets of cameras and VMSes, as the last assessment measured them. */
#pragma once

#include "evidence/manifest.h"
#include "store/store.h"

/* Text that the clock's `seen` points into. */
struct evidence_clock {
    char seen[32];
};

/* The store of assessments (NULL: the default path), or NULL where there is none: makes nothing. */
struct store *evidence_clock_store(const char *path);
/*
 * Looks for a device of that title, key or address in the newest run of the store; false: no such
 * device, its clock was not read, or the store is NULL.
 */
bool evidence_clock(struct store *store, const char *name, struct evidence_clock *text,
    struct manifest_clock *ret_clock);
