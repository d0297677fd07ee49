/*
 * A log-in at a device for as long as a job needs it. Every password goes through the lock-out
 * budget and the ledger first (as in assess), and is counted in job->logins.
 */
#pragma once

#include "remedy/remedy.h"

struct session;

/* What a log-in is for: the budget's rules differ (store/budget.h). */
enum session_purpose {
    SESSION_OWNER,   /* with the password that is believed to be in force */
    SESSION_PROOF,   /* with the new one, after a change */
    SESSION_COUNTER, /* with the old one or a random one, which must not open any more */
    SESSION_RECOVER, /* with one of several that may be in force */
};

struct session_key {
    const struct device_account *account; /* NULL: the driver's own door and door_ask */
    const char *user;
    const struct secret *password;
    enum session_purpose purpose;
};

/*
 * OK: open, and proven by device_proves(). ERR_REFUSED: the password is wrong; ERR_LIMIT: the
 * budget does not grant it (job->why says when to ask again); ERR_TIMEOUT and ERR_NETWORK: the
 * device does not answer; ERR_UNSUPPORTED: no door; ERR_VALUE: unclear; ERR_CANCELLED.
 */
enum err session_open(
    struct job *job, const struct session_key *key, struct session **ret_session) MUST_CHECK;
/*
 * Before anything is changed that could not be proven: whether the budget would grant so many wrong
 * log-ins of a rotation and, after them, one with the password that opens; with none, one of
 * SESSION_PROOF. OK, or ERR_LIMIT with job->why. Nothing is spent.
 */
enum err session_may_prove(struct job *job, unsigned wrong) MUST_CHECK;
/* Ends it at the device too (leave_ask). NULL is allowed. */
void session_close(struct session *session);
/* From now on it belongs to this job of the same device. NULL is allowed. */
void session_move(struct session *session, struct job *job);

/* One ask of the driver, dressed in the log-in; a stale digest is renewed once. */
enum err session_ask(struct session *session, const struct ask *ask, struct arena *arena,
    struct answer *ret_answer) MUST_CHECK;
/* A request made by device_switch_request() or a step function. */
enum err session_send(struct session *session, const struct request *request, struct arena *arena,
    struct answer *ret_answer) MUST_CHECK;
/*
 * Asks what the driver's readings of this fact ask and reads them into `facts` (emptied of it
 * before): the same eyes that the assessment has. ERR_MISSING: not told.
 */
enum err session_read(struct session *session, enum fact_id fact, struct facts *facts) MUST_CHECK;

/* The password that is believed to be in force: keyring, site file, or the factory's that opened.
 */
enum err session_known_key(
    struct job *job, char *user, size_t user_size, struct secret **ret_password) MUST_CHECK;
/* session_known_key() and session_open() in one. */
enum err session_open_known(struct job *job, struct session **ret_session) MUST_CHECK;

/* What was seen of a stream. */
struct stream_sight {
    unsigned frames;     /* RTP frames (marker bits) or pictures */
    int64_t first, last; /* clock_mono() of the first and the last */
    bool is_picture;     /* there is no RTSP: pictures were fetched */
    char where[256];     /* address without credentials */
};

/*
 * Plays the camera's stream (RTSP over its TCP connection, the known password, no recording) for at
 * most ms or until so many frames came. ERR_UNSUPPORTED: the device has no stream that is known;
 * ERR_TIMEOUT: no frame; ERR_REFUSED: it asks for another password.
 */
enum err stream_look(
    struct job *job, unsigned frames, unsigned ms, struct stream_sight *ret_sight) MUST_CHECK;
/*
 * Watches a stream from before a change until it delivers again after it. The gap is the longest
 * time between two frames, in ms.
 */
struct stream_watch;
enum err stream_watch_begin(struct job *job, struct stream_watch **ret_watch) MUST_CHECK;
/* Waits until frames come with the password that is in force now; ERR_TIMEOUT after desk's video_s.
 */
enum err stream_watch_end(struct stream_watch *watch, unsigned *ret_gap_ms) MUST_CHECK;
/*
 * After stream_watch_end(), whose stream goes on: the same watch for the next change at the device.
 * Not OK: no frame comes on it, and it is of no more use.
 */
enum err stream_watch_again(struct stream_watch *watch) MUST_CHECK;
/* From now on it belongs to this job of the same device. NULL is allowed. */
void stream_watch_move(struct stream_watch *watch, struct job *job);
void stream_watch_free(struct stream_watch *watch);
