/*
 * Judges an evidence package: which of its claims hold, which are weak, which are broken, and why,
 * in words (claims.def). Needs no network and no ledger; believes nothing of the package but what
 * the keys that are given vouch for. (The ledger's own verification is ledger/verify.h.)
 */
#pragma once

#include "base/buf.h"
#include "evidence/clip_look.h"
#include "evidence/manifest.h"
#include "evidence/package.h"
#include "ledger/policy.h"

enum judge_name {
#define CLAIM(name, id, holds, weak, broken) JUDGE_##name,
#include "evidence/claims.def"
#undef CLAIM
    JUDGE_CLAIMS, /* how many */
};

enum judge_state {
    JUDGE_NONE, /* there is nothing to judge, or what it rests on is broken */
    JUDGE_HOLDS,
    JUDGE_WEAK,
    JUDGE_BROKEN,
};

struct judge_claim {
    const char *id;
    const char *sentence; /* of its state; "" for JUDGE_NONE */
    enum judge_state state;
    struct buf lines; /* details, each with a line end; cleaned */
};

struct judge_given {
    const struct vkey *key;      /* the log's; NULL: only the package's own, unless a policy is */
    const struct policy *policy; /* NULL: no witnesses are asked for */
    const char *roots;           /* PEM of time-stamp authorities; NULL: none */
    const char *clip;            /* path of the clip where it is not in the package; NULL */
    struct clip_look *look;      /* looks at a clip while it is hashed; NULL: afterwards */
    bool has_scratch;
    int scratch;            /* of judge_scratch(), where a zip's clip goes */
    const char *no_scratch; /* why there is none, and a zip's clip is not looked at */
};

/* A file without a name in TMPDIR, for a clip that is unpacked. ERR_UNSUPPORTED, in words. */
enum err judge_scratch(int *ret_fd, struct note *note) MUST_CHECK;

struct judge {
    struct judge_claim claims[JUDGE_CLAIMS];
    bool has_manifest;
    struct manifest manifest; /* when there is one */
    json_t *tree;
    unsigned counts[JUDGE_BROKEN + 1];
};

/* ERR_MEMORY, ERR_IO, or what --clip can't be read for; a bad package is no error. */
enum err judge_package(struct package *package, const struct judge_given *given,
    struct judge *ret_judge, struct note *note) MUST_CHECK;
void judge_release(struct judge *judge);
const char *judge_state_text(enum judge_state state);
/* Sentences of unshown.def. */
extern const char *const judge_unshown[];
extern const size_t judge_unshown_count;
