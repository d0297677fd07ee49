/*
 * The lock-out budget: how many log-ins a device can still be asked for without harm. It is taken
 * before a password is sent and is durable before budget_take() returns, so that a run that is
 * killed a moment later has spent it all the same.
 *
 * Rules: one log-in per device and 24 hours (or the owner's number, two at most); a second one as
 * the control log-in after a positive; none while two or fewer wrong ones are left to the lock-out
 * (the smallest of what is documented, what its configuration told and what its answers said),
 * within its period but at least 24 hours; none before a lock has ended, nor within 24 hours. Tries
 * count over all runs, protocols and accounts, and for every key that belongs to the device: a new
 * serial number at the same address is the same device. A clock that goes backwards makes no try
 * younger than it is.
 *
 * The owner's own password is another matter, because a right one locks nobody out: one that opened
 * counts for nothing and may be used again on the same day, and no right one of others counts
 * against it. One that did not open counts like every wrong one, and no other try with an owner's
 * password is made for 24 hours.
 *
 * A factory password that opened may be used again within 24 hours too: a plan is looked at and
 * then run. Its control need not be repeated; if it is refused meanwhile, its day is over.
 *
 * A rotation asks for proofs: the new password must open, the old one must not, and after a crash
 * one of several does. There too a right one counts for nothing. Of wrong ones, whatever they were
 * for, there are three at most in 24 hours (two where no lock-out is known), and the two before the
 * lock-out stay; a proof that ought to be refused leaves one more, for the way back. They leave the
 * factory passwords of that day none, but take nothing from the owner's own, which a rotation has
 * just proven.
 *
 * Factory passwords take turns over days: budget_refused() tells which were refused already.
 */
#pragma once

#include "base/clock.h"
#include "store/store.h"

#define BUDGET_PER_DAY 1 /* log-ins, where the owner says nothing */
#define BUDGET_MOST    2 /* log-ins, whatever the owner says */
#define BUDGET_KEYS    (SUBJECT_ADDRESSES + 2)
#define BUDGET_OWNER   "owner" /* stands for the credential of an owner's try */

#define BUDGET_CONTROL        "control"  /* and of a control's */
#define BUDGET_ROTATION       "rotation" /* and of a rotation's */
#define BUDGET_ROTATION_WRONG 3          /* wrong log-ins in 24 hours that one may add to */
#define BUDGET_ROTATION_BLIND 2          /* the same where no lock-out is known */

#define BUDGET_FOREVER  UINT32_MAX /* seconds of a lock that does not end by itself: a year */
#define BUDGET_STATE    192
#define BUDGET_REFUSALS 32
#define BUDGET_MEMORY   (90 * CLOCK_DAY) /* after that a refused password may have its turn again */

enum budget_outcome {
    BUDGET_PENDING, /* no answer is known: counts as a wrong one */
    BUDGET_OPEN,
    BUDGET_REFUSED,
    BUDGET_LOCKED,
    BUDGET_UNCLEAR, /* counts as a wrong one */
};

struct budget_request {
    char keys[BUDGET_KEYS][SUBJECT_KEY]; /* budget_request_keys() */
    size_t key_count;
    const char *account;
    const char *credential; /* its id in the catalogue, never the password */
    const char *protocol;
    int64_t now;          /* wall ms */
    unsigned per_day;     /* allowance; 0: no log-ins at all */
    bool control;         /* the control log-in after a positive */
    bool owner;           /* with the owner's own password; credential is not looked at */
    bool rotation;        /* a proof or recovery of a rotation; neither is looked at */
    bool counter;         /* one that ought to be refused: what may follow must still be granted */
    bool looks;           /* whether it would be granted; nothing is taken, there is no ticket */
    unsigned after;       /* the same after so many wrong ones of a rotation; only with looks */
    unsigned limit_tries; /* lock-out, documented or told; 0: neither */
    unsigned limit_seconds;
    bool says_left; /* it said just now how many wrong log-ins are left */
    unsigned left;
    char state[BUDGET_STATE]; /* what it is: budget_request_keys() */
};

struct budget_answer {
    bool granted;
    bool confirmed; /* it opened within 24 hours, and the control after it was refused */
    int64_t ticket; /* for budget_result() */
    int64_t next;   /* wall ms at which to ask again when it was not granted; 0: never */
    char why[160];  /* why not, for a report */
};

/* What came of a log-in. */
struct budget_report {
    enum budget_outcome outcome;
    int left;         /* wrong log-ins that the device says are left; -1: not said */
    unsigned seconds; /* until its lock ends; 0: not said */
};

/* A password that was refused, and when; the credential's id, or BUDGET_OWNER. */
struct budget_refusal {
    char credential[64];
    int64_t at;
};

struct budget_refusals {
    struct budget_refusal rows[BUDGET_REFUSALS];
    size_t count;
};

/* What is remembered of the device, newest last; what the back end gives to budget_judge(). */
struct budget_try {
    int64_t at;
    enum budget_outcome outcome;
    bool owner, rotation;
    bool same;     /* the request's account and credential, the device in the same state */
    bool control;  /* a random password */
    int left;      /* as in a report */
    int64_t until; /* wall ms at which its lock ends; 0: not said */
};

/*
 * Every name under which the device can be known (MAC, serial number, all addresses), and the
 * state: serial number, firmware and activation, which a reset or an update changes.
 */
void budget_request_keys(struct budget_request *request, const struct subject *subject);

/* Asks for one log-in. On any error there is none. */
enum err budget_take(struct store *store, const struct budget_request *request,
    struct budget_answer *ret_answer) MUST_CHECK;
/* What came of it; ERR_MISSING when the ticket is unknown. */
enum err budget_result(struct store *store, int64_t ticket, enum budget_outcome outcome) MUST_CHECK;
/* The same with what the device said about its lock-out. */
enum err budget_settle(
    struct store *store, int64_t ticket, const struct budget_report *report) MUST_CHECK;
/*
 * Passwords that this device has refused within BUDGET_MEMORY before request->now, as far as it was
 * in the same state: each once, newest time.
 */
enum err budget_refused(struct store *store, const struct budget_request *request,
    struct budget_refusals *ret_refusals) MUST_CHECK;
/* Remembers limit_tries and limit_seconds, which the device's configuration told. */
enum err budget_policy(struct store *store, const struct budget_request *request) MUST_CHECK;
/* Whether two states can be one: no part that both know differs. */
bool budget_same_state(const char *one, const char *other);
/* The stricter of two policies goes into the request; 0 says nothing. */
void budget_limit(struct budget_request *request, unsigned tries, unsigned seconds);

/* The rules, for back ends: pure. `tries` are all that budget_since() lets through. */
void budget_judge(const struct budget_request *request, const struct budget_try *tries,
    size_t try_count, struct budget_answer *ret_answer);
/* Tries at or before this time no longer matter, unless they speak of a lock that lasts. */
int64_t budget_since(const struct budget_request *request);
