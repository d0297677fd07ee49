/*
 * The result of a run, as reports and the store read it. Built by assess; everything in it lives in
 * its arena or in its subjects.
 */
#pragma once

#include "check/check.h"

#define ASSESSMENT_SCHEMA   "https://gatehouse.example/schema/assessment/1"
#define SCORE_RULES_VERSION 1

/* One device under a finding. */
struct finding_place {
    const struct subject *subject;
    size_t device;                   /* index in the devices; device_count: the site */
    const char *sentence;            /* the rule's sentence for this device */
    const struct evidence *evidence; /* may be NULL */
    enum witness witness;
    bool contradicted;
    const struct waiver *waiver; /* NULL: open */
};

struct waiver {
    const char *finding; /* finding id it covers: "vendor-cloud/cloud-on" */
    const char *device;  /* device key, address or name; NULL: all */
    const char *owner;
    const char *reason;
    int64_t expires; /* wall ms */
    bool expired;
};

/* One cause with N devices. Id is stable over runs: "CONTROL/RULE". */
struct finding {
    const char *id;
    enum verdict verdict; /* FAIL, UNKNOWN, NOTE */
    const struct control *control;
    const char *rule;
    const char *title;           /* one sentence, all devices: "2 of 24 devices open with …" */
    const struct advice *advice; /* set for every FAIL and NOTE */
    const char *close; /* for these models where a driver knows better, else advice->close */
    const char *effect;
    const char *verify;
    const struct finding_place *places;
    size_t place_count;
    const struct waiver *waiver; /* set when every place is waived */
    bool contradicted;
    unsigned fix_number; /* 1 to 3 among the first actions, else 0 */
};

struct control_result {
    const struct control *control;
    enum verdict verdict;
    const char *sentence; /* "2 of 24 devices open with a factory account" */
    size_t passed, failed, unknown,
        waived;        /* device × aspect counts; not applicable is not counted */
    size_t applicable; /* devices that the control is about */
};

struct action {
    const struct finding *finding;
    const char *words;       /* "Set new passwords on Gate and Yard (Hikvision DS-2CD2032)" */
    const char *brings;      /* "closes 3 gaps; 8 more causes keep the grade at D" */
    const char *grade_after; /* cumulative: after this and the actions before it */
    unsigned score_after;
};

struct run_totals {
    size_t hosts_planned, hosts_asked, devices, cameras;
    uint64_t packets, requests, connections;
    unsigned logins, lockouts;
    int64_t started, ended; /* wall ms */
};

struct port_mapping; /* discover/discover.h */

struct assessment {
    struct arena arena;
    char id[40];            /* run id, unique and sortable: "20261122T201500Z-1a2b3c" */
    const char *site;       /* site name */
    const char *scope;      /* "10.20.0.0/24, 10.30.0.0/28" */
    const char *authorised; /* where the scope came from: "authorised in shop.yaml, 2026-11-22" */
    bool partial;           /* stopped before the end */
    const char *partial_why;
    struct run_totals totals;
    unsigned pace; /* packets per second */

    const char *grade; /* "A" to "F"; "-" when too little is known */
    unsigned score;    /* 0 to 100, capped */
    const char *grade_uncapped;
    unsigned score_uncapped;
    const char *cap_why;      /* NULL: no cap */
    const char *grade_why;    /* a paragraph: why this grade, by the published rules */
    const char *catalog_date; /* date of the advisory catalogue */

    const struct control_result *controls; /* control_count of them */
    const struct action *actions;          /* at most three */
    size_t action_count;
    struct finding *findings; /* contradicted first, then FAIL, UNKNOWN, NOTE */
    size_t finding_count;
    const struct waiver *waivers;
    size_t waiver_count;
    struct subject **devices;
    size_t device_count;
    const struct port_mapping *mappings; /* of routers, as read; a list, NULL when there is none */
    struct subject *whole;               /* the site itself: facts of KINDS_SITE */
};

struct assessment *assessment_new(void);
/* Frees the subjects too. */
void assessment_free(struct assessment *assessment);
