/* The result's own memory. */
#include "assess/assessment.h"

#include <stdlib.h>

/* Findings of 10,000 devices with their sentences. */
#define ARENA_LIMIT ((size_t)256 * 1024 * 1024)

struct assessment *
assessment_new(void)
{
    struct assessment *assessment = calloc(1, sizeof(*assessment));
    if (assessment != NULL) {
        arena_init(&assessment->arena, ARENA_LIMIT);
    }
    return assessment;
}

void
assessment_free(struct assessment *assessment)
{
    if (assessment == NULL) {
        return;
    }
    for (size_t i = 0; i < assessment->device_count; i++) {
        subject_free(assessment->devices[i]);
    }
    free((void *)assessment->devices);
    subject_free(assessment->whole);
    arena_release(&assessment->arena);
    free(assessment);
}
