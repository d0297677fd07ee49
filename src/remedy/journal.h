/*
 * The journal of one plan: an append-only file in XDG state/gatehouse/fix/ID/, a line of JSON each,
 * durable (fdatasync) when journal_write() returns, with a chain of digests; a torn last line is
 * what a power cut leaves and counts as not written. `before` of a step is sealed by the vault's
 * key. A plan has one owner at a time (lock).
 */
#pragma once

#include "remedy/plan.h"
#include "store/vault.h"

/* Where a step is; each is written before what it names begins, but the last four after it. */
enum journal_phase {
#define PHASE(id, name, meaning) JOURNAL_##id,
#include "remedy/phases.def"
#undef PHASE
    JOURNAL_PHASE_COUNT
};
const char *journal_phase_name(enum journal_phase phase);

struct journal;

/* Makes the folder with the plan in it; ERR_REFUSED: another plan of this site is unfinished. */
enum err journal_create(const char *folder, const struct plan *plan,
    const struct vault_place *vault, struct journal **ret_journal, struct note *note) MUST_CHECK;
/*
 * Opens a plan's journal to go on with it; id NULL: the newest unfinished one. ERR_MISSING: none;
 * ERR_REFUSED: a living process has it.
 */
enum err journal_open(const char *folder, const char *id, const struct vault_place *vault,
    struct journal **ret_journal, struct plan **ret_plan, struct note *note) MUST_CHECK;
void journal_close(struct journal *journal);

/* What the journal says of a step. */
struct journal_step {
    enum journal_phase phase;
    json_t *before; /* opened; borrowed; NULL when none */
    json_t *after;
    const char *why;
    unsigned logins, gap_ms;
};
struct journal_step journal_step(const struct journal *journal, unsigned number);
/* Callable from any thread. before: NULL: as it was. A write that fails is ERR_IO: stop. */
enum err journal_write(struct journal *journal, unsigned number, enum journal_phase phase,
    const struct journal_step *state) MUST_CHECK;
/* The plan as a whole: "confirmed", "rolled-back", "ended". */
enum err journal_end(struct journal *journal, const char *how) MUST_CHECK;
bool journal_is_ended(const struct journal *journal);
const char *journal_folder(const struct journal *journal);
