/* Clock offsets of cameras and VMSes, as the last assessment measured them. */
#pragma once

#include "evidence/manifest.h"

/* Text that the clock's `seen` points into. */
struct evidence_clock {
    char seen[32];
};

/*
 * Looks for a device of that title, key or address in the newest run of the store; false: there is
 * no store, no such device, or its clock was not read. Makes nothing.
 */
bool evidence_clock(const char *store, const char *name, struct evidence_clock *text,
    struct manifest_clock *ret_clock);
