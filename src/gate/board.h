/*
 * The board: what nginx's workers must know to decide a request, in one shared file that only the
 * doorman writes and that they map read-only. Sessions and bans are tables of rows that are
 * replaced in place (a sequence lock each); the policy has two copies of which one is in use.
 * Reading takes no lock and makes no call. A board whose writer has been silent for BOARD_STALE is
 * stale, and then nobody gets in.
 *
 * All times are clock_boot() milliseconds unless they say wall.
 */
#pragma once

#include "base/ip.h"
#include "gate/policy.h"

#define BOARD_STALE    3000  /* ms without a beat */
#define BOARD_BEAT     250   /* ms between beats */
#define BOARD_SESSIONS 16384 /* rows, at most half of them used */
#define BOARD_BANS     262144
#define BOARD_REASON   512
#define BOARD_HASH     32 /* SHA-256 of the cookie */
#define BOARD_ID       24 /* public name of a session, text */

struct board_session {
    uint8_t hash[BOARD_HASH];
    char id[BOARD_ID]; /* what events call it; says nothing about the cookie */
    uint16_t user;     /* place in the policy's users */
    char name[POLICY_NAME];
    char factor[24];           /* "totp", "passkey", "recovery" */
    int64_t expires;           /* absolute limit */
    int64_t begun;             /* since when */
    int64_t elevated;          /* step-up holds until then; 0: none */
    char reason[BOARD_REASON]; /* given at the step-up */
    bool is_break_glass;       /* an administrator's emergency session; every request is an event */
    uint32_t place;            /* its row, for views_touch(); set by board_find_session() */
};

struct board;        /* the writer's */
struct board_reader; /* a worker's */

/*
 * Makes the file (0640, group may read). It takes the place of an earlier run's with the first
 * board_beat(): fill it before, so that workers never see a board without its sessions.
 */
enum err board_create(const char *path, struct board **ret_board, struct note *note) MUST_CHECK;
void board_close(struct board *board);
/* Says that the writer lives. Only the first call of a board can fail: ERR_IO. */
enum err board_beat(struct board *board);
/* Publishes a policy; readers see the old or the new one, never a mixture. */
void board_set_policy(struct board *board, const struct policy *policy);
/* Adds or replaces by hash; ERR_LIMIT when the table is full. */
enum err board_put_session(struct board *board, const struct board_session *session) MUST_CHECK;
void board_remove_session(struct board *board, const uint8_t hash[BOARD_HASH]);
void board_clear_sessions(struct board *board);
/* Between the two every session is put that is to stay; the others go. No reader misses one that
 * stays, as it would with board_clear_sessions(). */
void board_mark_sessions(struct board *board);
void board_sweep_sessions(struct board *board);
/* A ban on an address prefix until then (clock_boot()); 0 lifts it. IPv4 /32 to /8, IPv6 /64, /56,
 * /48; ERR_VALUE for others, ERR_LIMIT when the table is full (what has expired makes room). */
enum err board_set_ban(struct board *board, const struct net *net, int64_t until) MUST_CHECK;
/* Row of a session, for views_touched(); ERR_MISSING. Idle ones are removed by the doorman. */
enum err board_place(
    const struct board *board, const uint8_t hash[BOARD_HASH], uint32_t *ret_place) MUST_CHECK;

/* ERR_MISSING: no doorman has run; ERR_VALUE: of another version. */
enum err board_open(
    const char *path, struct board_reader **ret_reader, struct note *note) MUST_CHECK;
void board_reader_close(struct board_reader *reader);
/* Maps it anew when the doorman was started again. Cheap; call it from a timer. */
enum err board_refresh(struct board_reader *reader) MUST_CHECK;
bool board_is_stale(const struct board_reader *reader, int64_t now);
/* Changes with every change of sessions, policy or bans: a stream that saw it may skip a check. */
uint64_t board_generation(const struct board_reader *reader);
/*
 * A copy of the session; ERR_MISSING: none with that hash, or over its limits, or its user is gone
 * or disabled.
 */
enum err board_find_session(const struct board_reader *reader, const uint8_t hash[BOARD_HASH],
    int64_t now, struct board_session *ret_session) MUST_CHECK;
bool board_is_banned(const struct board_reader *reader, const struct ip *ip, int64_t now);
/*
 * Asks the policy in place; what the answer's texts point to was copied and stays until the next
 * call of this reader.
 */
void board_ask(struct board_reader *reader, const struct policy_question *question,
    struct policy_answer *ret_answer);
/* A copy of a user's row, of a role's name, of a camera's name for people (its key when unknown).
 */
enum err board_user(
    const struct board_reader *reader, uint16_t user, struct policy_user *ret_user) MUST_CHECK;
void board_role_name(const struct board_reader *reader, uint16_t role, char out[POLICY_NAME]);
void board_camera_name(
    const struct board_reader *reader, uint16_t vms, const char *key, char out[POLICY_NAME]);
/* ERR_MISSING: no such VMS on the board. */
enum err board_vms(
    const struct board_reader *reader, const char *name, uint16_t *ret_vms) MUST_CHECK;

/* SHA-256 of a cookie's value. */
void board_hash(const void *cookie, size_t len, uint8_t out[BOARD_HASH]);
