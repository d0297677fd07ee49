/*
 * Whose word is needed before a checkpoint is believed (C2SP tlog-policy): known logs, known
 * witnesses, and which of these must have cosigned. Pure.
 */
#pragma once

#include "ledger/signednote.h"

#define POLICY_LIMIT     ((size_t)256 * 1024) /* bytes of a file */
#define POLICY_LOGS      32
#define POLICY_WITNESSES 32
#define POLICY_GROUPS    32
#define POLICY_URL       512
#define POLICY_NONE      (-1) /* the quorum that needs nobody */

struct policy_log {
    struct vkey key; /* its name is the log's origin */
    char url[POLICY_URL];
};

struct policy_witness {
    char name[VKEY_NAME]; /* of the policy's own, not the key's */
    struct vkey key;
    char url[POLICY_URL];
};

/* Members are numbers: a witness's, or POLICY_WITNESSES plus an earlier group's. */
struct policy_group {
    char name[VKEY_NAME];
    unsigned need; /* this many of its members */
    unsigned count;
    uint8_t members[POLICY_WITNESSES + POLICY_GROUPS];
};

struct policy {
    size_t log_count, witness_count, group_count;
    struct policy_log logs[POLICY_LOGS];
    struct policy_witness witnesses[POLICY_WITNESSES];
    struct policy_group groups[POLICY_GROUPS];
    int quorum; /* a member's number, or POLICY_NONE */
};

/* ERR_SYNTAX, ERR_VALUE, ERR_LIMIT; the note names the line and the word. */
enum err policy_parse(
    const char *bytes, size_t len, struct policy *ret_policy, struct note *note) MUST_CHECK;
/* policy_parse() of a file; heap, the caller frees it with free(). */
enum err policy_read(const char *path, struct policy **ret_policy, struct note *note) MUST_CHECK;

/* Whether the witnesses whose bits are set are enough. */
bool policy_is_met(const struct policy *policy, uint32_t witnesses);

/* What a note's signatures say under a policy. */
struct policy_verdict {
    bool has_log; /* signed by a log of the list: logs[log] */
    size_t log;
    uint32_t cosigned;                /* a bit for each witness whose cosignature is good */
    uint64_t times[POLICY_WITNESSES]; /* seconds since 1970, of those */
    bool is_met;                      /* the quorum, without the log's own signature */
};

/* ERR_VALUE when a line of a known key does not verify, which condemns the note. */
enum err policy_judge(const struct policy *policy, const struct signednote *signed_note,
    struct policy_verdict *ret_verdict, struct note *note) MUST_CHECK;
