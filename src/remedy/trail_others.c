/*
 * What other plans of a folder have to do with a new one. A device is the same whatever the scope
 * was called by which it was found: by its key, its MAC or an address.
 */
#include "base/text.h"
#include "remedy/trail_lines.h"

#include <stdlib.h>

#define PATH_BYTES 4096

/* Another plan that has not ended. */
struct other {
    const char *id;
    struct trail_summary summary;
    struct plan *plan;
    struct trail_lines lines;
};

static void
release(struct other *other)
{
    if (other->plan != NULL) {
        trail_lines_release(&other->lines);
        plan_free(other->plan);
        other->plan = NULL;
    }
}

/* ERR_MISSING: there is no plan, or it has ended. */
static enum err
load(const char *folder, const char *id, struct other *ret_other, struct note *note)
{
    CLEANUP(buf_release) struct buf path;
    struct other other = {.id = id};
    buf_init(&path, PATH_BYTES);
    buf_format(&path, "%s/%s", folder, id);
    enum err err = buf_error(&path);
    err = err == OK ? trail_look_whole(path.data, &other.plan, &other.lines, &other.summary, note)
                    : err;
    if (err == OK && !trail_is_unfinished(&other.summary)) {
        release(&other);
        err = ERR_MISSING;
    }
    *ret_other = other;
    return err;
}

static bool
is_same_device(const struct plan_target *one, const struct plan_target *other)
{
    const struct subject *a = one->subject;
    const struct subject *b = other->subject;
    bool is_same =
        text_equal(one->key, other->key) || (!mac_is_zero(&a->mac) && mac_equal(&a->mac, &b->mac));
    for (size_t i = 0; i < a->address_count && !is_same; i++) {
        is_same = subject_has_address(b, &a->addresses[i]);
    }
    return is_same;
}

/* Both have something to do there; NULL: at no device. */
static const struct plan_target *
shared_device(const struct plan *plan, const struct plan *other)
{
    for (size_t i = 0; i < plan->step_count; i++) {
        const struct plan_target *target = &plan->targets[plan->steps[i].target];
        for (size_t k = 0; k < other->step_count && !plan->steps[i].by_hand; k++) {
            const struct plan_step *step = &other->steps[k];
            if (!step->by_hand && is_same_device(target, &other->targets[step->target])) {
                return target;
            }
        }
    }
    return NULL;
}

static enum err
refuse_beside(const struct other *other, const struct plan *plan, struct note *note)
{
    bool is_same_site =
        text_equal(other->plan->site, plan->site) && text_equal(other->plan->scope, plan->scope);
    const struct plan_target *shared = shared_device(plan, other->plan);
    if (trail_is_stuck(&other->summary) || (!is_same_site && shared == NULL)) {
        return OK;
    }
    note_set(note,
        "the plan %s of this site is unfinished%s%.60s: gatehouse fix resume goes on with it, "
        "gatehouse fix rollback takes it back",
        other->id, is_same_site ? "" : " at ", is_same_site ? "" : shared->title);
    return ERR_REFUSED;
}

enum err
trail_others_refuse(const char *folder, const struct plan *plan, struct note *note)
{
    struct trail_list list;
    enum err err = trail_list(folder, &list);
    for (size_t i = 0; i < list.count && err == OK; i++) {
        struct other other = {.plan = NULL};
        struct note why = {""};
        enum err loaded = load(folder, list.ids[i], &other, &why);
        if (loaded == OK) {
            err = refuse_beside(&other, plan, note);
        } else if (loaded != ERR_MISSING) {
            note_set(
                note, "whether the plan %s has ended is not known: %.170s", list.ids[i], why.text);
            err = ERR_REFUSED;
        }
        release(&other);
    }
    trail_list_release(&list);
    return err;
}

/* Steps of the plan at a device where one of the other plan is stuck. */
static void
note_stuck(const struct other *other, const struct plan *plan, struct note *words)
{
    for (size_t i = 0; i < plan->step_count; i++) {
        const struct plan_target *target = &plan->targets[plan->steps[i].target];
        for (size_t k = 0; k < other->plan->step_count && words[i].text[0] == '\0'; k++) {
            const struct plan_step *step = &other->plan->steps[k];
            if (other->lines.rows[step->number].phase == TRAIL_STUCK &&
                is_same_device(target, &other->plan->targets[step->target])) {
                note_set(&words[i],
                    "step %u of the plan %s is stuck at this device (%.50s): gatehouse fix "
                    "rollback %s takes it back, gatehouse fix confirm %s leaves it as it is",
                    step->number, other->id, step->words, other->id, other->id);
            }
        }
    }
}

enum err
trail_others_stuck(const char *folder, const struct plan *plan, struct note *words)
{
    struct trail_list list;
    enum err err = trail_list(folder, &list);
    for (size_t i = 0; i < plan->step_count; i++) {
        words[i] = (struct note){""};
    }
    for (size_t i = 0; i < list.count && err == OK; i++) {
        struct other other = {.plan = NULL};
        struct note unused = {""};
        if (!text_equal(list.ids[i], plan->id) &&
            load(folder, list.ids[i], &other, &unused) == OK && trail_is_stuck(&other.summary)) {
            note_stuck(&other, plan, words);
        }
        release(&other);
    }
    trail_list_release(&list);
    return err;
}
