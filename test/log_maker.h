/*
 * Writes a log's static files from nothing but entries and a key: no journal, no keeper, nothing
 * durable. For tests and measurements, which want many valid logs quickly. Failures abort.
 */
#pragma once

#include "ledger/key.h"
#include "ledger/merkle.h"
#include "ledger/tile.h"

struct log_maker {
    int folder; /* "log" below the folder that was named */
    struct merkle *merkle;
    struct merkle_frontier frontier;
    struct buf bundle;
    unsigned widths[TILE_LEVELS];
    struct merkle_hash tiles[TILE_LEVELS][TILE_WIDTH];
};

/* Makes path/log with tile/ in it; there is no such log yet. */
void log_maker_open(struct log_maker *maker, const char *path);
void log_maker_close(struct log_maker *maker);
void log_maker_add(struct log_maker *maker, const void *entry, size_t len);
/*
 * Writes the partial tiles of this size, log.vkey, and a checkpoint signed by the key and, unless
 * NULL, by another too, as `name` ("checkpoint"). More may be added afterwards.
 */
void log_maker_sign(
    struct log_maker *maker, const struct key *key, const struct key *other, const char *name);
