/* gatehouse fix: shows what would be changed, and changes it. */
#include "cli/fix.h"

#include "assess/record.h"
#include "base/file.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "cli/part.h"
#include "remedy/consumer.h"
#include "remedy/remedy.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// clang-format off
static const struct cli_option own_options[] = {
    {"control",        0,   "ID",     "only this control or finding; again for more"},
    {"device",         0,   "NAME",   "only this device: name, address or key; again for more"},
    {"kind",           0,   "KIND",   "only this kind of step; again for more"},
    {"action",         0,   "N",      "only the report's first action 1, 2 or 3 (or: fix N)"},
    {"apply",          0,   NULL,     "change it, after a question"},
    {"yes",            'y', NULL,     "don't ask"},
    {"plan-out",       0,   "FILE",   "write the plan for a second person"},
    {"plan-in",        0,   "FILE",   "this plan, and nothing that is not in it"},
    {"dead-man",       0,   "TIME",   "unfinished then, it is taken back (default 30m)"},
    {"confirm-within", 0,   "TIME",   "take all of it back unless fix confirm comes in time"},
    {"ntp",            0,   "HOST",   "time server for the cameras"},
    {"firmware",       0,   "DIR",    "folder of firmware files"},
    {"now",            0,   NULL,     "firmware outside of the maintenance hours too"},
    {"even-unknown",   0,   NULL,     "new passwords also where somebody who uses one can't be told"},
    {"json",           0,   NULL,     "plan or result as JSON"},
};
// clang-format on

enum {
    CONTROL,
    DEVICE,
    KIND,
    ACTION,
    APPLY,
    YES,
    PLAN_OUT,
    PLAN_IN,
    DEAD_MAN,
    CONFIRM_WITHIN,
    NTP,
    FIRMWARE,
    NOW,
    EVEN_UNKNOWN,
    JSON,
    OWN
};
static_assert(COUNT(own_options) == OWN, "a name for each row");

static bool
add_name(const char *names[FIX_NAMES], size_t *count, const char *name)
{
    if (*count == FIX_NAMES) {
        return false;
    }
    names[(*count)++] = name;
    return true;
}

static bool
take_action(struct fix *fix, const char *value)
{
    uint64_t number = 0;
    bool is_one = text_to_u64(value, 3, &number) == OK && number != 0;
    fix->choice.action = (unsigned)number;
    return is_one;
}

/* CLI_END or the exit status. */
static int
take_choice(struct fix *fix, int row, const char *value)
{
    struct plan_choice *choice = &fix->choice;
    bool has_room = true;
    if (row == CONTROL) {
        has_room = add_name(fix->controls, &choice->control_count, value);
    } else if (row == DEVICE) {
        has_room = add_name(fix->devices, &choice->device_count, value);
    } else if (row == KIND) {
        has_room = add_name(fix->kinds, &choice->kind_count, value);
    } else if (row == NTP) {
        choice->ntp = value;
    } else if (row == FIRMWARE) {
        choice->firmware = value;
    } else if (!take_action(fix, value)) {
        return cli_usage(&fix->line, "--action %s: 1, 2 or 3, as in the report", value);
    }
    return has_room ? CLI_END : cli_usage(&fix->line, "more than %d names of one kind", FIX_NAMES);
}

static int
take_option(struct fix *fix, int row, const char *value)
{
    switch (row) {
    case APPLY:
        fix->applies = true;
        break;
    case YES:
        fix->yes = true;
        break;
    case EVEN_UNKNOWN:
        fix->choice.even_unknown = true;
        break;
    case NOW:
        fix->choice.now = true;
        break;
    case JSON:
        fix->json = true;
        break;
    case PLAN_OUT:
        fix->plan_out = value;
        break;
    case PLAN_IN:
        fix->plan_in = value;
        break;
    case DEAD_MAN:
    case CONFIRM_WITHIN:
        if (fix_duration(value, row == DEAD_MAN ? &fix->dead_man_s : &fix->confirm_s) != OK ||
            (row == DEAD_MAN ? fix->dead_man_s : fix->confirm_s) == 0) {
            return cli_usage(
                &fix->line, "--%s %s: a time such as 90s, 10m or 2h", own_options[row].name, value);
        }
        break;
    default:
        return take_choice(fix, row, value);
    }
    return CLI_END;
}

