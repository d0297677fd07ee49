/* The threads that run the steps of a plan, and one step's way; for apply*.c only. */
#pragma once

#include "remedy/apply.h"

/* What is to be done with a step. */
enum crew_task {
    CREW_NOTHING,
    CREW_DO,   /* from taking to keeping, or back */
    CREW_KEEP, /* it is proven: others are told again */
    CREW_UNDO,
};

/* What a device's step leaves for the next one there. */
struct crew_held {
    struct session *session;
    struct stream_watch *watch;
    int64_t since; /* clock_mono() */
};

struct crew {
    struct desk *desk;
    const struct plan *plan;
    struct trail *journal;
    bool is_resumed, is_backward; /* backward: the last step of a device first */
    int64_t deadline;             /* clock_boot(); nothing new is begun after it; 0: none */
    enum crew_task *tasks;        /* by step number */
    struct crew_held *held;       /* by target: of the thread that is at it */
    struct apply_result result;   /* under the lock of the crew */
    bool has_failed;              /* the journal can't be written */
    struct note trouble;
};

/* Whether nothing new may begin. */
bool crew_is_stopping(const struct crew *crew);
/* All tasks, in threads; a task that was not begun stays. */
enum err crew_run(struct crew *crew) MUST_CHECK;
/* The log-in, where the kind shares it, and the stream that the step before left; NULL: none. */
void crew_held_take(struct crew *crew, const struct remedy_kind *kind, struct job *job,
    struct stream_watch **ret_watch);
/* Leaves both to the next step at the device, or closes them where there is none. */
void crew_held_give(
    struct crew *crew, const struct remedy_kind *kind, struct job *job, struct stream_watch *watch);
/* Closes what is left of a target. */
void crew_held_close(struct crew *crew, size_t target);
/* How a step's task went on: in the journal when it returns; ERR_IO: that failed. */
enum err crew_step(struct crew *crew, const struct plan_step *step, enum crew_task task,
    unsigned *ret_logins) MUST_CHECK;
