/*
 * Runs a plan: each step taken, applied, proven by reading it again and by video, kept; or taken
 * back. Goes on where a journal stands after any end of the process.
 */
#pragma once

#include "remedy/remedy.h"
#include "remedy/trail.h"

struct apply_result {
    unsigned kept, undone, left, stuck;
    unsigned logins;
    bool is_stopped;
};

/* From a signal: no step is begun any more, those under way come to their end. */
void apply_stop(void);

/* All of it, in threads of its own; the journal has how each step ended. */
enum err apply_plan(struct desk *desk, const struct plan *plan, struct apply_result *ret_result,
    struct note *note) MUST_CHECK;
/* After a crash: what is proven is kept, all else is taken back; then (`goes_on`) the rest is done.
 */
enum err apply_resume(struct desk *desk, const struct plan *plan, bool goes_on,
    struct apply_result *ret_result, struct note *note) MUST_CHECK;
/* Everything back to what stood before, in the reverse order, kept steps too. */
enum err apply_rollback(struct desk *desk, const struct plan *plan, struct apply_result *ret_result,
    struct note *note) MUST_CHECK;
