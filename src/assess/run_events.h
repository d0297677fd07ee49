/*
 * What a run tells the ledger: that it begins, before the first packet; each password that it sends
 * to a device, before it leaves, and what came of it; how it ended. Never a password, nor which of
 * the known ones it was.
 */
#pragma once

#include "assess/assessment.h"
#include "base/ip.h"
#include "ledger/event.h"

/* Makes an event durable before it returns; may add who it is that runs this. */
typedef enum err run_events_write_fn(void *context, struct event *event, struct note *note);

/* What is known of the ledger that a run is recorded in. */
struct run_ledger {
    run_events_write_fn *write; /* NULL: there is none, or it is left alone */
    void *context;
    const char *folder;     /* where it is; NULL: there is none */
    bool is_verified;       /* from its first event to its last */
    const char *broken;     /* what is wrong with it; NULL: nothing was found */
    const char *unverified; /* why it was not looked at; NULL: it was */
};

/* The facts of the site that come from the ledger. */
void run_events_facts(const struct run_ledger *ledger, struct subject *whole);

struct run_events {
    run_events_write_fn *write; /* NULL: there is no ledger, all of these are OK */
    void *context;
    const struct assessment *run; /* its id and its site */
};

enum err run_events_begin(
    const struct run_events *events, unsigned logins_per_day, struct note *note) MUST_CHECK;

enum run_login_kind {
    RUN_LOGIN_FACTORY,
    RUN_LOGIN_OWNER,   /* the owner's own password */
    RUN_LOGIN_CONTROL, /* a random one, that no device can have */
    RUN_LOGIN_NEW,     /* one that was just set */
    RUN_LOGIN_FORMER,  /* one that must not open any more */
    RUN_LOGIN_RECOVER, /* one of several that may be in force */
};

struct run_login {
    const struct subject *subject;
    const struct ip *ip;
    uint16_t port;
    const char *account;
    const char *door; /* "HTTP digest" */
    enum run_login_kind kind;
};

/* A password is about to leave. */
enum err run_events_login(
    const struct run_events *events, const struct run_login *login, struct note *note) MUST_CHECK;
/* What the device made of it: "open", "refused", "locked", "unclear". */
enum err run_events_answer(const struct run_events *events, const struct run_login *login,
    const char *result, struct note *note) MUST_CHECK;

/* failed: why there is no result, else NULL. */
enum err run_events_end(
    const struct run_events *events, const char *failed, struct note *note) MUST_CHECK;
