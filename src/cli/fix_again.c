/* The grade after: what steps touched is looked at again, by the eyes of the assessment. */
#include "assess/again.h"
#include "assess/record.h"
#include "base/log.h"
#include "cli/fix.h"
#include "remedy/trail.h"

#include <stdlib.h>

static bool
has_touched(enum trail_phase phase)
{
    return phase == TRAIL_KEPT || phase == TRAIL_UNDONE || phase == TRAIL_STUCK;
}

/* Keys of the devices, each once; the site itself is judged anew in any case. */
static size_t
touched_devices(const struct plan *plan, const struct trail *trail, const char **ret_keys)
{
    size_t count = 0;
    for (size_t target = 0; target < plan->target_count; target++) {
        bool is_touched = false;
        for (size_t i = 0; i < plan->step_count; i++) {
            const struct plan_step *step = &plan->steps[i];
            is_touched = is_touched || (step->target == target && !step->by_hand &&
                                           has_touched(trail_step(trail, step->number).phase));
        }
        if (is_touched) {
            ret_keys[count++] = plan->targets[target].key;
        }
    }
    return count;
}

static enum err
look(struct fix *fix, const struct again *again, struct assessment **ret_after, struct note *note)
{
    struct order *order = &fix->order;
    enum err err = order_refresh(order, note);
    if (err != OK) {
        return err;
    }
    if (!order->quiet && order->scope.allowed_count != 0) {
        progress_init(&order->progress, stderr);
    }
    err = assess_again(&order->settings, again, ret_after, note);
    progress_end(&order->progress);
    if (err == OK && order->store != NULL && record_save(order->store, *ret_after) != OK) {
        log_warn("the look afterwards is not remembered: %s", store_trouble(order->store));
    }
    return err;
}

enum err
fix_look_again(struct fix *fix, const struct plan *plan, const struct trail *trail,
    struct assessment **ret_after, struct note *note)
{
    if (fix->now == NULL) {
        note_set(note, "gatehouse assess reads the whole site again");
        return ERR_MISSING;
    }
    const char **keys = calloc(plan->target_count + 1, sizeof(*keys));
    if (keys == NULL) {
        return ERR_MEMORY;
    }
    const struct again again = {fix->now, keys, touched_devices(plan, trail, keys)};
    enum err err = ERR_MISSING;
    if (again.touched_count == 0) {
        note_set(note, "nothing was changed");
    } else {
        err = look(fix, &again, ret_after, note);
    }
    free(keys);
    return err;
}
