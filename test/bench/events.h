/*
 * Events of a busy site, the same for the ledger and for its peers: 50 people who watch 200
 * cameras, live and recorded, each view with a begin and an end. About 400 bytes each as stored;
 * canonical, made without the producer's code, so that a measurement is not of the generator.
 */
#pragma once

#include "base/err.h"

#define EVENTS_USERS   50
#define EVENTS_CAMERAS 200
#define EVENTS_VIEWS   256  /* that are being watched at a time */
#define EVENTS_ROOM    1024 /* for any of these events */

struct events_view {
    uint64_t id;
    int64_t since;
    uint16_t user;
    uint16_t camera;
    bool playback;
};

struct events {
    uint64_t random;
    uint64_t count;
    uint64_t seed;
    size_t open; /* views in the list */
    struct events_view views[EVENTS_VIEWS];
};

/* Another seed gives other ids and another order; the same one the same events. */
void events_init(struct events *events, uint64_t seed);

/*
 * Writes the next event, not terminated, and returns its length. `time` is milliseconds since 1970;
 * `stored`: with the keeper's stamp, as it lies in the ledger, else as a producer sends it.
 */
size_t events_next(struct events *events, int64_t time, bool stored, char out[EVENTS_ROOM]);
