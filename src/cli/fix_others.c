/* Plans that others left: stuck steps that a new plan goes around, and gatehouse fix overdue. */
#include "base/clock.h"
#include "base/secret.h"
#include "base/text.h"
#include "cli/fix.h"

#include <stdio.h>
#include <stdlib.h>

static struct note *
read_stuck(const struct fix *fix, const struct plan *plan)
{
    struct note *words = calloc(plan->step_count + 1, sizeof(*words));
    if (words != NULL && trail_others_stuck(fix->folder, plan, words) != OK) {
        free(words);
        return NULL;
    }
    return words;
}

void
fix_print_stuck(const struct fix *fix, const struct plan *plan)
{
    struct note *words = read_stuck(fix, plan);
    for (size_t i = 0; words != NULL && i < plan->step_count; i++) {
        if (words[i].text[0] != '\0' && !plan->steps[i].by_hand) {
            (void)fprintf(stderr, "Step %zu is left out: %s\n", i + 1, words[i].text);
        }
    }
    free(words);
}

enum err
fix_leave_stuck(const struct fix *fix, struct trail *trail, const struct plan *plan)
{
    struct note *words = read_stuck(fix, plan);
    enum err err = words == NULL ? ERR_IO : OK;
    for (size_t i = 0; i < plan->step_count && err == OK; i++) {
        const struct trail_step state = {.why = words[i].text};
        unsigned number = plan->steps[i].number;
        if (state.why[0] != '\0' && trail_step(trail, number).phase == TRAIL_WAITING) {
            err = trail_write(trail, number, TRAIL_LEFT, &state);
        }
    }
    free(words);
    return err;
}

void
fix_warn_overdue(const struct fix *fix)
{
    struct trail_list list;
    char time[CLOCK_TEXT];
    enum err err = trail_list(fix->folder, &list);
    for (size_t i = 0; i < list.count && err == OK; i++) {
        struct trail_summary summary;
        struct note unused = {""};
        if (trail_look(fix->folder, list.ids[i], &summary, &unused) == OK &&
            trail_is_overdue(&summary, clock_wall())) {
            (void)fprintf(stderr,
                "ATTENTION: nobody confirmed the plan %s until %s, and it is not taken back:\n"
                "  gatehouse fix rollback %s (or gatehouse fix overdue) takes it back,\n"
                "  gatehouse fix confirm %s leaves it as it is.\n",
                list.ids[i], clock_text(summary.confirm_by, time), list.ids[i], list.ids[i]);
        }
    }
    trail_list_release(&list);
}

// clang-format off
static const struct cli_option options[] = {
    {"wait", 0, NULL, "stay until the time of those that may be confirmed is over; for a service"},
};
// clang-format on

static const struct cli_manual manual = {
    .usage = "fix overdue [--wait]",
    .about =
        "Takes back what was left behind when the machine went off in the middle: plans that\n"
        "nobody confirmed in time, those that were being taken back, and steps that had begun\n"
        "and were not proven. Plans with a living process are left to it. The unit\n"
        "gatehouse-fix-overdue@USER.service does it at every start of the machine.\n",
    .options = options,
    .option_count = COUNT(options),
    .example = "  gatehouse fix overdue\n"
               "  systemctl enable gatehouse-fix-overdue@anna.service\n",
};

int
fix_overdue(int argc, char **argv)
{
    CLEANUP(fix_release) struct fix fix;
    struct note note = {""};
    struct cli_line line;
    const char *value = NULL;
    bool waits = false;
    unsigned found = 0, open = 0;
    enum err err = fix_init(&fix, &note);
    if (err != OK || secret_start() != OK) {
        return cli_fail_err(err, &note);
    }
    cli_line_init(&line, &manual, argc, argv);
    for (int row = cli_next(&line, &value); row != CLI_END; row = cli_next(&line, &value)) {
        if (row == CLI_STOP) {
            return line.status;
        }
        waits = true;
    }
    if (line.operand < argc) {
        return cli_usage(&line, "fix overdue takes no name; gatehouse fix rollback takes one plan");
    }
    err = guard_overdue(fix.folder, waits, &found, &open);
    if (err != OK) {
        return cli_fail("%s: %s", fix.folder, err_words(err));
    }
    if (open != 0) {
        return cli_fail(
            "%u of %u plans could not be taken back; gatehouse fix status lists them", open, found);
    }
    (void)printf(found == 0 ? "Nothing was left behind.\n" : "Taken back: %u.\n", found);
    return CLI_OK;
}
