/* gatehouse fix resume, rollback, status, confirm; and the guardian. */
#include "base/clock.h"
#include "base/secret.h"
#include "base/text.h"
#include "cli/fix.h"
#include "report/value.h"

#include <locale.h>
#include <stdio.h>
#include <unistd.h>

// clang-format off
static const struct cli_option options[] = {
    {"unfinished", 0,   NULL, "rollback: keep what was proven, take back only the rest"},
    {"yes",        'y', NULL, "don't ask"},
    {"json",       0,   NULL, "the result as JSON"},
    {"quiet",      'q', NULL, "no progress"},
};
// clang-format on

enum {
    UNFINISHED,
    YES,
    JSON,
    QUIET,
};

#define MANUAL(name, words, text)                                                                  \
    static const struct cli_manual name = {                                                        \
        .usage = "fix " words " [OPTION]… [PLAN]",                                                 \
        .about = text,                                                                             \
        .options = options,                                                                        \
        .option_count = COUNT(options),                                                            \
        .example = "  gatehouse fix " words "\n",                                                  \
    }

MANUAL(resume_manual, "resume",
    "Goes on with a plan that was interrupted: what was proven is kept, what was begun and\n"
    "not proven is taken back, what was not begun is done. Without PLAN the newest one that\n"
    "is unfinished. Site, scope, store and ledger are those of the plan.\n");
MANUAL(rollback_manual, "rollback",
    "Takes a plan back in the reverse order, also what was kept, and proves it.\n"
    "Without PLAN the newest one that is unfinished; one that has ended is named.\n");
MANUAL(confirm_manual, "confirm",
    "Ends a plan as it stands: what it changed stays, the guardian goes.\n");
MANUAL(status_manual, "status", "Lists the plans of this user and how far each came.\n");

/* CLI_END or the exit status. */
static int
read_line(struct fix *fix, const struct cli_manual *manual, int argc, char **argv)
{
    struct note note = {""};
    const char *value = NULL;
    (void)setlocale(LC_CTYPE, "");
    enum err err = fix_init(fix, &note);
    if (err != OK || secret_start() != OK) {
        return cli_fail_err(err, &note);
    }
    cli_line_init(&fix->line, manual, argc, argv);
    for (int row = cli_next(&fix->line, &value); row != CLI_END;
         row = cli_next(&fix->line, &value)) {
        if (row == CLI_STOP) {
            return fix->line.status;
        }
        fix->unfinished = fix->unfinished || row == UNFINISHED;
        fix->yes = fix->yes || row == YES;
        fix->json = fix->json || row == JSON;
        fix->order.quiet = fix->order.quiet || row == QUIET;
    }
    if (fix->line.operand < argc) {
        fix->id = argv[fix->line.operand++];
    }
    return fix->line.operand < argc ? cli_usage(&fix->line, "one plan at a time") : CLI_END;
}

static int
close_ledger(struct fix *fix, int status)
{
    return assess_ledger_close(&fix->order.ledger, fix->order.quiet || fix->json, status);
}

static int
run_again(struct fix *fix, enum fix_way way)
{
    struct trail *trail = NULL;
    struct plan *plan = NULL;
    int status = fix_reopen(fix, &trail, &plan);
    /* Whoever went back half the way goes on back. */
    way =
        way == FIX_RESUME && status == CLI_END && trail_is_turned_back(trail) ? FIX_ROLLBACK : way;
    if (status == CLI_END && way == FIX_ROLLBACK && trail_turn_back(trail) != OK) {
        status = close_ledger(
            fix, cli_fail("the journal of the plan can't be written: %s", trail_folder(trail)));
    } else if (status == CLI_END) {
        status = close_ledger(fix, fix_run(fix, way, trail, plan));
    }
    trail_close(trail);
    plan_free(plan);
    return status;
}

int
fix_resume(int argc, char **argv)
{
    CLEANUP(fix_release) struct fix fix;
    int status = read_line(&fix, &resume_manual, argc, argv);
    return status == CLI_END ? run_again(&fix, FIX_RESUME) : status;
}

int
fix_rollback(int argc, char **argv)
{
    CLEANUP(fix_release) struct fix fix;
    int status = read_line(&fix, &rollback_manual, argc, argv);
    fix.goes_back = !fix.unfinished && fix.id != NULL;
    return status == CLI_END ? run_again(&fix, fix.unfinished ? FIX_UNFINISHED : FIX_ROLLBACK)
                             : status;
}

/* Written down before it counts. */
static enum err
tell_confirmed(const struct fix *fix, const struct plan *plan, struct note *note)
{
    const struct run_ledger *ledger = &fix->order.settings.ledger;
    char object[80];
    if (ledger->write == NULL) {
        return OK;
    }
    json_t *detail = json_object();
    value_put(detail, "phase", json_string("confirmed"));
    value_put(detail, "plan", value_text(plan->id));
    (void)snprintf(object, sizeof(object), "fix:%s", plan->id);
    struct event event = event_begin(EVENT_CONFIG_CHANGE, EVENT_OK);
    event.object = event_text(object);
    event.detail = detail;
    enum err err = ledger->write(ledger->context, &event, note);
    json_decref(detail);
    return err;
}

