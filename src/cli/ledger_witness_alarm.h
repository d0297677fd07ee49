/* Alarms of witnesses as events of the ledger: ledger.fork, once for each until it is over. */
#pragma once

#include "cli/ledger_witness_round.h"

/*
 * Records what is new of a round's alarms, and forgets those that are over. keys: as in
 * ledger_connect(). The first failure comes back; the rest is tried all the same.
 */
enum err ledger_witness_alarm_record(
    const struct ledger_witness_round *round, const char *keys, struct note *note) MUST_CHECK;
