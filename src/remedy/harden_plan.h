/* Steps of the kind "harden" for the files of VMSes. */
#pragma once

#include "remedy/plan.h"

/*
 * A step for each file in which a setting fails, with the difference and a detail that the kind
 * understands. What is left, and why, is said in the plan.
 */
enum err harden_plan_files(struct plan *plan, const struct plan_from *from) MUST_CHECK;
/*
 * Whether an account of this VMS with its password is known: one that Gatehouse set, or the site
 * file's. And why nobody could come in by it once the log-in is on; NULL: it is known and good.
 */
bool harden_account_is_known(const struct plan_from *from, const struct subject *subject);
const char *harden_account_trouble(const struct plan_from *from, const struct subject *subject);
/*
 * After the other steps for this VMS: one by hand for each of its gaps that none of them closes, in
 * the words of its driver where that knows better ones.
 */
enum err harden_hand_steps(
    struct plan *plan, const struct plan_from *from, const struct subject *subject) MUST_CHECK;
