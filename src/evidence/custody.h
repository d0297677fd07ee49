/*
 * The way of one clip from the camera to the court: recorded, watched, exported, packaged,
 * time-stamped, verified; from a package, from the ledger, or from both.
 */
#pragma once

#include "evidence/events.h"
#include "evidence/judge.h"

#define CUSTODY_STEPS 4096

enum custody_stage {
    CUSTODY_RECORDED,
    CUSTODY_SEEN,
    CUSTODY_EXPORTED,
    CUSTODY_PACKAGED,
    CUSTODY_STAMPED,
    CUSTODY_VERIFIED,
    CUSTODY_STAGES,
};
const char *custody_stage_text(enum custody_stage stage); /* "recorded" */

struct custody_step {
    enum custody_stage stage;
    char when[EVENT_TIME]; /* "": not known */
    int64_t index;         /* in the log; -1: not an event */
    const char *by;        /* what says so: "proven: an entry of the log", … */
    char view[EVENT_ID];   /* whose begin or end it is */
    bool is_begin;
    struct buf words;
};

struct custody {
    struct custody_step *steps; /* by time */
    size_t count, room;
    bool has_log; /* the ledger was asked who else saw it */
    /* What is looked for in the log; borrowed. */
    const char *camera, *from, *to;
    char clip[65]; /* SHA-256 in hex; "": none */
};

void custody_init(struct custody *custody);
void custody_release(struct custody *custody);

/* Recorded, the package's own events, time-stamps, and what a judgement of now says. */
enum err custody_add_package(struct custody *custody, struct package *package,
    const struct judge *judge, struct note *note) MUST_CHECK;
/* Events that were found by id, and what they say was recorded. */
enum err custody_add_events(struct custody *custody, const struct events *events) MUST_CHECK;
/*
 * Everything of the log that touches the camera and the recording time, and packages of that clip.
 * ERR_LIMIT: more than CUSTODY_STEPS.
 */
enum err custody_add_log(
    struct custody *custody, struct search *search, struct note *note) MUST_CHECK;
/* Puts the steps in order; of a view whose end is there the begin is left out. */
void custody_settle(struct custody *custody);
