/*
 * What the files of the keeper share. Story of an event: keeper_door reads frames from a link,
 * keeper_talk checks and stamps it, keeper_round gathers it and has it committed in the pool; when
 * it is durable the answers of the whole round go out, one write to each link.
 */
#pragma once

#include "daemon/clockwatch.h"
#include "daemon/keeper.h"
#include "ledger/ledger.h"
#include "ledger/message.h"
#include "ledger/subjects.h"

#include <jansson.h>
#include <uv.h>

#define KEEP_LINKS    512
#define KEEP_OWN      32 /* of them, only for root and the keeper's own user */
#define KEEP_READ     ((size_t)256 * 1024)
#define KEEP_OUT      ((size_t)1024 * 1024) /* answers that wait for a client to read them */
#define KEEP_OUT_SLOW ((size_t)64 * 1024)   /* from there on nothing more is read from it */
#define KEEP_STUCK    10000                 /* ms without taking any of them, then it is cut */
#define KEEP_WAITS    16                    /* of one link, for a checkpoint */
#define KEEP_WAITERS  ((size_t)2 * KEEP_LINKS * KEEP_WAITS)
#define KEEP_BLAMED   16 /* of those refused on a full disk, who are named */
#define KEEP_NOBODY   UINT16_MAX

/* A connection. */
struct keep_link {
    int fd; /* -1: a free place */
    uint32_t generation;
    uint32_t events; /* what epoll watches for */
    int64_t pid, uid;
    bool is_ending;  /* closes when its last answer is out */
    bool is_stalled; /* the rest of what it sent waits for room in the ledger */
    bool is_dirty;   /* answers were added in this round */
    struct buf out;
    size_t sent;         /* of out */
    unsigned waits;      /* for a checkpoint */
    int64_t stuck_since; /* 0: it reads */
    uint8_t *rest;       /* of what was read: a cut frame, or what is stalled */
    size_t rest_len, rest_size;
};

/* Who asked for something. */
struct keep_asker {
    uint16_t link; /* KEEP_NOBODY: the keeper itself */
    bool is_reserved;
    uint32_t generation;
    uint32_t token;
};

/* A batch of the ledger, seen from here. */
struct keep_round {
    struct keep_asker *askers;
    size_t count, size;
    struct buf reserved; /* those events again, for when the disk turns out to be full */
};

struct keep_waiter {
    struct keep_asker asker;
    uint64_t index;
};

struct keep_blame {
    int64_t uid, pid;
    uint64_t count;
};

struct keep_full {
    bool is_said; /* the ledger holds the event that it began */
    uint64_t refused;
    struct keep_blame by[KEEP_BLAMED];
    size_t by_count;
};

struct keeper {
    const struct keeper_settings *settings;
    struct note trouble; /* why it ended early */
    enum err ended;      /* why the loop stopped */

    struct key *key;
    struct key *next; /* that is taking its place, or NULL */
    struct ledger *ledger;
    struct subjects *subjects; /* NULL: personal fields are not sealed */
    struct buf sealed;
    struct ledger_recovery recovery;
    struct clockwatch clock;
    int64_t started; /* clock_boot() */
    unsigned landlock;
    unsigned nobodys_year; /* that nobody's key was made for last */
    bool is_unsaid;        /* that the ledger is sealed: its disk was full */
    bool is_shut_in;
    bool key_is_fixed; /* a credential: can't be replaced from here */

    uv_loop_t loop;
    uv_poll_t door, links_ready;
    uv_timer_t publish_timer, second;
    uv_signal_t signals[2];
    uv_work_t commit, publish;
    int door_fd, epoll_fd, notify_fd;
    char *socket_path;

    struct keep_link links[KEEP_LINKS];
    size_t link_count;
    uint16_t dirty[KEEP_LINKS];
    size_t dirty_count;
    uint8_t *in; /* shared by all links */
    struct buf stamped, frame;

    struct keep_round rounds[2];
    struct keep_round again; /* reserved events of a batch that found the disk full */
    unsigned gathering;      /* which of them */
    struct ledger_batch *batch;
    enum err commit_err;     /* of the pool's thread until it is done */
    enum err publish_result; /* the same */
    enum err publish_err;    /* of the last one that is done */
    bool is_committing, is_publishing, is_signing;
    bool is_paused;  /* nothing is read from links */
    bool is_leaving; /* its first connection is gone */
    bool is_ending;
    int64_t unsigned_since; /* 0: the checkpoint covers all */
    struct keep_waiter waiters[KEEP_WAITERS];
    size_t waiter_count;
    struct keep_asker rotation;
    bool wants_rotation;
    struct keep_full full;
    uint64_t acknowledged, bad;
};

