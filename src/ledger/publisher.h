/*
 * From the journal to the world: tiles of what is durable, a signed checkpoint over them, then the
 * tiles made durable themselves, so that the journal may forget. A checkpoint appears only when
 * every tile that it needs is complete; entries leave the journal only when their tiles are
 * durable and a durable checkpoint covers them. So recovery is publishing again from the journal.
 */
#pragma once

#include "ledger/checkpoint.h"
#include "ledger/journal.h"
#include "ledger/key.h"
#include "ledger/tiler.h"

#define PUBLISHER_LOG "log"

struct publisher {
    int log;                 /* the folder; owned */
    struct journal *journal; /* borrowed */
    const struct key *key;
    struct tiler tiler;
    uint8_t *bytes; /* the batch being taken into tiles */
    struct reader payload;
    uint64_t left;      /* entries of it that are not yet */
    uint64_t published; /* what the checkpoint covers */
    uint64_t durable;   /* entries whose tiles are durable, a multiple of TILE_WIDTH */
};

/* Makes log/ with a checkpoint of size 0 and the key; refuses nothing. */
enum err publisher_create(int ledger, const struct key *key, struct note *note) MUST_CHECK;
/* Reads the checkpoint. ERR_MISSING: there is none; ERR_VALUE: it is not the key's. */
enum err publisher_open(int ledger, const struct key *key, struct publisher **ret_publisher,
    struct merkle_head *ret_head, struct note *note) MUST_CHECK;
/*
 * Makes the published tiles again from the journal and checks the checkpoint against them.
 * ERR_VALUE: journal, tiles and checkpoint contradict each other.
 */
enum err publisher_recover(struct publisher *publisher, struct journal *journal,
    const struct journal_found *found, const struct merkle_head *head,
    struct note *note) MUST_CHECK;
void publisher_close(struct publisher *publisher);

/* Tiles of entries below `target`. ERR_FULL: later; ERR_IO. */
enum err publisher_tiles(struct publisher *publisher, uint64_t target) MUST_CHECK;
/* A checkpoint over all tiles. */
enum err publisher_sign(struct publisher *publisher) MUST_CHECK;
/* One over the same entries signed by both keys, kept in handover/; then only by the next one. */
enum err publisher_hand_over(struct publisher *publisher, const struct key *next) MUST_CHECK;
/* Whether publisher_keep() has enough to do to be worth it. */
bool publisher_may_keep(const struct publisher *publisher);
/* Makes tiles durable, a part at a time, and lets the journal forget what they hold. */
enum err publisher_keep(struct publisher *publisher) MUST_CHECK;
