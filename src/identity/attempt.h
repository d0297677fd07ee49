/*
 * Attempts to get in are counted when they arrive, before anything is compared, by factor, account
 * and address prefix (IPv4 /32, IPv6 /64); an account's count can't be emptied by its password
 * alone. Over a limit the answer is the same refusal as for a wrong password. Bans go to the board.
 */
#pragma once

#include "identity/identity.h"

enum attempt_factor {
#define FACTOR(name, text, per_account, per_prefix, window_minutes) ATTEMPT_##name,
#include "identity/attempts.def"
#undef FACTOR
    ATTEMPT_FACTORS
};

/* OK: it may be tried; ERR_REFUSED: over the limit, with the reason for the event. Counts in any
 * case. */
enum err attempt_count(struct identity *identity, enum attempt_factor factor, const char *user,
    const struct ip *ip, int64_t now, struct note *note) MUST_CHECK;
/*
 * A whole log-in succeeded: the account's counts are forgotten; of the prefix's only the newest
 * attempt of each factor at this account, which was this log-in (else an office behind one address
 * would ban itself by logging in).
 */
enum err attempt_succeeded(
    struct identity *identity, const char *user, const struct ip *ip) MUST_CHECK;

struct ban {
    struct net net;
    int64_t since, until; /* wall */
    char reason[128];
};
/* A prefix whose attempts are over its limit is banned, each time for longer (10 min, 1 h, 24 h).
 */
enum err attempt_bans(struct identity *identity, int64_t now, struct arena *arena,
    struct ban **ret_bans, size_t *ret_count) MUST_CHECK;
enum err attempt_ban(struct identity *identity, const struct net *net, int64_t until,
    const char *reason, struct note *note) MUST_CHECK;
enum err attempt_lift(
    struct identity *identity, const struct net *net, struct note *note) MUST_CHECK;
