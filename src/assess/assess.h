/*
 * The conductor: discovers, asks every device, judges, scores. One run, one event loop; a signal or
 * assess_stop() ends it early with a partial result.
 */
#pragma once

#include "assess/assessment.h"
#include "assess/run_events.h"
#include "assess/site.h"
#include "audit/audit.h"
#include "discover/discover.h"
#include "identify/look.h"
#include "store/store.h"
#include "wire/wire.h"

struct again;

enum assess_phase {
    ASSESS_DISCOVER, /* done of all: addresses */
    ASSESS_ASK,      /* done of all: devices */
    ASSESS_JUDGE,
};

struct assess_progress {
    enum assess_phase phase;
    size_t done, all;
    size_t devices;
    unsigned logins, lockouts;
    int64_t elapsed_ms;
};

typedef void assess_progress_fn(void *context, const struct assess_progress *progress);

struct assess_settings {
    const struct scope *scope;
    const struct site *site;     /* NULL: none */
    const struct vault *keyring; /* passwords that Gatehouse set; NULL: none */
    struct audit *audit;         /* configuration files, judged; NULL: none. Its VMSes are taken */
    struct look look;
    struct store *store;   /* NULL: no log-ins, nothing remembered */
    const char *store_why; /* why there is no store, for the report */
    struct wire_settings wire;
    struct discover_choice discover; /* what is asked beside the usual, and what is not */
    const struct again *again;       /* set by assess_again() only */
    unsigned logins_per_day;         /* for one device; 0: none */
    unsigned devices_at_once;
    unsigned device_ms;           /* longest conversation with one device */
    assess_progress_fn *progress; /* may be NULL */
    void *context;
    struct run_ledger ledger; /* without its OK there is no run, and later no log-in */
};

/* Values of the design; scope and look are left to the caller. */
struct assess_settings assess_settings_default(void);

/* What a run is going to send, before it does. */
struct assess_plan {
    size_t hosts;
    uint64_t probes;  /* at most, before any device is found */
    unsigned logins;  /* per device, at most */
    unsigned seconds; /* for the sweep at this pace; each device adds to it */
};
struct assess_plan assess_plan(const struct assess_settings *settings);

/*
 * Runs to the end, a signal (SIGINT, SIGTERM) or an error. The result is there also when the run
 * was stopped (partial). ERR_NETWORK: nothing could be sent at all. What the ledger refuses to
 * take in the beginning is the error of the whole; later only its writer knows of it. With
 * an empty scope no socket is opened: only configuration files are judged.
 */
enum err assess_run(const struct assess_settings *settings, struct assessment **ret_assessment,
    struct note *note) MUST_CHECK;
