/* The writer's parts, shared by the files that make it up. */
#pragma once

#include "ledger/ledger.h"
#include "ledger/publisher.h"

#define LEDGER_SEGMENT UINT64_C(67108864)
#define LEDGER_RESERVE UINT64_C(4194304)
#define LEDGER_BACKLOG UINT64_C(1073741824)
#define LEDGER_RETRY   250 /* milliseconds between two tries to get space */

struct ledger_batch {
    uint8_t *bytes; /* SEGMENT_BATCH of them */
    size_t len;     /* head and payload so far */
    size_t granted; /* up to which the journal has room for it */
    uint64_t first;
    uint32_t count;
    bool has_ordinary; /* an event that may not go into the reserve */
    struct journal_place place;
};

struct ledger {
    int folder, lock;
    struct journal *journal;
    struct publisher *publisher;
    struct ledger_batch batches[2];
    struct ledger_batch *gathering, *committing; /* committing: NULL when none is */
    uint64_t size;                               /* durable entries */
    struct {
        bool is_running, sign, is_late; /* late: the last one found no space */
        uint64_t target;
        uint64_t size, published; /* what it had reached at its end */
        int64_t ended;
    } publish;
};
