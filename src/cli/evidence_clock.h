/* Clock offsets of cameras and VMSes, as the last assessment measured them. */
#pragma once

#include "evidence/manifest.h"
#include "store/store.h"

/* Text that the clock's `seen` points into. */
struct evidence_clock {
    char seen[32];
};

/*
 * The newest run of the store of assessments (NULL: the default path), which is closed again; NULL
 * where there is none: makes nothing.
 */
struct evidence_clocks *evidence_clocks_read(const char *path);
void evidence_clocks_free(struct evidence_clocks *clocks);
/*
 * Looks for a device of that title, key or address in that run; false: no such device, its clock
 * was not read, or there is no run.
 */
bool evidence_clock(const struct evidence_clocks *clocks, const char *name,
    struct evidence_clock *text, struct manifest_clock *ret_clock);
