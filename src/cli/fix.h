/* What the parts of gatehouse fix share. */
#pragma once

#include "cli/order.h"
#include "remedy/apply.h"
#include "remedy/guard.h"

#define FIX_NAMES 64
#define FIX_PATH  4096

struct fix {
    struct order order;
    struct cli_line line;
    struct plan_choice choice;
    const char *controls[FIX_NAMES], *devices[FIX_NAMES], *kinds[FIX_NAMES];
    const char *plan_out, *plan_in, *id;
    bool applies, yes, json, unfinished;
    unsigned dead_man_s, confirm_s; /* 0: as in the plan; nobody is waited for */
    const struct assessment *now;   /* that the plan was made from; NULL: another process made it */
    unsigned runs, ended;           /* steps that Gatehouse does; of these, at their end */
    bool is_terminal, is_drawn;     /* of the progress */
    bool goes_back;                 /* rollback: an ended plan is taken up too */
    struct vault_place vault;
    char secrets[FIX_PATH], key[FIX_PATH];
    char folder[FIX_PATH]; /* of all plans */
    json_t *saved;         /* the order of a plan that was begun; the order's texts are its */
};

/* ERR_MISSING: the folder of the plans is not known. */
enum err fix_init(struct fix *fix, struct note *note) MUST_CHECK;
void fix_release(struct fix *fix);
/* "30m", "90s", "2h", "45" (minutes); 0 seconds is none. */
enum err fix_duration(const char *text, unsigned *ret_s) MUST_CHECK;
/* Where the sealed passwords of this site are. */
enum err fix_find_vault(struct fix *fix, struct note *note) MUST_CHECK;

/* What was ordered, beside the plan's journal, so that the way back needs no option. */
enum err fix_save_order(const struct fix *fix, const char *folder, struct note *note) MUST_CHECK;
/* Opens the plan that was begun, NULL: the newest unfinished one; CLI_END or the exit status. */
int fix_reopen(struct fix *fix, struct trail **ret_trail, struct plan **ret_plan);

/* How a plan is run. */
enum fix_way {
    FIX_APPLY,
    FIX_RESUME,
    FIX_ROLLBACK,   /* everything */
    FIX_UNFINISHED, /* what is not kept */
};
/* Runs it, says how it went; an exit status. */
int fix_run(struct fix *fix, enum fix_way way, struct trail *trail, const struct plan *plan);

/*
 * The devices that steps touched, looked at again; remembered as a run. ERR_MISSING: none was
 * touched, or what was there before is not known here; the note says so.
 */
enum err fix_look_again(struct fix *fix, const struct plan *plan, const struct trail *trail,
    struct assessment **ret_after, struct note *note) MUST_CHECK;

/* The plan as a page; `now` is what the grade would be judged from. */
void fix_print_plan(const struct fix *fix, const struct plan *plan, const struct assessment *now);
/* Why a step of a plan that was made before is not done now; NULL: it is as it was planned. */
const char *fix_differs(const struct plan *plan, const struct plan_step *step,
    const struct assessment *now, struct note *words);

/* Steps at a device where one of another plan is stuck: said, and left alone (fix_others.c). */
void fix_print_stuck(const struct fix *fix, const struct plan *plan);
enum err fix_leave_stuck(
    const struct fix *fix, struct trail *trail, const struct plan *plan) MUST_CHECK;
/* Says which plans nobody confirmed in time and nobody has taken back. */
void fix_warn_overdue(const struct fix *fix);

/* The parts. */
#define PART(name, words) int fix_##name(int argc, char **argv);
#include "cli/fix.def"
#undef PART
/* The guardian's own, which no person runs. */
int fix_guard(int argc, char **argv);