static int
read_line(struct fix *fix)
{
    const char *value = NULL;
    int status = CLI_END;
    for (int row = cli_next(&fix->line, &value); row != CLI_END && status == CLI_END;
         row = cli_next(&fix->line, &value)) {
        if (row == CLI_STOP) {
            return fix->line.status;
        }
        status = row < OWN ? take_option(fix, row, value)
                           : order_take(&fix->order, &fix->line, row - OWN, value);
        if (status != CLI_END) {
            return status;
        }
    }
    for (; fix->line.operand < fix->line.argc; fix->line.operand++) {
        if (!take_action(fix, fix->line.argv[fix->line.operand])) {
            return cli_usage(&fix->line, "fix has no part %s; a first action is 1, 2 or 3",
                fix->line.argv[fix->line.operand]);
        }
    }
    bool can_ask = isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1;
    if (fix->applies && !fix->yes && !can_ask) {
        return cli_usage(&fix->line, "--apply asks before it changes anything, and there is no "
                                     "terminal: look at the plan first, then add --yes");
    }
    if (!fix->applies && (fix->confirm_s != 0 || fix->yes)) {
        return cli_usage(&fix->line, "--yes and --confirm-within go with --apply");
    }
    return CLI_END;
}

static enum err
assess_site(struct fix *fix, struct assessment **ret_assessment, struct note *note)
{
    struct order *order = &fix->order;
    if (!order->quiet && order->scope.allowed_count != 0) {
        progress_init(&order->progress, stderr);
        order->settings.progress = progress_show;
        order->settings.context = &order->progress;
    }
    enum err err = assess_run(&order->settings, ret_assessment, note);
    progress_end(&order->progress);
    if (err == OK && (*ret_assessment)->partial) {
        note_set(note, "the site was not read to the end (%.150s), so nothing is planned",
            (*ret_assessment)->partial_why);
        err = ERR_CANCELLED;
    }
    if (err == OK && order->store != NULL && record_save(order->store, *ret_assessment) != OK) {
        log_warn("this run is not remembered: %s", store_trouble(order->store));
    }
    return err;
}

static enum err
read_plan(
    const struct fix *fix, const struct assessment *now, struct plan **ret_plan, struct note *note)
{
    CLEANUP(buf_release) struct buf bytes;
    struct plan *plan = NULL;
    struct note why = {""};
    buf_init(&bytes, PLAN_BYTES);
    enum err err = file_read(fix->plan_in, &bytes, note);
    if (err != OK) {
        return err;
    }
    err = plan_parse(bytes.data, bytes.len, &plan, &why);
    if (err != OK) {
        note_set(note, "%.80s: %.160s", fix->plan_in, why.text);
        return err;
    }
    const char *site = now->site == NULL ? "" : now->site;
    const char *scope = now->scope == NULL ? "" : now->scope;
    bool is_site = text_equal(plan->site, site);
    if (!is_site || !text_equal(plan->scope, scope)) {
        note_set(note, "%.80s is a plan for another %s: \"%.60s\", and this is \"%.60s\"",
            fix->plan_in, is_site ? "scope" : "site", is_site ? plan->scope : plan->site,
            is_site ? scope : site);
        plan_free(plan);
        return ERR_REFUSED;
    }
    *ret_plan = plan;
    return OK;
}

static enum err
write_plan(const struct fix *fix, const struct plan *plan, struct note *note)
{
    json_t *json = plan_json(plan);
    char *text = json == NULL ? NULL : json_dumps(json, JSON_INDENT(1));
    json_decref(json);
    enum err err =
        text == NULL ? ERR_MEMORY : file_write(fix->plan_out, text, strlen(text), 0600, note);
    free(text);
    return err;
}

static void
print_json(const struct plan *plan)
{
    json_t *json = plan_json(plan);
    if (json != NULL) {
        (void)json_dumpf(json, stdout, JSON_INDENT(1));
        (void)printf("\n");
    }
    json_decref(json);
    (void)fflush(stdout);
}

static void
print_differences(const struct fix *fix, const struct plan *plan, const struct assessment *now)
{
    for (size_t i = 0; fix->plan_in != NULL && i < plan->step_count; i++) {
        struct note words = {""};
        const char *why = fix_differs(plan, &plan->steps[i], now, &words);
        if (why != NULL) {
            (void)fprintf(stderr, "Step %zu is left out: %s\n", i + 1, why);
        }
    }
}

