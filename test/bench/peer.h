/*
 * The peers of the ledger's benchmark: how fast a database takes the same events durably. A peer is
 * a table of calls; the writers, their clocks and the figures are common to all.
 */
#pragma once

#include "base/err.h"

struct peer_event {
    const char *bytes;
    size_t len;
};

struct peer {
    const char *name;
    const char *where; /* what the peer's own calls need to know */
    /* Makes the empty table; false ends the run. */
    bool (*create)(const struct peer *peer);
    /* A connection of one writer, NULL: failed. */
    void *(*open)(const struct peer *peer);
    /* Stores the events in one transaction; true: durable. */
    bool (*store)(void *connection, const struct peer_event *events, size_t count);
    void (*close)(void *connection);
    /* Bytes on disk once all is closed. */
    int64_t (*bytes)(const struct peer *peer);
};

/* Arguments WRITERS BATCH SECONDS; prints one line of JSON. Returns the exit code. */
int peer_main(const struct peer *peer, char *const arguments[3]);
