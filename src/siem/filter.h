/*
 * Which entries a destination gets. A part that is not asked for lets everything pass; of one that
 * is, one value has to fit. What is no event always passes: it should not be there. Pure.
 */
#pragma once

#include "siem/severity.h"

#define SIEM_FILTER_VALUES 64 /* of one part */

enum siem_filter_part {
    SIEM_FILTER_ACTION, /* or a family of them: "footage.*" */
    SIEM_FILTER_OUTCOME,
    SIEM_FILTER_CAMERA, /* an event passes when it touched one of them */
    SIEM_FILTER_USER,
    SIEM_FILTER_PARTS,
};

struct siem_filter {
    enum siem_level least; /* what matters less does not pass */
    size_t counts[SIEM_FILTER_PARTS];
    const char *values[SIEM_FILTER_PARTS][SIEM_FILTER_VALUES]; /* the caller's */
};

/* Everything passes. */
struct siem_filter siem_filter_begin(void);
/* ERR_VALUE: an outcome that there is not, an action that can't be; ERR_LIMIT. */
enum err siem_filter_add(
    struct siem_filter *filter, enum siem_filter_part part, const char *value) MUST_CHECK;
bool siem_filter_passes(const struct siem_filter *filter, const struct logged *logged);
