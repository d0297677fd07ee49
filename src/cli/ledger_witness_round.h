/*
 * One round of `gatehouse ledger witness submit`: this ledger's checkpoint goes to every witness of
 * a policy, the good cosignatures are put together, and when they are enough
 * log/checkpoint.witnessed is replaced. What each witness cosigned last is kept in the ledger's
 * folder, below witness/, so that a ledger that was set back, or rewritten, is found out also where
 * no witness answers.
 */
#pragma once

#include "ledger/policy.h"
#include "ledger/witness_ask.h"

#define LEDGER_WITNESS_TEXT 512

/* What came of one witness of the policy. */
struct ledger_witness_line {
    enum err err; /* OK: `reply` counts; ERR_MISSING: the policy has no address for it */
    enum witness_reply reply;
    uint64_t size;  /* what it cosigned, now or last, where that is known */
    uint64_t time;  /* of its cosignature in seconds since 1970, or 0 */
    bool is_alarm;  /* it contradicts this ledger */
    bool is_proven; /* and a checkpoint signed by this ledger's own key shows it: `proof` */
    char proof[LEDGER_WITNESS_TEXT]; /* its file */
    char words[LEDGER_WITNESS_TEXT];
};

struct ledger_witness_round {
    const char *folder; /* of the ledger */
    const struct policy *policy;
    const char *authorities; /* as in struct post */
    unsigned seconds;        /* for one witness's answer */
    bool (*may_go_on)(void); /* NULL allowed */
    /* What came of it: */
    struct checkpoint checkpoint;
    struct ledger_witness_line lines[POLICY_WITNESSES]; /* in the policy's order */
    uint32_t cosigned;                                  /* a bit for each */
    bool is_met; /* the quorum is reached, and checkpoint.witnessed is written */
    bool is_alarm;
};

/* OK also when witnesses did not answer. ERR_VALUE: the ledger contradicts itself. */
enum err ledger_witness_round_run(struct ledger_witness_round *round, struct note *note) MUST_CHECK;
/* The file that remembers whether the alarm of a witness was recorded as an event. */
void ledger_witness_round_mark(
    const struct ledger_witness_round *round, size_t witness, struct buf *ret_path);
/* This ledger's checkpoint alone. */
enum err ledger_witness_round_look(
    struct ledger_witness_round *round, struct note *note) MUST_CHECK;
