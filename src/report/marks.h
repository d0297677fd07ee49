/*
 * What each device has against it: the findings turned round, so that a report can go device by
 * device. A mark is a word, a letter and a shape; colour only repeats it.
 */
#pragma once

#include "assess/assessment.h"

/* Worst first. */
enum mark {
    MARK_FAIL,
    MARK_UNKNOWN,
    MARK_WAIVED,
    MARK_NOTE,
    MARK_PASS,
    MARK_NONE, /* nothing about it is judged */
    MARK_COUNT
};

struct mark_words {
    const char *id;      /* for classes and filters: "fail" */
    const char *word;    /* "FAIL" */
    const char *sign;    /* one column: "x" */
    const char *meaning; /* "has an open gap" */
};

extern const struct mark_words mark_words[MARK_COUNT];

/* One place: the finding and the place in it. */
struct mark_place {
    size_t device; /* index into assessment->devices */
    const struct finding *finding;
    const struct finding_place *place;
};

struct marks {
    const struct assessment *assessment;
    struct mark_place *places; /* by device, then in the order of the findings */
    size_t place_count;
    size_t *starts; /* device_count + 1 of them: where each device's places begin */
};

enum err marks_init(struct marks *marks, const struct assessment *assessment) MUST_CHECK;
void marks_release(struct marks *marks);

/* The places of one device, worst first. */
const struct mark_place *marks_of(const struct marks *marks, size_t device, size_t *ret_count);
/* Its worst mark. */
enum mark marks_worst(const struct marks *marks, size_t device);
/* The index of a subject among the devices; device_count when it is not one of them. */
size_t marks_device(const struct marks *marks, const struct subject *subject);

enum mark mark_of_verdict(enum verdict verdict);
/* As the verdict; MARK_WAIVED while a waiver is in force. */
enum mark mark_of_finding(const struct finding *finding);
bool mark_is_waived(const struct finding *finding);
/* The finding's, at one place: a waiver may cover only some of them. */
enum mark mark_of_place(const struct finding *finding, const struct finding_place *place);
