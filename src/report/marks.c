/* From findings with devices to devices with findings. */
#include "report/marks.h"

#include <stdlib.h>

const struct mark_words mark_words[MARK_COUNT] = {
    [MARK_FAIL] = {"fail",    "FAIL",    "x", "has an open gap"                },
    [MARK_UNKNOWN] = {"unknown", "UNKNOWN", "?", "something could not be judged"  },
    [MARK_WAIVED] = {"waived",  "WAIVED",  "w", "its only gaps are waived"       },
    [MARK_NOTE] = {"note",    "NOTE",    "i", "no gap, something worth knowing"},
    [MARK_PASS] = {"pass",    "PASS",    "+", "nothing found against it"       },
    [MARK_NONE] = {"none",    "N/A",     "-", "no control is about it"         },
};

struct slot {
    const struct subject *subject;
    size_t device;
};

static int
compare_slots(const void *a, const void *b)
{
    uintptr_t left = (uintptr_t)((const struct slot *)a)->subject;
    uintptr_t right = (uintptr_t)((const struct slot *)b)->subject;
    return (left > right) - (left < right);
}

static size_t
place_total(const struct assessment *assessment)
{
    size_t total = 0;
    for (size_t i = 0; i < assessment->finding_count; i++) {
        total += assessment->findings[i].place_count;
    }
    return total;
}

static const struct slot *
slot_of(const struct slot *slots, size_t count, const struct subject *subject)
{
    const struct slot key = {.subject = subject};
    return count == 0 ? NULL : bsearch(&key, slots, count, sizeof(key), compare_slots);
}

/* What one finding adds: a count for each of its devices, then its places. */
static void
add_finding(
    struct marks *marks, const struct slot *slots, const struct finding *finding, bool counts)
{
    for (size_t i = 0; i < finding->place_count; i++) {
        const struct slot *slot =
            slot_of(slots, marks->assessment->device_count, finding->places[i].subject);
        if (slot == NULL) {
            continue;
        }
        if (counts) {
            marks->starts[slot->device + 1]++;
        } else {
            marks->places[marks->starts[slot->device]++] =
                (struct mark_place){slot->device, finding, &finding->places[i]};
        }
    }
}

/* Counts first, then fills: the order of the findings stays within each device. */
static void
fill(struct marks *marks, const struct slot *slots)
{
    const struct assessment *assessment = marks->assessment;
    size_t devices = assessment->device_count;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < assessment->finding_count; i++) {
            add_finding(marks, slots, &assessment->findings[i], pass == 0);
        }
        for (size_t i = 0; pass == 0 && i < devices; i++) {
            marks->starts[i + 1] += marks->starts[i];
        }
    }
    for (size_t i = devices; i > 0; i--) {
        marks->starts[i] = marks->starts[i - 1];
    }
    marks->starts[0] = 0;
}

enum err
marks_init(struct marks *marks, const struct assessment *assessment)
{
    size_t devices = assessment->device_count;
    size_t total = place_total(assessment);
    *marks = (struct marks){.assessment = assessment, .place_count = total};
    struct slot *slots = calloc(devices + 1, sizeof(*slots));
    marks->starts = calloc(devices + 2, sizeof(*marks->starts));
    marks->places = calloc(total + 1, sizeof(*marks->places));
    if (slots == NULL || marks->starts == NULL || marks->places == NULL) {
        free(slots);
        marks_release(marks);
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < devices; i++) {
        slots[i] = (struct slot){assessment->devices[i], i};
    }
    qsort(slots, devices, sizeof(*slots), compare_slots);
    fill(marks, slots);
    free(slots);
    return OK;
}

void
marks_release(struct marks *marks)
{
    free(marks->starts);
    free(marks->places);
    *marks = (struct marks){0};
}

const struct mark_place *
marks_of(const struct marks *marks, size_t device, size_t *ret_count)
{
    assert(device < marks->assessment->device_count);
    *ret_count = marks->starts[device + 1] - marks->starts[device];
    return &marks->places[marks->starts[device]];
}

bool
mark_is_waived(const struct finding *finding)
{
    return finding->waiver != NULL && !finding->waiver->expired;
}

enum mark
mark_of_verdict(enum verdict verdict)
{
    switch (verdict) {
    case PASS:
        return MARK_PASS;
    case FAIL:
        return MARK_FAIL;
    case UNKNOWN:
        return MARK_UNKNOWN;
    case NOTE:
        return MARK_NOTE;
    case NOT_APPLICABLE:
        break;
    }
    return MARK_NONE;
}

enum mark
mark_of_finding(const struct finding *finding)
{
    return mark_is_waived(finding) ? MARK_WAIVED : mark_of_verdict(finding->verdict);
}

enum mark
mark_of_place(const struct finding *finding, const struct finding_place *place)
{
    bool waived = place->waiver != NULL && !place->waiver->expired;
    return waived ? MARK_WAIVED : mark_of_finding(finding);
}

enum mark
marks_worst(const struct marks *marks, size_t device)
{
    const struct subject *subject = marks->assessment->devices[device];
    const unsigned judged = KINDS_VIDEO | KIND_BIT(VMS) | KIND_BIT(ROUTER);
    enum mark worst = (subject_kinds(subject) & judged) != 0 ? MARK_PASS : MARK_NONE;
    if (!subject->in_scope) {
        worst = MARK_NONE; /* never asked anything */
    } else if (subject->trouble != NULL) {
        worst = MARK_UNKNOWN;
    }
    size_t count = 0;
    const struct mark_place *places = marks_of(marks, device, &count);
    for (size_t i = 0; i < count; i++) {
        enum mark mark = mark_of_place(places[i].finding, places[i].place);
        worst = mark < worst ? mark : worst;
    }
    return worst;
}

size_t
marks_device(const struct marks *marks, const struct subject *subject)
{
    size_t devices = marks->assessment->device_count;
    size_t guess = subject->number - 1U;
    if (guess < devices && marks->assessment->devices[guess] == subject) {
        return guess;
    }
    for (size_t i = 0; i < devices; i++) {
        if (marks->assessment->devices[i] == subject) {
            return i;
        }
    }
    return devices;
}