int
fix_confirm(int argc, char **argv)
{
    CLEANUP(fix_release) struct fix fix;
    struct trail *trail = NULL;
    struct plan *plan = NULL;
    struct note note = {""};
    int status = read_line(&fix, &confirm_manual, argc, argv);
    status = status == CLI_END ? fix_reopen(&fix, &trail, &plan) : status;
    if (status == CLI_END) {
        enum err err = tell_confirmed(&fix, plan, &note);
        err = err == OK ? trail_end(trail, "confirmed") : err;
        status = err == OK ? CLI_OK : cli_fail_err(err, &note);
        if (err == OK && !fix.order.quiet) {
            (void)printf("Confirmed: %s stays as it is.\n", plan->id);
        }
        status = close_ledger(&fix, status);
    }
    trail_close(trail);
    plan_free(plan);
    return status;
}

static const char *
state_words(const struct trail_summary *summary)
{
    if (summary->how[0] != '\0') {
        return summary->how;
    }
    if (summary->is_held) {
        return "under way";
    }
    if (!summary->is_begun) {
        return "not begun";
    }
    if (trail_is_overdue(summary, clock_wall())) {
        return "NOT CONFIRMED IN TIME, NOT TAKEN BACK";
    }
    return summary->is_back ? trail_is_stuck(summary) ? "TAKING BACK IS STUCK" : "HALF TAKEN BACK"
           : trail_is_stuck(summary)  ? "STUCK"
           : summary->confirm_by != 0 ? "waits for gatehouse fix confirm"
                                      : "UNFINISHED";
}

static void
print_summary(const char *id, const struct trail_summary *summary)
{
    (void)printf("%s  %-11s", id, state_words(summary));
    for (size_t i = 0; i < TRAIL_PHASE_COUNT; i++) {
        if (summary->steps[i] != 0) {
            (void)printf("  %zu %s", summary->steps[i], trail_phase_name((enum trail_phase)i));
        }
    }
    (void)printf("%s%s\n", summary->site[0] == '\0' ? "" : "  ", summary->site);
    if (trail_is_stuck(summary) || trail_is_overdue(summary, clock_wall())) {
        (void)printf("    gatehouse fix rollback %s takes it back, gatehouse fix confirm %s leaves "
                     "it as it is\n",
            id, id);
    }
}

static json_t *
json_summary(const char *id, const struct trail_summary *summary)
{
    json_t *row = json_object();
    json_t *steps = json_object();
    char time[CLOCK_TEXT];
    for (size_t i = 0; i < TRAIL_PHASE_COUNT; i++) {
        value_put(steps, trail_phase_name((enum trail_phase)i),
            json_integer((json_int_t)summary->steps[i]));
    }
    value_put(row, "id", value_text(id));
    value_put(row, "site", value_text(summary->site));
    value_put(row, "state", value_text(state_words(summary)));
    value_put(row, "is_unfinished", json_boolean(trail_is_unfinished(summary)));
    value_put(row, "made", json_string(clock_text(summary->made, time)));
    value_put(row, "steps", steps);
    return row;
}

int
fix_status(int argc, char **argv)
{
    CLEANUP(fix_release) struct fix fix;
    struct trail_list list = {.ids = NULL};
    int status = read_line(&fix, &status_manual, argc, argv);
    if (status != CLI_END) {
        return status;
    }
    status = CLI_OK;
    enum err err = trail_list(fix.folder, &list);
    json_t *rows = json_array();
    for (size_t i = 0; i < list.count && err == OK; i++) {
        struct trail_summary summary;
        struct note note = {""};
        enum err looked = trail_look(fix.folder, list.ids[i], &summary, &note);
        if (looked != OK) {
            status = looked == ERR_MISSING ? status : cli_fail("%s: %s", list.ids[i], note.text);
            continue;
        }
        status = trail_is_unfinished(&summary) && status == CLI_OK ? CLI_GAPS : status;
        if (fix.json) {
            (void)json_array_append_new(rows, json_summary(list.ids[i], &summary));
        } else {
            print_summary(list.ids[i], &summary);
        }
    }
    if (fix.json) {
        (void)json_dumpf(rows, stdout, JSON_INDENT(2));
        (void)printf("\n");
    } else if (list.count == 0) {
        (void)printf("No plan was run yet.\n");
    }
    json_decref(rows);
    trail_list_release(&list);
    (void)fflush(stdout);
    return err == OK ? status : cli_fail("%s: %s", fix.folder, err_words(err));
}

int
fix_guard(int argc, char **argv)
{
    CLEANUP(fix_release) struct fix fix;
    struct note note = {""};
    uint64_t dead_man = 0, confirm = 0;
    enum err err = fix_init(&fix, &note);
    if (err != OK || argc != 4 || text_to_u64(argv[2], UINT32_MAX, &dead_man) != OK ||
        text_to_u64(argv[3], UINT32_MAX, &confirm) != OK) {
        return cli_fail("fix guard is started by gatehouse fix --apply, not by hand");
    }
    const struct guard_orders orders = {
        .folder = fix.folder,
        .id = argv[1],
        .dead_man_s = (unsigned)dead_man,
        .confirm_s = (unsigned)confirm,
    };
    return guard_run(&orders) == 0 ? CLI_OK : CLI_INCOMPLETE;
}
