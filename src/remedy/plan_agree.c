/*
 * A plan from a file only chooses among the steps that Gatehouse plans by itself now: where a step
 * goes, what it does and how it is told is Gatehouse's own. Whoever made the file brings in no
 * path, no address, no value and no fact of a device.
 */
#include "remedy/plan.h"

#include "base/text.h"

#include <string.h>

/* What runs down by itself between two plans. */
#define PASSING "lease"

static bool
is_same_detail(const struct plan_step *one, const struct plan_step *other)
{
    json_t *a = json_copy(one->detail);
    json_t *b = json_copy(other->detail);
    (void)json_object_del(a, PASSING);
    (void)json_object_del(b, PASSING);
    bool is_same = a != NULL && b != NULL && json_equal(a, b) == 1;
    json_decref(a);
    json_decref(b);
    return is_same;
}

/* The same device at an address that both know: what has moved is another matter. */
static bool
is_same_place(const struct subject *was, const struct subject *is)
{
    bool shares = was->address_count == 0;
    for (size_t i = 0; i < was->address_count && !shares; i++) {
        shares = subject_has_address(is, &was->addresses[i]);
    }
    return shares && text_equal(was->driver, is->driver);
}

static struct plan_target *
find_target(struct plan *fresh, const struct plan_target *target)
{
    for (size_t i = 0; i < fresh->target_count; i++) {
        struct plan_target *found = &fresh->targets[i];
        if (text_equal(found->key, target->key)) {
            return is_same_place(target->subject, found->subject) ? found : NULL;
        }
    }
    return NULL;
}

static const struct plan_step *
find_step(const struct plan *fresh, const char *key, const struct plan_step *step)
{
    for (size_t i = 0; i < fresh->step_count; i++) {
        const struct plan_step *found = &fresh->steps[i];
        if (text_equal(found->kind, step->kind) &&
            text_equal(fresh->targets[found->target].key, key) &&
            text_equal(found->fact, step->fact) && text_equal(found->wanted, step->wanted) &&
            is_same_detail(found, step)) {
            return found;
        }
    }
    return NULL;
}

/* A step that is in the file twice is done once. */
static bool
is_taken(const struct plan *plan, const struct plan *fresh, const struct plan_step *step,
    const struct plan_step *found)
{
    for (size_t i = 0; i + 1 < step->number; i++) {
        const struct plan_step *before = &plan->steps[i];
        if (!before->is_strange && before->target == step->target &&
            find_step(fresh, plan->targets[before->target].key, before) == found) {
            return true;
        }
    }
    return false;
}

/* from stays: it says what was agreed to, and is held against what stands there now. */
static enum err
take_over(struct plan_step *step, const struct plan_step *found)
{
    step->words = found->words;
    step->changes = found->changes;
    step->notices = found->notices;
    step->untouched = found->untouched;
    step->rules = found->rules;
    step->rule_count = found->rule_count;
    step->gap_s = found->gap_s;
    step->is_reversible = found->is_reversible;
    step->by_hand = found->by_hand;
    return plan_detail(step, json_incref(found->detail));
}

/* Never run, not even after a crash; and no text of the file is shown as if it were ours. */
static void
set_apart(struct plan_step *step)
{
    step->is_strange = true;
    step->by_hand = true;
    step->words = "a step that is in the file only";
    step->changes = "";
    step->notices = step->untouched = NULL;
    step->rule_count = 0;
}

/* Steps that it rests on come before it, by the numbers of the plan from the file. */
static void
take_order(struct plan *plan, struct plan_step *step, const struct plan *fresh,
    const struct plan_step *found)
{
    size_t count = 0;
    bool is_alone = false;
    for (size_t i = 0; i < PLAN_AFTER; i++) {
        step->after[i] = 0;
    }
    for (size_t i = 0; i < PLAN_AFTER; i++) {
        size_t wanted = found->after[i];
        size_t before_it = count;
        for (size_t k = 0; wanted != 0 && k + 1 < step->number; k++) {
            const struct plan_step *before = &plan->steps[k];
            const char *key = plan->targets[before->target].key;
            if (!before->is_strange && find_step(fresh, key, before) == &fresh->steps[wanted - 1]) {
                step->after[count++] = before->number;
                break;
            }
        }
        /* The first device that gets a firmware is the trial of the others. */
        is_alone = is_alone || (wanted != 0 && count == before_it &&
                                   text_equal(fresh->steps[wanted - 1].kind, step->kind));
    }
    if (is_alone) {
        set_apart(step);
    }
}

static bool
is_twice(const struct plan *plan, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (text_equal(plan->targets[i].key, plan->targets[index].key)) {
            return true;
        }
    }
    return false;
}

/* "gate" of the file: not what Gatehouse calls it. */
static const char *
named_by_file(struct arena *arena, const char *title)
{
    char clean[SUBJECT_TITLE];
    text_clean(clean, sizeof(clean), title, strlen(title));
    const char *named = arena_format(arena, "\"%s\" of the file", clean);
    return named == NULL ? "a device of the file" : named;
}

enum err
plan_agree(struct plan *plan, struct plan *fresh)
{
    bool known[PLAN_STEPS + 1];
    char digest[PLAN_DIGEST];
    enum err err = plan_digest(plan, digest);
    plan->agreed = err == OK ? arena_copy(&plan->arena, digest) : NULL;
    if (plan->agreed == NULL) {
        return err == OK ? ERR_MEMORY : err;
    }
    for (size_t i = 0; i < plan->target_count; i++) {
        struct plan_target *target = &plan->targets[i];
        struct plan_target *found = is_twice(plan, i) ? NULL : find_target(fresh, target);
        known[i] = found != NULL;
        target->title = found == NULL ? named_by_file(&plan->arena, target->title) : found->title;
        if (found != NULL) {
            struct subject *named = target->subject;
            target->subject = found->subject;
            found->subject = named;
        }
    }
    plan->grade = fresh->grade;
    plan->score = fresh->score;
    plan->assessment = fresh->assessment;
    plan->left_count = fresh->left_count;
    memcpy(plan->left, fresh->left, fresh->left_count * sizeof(*plan->left));
    for (size_t i = 0; i < plan->step_count && err == OK; i++) {
        struct plan_step *step = &plan->steps[i];
        const struct plan_target *target = &plan->targets[step->target];
        const struct plan_step *found =
            known[step->target] ? find_step(fresh, target->key, step) : NULL;
        if (found == NULL || is_taken(plan, fresh, step, found)) {
            set_apart(step);
        } else {
            err = take_over(step, found);
            take_order(plan, step, fresh, found);
        }
    }
    return err;
}
