/*
 * Watches the machine's clock for the ledger: whether it jumped against a clock that only goes
 * forward, and whether anything disciplines it. Pure but for clockwatch_read().
 */
#pragma once

#include "ledger/event.h"

#define CLOCKWATCH_JUMP 500 /* ms that wall and elapsed time may differ between two looks */

/* One look at the clocks. */
struct clockwatch_reading {
    int64_t wall;      /* ms since 1970 */
    int64_t elapsed;   /* ms, only forward, also while the machine sleeps */
    bool synced;       /* the kernel says so: STA_UNSYNC is not set */
    int64_t max_error; /* microseconds, by the kernel; -1: unknown */
};
void clockwatch_read(struct clockwatch_reading *ret_reading);

struct clockwatch {
    struct clockwatch_reading last;
    int64_t newest; /* the latest time that was stamped */
    int64_t now;    /* wall time of the last look */
    bool begun;
};

struct clockwatch_change {
    int64_t expected, found; /* what the wall clock should have said, and said */
    bool jumped;             /* by more than CLOCKWATCH_JUMP, either way */
    enum event_clock from, to;
};

/* Takes a reading; true when something changed that the ledger should tell. */
bool clockwatch_look(struct clockwatch *watch, const struct clockwatch_reading *reading,
    struct clockwatch_change *ret_change);
/* A time that was stamped before this process: from an event that the ledger holds already. */
void clockwatch_remember(struct clockwatch *watch, int64_t stamped);
/* The clock's quality for an event of now: stepped while it is behind the newest stamp. */
enum event_clock clockwatch_quality(const struct clockwatch *watch);
/* "synced", "unsynced" or "stepped". */
const char *clockwatch_words(enum event_clock quality);
