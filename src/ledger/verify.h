/*
 * Verifies a log from its files alone: the checkpoint's signature, every entry, every tile. When
 * something does not fit, the signed root decides which file is to blame: hashes are believed from
 * the root down, so the answer stays right when an entry and its tile were both changed.
 */
#pragma once

#include "ledger/checkpoint.h"
#include "ledger/policy.h"
#include "ledger/retention.h"

#define VERIFY_FINDINGS 16
#define VERIFY_WORDS    384
#define VERIFY_FILE     80
#define VERIFY_SIZE     (UINT64_C(1) << 36) /* entries of the largest log that is looked at */
#define VERIFY_TIME     32                  /* room for an event's time */

enum verify_kind {
#define KIND(name, text, words) VERIFY_##name,
#include "ledger/verify_kinds.def"
#undef KIND
    VERIFY_KINDS /* how many */
};

struct verify_kind_row {
    const char *text;
    const char *words;
};
const struct verify_kind_row *verify_kind(enum verify_kind kind);

/* How far it is; false ends the run with ERR_CANCELLED. */
struct verify_progress {
    uint64_t done, all; /* entries */
};
typedef bool verify_progress_fn(void *context, const struct verify_progress *progress);

struct verify_settings {
    const char *folder;          /* a ledger's, a log's or a copy's */
    const struct vkey *key;      /* NULL: that of a log of the policy; where it names none,
                                    log.vkey of the folder itself, which proves less */
    const struct policy *policy; /* NULL: no witness is asked for */
    const char *older;           /* a checkpoint kept elsewhere; NULL: none */
    size_t older_len;
    const char *since; /* a checkpoint that was verified before: only what came after is
                          read; NULL: all is */
    size_t since_len;
    unsigned jobs;                /* threads; 0: one for each processor */
    bool hashes_only;             /* entries may be anything */
    int64_t limit_ms;             /* then ERR_TIMEOUT; 0: none */
    verify_progress_fn *progress; /* NULL: nobody asks */
    void *context;
};

struct verify_finding {
    enum verify_kind kind;
    bool has_index;
    uint64_t index; /* of the first entry that it concerns */
    char file[VERIFY_FILE];
    char words[VERIFY_WORDS];
};

struct verify_result {
    bool is_verified;    /* then there is no finding */
    bool has_checkpoint; /* it could be read; its signature is another matter */
    struct checkpoint checkpoint;
    struct vkey key;    /* that signed it */
    bool key_is_own;    /* taken from the folder: consistency, not origin */
    unsigned handovers; /* from the key that was given to the one that signed */
    bool has_policy;
    struct policy_verdict policy;
    struct merkle_head witnessed; /* what the cosignatures cover */
    struct merkle_head older;     /* the older checkpoint's, when one was given */
    struct retention retention;   /* that the log states: entries below it need not be there */
    uint64_t pruned;              /* of them, those that are not */
    uint64_t since;               /* entries that were verified before and not read again */
    uint64_t entries, bytes;      /* that were read */
    size_t finding_count;
    struct verify_finding findings[VERIFY_FINDINGS]; /* the first one is what to say */
    uint64_t bad_bundles, bad_tiles;                 /* all of them */
    uint64_t not_events;
    uint64_t steps_back;   /* times earlier than the entry before */
    uint64_t steps_unsaid; /* of them, those that the event does not own up to */
    uint64_t first_unsaid;
    char first_time[VERIFY_TIME], last_time[VERIFY_TIME]; /* of entries that were read; or "" */
    struct buf text; /* the signed checkpoint, as it was read */
    int64_t milliseconds;
};

/*
 * OK when there is an answer, also when it is "no"; the caller releases the result in any case.
 * ERR_MISSING, ERR_IO, ERR_LIMIT: the folder can't be read or is none, the note says why;
 * ERR_VALUE: `older` or `since` is no checkpoint of this log signed by a key that is believed;
 * ERR_CANCELLED, ERR_TIMEOUT. Blocks its caller; its threads end with it.
 */
enum err verify_run(const struct verify_settings *settings, struct verify_result *ret_result,
    struct note *note) MUST_CHECK;
void verify_result_release(struct verify_result *result);
