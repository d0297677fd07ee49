/*
 * A proof that an entry is in a log, for whoever has nothing else of it (C2SP tlog-proof@v1): the
 * entry's index, the hashes that lead from it to the root, the signed checkpoint.
 */
#pragma once

#include "ledger/checkpoint.h"
#include "ledger/policy.h"
#include "ledger/tree.h"

#define PROOF_LIMIT ((size_t)256 * 1024)

struct proof {
    const char *extra; /* base64 that nothing vouches for, not terminated; NULL: none */
    size_t extra_len;
    uint64_t index;
    struct merkle_path path;
    const char *checkpoint; /* the note with its signatures, not terminated */
    size_t checkpoint_len;
};

/* Texts of the proof are inside the bytes. ERR_SYNTAX, ERR_LIMIT; nothing is checked yet. */
enum err proof_parse(
    const char *bytes, size_t len, struct proof *ret_proof, struct note *note) MUST_CHECK;
void proof_put(struct buf *out, const struct proof *proof);

/*
 * A proof from a log's files, by checkpoint.witnessed where that covers the index, else by
 * checkpoint, which is appended to `note_text` and must outlive the proof. The hashes are only
 * those of the files: who wants to know checks the proof. ERR_VALUE: no such entry (yet).
 */
enum err proof_make(struct tree *tree, uint64_t index, struct buf *note_text,
    struct proof *ret_proof, struct note *note) MUST_CHECK;

/* What was proven. */
struct proof_verdict {
    struct checkpoint checkpoint;
    struct vkey log;              /* the key that signed it */
    bool has_policy;              /* then `policy` is filled */
    struct policy_verdict policy; /* the quorum was met */
};

/* Whom to believe: a log's key, a policy, or both; then both must agree. */
struct proof_trust {
    const struct vkey *key;      /* NULL: the logs of the policy */
    const struct policy *policy; /* NULL: no witness is asked for */
};

/*
 * OK only when the log's signature is good, the witnesses are enough, and the entry is at the index
 * of the tree. ERR_MISSING: not signed by whom it must be; ERR_VALUE; the note says what is wrong.
 */
enum err proof_check(const struct proof *proof, const struct merkle_hash *leaf,
    const struct proof_trust *trust, struct proof_verdict *ret_verdict,
    struct note *note) MUST_CHECK;
