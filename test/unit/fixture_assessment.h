/* Assessments for the tests of the reports: made up, complete, with hostile text in them. */
#pragma once

#include "assess/assessment.h"

enum fixture_kind {
    FIXTURE_SITE,    /* 17 devices, every verdict, waivers, contradictions, attacker's text */
    FIXTURE_PARTIAL, /* the same, interrupted */
    FIXTURE_CLEAN,   /* nothing open */
    FIXTURE_EMPTY,   /* no device answered */
    FIXTURE_LARGE,   /* 10,000 devices */
    FIXTURE_COUNT
};

/* Text as an attacker's camera would send it; none of it may act in any format. */
extern const char *const fixture_attacks[];
extern const size_t fixture_attack_count;

struct assessment *fixture_assessment(enum fixture_kind kind);
void fixture_free(struct assessment *assessment);