/* What stands differently now is left out before anything begins. */
static enum err
leave_changed(struct trail *trail, const struct fix *fix, const struct plan *plan,
    const struct assessment *now)
{
    enum err err = OK;
    for (size_t i = 0; fix->plan_in != NULL && i < plan->step_count && err == OK; i++) {
        struct note words = {""};
        const struct trail_step state = {.why = fix_differs(plan, &plan->steps[i], now, &words)};
        if (state.why != NULL) {
            err = trail_write(trail, plan->steps[i].number, TRAIL_LEFT, &state);
        }
    }
    return err;
}

static bool
agrees(const struct fix *fix, size_t count)
{
    char line[16] = "";
    if (fix->yes) {
        return true;
    }
    (void)fprintf(stderr, "Do %s%zu step%s? [y/N] ", count == 1 ? "this " : "these ", count,
        count == 1 ? "" : "s");
    return fgets(line, sizeof(line), stdin) != NULL && (line[0] == 'y' || line[0] == 'Y');
}

static int
apply(struct fix *fix, const struct plan *plan, const struct assessment *now)
{
    struct trail *trail = NULL;
    struct note note = {""};
    fix->now = now;
    enum err err = fix_find_vault(fix, &note);
    err = err == OK ? trail_create(fix->folder, plan, &fix->vault, &trail, &note) : err;
    err = err == OK ? fix_save_order(fix, trail_folder(trail), &note) : err;
    err = err == OK ? leave_changed(trail, fix, plan, now) : err;
    err = err == OK ? fix_leave_stuck(fix, trail, plan) : err;
    int status = err == OK ? fix_run(fix, FIX_APPLY, trail, plan) : cli_fail_err(err, &note);
    trail_close(trail);
    return status;
}

static int
show_and_apply(struct fix *fix, struct plan *plan, const struct assessment *now)
{
    struct note note = {""};
    size_t runs = 0;
    for (size_t i = 0; i < plan->step_count; i++) {
        runs += !plan->steps[i].by_hand;
    }
    if (fix->plan_in == NULL && fix->dead_man_s != 0) {
        plan->dead_man_s = fix->dead_man_s; /* a plan from a file stays as it was agreed to */
    }
    if (fix->plan_out != NULL && write_plan(fix, plan, &note) != OK) {
        return cli_fail("%s", note.text);
    }
    if (fix->json && !fix->applies) {
        print_json(plan);
    } else if (!fix->json) {
        fix_print_plan(fix, plan, now);
    }
    print_differences(fix, plan, now);
    fix_print_stuck(fix, plan);
    if (!fix->applies) {
        if (runs != 0 && !fix->json && !fix->order.quiet) {
            (void)printf(" Nothing was changed. gatehouse fix --apply, with the same options, does "
                         "it.\n");
        }
        return plan->step_count == 0 && plan->left_count == 0 ? CLI_OK : CLI_GAPS;
    }
    if (runs == 0) {
        (void)fprintf(stderr, "There is no step that Gatehouse can do.\n");
        return plan->left_count == 0 && plan->step_count == 0 ? CLI_OK : CLI_GAPS;
    }
    if (!agrees(fix, runs)) {
        (void)fprintf(stderr, "Nothing was changed.\n");
        return CLI_GAPS;
    }
    return apply(fix, plan, now);
}

/* Who uses the passwords of the cameras is asked before a plan is made. */
static enum err
make_plan(
    const struct fix *fix, const struct assessment *now, struct plan **ret_plan, struct note *note)
{
    struct consumer_survey *consumers = NULL;
    const struct order *order = &fix->order;
    if (order->site != NULL && order->site->consumer_count != 0) {
        enum err err =
            consumer_survey_new(order->site, &order->scope, &order->settings.wire, &consumers);
        if (err != OK) {
            note_set(
                note, "who uses the cameras' passwords could not be asked: %s", err_words(err));
            return err;
        }
    }
    const struct plan_from from = {
        .assessment = now,
        .site = order->site,
        .choice = &fix->choice,
        .consumers = consumers,
        .keyring = order->settings.keyring,
    };
    enum err err = plan_make(&from, ret_plan, note);
    consumer_survey_free(consumers);
    return err;
}

