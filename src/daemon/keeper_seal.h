/* The keeper seals personal fields on their way in (ledger/seal.h). */
#pragma once

#include "daemon/keep.h"

/* open before it is shut in, start when it has the ledger. */
enum err keeper_seal_open(struct keeper *keeper, struct note *note) MUST_CHECK;
enum err keeper_seal_start(struct keeper *keeper, struct note *note) MUST_CHECK;
/*
 * Once a second: nobody's key of the next year is there a day before it begins, and what a full
 * disk kept the ledger from saying is said.
 */
void keeper_seal_second(struct keeper *keeper);
/*
 * Gives the event to store: itself, or sealed, valid until the next call. ERR_FULL: no room for the
 * key of a new subject; ERR_VALUE.
 */
enum err keeper_seal_event(struct keeper *keeper, const struct message *message,
    struct message *ret_sealed, struct note *note) MUST_CHECK;
/* Destroys keys for who is on the link, and says so in the ledger; gives how many. */
enum err keeper_seal_erase(struct keeper *keeper, const struct keep_link *link,
    const struct message *message, uint64_t *ret_count, struct note *note) MUST_CHECK;
void keeper_seal_release(struct keeper *keeper);
