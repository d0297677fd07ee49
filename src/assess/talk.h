/*
 * The conversation with one device: first look at its open ports, recognition, readings that need
 * no login, doors that stand open, at most the log-ins that the budget grants, readings behind
 * them. One question at a time; what is broken, rude or hostile ends as subject->trouble.
 */
#pragma once

#include "assess/run_events.h"
#include "assess/site.h"
#include "identify/look.h"
#include "store/store.h"
#include "wire/wire.h"

/* What conversations share. */
struct talk_setting {
    struct wire *wire;
    const struct look *look;
    struct store *store;             /* keeps the lock-out budget; NULL: no log-in is made */
    const char *store_why;           /* why there is none, for the report */
    const struct site *site;         /* NULL: none */
    const struct vault *keyring;     /* passwords that Gatehouse set; NULL: none */
    unsigned logins_per_day;         /* 0: none */
    unsigned deadline_ms;            /* one device, all questions */
    const struct run_events *events; /* told of each log-in before its password leaves */
    unsigned *logins;                /* counters of the run */
    unsigned *lockouts;
};

struct talk;
typedef void talk_done_fn(void *context, struct talk *talk);

/* The subject must outlive the talk. NULL when memory is out. */
struct talk *talk_start(
    const struct talk_setting *setting, struct subject *subject, talk_done_fn *done, void *context);
/* Ends it at once (Ctrl-C, or after done); done is not called again. */
void talk_free(struct talk *talk);
/*
 * The run is to stop: a talk with an open session asks nothing more but ends it, and true is
 * returned; any other may be freed at once.
 */
bool talk_hurry(struct talk *talk);
struct subject *talk_subject(const struct talk *talk);
