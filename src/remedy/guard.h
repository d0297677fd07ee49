/*
 * The guardian of a plan: a process in a session of its own that takes back what is unfinished when
 * the one that runs the plan dies or takes too long, and everything when nobody confirms it in
 * time.
 */
#pragma once

#include "base/err.h"

#define GUARD_FD 3 /* where the guardian's end of the pipe is */

struct guard;

/* Starts `gatehouse fix guard ID DEAD_MAN_S CONFIRM_S`, which writes to a file in the folder. */
struct guard_orders {
    const char *folder, *id; /* of the journals; of the plan */
    unsigned dead_man_s, confirm_s;
};
enum err guard_start(
    const struct guard_orders *orders, struct guard **ret_guard, struct note *note) MUST_CHECK;
/* Lets it go: the plan is in order as it stands, or it waits for a confirmation. */
void guard_dismiss(struct guard *guard);
void guard_await(struct guard *guard);
/*
 * Takes back, after a power cut took the guardian too, what nobody confirmed in time, what was on
 * its way back and what was torn off; `waits`: also what may be confirmed still, when its time is
 * over, and for a network that is not there yet. How many plans there were, and are still.
 */
enum err guard_overdue(
    const char *folder, bool waits, unsigned *ret_found, unsigned *ret_open) MUST_CHECK;
/* The guardian's own life; its exit status. */
int guard_run(const struct guard_orders *orders);
