/*
 * Published flaws and releases of the catalogue (catalog/catalog.h) against what is known of a
 * device. Only what is surely affected counts as affected; what can't be compared is "possible"
 * and says why. A version proves an advisory; nothing is ever tried.
 */
#pragma once

#include "catalog/condition.h"
#include "fact/subject.h"

/* A row of a catalogue: one flaw at some models, versions and builds. No member is NULL. */
struct advisory {
    const char *id, *maker, *models, *versions, *builds;
    const char *severity, *exploited; /* date in CISA KEV, or "" */
    const char *effect, *fixed, *source;
    /* Of imported rows, else "": which part of the record, its words, and "yes": not affected. */
    const char *part, *rule, *clear;
};

/* What an advisory is compared with; NULL is unknown. */
struct advisory_target {
    const char *maker;   /* real maker, or VMS product */
    const char *model;   /* as the device writes it */
    const char *version; /* as the device writes it */
    const char *build;   /* YYYY-MM-DD */
    bool rebranded;      /* sold under another maker's model names */
};

/* How sure a part is: 0 checked by hand, 1 the maker's own words, 2 added by another,
 * 3 a description alone. */
unsigned advisory_rank(const struct advisory *advisory);

/* Compares one row; why says what decided ("build 2016-05-30 is < 2021-06-25"). */
enum advisory_match advisory_judge(const struct advisory *advisory,
    const struct advisory_target *target, char ret_why[ADVISORY_WHY]);

/*
 * Writes firmware.advisory, .exploited, .judged, .unjudged and .age, or for a VMS vms.advisory,
 * .judged, .unjudged, .newest, .outdated and .current, as far as the subject's facts allow.
 */
void advisory_apply(struct subject *subject, int64_t now);
