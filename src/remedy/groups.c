/* Finds the steps that are told together, and names them. */
#include "remedy/groups.h"

#include <stdlib.h>

enum err
groups_init(
    struct groups *groups, const struct plan *plan, groups_alike_fn *is_alike, const void *context)
{
    *groups = (struct groups){.plan = plan};
    groups->first = calloc(plan->step_count + 1, sizeof(*groups->first));
    if (groups->first == NULL) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < plan->step_count; i++) {
        size_t first = 0;
        while (first < i && (groups->first[first] != first || !is_alike(context, first, i))) {
            first++;
        }
        groups->first[i] = first;
    }
    return OK;
}

void
groups_release(struct groups *groups)
{
    free(groups->first);
    groups->first = NULL;
}

bool
groups_begins(const struct groups *groups, size_t step)
{
    return groups->first[step] == step;
}

size_t
groups_steps(const struct groups *groups, size_t step)
{
    size_t count = 0;
    for (size_t i = step; i < groups->plan->step_count; i++) {
        count += groups->first[i] == step ? 1 : 0;
    }
    return count;
}

/* A place is counted at its first step in the group. */
static bool
is_new_place(const struct groups *groups, size_t step, size_t at)
{
    for (size_t i = step; i < at; i++) {
        if (groups->first[i] == step &&
            groups->plan->steps[i].target == groups->plan->steps[at].target) {
            return false;
        }
    }
    return groups->first[at] == step;
}

size_t
groups_places(const struct groups *groups, size_t step)
{
    size_t count = 0;
    for (size_t i = step; i < groups->plan->step_count; i++) {
        count += is_new_place(groups, step, i) ? 1 : 0;
    }
    return count;
}

void
groups_numbers(const struct groups *groups, size_t step, struct buf *out)
{
    const struct plan *plan = groups->plan;
    for (size_t i = step; i < plan->step_count; i++) {
        if (groups->first[i] != step) {
            continue;
        }
        size_t last = i;
        while (last + 1 < plan->step_count && groups->first[last + 1] == step) {
            last++;
        }
        buf_format(out, "%s%u", i == step ? "" : ", ", plan->steps[i].number);
        if (last != i) {
            buf_format(out, "%s%u", last == i + 1 ? ", " : "-", plan->steps[last].number);
        }
        i = last;
    }
}

void
groups_names(const struct groups *groups, size_t step, size_t most, struct buf *out)
{
    const struct plan *plan = groups->plan;
    size_t named = 0;
    size_t more = 0;
    for (size_t i = step; i < plan->step_count; i++) {
        if (!is_new_place(groups, step, i)) {
            continue;
        }
        if (most != 0 && named == most) {
            more++;
            continue;
        }
        buf_format(
            out, "%s%s", named++ == 0 ? "" : ", ", plan->targets[plan->steps[i].target].title);
    }
    if (more != 0) {
        buf_format(out, " and %zu more", more);
    }
}
