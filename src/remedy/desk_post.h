/*
 * Inside the desk, for the files desk*.c, session*.c and stream*.c: how a job's thread has
 * something done on the loop's thread. A post stands in the job's own memory; the job waits until
 * it is ended, so nothing of it is used by two threads at a time.
 */
#pragma once

#include "remedy/desk.h"

#include <pthread.h>

struct event;
struct run_events;

struct desk_post {
    /* From the loop: begins; it ends now or later by desk_post_end(). */
    void (*start)(struct desk_post *post, struct wire *wire);
    /* From the loop, after a stop: gives up what is under way; desk_post_end() is not called. */
    void (*cancel)(struct desk_post *post);
    bool is_last; /* done after a stop too: it sends nothing, but gives something back */
    /* The desk's own. */
    struct desk *desk;
    struct desk_post *next, *prev;
    pthread_cond_t over;
    bool is_over;
    enum err err;
};

/* From a job's thread: has it done and waits. ERR_CANCELLED after a stop. */
enum err desk_post(struct desk *desk, struct desk_post *post) MUST_CHECK;
/* From the loop: it is over; the post must not be used any more. */
void desk_post_end(struct desk_post *post, enum err err);

/* The store is one for all: a job has it to itself between the two. */
void desk_store_lock(struct desk *desk);
void desk_store_unlock(struct desk *desk);

/* The key of the job's device, as the keyring and the events have it; returns out. */
const char *desk_key(const struct job *job, char out[SUBJECT_KEY]);
/* What the events of a log-in are written by, one at a time; `run` is filled for it. */
struct run_events desk_events(const struct job *job, struct assessment *run);
/* One event at a time; OK where there is no ledger. */
enum err desk_write(void *desk, struct event *event, struct note *note) MUST_CHECK;
