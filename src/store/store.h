/*
 * Memory over runs: what each run found, and every log-in that was tried. One struct of functions,
 * so that a back end is one row; SQLite is the one that needs no server.
 */
#pragma once

#include "fact/subject.h"

#define STORE_RUN_ID 40

struct budget_request;
struct budget_answer;
struct budget_report;
struct budget_refusals;

struct store_fact {
    const char *name, *value;
    enum witness witness;
    uint8_t confidence;
};

struct store_device {
    const char *key;       /* subject_key() */
    const char *title;     /* subject_title() */
    const char *addresses; /* comma-separated */
    const char *kind, *vendor, *model, *version;
    uint8_t confidence;
    const struct store_fact *facts;
    size_t fact_count;
};

/* One verdict at one device. */
struct store_finding {
    const char *id;      /* "vendor-cloud/cloud-on" */
    const char *verdict; /* verdict_name() */
    const char *device;  /* key; "site" for the site itself */
    const char *title;   /* one sentence for all devices */
    const char *sentence;
    bool waived;
};

/* One run as it is remembered. Everything points into the arena that the caller chose. */
struct store_run {
    const char *id; /* unique and sortable */
    const char *site, *scope;
    int64_t started, ended; /* wall ms */
    bool partial;
    const char *grade;
    unsigned score;
    const char *program, *rules, *catalog; /* versions; catalog is a date */
    uint64_t hosts, packets, logins, lockouts;
    uint64_t device_count, fail_count;  /* fail_count: open findings, waived ones left out */
    const struct store_device *devices; /* NULL in a list of runs */
    const struct store_finding *findings;
    size_t finding_count;
};

/* A device over the runs of a site. */
struct store_device_name {
    const char *site, *key; /* as store_run and store_device have them */
};

/* One run in which a device told its version. */
struct store_sighting {
    int64_t at; /* when the run started */
    const char *version;
};

struct store_sightings {
    const struct store_sighting *rows; /* oldest first */
    size_t count;
};

struct store;

/* What a back end can do; the wrappers below say what each does. */
struct store_functions {
    const char *name;
    void (*close)(struct store *store);
    enum err (*save_run)(struct store *store, const struct store_run *run);
    enum err (*runs)(struct store *store, const char *site, struct arena *arena,
        const struct store_run **ret_runs, size_t *ret_count);
    enum err (*load_run)(
        struct store *store, const char *id, struct arena *arena, struct store_run *ret_run);
    enum err (*sightings)(struct store *store, const struct store_device_name *device,
        struct arena *arena, struct store_sightings *ret_sightings);
    enum err (*had_fact)(struct store *store, const struct store_device_name *device,
        const char *name, const char *value, bool *ret_had);
    enum err (*budget_take)(struct store *store, const struct budget_request *request,
        struct budget_answer *ret_answer);
    enum err (*budget_result)(
        struct store *store, int64_t ticket, const struct budget_report *report);
    enum err (*budget_refused)(struct store *store, const struct budget_request *request,
        struct budget_refusals *ret_refusals);
    enum err (*budget_policy)(struct store *store, const struct budget_request *request);
};

/* Back ends embed this as their first member. */
struct store {
    const struct store_functions *functions;
    struct note note; /* why the last call failed, with the way out */
};

/*
 * Opens, and makes where there is none (folders too). A NULL path is the XDG state folder's
 * gatehouse.db. A store that is broken, foreign, newer or not writable is an error whose note says
 * the way out; without a store there are no log-ins.
 */
enum err store_open(const char *path, struct store **ret_store, struct note *note) MUST_CHECK;
void store_close(struct store *store);
/* Why the last call failed, in words. */
const char *store_trouble(const struct store *store);

/* All of the run or nothing; a run that is saved again is replaced. */
enum err store_save_run(struct store *store, const struct store_run *run) MUST_CHECK;

/* Runs, oldest first, without devices and findings; of one site when site is not NULL. */
enum err store_runs(struct store *store, const char *site, struct arena *arena,
    const struct store_run **ret_runs, size_t *ret_count) MUST_CHECK;

/*
 * One whole run. `which` is an id, a prefix of one id, "last" or "last~N" (N before the last), the
 * last two among the runs of `site` when it is not NULL. ERR_MISSING and ERR_VALUE (prefix of
 * several) leave words in store_trouble().
 */
enum err store_load_run(struct store *store, const char *site, const char *which,
    struct arena *arena, struct store_run *ret_run) MUST_CHECK;

/* Every run in which the device told its version; of more than 5,000 the newest. */
enum err store_sightings(struct store *store, const struct store_device_name *device,
    struct arena *arena, struct store_sightings *ret_sightings) MUST_CHECK;

/* Whether the device had that fact with that value in any run of its site. */
enum err store_had_fact(struct store *store, const struct store_device_name *device,
    const char *name, const char *value, bool *ret_had) MUST_CHECK;

/* The back end. */
enum err sqlite_open(const char *path, struct store **ret_store, struct note *note) MUST_CHECK;
