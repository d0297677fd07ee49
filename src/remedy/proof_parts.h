/* What the forms of a proof share; for proof*.c only. */
#pragma once

#include "remedy/proof.h"
#include "report/marks.h"
#include "report/words.h"

/* The fact of a kept step as it was read at the end; NULL: it was not, or it was taken back. */
const char *proof_after(const struct trail_step *state, const struct plan_step *step);
const struct plan_target *proof_target(const struct proof *proof, const struct plan_step *step);
/* Steps that nobody ran but could have been run; steps that only a person can do. */
unsigned proof_left(const struct proof *proof);
unsigned proof_by_hand(const struct proof *proof);
/* A person does it. A step that only a file knows is nobody's: it was left alone. */
bool proof_is_by_hand(const struct plan_step *step);
/* A gap that is still there. */
bool proof_is_open(const struct finding *finding);
/* How a step ended, as a mark with its word. */
struct proof_end {
    enum mark mark;
    const char *word;
};
struct proof_end proof_end(const struct plan_step *step, const struct trail_step *state);
