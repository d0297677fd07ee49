/* Steps that are told together: those that do the same, or that ended the same way. */
#pragma once

#include "base/buf.h"
#include "remedy/plan.h"

struct groups {
    const struct plan *plan;
    size_t *first; /* by step: the first one that is like it */
};

/* Whether step b belongs to the group that step a begins. */
typedef bool groups_alike_fn(const void *context, size_t a, size_t b);

enum err groups_init(struct groups *groups, const struct plan *plan, groups_alike_fn *is_alike,
    const void *context) MUST_CHECK;
void groups_release(struct groups *groups);
/* True for the step that begins a group. */
bool groups_begins(const struct groups *groups, size_t step);
/* Steps, and different places, of the group that step begins. */
size_t groups_steps(const struct groups *groups, size_t step);
size_t groups_places(const struct groups *groups, size_t step);
/* "1-4, 9": the numbers of its steps. */
void groups_numbers(const struct groups *groups, size_t step, struct buf *out);
/* "gate, shed and 12 more": where they are, each place once; most 0: all of them. */
void groups_names(const struct groups *groups, size_t step, size_t most, struct buf *out);
