/*
 * The journal of one plan: an append-only file in XDG state/gatehouse/fix/ID/, a line of JSON each,
 * durable (fdatasync) when trail_write() returns, with a chain of digests; a torn last line is
 * what a power cut leaves and counts as not written. `before` of a step is sealed by the vault's
 * key. A plan has one owner at a time (lock).
 */
#pragma once

#include "remedy/plan.h"
#include "store/vault.h"

/* Where a step is; each is written before what it names begins, but the last four after it. */
enum trail_phase {
#define PHASE(id, name, meaning) TRAIL_##id,
#include "remedy/phases.def"
#undef PHASE
    TRAIL_PHASE_COUNT
};
const char *trail_phase_name(enum trail_phase phase);

#define TRAIL_ID 40

struct trail;

/*
 * Makes the folder with the plan in it; ERR_REFUSED: another plan of this site, or one at a device
 * of this one, is unfinished. One that has nothing open but stuck steps refuses nothing:
 * trail_others_stuck().
 */
enum err trail_create(const char *folder, const struct plan *plan, const struct vault_place *vault,
    struct trail **ret_journal, struct note *note) MUST_CHECK;
/*
 * Opens a plan's journal to go on with it; id NULL: the newest unfinished one. ERR_MISSING: none;
 * ERR_REFUSED: a living process has it.
 */
enum err trail_open(const char *folder, const char *id, const struct vault_place *vault,
    struct trail **ret_journal, struct plan **ret_plan, struct note *note) MUST_CHECK;
void trail_close(struct trail *journal);

/* What the journal says of a step. */
struct trail_step {
    enum trail_phase phase;
    json_t *before; /* opened; borrowed; NULL when none */
    json_t *after;
    const char *why;
    unsigned logins, gap_ms; /* gap_ms: TRAIL_GAP_UNKNOWN where the video could not be watched */
};
#define TRAIL_GAP_UNKNOWN UINT32_MAX
struct trail_step trail_step(const struct trail *journal, unsigned number);
/* Callable from any thread. before: NULL: as it was. A write that fails is ERR_IO: stop. */
enum err trail_write(struct trail *journal, unsigned number, enum trail_phase phase,
    const struct trail_step *state) MUST_CHECK;
/* The plan as a whole: "confirmed", "rolled-back", "ended". */
enum err trail_end(struct trail *journal, const char *how) MUST_CHECK;
bool trail_is_ended(const struct trail *journal);
/* All of it is taken back from here on: what had ended has not, until trail_end() says it again. */
enum err trail_turn_back(struct trail *journal) MUST_CHECK;
bool trail_is_turned_back(const struct trail *journal);
/* How it ended; "" while it has not. */
const char *trail_how(const struct trail *journal);
const char *trail_folder(const struct trail *journal);
/* Everything is taken back unless it is confirmed until then (wall ms); 0: nobody is waited for. */
enum err trail_await(struct trail *journal, int64_t until) MUST_CHECK;

/* What a journal says to who does not own it. */
struct trail_summary {
    char site[256], scope[512];
    char how[24]; /* how it ended; "": it did not */
    bool is_held; /* a process is at it */
    bool is_begun;
    bool is_back;                   /* it is being taken back, all of it */
    int64_t made, last, confirm_by; /* wall ms */
    size_t steps[TRAIL_PHASE_COUNT];
};
/* Ids of all in the folder, the oldest first; no folder: none. */
struct trail_list {
    char (*ids)[TRAIL_ID];
    size_t count;
};
enum err trail_list(const char *folder, struct trail_list *ret_list) MUST_CHECK;
/* The newest unfinished one; ERR_MISSING: none. */
enum err trail_newest(const char *folder, char ret_id[TRAIL_ID], struct note *note) MUST_CHECK;
void trail_list_release(struct trail_list *list);
enum err trail_look(const char *folder, const char *id, struct trail_summary *ret_summary,
    struct note *note) MUST_CHECK;
bool trail_is_unfinished(const struct trail_summary *summary);
/* Whether a step is on its way there or back: whoever was at it is gone when it is not held. */
bool trail_is_torn_off(const struct trail_summary *summary);
/* Whether nothing is left of it but steps that a person has to look at. */
bool trail_is_stuck(const struct trail_summary *summary);
/* Whether the time for a confirmation is over at `now`, and it is still in place. */
bool trail_is_overdue(const struct trail_summary *summary, int64_t now);

/* What other plans of the folder have to do with this one (trail_others.c). */
enum err trail_others_refuse(
    const char *folder, const struct plan *plan, struct note *note) MUST_CHECK;
/*
 * For each step of the plan, in words[0 … step_count - 1]: the step of another plan that is stuck
 * at the same device, and the commands; "" where there is none.
 */
enum err trail_others_stuck(
    const char *folder, const struct plan *plan, struct note *words) MUST_CHECK;
