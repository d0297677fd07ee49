/*
 * An assessment after a change: only the devices that were touched are talked to again, of all
 * others what is known stays; routers are asked again for their mappings, since they may have been
 * what was changed. Derived, judged and scored as every other.
 */
#pragma once

#include "assess/assess.h"
#include "assess/join.h"

struct again {
    const struct assessment *before; /* outlives the call */
    const char *const *touched;      /* subject_key() each */
    size_t touched_count;
};

/*
 * As assess_run(), with the settings of the run before; the scope is not swept. Devices that appear
 * for the first time are left to the next whole run.
 */
enum err assess_again(const struct assess_settings *settings, const struct again *again,
    struct assessment **ret_assessment, struct note *note) MUST_CHECK;

/* For assess.c: whether what is known of it stays. again NULL: nothing does. */
bool again_keeps(const struct again *again, const struct subject *subject);
/* The devices of the run before, with what the new discovery told of those that were touched. */
enum err again_join(const struct again *again, struct crowd *crowd) MUST_CHECK;