/* Kinds that are proposed only when asked for are asked for by the plan. */
static void
choose_kinds(struct fix *fix, const struct plan *plan)
{
    size_t *count = &fix->choice.kind_count;
    if (*count != 0) {
        return;
    }
    for (size_t i = 0; i < remedy_kind_count && *count < FIX_NAMES; i++) {
        bool is_there = false;
        for (size_t k = 0; k < plan->step_count && !is_there; k++) {
            is_there = text_equal(plan->steps[k].kind, remedy_kinds[i]->name);
        }
        if (is_there) {
            fix->kinds[(*count)++] = remedy_kinds[i]->name;
        }
    }
}

/* A plan from a file, made Gatehouse's own; *ret_fresh lives as long as it. */
static enum err
agree_plan(struct fix *fix, const struct assessment *now, struct plan **ret_plan,
    struct plan **ret_fresh, struct note *note)
{
    enum err err = read_plan(fix, now, ret_plan, note);
    if (err != OK) {
        return err;
    }
    choose_kinds(fix, *ret_plan);
    err = make_plan(fix, now, ret_fresh, note);
    return err == OK ? plan_agree(*ret_plan, *ret_fresh) : err;
}

static int
run(struct fix *fix)
{
    struct assessment *now = NULL;
    struct plan *plan = NULL;
    struct plan *fresh = NULL;
    struct note note = {""};
    fix_warn_overdue(fix);
    enum err err = assess_site(fix, &now, &note);
    if (err == OK && fix->plan_in != NULL) {
        err = agree_plan(fix, now, &plan, &fresh, &note);
    } else if (err == OK) {
        err = make_plan(fix, now, &plan, &note);
    }
    int status = err == OK ? show_and_apply(fix, plan, now) : cli_fail_err(err, &note);
    plan_free(plan);
    plan_free(fresh);
    if (now != NULL) {
        assessment_free(now);
    }
    return status;
}

int
fix_plan(int argc, char **argv)
{
    struct cli_option options[CLI_OPTION_LIMIT];
    const struct cli_manual manual = {
        .usage = "fix [plan] [OPTION]… [N]",
        .about =
            "Assesses the site, then shows step by step what would be changed, who will notice\n"
            "and what stays open. With --apply it is changed: each step is proven by reading it\n"
            "again and by video, and taken back when either fails. Other parts: gatehouse fix\n"
            "resume, rollback, status, confirm. The options of assess hold here too.\n",
        .options = options,
        .option_count = OWN + order_manual.option_count,
        .example = "  gatehouse fix --site shop.yaml\n"
                   "  gatehouse fix --site shop.yaml --control vendor-cloud --apply\n"
                   "  gatehouse fix 1 --site shop.yaml --apply --confirm-within 10m\n",
    };
    CLEANUP(fix_release) struct fix fix;
    struct note note = {""};
    assert(manual.option_count <= CLI_OPTION_LIMIT);
    memcpy(options, own_options, sizeof(own_options));
    memcpy(options + OWN, order_manual.options, order_manual.option_count * sizeof(*options));
    (void)setlocale(LC_CTYPE, "");
    enum err err = fix_init(&fix, &note);
    if (err != OK || secret_start() != OK) {
        return cli_fail_err(err, &note);
    }
    cli_line_init(&fix.line, &manual, argc, argv);
    int status = read_line(&fix);
    if (status == CLI_END) {
        status = order_prepare(&fix.order, &fix.line);
    }
    if (status == CLI_END) {
        status = assess_ledger_open(
            &fix.order.ledger, fix.order.ledger_path, &fix.order.settings.ledger);
    }
    if (status == CLI_END) {
        status = run(&fix);
        status = assess_ledger_close(&fix.order.ledger, fix.order.quiet || fix.json, status);
    }
    return status;
}

int
cli_fix(int argc, char **argv)
{
    static const struct cli_part rows[] = {
#define PART(name, words) {#name, words, fix_##name},
#include "cli/fix.def"
#undef PART
    };
    for (size_t i = 0; argc > 1 && i < COUNT(rows); i++) {
        if (text_equal(argv[1], rows[i].name)) {
            return rows[i].run(argc - 1, argv + 1);
        }
    }
    if (argc > 1 && text_equal(argv[1], "guard")) {
        return fix_guard(argc - 1, argv + 1);
    }
    return fix_plan(argc, argv);
}
