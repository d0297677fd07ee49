/* Who runs this command, and the events by which a command says what it does itself. */
#pragma once

#include "ledger/event.h"

#define LEDGER_USER 64

/* The account's name, or "uid 1000"; returns out. */
const char *ledger_user(char out[LEDGER_USER]);

/*
 * Appends the event of who runs this command. The detail is taken over, NULL is ERR_MEMORY; a
 * reason of NULL is none.
 */
enum err ledger_user_event(enum event_action action, const char *reason, json_t *detail,
    struct buf *ret_json, struct note *note) MUST_CHECK;
/* Has a ledger's keeper take the event and publish a checkpoint over it; waits for both. */
enum err ledger_user_record(
    const char *folder, const char *keys, const struct buf *json, struct note *note) MUST_CHECK;
/* The same, and its index. */
enum err ledger_user_record_at(const char *folder, const char *keys, const struct buf *json,
    uint64_t *ret_index, struct note *note) MUST_CHECK;
