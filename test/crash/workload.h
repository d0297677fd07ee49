/*
 * A short life of a ledger, and what must hold after it ended anywhere. What was promised lies in
 * memory that outlives the process that lives it.
 */
#pragma once

#include "ledger/ledger.h"

#define WORKLOAD_ENTRIES 8192
#define WORKLOAD_HEADS   1024

/* What the world was told. */
struct promise {
    bool is_created;
    uint64_t acknowledged;           /* entries */
    uint8_t lives[WORKLOAD_ENTRIES]; /* in which life each of them was written */
    uint8_t life;                    /* 1 before the first crash */
    uint64_t refused;                /* events that were told "full" */
    uint64_t reserved;               /* events that were taken while others were not */
    size_t head_count;               /* checkpoints that were published */
    struct merkle_head heads[WORKLOAD_HEADS];
    struct ledger_recovery recovery;
};

struct world {
    char folder[64]; /* removed at the end */
    char ledger[96];
    struct key *keys[2]; /* the second takes over on the way */
    struct promise *promise;
    void (*set_full)(bool is_full); /* fills the disk and makes room again; NULL: as if */
};

void world_make(struct world *world);
void world_remove(struct world *world);
/* An empty folder and no promise. */
void world_reset(struct world *world);
/* Nothing left in a folder. */
void world_empty(const char *folder);

/* The whole life: creation, batches, publishing, roll-over, a full disk, a hand-over, openings. */
enum err workload_live(struct world *world);
/* A little of it, in a ledger that is there or not yet. */
enum err workload_go_on(struct world *world);

/*
 * Opens what is left, with either key, and looks at everything: NULL, or what is wrong. Goes on
 * with a further life in it, and looks again.
 */
const char *workload_check(struct world *world);
