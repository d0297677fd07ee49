/*
 * What a witness decides (C2SP tlog-witness, add-checkpoint): a log sends its new checkpoint with
 * the proof that it continues the last one, and gets a cosignature or a reason. Pure: the state
 * comes in and goes out, witness_state.h keeps it.
 */
#pragma once

#include "ledger/checkpoint.h"
#include "ledger/key.h"

#define WITNESS_PROOF 63 /* hashes of a request at most */
/* The old size, 63 hashes with their line ends, the blank line, the checkpoint. */
#define WITNESS_BODY   (26 + (size_t)WITNESS_PROOF * 45 + 1 + SIGNEDNOTE_LIMIT)
#define WITNESS_NAME   65   /* SHA-256 of an origin in hex */
#define WITNESS_ANSWER 1024 /* longest answer to a request */

enum witness_verdict {
    WITNESS_GOOD,
    WITNESS_MALFORMED,
    WITNESS_UNKNOWN,   /* no such log */
    WITNESS_UNSIGNED,  /* not by a key of that log */
    WITNESS_BACKWARDS, /* the old size is above the new one */
    WITNESS_STALE,     /* the old size is not what was cosigned last */
    WITNESS_OTHER,     /* the same size with another root: a fork */
    WITNESS_UNPROVEN,  /* the proof does not lead from the old tree to the new one */
};

struct witness_verdict_row {
    int status; /* of HTTP */
    const char *words;
};
const struct witness_verdict_row *witness_verdict(enum witness_verdict verdict);

/* The logs that are witnessed; one origin may have several keys. */
struct witness_trust {
    const struct vkey *logs;
    size_t count;
};

/* A request; the texts are inside the bytes that were given. */
struct witness_request {
    uint64_t old;
    struct merkle_path path;
    const char *text; /* the checkpoint without signatures: what is cosigned */
    size_t text_len;
    const char *note; /* with its signatures */
    size_t note_len;
    struct checkpoint checkpoint;
};

/* Everything that can be said without the state; WITNESS_GOOD to go on. */
enum witness_verdict witness_read(const char *body, size_t len, const struct witness_trust *trust,
    struct witness_request *ret_request) MUST_CHECK;
/* The way out: appends a request. */
void witness_put_request(
    struct buf *out, uint64_t old, const struct merkle_path *path, const struct buf *checkpoint);

/* `past`: the last head that was cosigned; NULL: none yet. */
enum witness_verdict witness_judge(struct merkle *merkle, const struct witness_request *request,
    const struct merkle_head *past) MUST_CHECK;

/* Appends the cosignature's line; the time is in seconds since 1970. */
void witness_cosign(
    const struct key *key, const struct witness_request *request, uint64_t time, struct buf *out);

/* Appends the checkpoint with the signatures of its log, without those of others. */
void witness_put_note(
    struct buf *out, const struct witness_request *request, const struct witness_trust *trust);

/* Where a log's last checkpoint is served: SHA-256 of its origin in hex; returns out. */
const char *witness_name(const char *origin, char out[WITNESS_NAME]);
