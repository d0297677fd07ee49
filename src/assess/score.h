/*
 * The score and the grade, by the published rules of doc/scoring.md (SCORE_RULES_VERSION), and the
 * first three actions with what each brings.
 */
#pragma once

#include "assess/assessment.h"

/* After findings_build(): sets grades, scores, their reasons, the actions and fix numbers. */
enum err score_apply(struct assessment *assessment) MUST_CHECK;

/* The score that it would be if these findings, by index, were closed. */
enum err score_without(
    const struct assessment *assessment, const bool *closed, unsigned *ret_score) MUST_CHECK;
/* "A" to "F" of a score from 0 to 100. */
const char *score_grade(unsigned score);
