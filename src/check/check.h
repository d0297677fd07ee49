/*
 * Checks judge facts and touch nothing. A control is one file of rule tables that read like the
 * checklist; a table (an aspect) is read from the top, the first rule that matches wins, no match
 * is UNKNOWN. A PASS can't rest on a fact that is unknown: check_judge() refuses it.
 */
#pragma once

#include "fact/subject.h"

enum verdict {
#define VERDICT(id, name, meaning) id,
#include "check/verdicts.def"
#undef VERDICT
};

enum priority {
    PRIORITY_CRITICAL,
    PRIORITY_HIGH,
    PRIORITY_MEDIUM,
};

/* Tests on one fact; only IS_UNKNOWN and OTHERWISE match an unknown fact. */
enum test {
    IS_YES,     /* a yes */
    IS_NO,      /* a known no */
    IS_SET,     /* known */
    IS_UNKNOWN, /* not known */
    EQUALS,     /* text equals value, letter case ignored */
    CONTAINS,   /* text contains value, letter case ignored */
    LACKS,      /* known, and its text does not contain value, letter case ignored */
    ABOVE,      /* number > value */
    BELOW,      /* number < value */
    OTHERWISE,  /* always; not for PASS */
};

struct rule {
    enum verdict verdict;
    const char *id; /* stable; rows of one verdict share it only where they say the same thing */
    enum fact_id fact;
    enum test test;
    const char *value;    /* for EQUALS, CONTAINS, LACKS, ABOVE, BELOW; else NULL */
    const char *sentence; /* {} is the fact's text, {device.model|its words if unknown} another's */
};

/* One question of a control, for the kinds of devices that it is about. */
struct aspect {
    const char *id;
    unsigned kinds; /* KIND_BIT(…) | …, or KINDS_SITE */
    const struct rule *rules;
    size_t rule_count;
};

/* Words for one rule id: a report owes them to every FAIL; a NOTE has at least a title. */
struct advice {
    const char *id;     /* rule id */
    const char *title;  /* all places in one sentence: "A factory password opens {count}" */
    const char *action; /* imperative, for a list of actions: "Set new passwords on {devices}" */
    const char *why;    /* why it matters, with what happened elsewhere where known */
    const char *close;  /* the exact steps, for any device; a driver may know better ones */
    const char *effect; /* side effect to expect, or NULL */
    const char *verify; /* how to see that it is closed */
    bool caps;          /* the grade is never better than D while this is open */
};

struct check {
    const struct aspect *aspects;
    size_t aspect_count;
    const struct advice *advices;
    size_t advice_count;
};

struct control {
    const char *id;
    enum priority priority;
    const char *title;
    const char *demand;
    const struct check *check;
};

/* The nine, in the order of checklist.def. */
extern const struct control controls[];
extern const size_t control_count;

const char *verdict_name(enum verdict verdict);
const char *priority_name(enum priority priority);
/* NULL when there is none. */
const struct control *control_by_id(const char *id);
const struct advice *control_advice(const struct control *control, const char *rule_id);

/* One aspect judged on one subject. Pointers live as long as the subject and the tables. */
struct judgement {
    enum verdict verdict;
    const struct control *control;
    const struct aspect *aspect;
    const struct rule *rule; /* NULL: no rule matched (UNKNOWN) */
    const struct fact *fact; /* the fact that decided; NULL when it is unknown */
    bool contradicted;       /* witnesses of that fact disagree */
};

/*
 * Judges one aspect; the caller has matched its kinds. A PASS whose yes or no is contradicted by
 * another witness is given as UNKNOWN.
 */
struct judgement check_judge(
    const struct control *control, const struct aspect *aspect, const struct facts *facts);

/* The rule's sentence with its facts filled in, cut at size; returns out. */
const char *check_sentence(
    const struct judgement *judgement, const struct facts *facts, char *out, size_t size);
