/*
 * The asking side of add-checkpoint (C2SP tlog-witness): what a ledger makes of a witness's answer.
 * Pure. Nothing of the answer is believed but a cosignature that verifies; everything else is
 * what the witness says.
 */
#pragma once

#include "ledger/witness.h"

#define WITNESS_CLOCK 3600 /* seconds that a witness's clock may differ from ours */

enum witness_reply {
    WITNESS_COSIGNED, /* good: time and line */
    WITNESS_ASK,      /* it had another tree last: ask again with `size` */
    WITNESS_AHEAD,    /* it cosigned a larger tree than this one: rolled back, or forked */
    WITNESS_FORKED,   /* it holds another history */
    WITNESS_REFUSED,  /* it does not want this log, or not this request */
    WITNESS_CLOCKED,  /* a good cosignature with a time that can't be */
    WITNESS_NONSENSE, /* not what a witness answers */
};

/* What was asked. */
struct witness_question {
    const struct vkey *witness;
    uint64_t old;
    struct merkle_head head;
    const struct buf *checkpoint; /* the whole signed note */
    uint64_t now;                 /* seconds since 1970 */
};

/* What came back. */
struct witness_answer {
    int status;
    const char *type; /* Content-Type */
    const char *body;
    size_t len;
};

struct witness_result {
    enum witness_reply reply;
    uint64_t size;      /* of ASK and AHEAD: what it cosigned last */
    uint64_t time;      /* of COSIGNED and CLOCKED */
    const char *base64; /* of COSIGNED: inside the answer, what stands behind the name */
    size_t base64_len;
};

struct witness_result witness_ask_judge(
    const struct witness_question *question, const struct witness_answer *answer);

#define WITNESS_WORDS 200
/* One sentence for a person, without the witness's name; returns out. */
const char *witness_ask_words(const struct witness_question *question,
    const struct witness_result *result, int status, char out[WITNESS_WORDS]);
