/*
 * What changed between two runs, in words. A gap that the later run could not judge is no closed
 * gap, and a device that a partial run did not see is not gone.
 */
#pragma once

#include "store/store.h"

enum diff_sort {
#define DIFF(id, name) DIFF_##id,
#include "assess/diff.def"
#undef DIFF
    DIFF_SORT_COUNT
};

struct diff_change {
    enum diff_sort sort;
    const char *device;  /* "camera 10.0.3.7 (Gate)"; NULL: the site */
    const char *finding; /* its id, or NULL */
    const char *words;   /* "firmware 5.5.82 → 5.7.3" */
};

struct diff {
    struct diff_change *changes; /* by device, in the order of the runs */
    size_t count;
    size_t max;
    struct arena *arena;
    bool failed; /* memory was out */
};

const char *diff_sort_name(enum diff_sort sort);

/* Everything lives in the arena. */
enum err diff_runs(const struct store_run *from, const struct store_run *to, struct arena *arena,
    struct diff *ret_diff) MUST_CHECK;
