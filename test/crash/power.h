/*
 * A disk without power: a model of what each call left in the page cache and what of it reached
 * the disk, in the worst case that POSIX allows. A file's content is safe once the file was synced,
 * its name once its folder was; all else may be there, be lost or be torn.
 */
#pragma once

#include "base/base.h"

struct disk_action;
struct promise;

/* What becomes of what was not synced. */
enum power_loss {
    POWER_LOSES_ALL,
    POWER_KEEPS_ALL,
    POWER_RANDOM,
};

/* Starts a recording of what happens below a folder, and of what was promised meanwhile. */
void power_begin(const char *root, const struct promise *promise);
void power_record(const struct disk_action *action);
/* How many calls were recorded. */
uint64_t power_calls(void);
void power_end(void);

struct power_cut {
    uint64_t call; /* the first, from 1, that did not happen any more */
    enum power_loss loss;
    uint32_t seed;
};

/*
 * Lays into the root, which is empty, what a loss of power left, and cuts the promise back to what
 * it was then.
 */
void power_restore(const struct power_cut *cut, struct promise *promise);
