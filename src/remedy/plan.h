/*
 * A plan: what would be changed, step by step, in words and in values, before anything is. Made
 * from an assessment by the kinds of kinds.def; written as JSON for a second person (no secret in
 * it) and kept in the journal. A step says what stood there when it was planned: where something
 * else is found, it is left out and said so.
 */
#pragma once

#include "assess/assess.h"
#include "device/device.h"

#include <jansson.h>

#define PLAN_STEPS 4096
#define PLAN_AFTER 4
#define PLAN_BYTES ((size_t)16 * 1024 * 1024)

/* Where a step happens: enough to find the device again after a crash, without an assessment. */
struct plan_target {
    const char *key; /* subject_key(); "site" */
    const char *title;
    struct subject *subject; /* the plan's own: addresses, ports, MAC, driver, facts */
};

struct plan_step {
    unsigned number;    /* 1, 2, … */
    const char *kind;   /* as in kinds.def: "switch" */
    size_t target;      /* index into targets */
    const char **rules; /* findings that it closes: "vendor-cloud/cloud-on" */
    size_t rule_count;
    const char *words;   /* imperative: "Switch off Hik-Connect" */
    const char *changes; /* what becomes what: "cloud.enabled: yes → no" */
    const char *notices; /* who will notice; NULL: nobody should */
    const char
        *untouched; /* what it leaves alone, where somebody could expect otherwise; or NULL */
    unsigned gap_s; /* recording may stand still for so long, at most; 0: it does not */
    bool is_reversible;
    bool by_hand;                     /* Gatehouse can't: words say who does what; never run */
    bool is_strange;                  /* of a file, and not Gatehouse's own: never run either */
    const char *fact, *from, *wanted; /* published name and texts; NULL where no fact proves it */
    size_t after[PLAN_AFTER];         /* numbers of steps before it that must be kept; 0: none */
    json_t *detail;                   /* the kind's own, an object; no secret */
};

struct plan {
    struct arena arena;
    const char *id; /* as a run's, "20261122T201500Z-1a2b3c" */
    const char *site, *scope;
    const char *assessment; /* id of the run that it was made from */
    const char *grade;
    unsigned score;
    const char *agreed;  /* digest of the file that it came from; NULL: Gatehouse's own */
    int64_t made;        /* wall ms */
    unsigned dead_man_s; /* without an end by then everything unfinished is taken back */
    struct plan_target *targets;
    size_t target_count;
    struct plan_step *steps;
    size_t step_count;
    const char **left; /* findings that no step closes, and why, in words */
    size_t left_count;
};

/* Which of what could be fixed is wanted. */
struct plan_choice {
    const char *const *controls; /* ids of controls or findings; none: all */
    size_t control_count;
    const char *const *devices; /* keys, addresses or names; none: all */
    size_t device_count;
    const char *const *kinds; /* of kinds.def; none: all that close a gap */
    size_t kind_count;
    unsigned action;      /* 1 to 3: the report's own first actions; 0: not by these */
    const char *ntp;      /* time server; NULL: the site file's, or none */
    const char *firmware; /* folder of firmware files; NULL: none */
    bool now;             /* firmware outside of the maintenance window too */
    bool even_unknown;    /* rotate even where a consumer can't be told */
};

struct consumer_survey;

/* What the kinds propose from. */
struct plan_from {
    const struct assessment *assessment;
    const struct site *site; /* NULL: none */
    const struct plan_choice *choice;
    const struct consumer_survey *consumers; /* remedy/consumer.h; NULL: none was made */
    const struct vault *keyring;             /* passwords that Gatehouse set; NULL: there is none */
};

struct plan *plan_new(void);
void plan_free(struct plan *plan);
/*
 * ERR_VALUE: the choice names a control or device that is not there, with the nearest name. A plan
 * without steps is OK.
 */
enum err plan_make(
    const struct plan_from *from, struct plan **ret_plan, struct note *note) MUST_CHECK;

/* For kinds: whether this finding at this device is wanted, as the choice says. */
bool plan_wants(
    const struct plan_from *from, const struct finding *finding, const struct finding_place *place);
/* The same for all its places at this subject; and for every finding of that id. */
bool plan_wants_at(
    const struct plan_from *from, const struct finding *finding, const struct subject *subject);
bool plan_wants_rule(const struct plan_from *from, const char *rule, const struct subject *subject);
/* Whether a step that is run closes this finding there. */
bool plan_closes_at(
    const struct plan *plan, const struct finding *finding, const struct finding_place *place);
/* The target of a subject, added when new; SIZE_MAX when memory is out. */
size_t plan_target(struct plan *plan, const struct subject *subject);
/* A new step, numbered; NULL when there are PLAN_STEPS or memory is out. */
struct plan_step *plan_add(struct plan *plan, const char *kind, size_t target);
/*
 * Puts this in the place of the step's detail, which is empty at first, and takes it over. NULL is
 * ERR_MEMORY: the one before stays.
 */
enum err plan_detail(struct plan_step *step, json_t *detail) MUST_CHECK;
/* Adds a finding that the step closes, once. */
enum err plan_closes(struct plan *plan, struct plan_step *step, const char *rule) MUST_CHECK;
/* The driver of that name, of devices or of VMSes; NULL when there is none. */
const struct device_driver *plan_driver(const char *name);
/* Says why something stays open: "vendor-cloud/cloud-on at Gate: …". */
enum err plan_leave(struct plan *plan, const char *words) MUST_CHECK;

/* The plan as a JSON object, doc/schema/plan-1.json; and back, with a bound on everything. */
json_t *plan_json(const struct plan *plan);
enum err plan_parse(
    const char *bytes, size_t len, struct plan **ret_plan, struct note *note) MUST_CHECK;
/*
 * Of a plan from a file, whose digest becomes `agreed`: every step that Gatehouse plans by itself
 * too, in `fresh`, becomes that one, and every other one is_strange. `fresh` gives its subjects
 * away and must live as long as the plan.
 */
enum err plan_agree(struct plan *plan, struct plan *fresh) MUST_CHECK;
/* SHA-256 of the plan's canonical JSON, in hex: what a second person has agreed to. */
#define PLAN_DIGEST 65
#define PLAN_SCHEMA "https://gatehouse.example/schema/plan/1"
enum err plan_digest(const struct plan *plan, char out[PLAN_DIGEST]) MUST_CHECK;