/* keeper_door.c: links. */
enum err keeper_door_prepare(struct keeper *keeper, struct note *note) MUST_CHECK;
/* Puts the socket's name in its place and begins to listen. */
enum err keeper_door_open(struct keeper *keeper, struct note *note) MUST_CHECK;
void keeper_door_close(struct keeper *keeper);
enum err keeper_door_adopt(struct keeper *keeper, int fd) MUST_CHECK;
/* Reads from links again, or no more. */
void keeper_door_pause(struct keeper *keeper);
void keeper_door_resume(struct keeper *keeper);
struct keep_link *keeper_door_find(struct keeper *keeper, const struct keep_asker *asker);
/* Whether a link has so many answers waiting that nothing more is taken from it. */
bool keeper_door_is_slow(const struct keep_link *link);
/* Sends what waits; a link that is broken is closed. */
void keeper_door_flush(struct keeper *keeper, struct keep_link *link);
void keeper_door_flush_dirty(struct keeper *keeper);
/* Cuts links that have not read for too long. */
void keeper_door_cut_stuck(struct keeper *keeper);
/* Ends all with words. */
void keeper_door_dismiss(struct keeper *keeper, const char *words);

/* keeper_talk.c: what links say. Returns how many bytes were dealt with. */
size_t keeper_talk_take(
    struct keeper *keeper, struct keep_link *link, const uint8_t *bytes, size_t len);
void keeper_talk_answer(
    struct keeper *keeper, const struct keep_asker *asker, const struct message_done *done);
/* Says something about the whole link and ends it. */
void keeper_talk_end(
    struct keeper *keeper, struct keep_link *link, const struct message_done *done);

/* keeper_round.c: batches. */
enum err keeper_round_prepare(struct keeper *keeper, struct note *note) MUST_CHECK;
/* Stamps a produced event and gathers it; ERR_LIMIT: not now; ERR_FULL; ERR_VALUE. */
enum err keeper_round_add(struct keeper *keeper, const struct keep_asker *asker, const void *event,
    size_t len) MUST_CHECK;
/* Begins a commit when there is something to commit and none under way. */
void keeper_round_go(struct keeper *keeper);
/* Publishes soon. */
void keeper_round_publish_soon(struct keeper *keeper);
void keeper_round_wait_published(
    struct keeper *keeper, const struct keep_asker *asker, uint64_t index);
bool keeper_round_is_idle(const struct keeper *keeper);
/* Commits what is gathered, here and now; the loop's commit must be done. */
void keeper_round_finish(struct keeper *keeper);
/* Says that a full disk has space again, when it has. */
void keeper_round_look_for_space(struct keeper *keeper);
void keeper_round_refused(struct keeper *keeper, const struct keep_asker *asker);
void keeper_round_release(struct keeper *keeper);

/* keeper_own.c: the keeper's own events. */
void keeper_own_say(struct keeper *keeper, enum event_action action, json_t *detail);
/* That it destroyed keys: the detail says which, and who asked. */
void keeper_own_erased(struct keeper *keeper, json_t *detail);
bool keeper_own_must_start(const struct keeper *keeper);
void keeper_own_start(struct keeper *keeper);
void keeper_own_full(struct keeper *keeper, bool is_full);
/* Looks at the clocks, says what changed. */
void keeper_own_clock(struct keeper *keeper);
/* Appends the answer to STATE. */
void keeper_own_state(struct keeper *keeper, struct buf *out);

/* keeper_key.c: the key, and going over to another. */
enum err keeper_key_find(struct keeper *keeper, struct note *note) MUST_CHECK;
/* Finishes or forgets a change of keys that was interrupted; after ledger_open(). */
enum err keeper_key_settle(struct keeper *keeper, struct note *note) MUST_CHECK;
void keeper_key_rotate(struct keeper *keeper);

/* keeper.c: ends the loop, in order. */
void keeper_end(struct keeper *keeper);
/* A disk that failed: nothing that was not acknowledged may be any more. */
_Noreturn void keeper_die(enum err err, const char *what);
