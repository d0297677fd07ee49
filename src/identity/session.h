/*
 * Sessions. The cookie is 32 random bytes in base64url; the database has its SHA-256 only. Its
 * elevation (log-in, step-up) makes a new cookie and ends the old one.
 */
#pragma once

#include "identity/user.h"

#define SESSION_COOKIE 44
#define SESSION_HASH   32
#define SESSION_REASON 512
#define SESSION_MOST   8 /* of one account; the oldest ends */

struct session {
    char id[IDENTITY_ID];
    uint8_t hash[SESSION_HASH];
    char user[IDENTITY_NAME];
    char factor[24];
    char ip[IP_TEXT], agent[256]; /* of its begin */
    int64_t created, expires, seen;
    int64_t elevated; /* until; 0: none */
    char reason[SESSION_REASON];
    bool is_break_glass;
};

/* A log-in that is complete. Fills created to is_break_glass from what is given; the cookie is
 * returned once. */
enum err session_begin(struct identity *identity, const struct session *wanted,
    struct session *ret_session, char ret_cookie[SESSION_COOKIE], struct note *note) MUST_CHECK;
/* The same session under a new cookie with a step-up; the old cookie is worth nothing from then on.
 */
enum err session_elevate(struct identity *identity, const uint8_t hash[SESSION_HASH], int64_t until,
    const char *reason, struct session *ret_session, char ret_cookie[SESSION_COOKIE]) MUST_CHECK;
/*
 * Makes an elevated session of an administrator one that may go on when the ledger can't, or ends
 * that; it ends with the elevation in any case. ERR_REFUSED: not elevated with a reason, or not an
 * administrator's.
 */
enum err session_break_glass(
    struct identity *identity, const uint8_t hash[SESSION_HASH], bool is_break_glass) MUST_CHECK;
/* ERR_MISSING also when it is over its absolute limit. */
enum err session_find(struct identity *identity, const uint8_t hash[SESSION_HASH],
    struct session *ret_session) MUST_CHECK;
/* user NULL: of all. */
enum err session_list(struct identity *identity, const char *user, struct arena *arena,
    struct session **ret_rows, size_t *ret_count) MUST_CHECK;
enum err session_seen(
    struct identity *identity, const uint8_t hash[SESSION_HASH], int64_t seen) MUST_CHECK;
/* By public id; user: whose it must be, NULL: anyone's. */
enum err session_end(struct identity *identity, const char *user, const char *id) MUST_CHECK;
enum err session_end_all(
    struct identity *identity, const char *user, const char *but_id, size_t *ret_count) MUST_CHECK;
/* Removes those past their absolute limit or idle for longer than that, telling of each. */
typedef void session_ended_fn(void *context, const struct session *session, const char *why);
enum err session_expire(struct identity *identity, int64_t now, int64_t idle_ms,
    session_ended_fn *ended, void *context) MUST_CHECK;

/*
 * A step-up's reason, trimmed: rows of blanks and control characters become one blank, hidden and
 * reordering characters go. ERR_VALUE: not UTF-8, fewer than 3 letters or digits, over
 * SESSION_REASON.
 */
enum err session_reason(
    const char *text, size_t len, char ret_reason[SESSION_REASON], struct note *note) MUST_CHECK;
