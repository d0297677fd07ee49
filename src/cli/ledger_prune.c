/*
 * gatehouse ledger prune: entries that a policy no longer keeps. The ledger says so before anything
 * goes, and a checkpoint covers that; then log/retention, then the files. Whatever cuts it short
 * leaves a log that is whole or pruned as it says, and the next run removes what was left over.
 */
#include "base/clock.h"
#include "base/secret.h"
#include "base/text.h"
#include "cli/ledger.h"
#include "cli/ledger_connect.h"
#include "cli/ledger_open.h"
#include "cli/ledger_owed.h"
#include "cli/ledger_user.h"
#include "ledger/index.h"
#include "ledger/journal.h"
#include "ledger/prune.h"
#include "ledger/when.h"

#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define YEARS 100

enum {
    OPTION_LEDGER,
    OPTION_KEYS,
    OPTION_BEFORE,
    OPTION_KEEP,
    OPTION_MINIMUM,
    OPTION_REASON,
    OPTION_SIEM,
    OPTION_DRY,
    OPTION_UNSENT,
    OPTIONS,
};

static const struct cli_option options[] = {
    LEDGER_OPTION,
    KEYS_OPTION,
    {"before",  0, "DATE", "what was recorded before"                                       },
    {"keep",    0, "TIME", "what is older than that: 3y, 26w, 400d"                         },
    {"minimum", 0, "N",    "entries below N"                                                },
    {"reason",  0, "TEXT", "why, for the event that says so; must be given"                 },
    {"siem",    0, "FILE", "whose destinations get all first (default: the gateway's one)"  },
    {"dry-run", 0, NULL,   "only say what would go; nothing is recorded"                    },
    {"unsent",  0, NULL,   "also what a destination of siem.yaml has not got: it never will"},
};

static const struct cli_manual manual = {
    .usage = "ledger prune (--before DATE | --keep TIME | --minimum N) --reason TEXT [--dry-run]\n"
             "       [--unsent] [--siem FILE] [--ledger DIR] [--keys DIR]",
    .about =
        "Removes the oldest entries of a ledger, in whole files of 256, for good. Their hashes\n"
        "stay: the log, every later entry and every proof that was made before verify as they\n"
        "did. An event (ledger.prune) says first what goes, by which policy, who did it and why;\n"
        "without that event `gatehouse ledger verify` reports missing entries as missing.\n"
        "\n"
        "The newest entries, up to 16,000 or so, can't be pruned: the ledger recovers from them "
        "after a\n"
        "crash. They go when as many newer ones have come; of a quiet ledger that may be long\n"
        "after the policy's time, and how many stay is said each time. Copies\n"
        "of the log are pruned when `gatehouse ledger backup` brings them up to date; packages\n"
        "of evidence and proofs keep the entries that are in them. What a destination of\n"
        "siem.yaml has not got yet is refused, unless --unsent is given.\n",
    .options = options,
    .option_count = COUNT(options),
    .example = "  gatehouse ledger prune --keep 3y --reason \"retention policy, chapter 4\"\n"
               "  gatehouse ledger prune --before 2024-01-01 --reason \"yearly\" --dry-run\n",
};

struct prune {
    const char *values[OPTIONS];
    bool is_dry, is_unsent;
    int64_t before;
    uint64_t minimum; /* that was asked for; UINT64_MAX: by time */
    char policy[RETENTION_POLICY];
    struct buf folder;
    struct entries *entries;
    struct tree *tree;
    struct prune_plan plan;
    struct retention old;
    struct ledger_owed owed;
};

static void
prune_release(struct prune *prune)
{
    buf_release(&prune->folder);
    entries_close(prune->entries);
    tree_close(prune->tree);
    ledger_owed_release(&prune->owed);
}

/* The same moment, years ago; 29 February becomes 1 March. */
static int64_t
years_ago(int64_t now, uint64_t years)
{
    time_t seconds = (time_t)(now / 1000);
    struct tm parts;
    if (gmtime_r(&seconds, &parts) == NULL) {
        return INT64_MIN;
    }
    parts.tm_year -= (int)years;
    return (int64_t)timegm(&parts) * 1000;
}

/* "3y": the time before which nothing is kept. */
static bool
take_keep(const char *text, int64_t now, int64_t *ret_before)
{
    char digits[8];
    uint64_t count = 0;
    size_t len = strspn(text, "0123456789");
    char unit = text[len];
    if (len == 0 || len >= sizeof(digits) || unit == '\0' || text[len + 1] != '\0') {
        return false;
    }
    (void)snprintf(digits, sizeof(digits), "%.*s", (int)len, text);
    if (text_to_u64(digits, UINT64_C(366) * YEARS, &count) != OK || count == 0) {
        return false;
    }
    int64_t days = (int64_t)count * CLOCK_DAY;
    *ret_before = unit == 'y' && count <= YEARS ? years_ago(now, count)
                  : unit == 'w'                 ? now - 7 * days
                                                : now - days;
    return unit == 'd' || unit == 'w' || (unit == 'y' && count <= YEARS);
}

static enum err
open_log(struct prune *prune, uint64_t *ret_limit, struct note *note)
{
    enum err err = ledger_folder_find(prune->values[OPTION_LEDGER], &prune->folder, note);
    err = err == OK ? tree_open(prune->folder.data, &prune->tree, note) : err;
    if (err != OK) {
        return err;
    }
    int ledger = open(prune->folder.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    err = ledger < 0 ? ERR_IO : journal_durable(ledger, ret_limit);
    if (ledger >= 0) {
        (void)close(ledger);
    }
    if (err == ERR_MISSING) {
        note_set(note, "this is a copy of a log: prune the ledger, then `gatehouse ledger backup` "
                       "prunes the copy");
    }
    if (err != OK) {
        return err;
    }
    if (flock(tree_folder(prune->tree), LOCK_EX | LOCK_NB) != 0) {
        note_set(note, "another one is pruning this ledger");
        return ERR_REFUSED;
    }
    err = entries_open(prune->folder.data, &prune->entries, note);
    if (err == OK) {
        prune->old = *entries_retention(prune->entries);
    }
    return err;
}

/* What is asked for, in whole bundles, and not what only the journal makes durable. */
static enum err
find_minimum(struct prune *prune, uint64_t limit, uint64_t *ret_minimum, struct note *note)
{
    if (prune->minimum == UINT64_MAX) {
        return prune_find(prune->entries, prune->before, limit, ret_minimum, note);
    }
    uint64_t minimum = prune->minimum - prune->minimum % TILE_WIDTH;
    if (minimum > limit || minimum > entries_head(prune->entries)->size) {
        note_set(note,
            "--minimum %" PRIu64 ": of this ledger at most the entries below %" PRIu64
            " can be pruned now; what came later is in its journal still",
            prune->minimum, limit - limit % TILE_WIDTH);
        return ERR_VALUE;
    }
    *ret_minimum = minimum;
    return OK;
}

/* What the policy does not keep and the journal still holds: it is said at once, not found out. */
static enum err
tell_left(const struct prune *prune, uint64_t minimum, struct note *note)
{
    uint64_t left = 0;
    if (prune->minimum != UINT64_MAX) {
        return OK; /* one that can't be met was refused */
    }
    enum err err = prune_left(prune->entries, prune->before, minimum, &left, note);
    if (err == OK && left >= TILE_WIDTH) {
        (void)fprintf(stderr,
            "gatehouse: the policy is not met: %" PRIu64 " older entries stay, the newest of this "
            "ledger.\n           Up to 16,000 of its newest entries are what it recovers from "
            "after "
            "a crash, and\n           can be pruned when as many newer ones have come. Sealed "
            "names go sooner with\n           `gatehouse ledger erase`.\n",
            left);
    }
    return err;
}

static enum err
check_writable(const struct prune *prune, struct note *note)
{
    if (faccessat(tree_folder(prune->tree), "tile/entries", W_OK, AT_EACCESS) == 0 &&
        faccessat(tree_folder(prune->tree), ".", W_OK, AT_EACCESS) == 0) {
        return OK;
    }
    note_set(note, "the files of the log may not be removed by this account; run it as the "
                   "ledger's owner. Nothing was recorded");
    return ERR_REFUSED;
}

/* The event, and a checkpoint over it, before anything goes. */
static enum err
record(const struct prune *prune, struct retention *retention, struct note *note)
{
    CLEANUP(buf_release) struct buf json;
    buf_init(&json, EVENT_LIMIT);
    json_t *detail = json_pack(
        "{s:I, s:s}", "minimum", (json_int_t)retention->minimum, "policy", retention->policy);
    if ((prune->owed.count != 0 || prune->owed.is_unknown) &&
        json_object_set(detail, "unsent", prune->owed.unsent) != 0) {
        json_decref(detail);
        return ERR_MEMORY;
    }
    enum err err =
        ledger_user_event(EVENT_PRUNE, prune->values[OPTION_REASON], detail, &json, note);
    return err == OK ? ledger_user_record_at(prune->values[OPTION_LEDGER],
                           prune->values[OPTION_KEYS], &json, &retention->event, note)
                     : err;
}

/*
 * The words of what goes are in the index too; it is made anew from what is kept. It goes first:
 * while files are left over, the next run does both again.
 */
static enum err
forget_index(const struct prune *prune, struct note *note)
{
    CLEANUP(buf_release) struct buf path;
    buf_init(&path, 4096);
    buf_format(&path, "%s/index.db", prune->folder.data);
    enum err err = buf_error(&path);
    return err == OK && index_is_one(path.data) ? index_remove(path.data, note) : err;
}

static enum err
remove_all(const struct prune *prune, uint64_t minimum, struct note *note)
{
    enum err err = forget_index(prune, note);
    return err == OK ? prune_remove(prune->tree, minimum, note) : err;
}

static void
say(const struct prune *prune, const char *verb)
{
    const struct prune_plan *plan = &prune->plan;
    (void)printf("%" PRIu64 " files of entries, %.1f MB, %s: entries below %" PRIu64 "\n",
        plan->bundles, (double)plan->bytes / 1e6, verb, plan->minimum);
    if (plan->kept != 0) {
        (void)printf(
            "%" PRIu64 " files below stay: a hand-over of the key is in them\n", plan->kept);
    }
}

/* Nothing new goes; what an earlier run could not remove does. */
static enum err
resume(struct prune *prune, struct note *note)
{
    enum err err = prune_look(prune->tree, prune->old.minimum, &prune->plan, note);
    if (err != OK || prune->plan.bundles == 0) {
        (void)(err == OK ? puts("nothing to prune") : 0);
        return err;
    }
    err = prune->is_dry ? OK : check_writable(prune, note);
    err = err == OK && !prune->is_dry ? remove_all(prune, prune->old.minimum, note) : err;
    if (err == OK) {
        say(prune, prune->is_dry ? "are left over and would go"
                                 : "were left over by an earlier run and are removed");
    }
    return err;
}

/* What a destination of siem.yaml would never get; ERR_REFUSED when that is not wanted. */
static enum err
look_at_siem(struct prune *prune, uint64_t minimum, struct note *note)
{
    const struct ledger_owed_log log = {prune->folder.data, prune->entries, minimum};
    struct note why = {""};
    enum err err = ledger_owed_look(prune->values[OPTION_SIEM], &log, &prune->owed, &why);
    if (err != OK || (prune->owed.count == 0 && !prune->owed.is_unknown)) {
        return err;
    }
    (void)fputs(prune->owed.words.data, prune->is_unsent || prune->is_dry ? stdout : stderr);
    if (prune->is_unsent) {
        if (prune->owed.is_unknown) {
            (void)fprintf(stderr, "gatehouse: %s\n", why.text);
        }
        return OK;
    }
    if (prune->owed.is_unknown) {
        note_set(note, "%s; --unsent prunes all the same", why.text);
        return ERR_REFUSED;
    }
    note_set(note,
        "destinations of siem.yaml have not got everything yet; `gatehouse siem status` says what "
        "holds them up, and --unsent prunes it though they will never get it. Nothing was %s",
        prune->is_dry ? "done" : "recorded");
    return ERR_REFUSED;
}

static enum err
go(struct prune *prune, uint64_t minimum, struct note *note)
{
    struct retention retention = {.minimum = minimum};
    (void)text_copy(retention.policy, sizeof(retention.policy), prune->policy);
    enum err err = prune_look(prune->tree, minimum, &prune->plan, note);
    if (err != OK || prune->is_dry) {
        if (err == OK) {
            say(prune, "would go");
        }
        return err == OK ? look_at_siem(prune, minimum, note) : err;
    }
    err = check_writable(prune, note);
    err = err == OK ? look_at_siem(prune, minimum, note) : err;
    err = err == OK ? record(prune, &retention, note) : err;
    err = err == OK ? retention_write(tree_folder(prune->tree), &retention, note) : err;
    err = err == OK ? remove_all(prune, minimum, note) : err;
    if (err == OK) {
        say(prune, "are removed");
        (void)printf("event #%" PRIu64 " says so; policy: %s\n", retention.event, retention.policy);
    }
    return err;
}

static int
run(struct prune *prune)
{
    struct note note = {{0}};
    uint64_t limit = 0;
    uint64_t minimum = 0;
    enum err err = secret_start();
    err = err == OK ? secret_guard() : err;
    err = err == OK ? open_log(prune, &limit, &note) : err;
    err = err == OK ? find_minimum(prune, limit, &minimum, &note) : err;
    if (err == OK) {
        err = tell_left(prune, minimum, &note);
    }
    if (err == OK) {
        err = minimum <= prune->old.minimum ? resume(prune, &note) : go(prune, minimum, &note);
    }
    return err == OK ? CLI_OK : cli_fail_err(err, &note);
}

/* CLI_END: it is right. */
static int
take(struct cli_line *line, struct prune *prune)
{
    const char *before = prune->values[OPTION_BEFORE];
    const char *keep = prune->values[OPTION_KEEP];
    const char *minimum = prune->values[OPTION_MINIMUM];
    char time[CLOCK_TEXT];
    int64_t now = clock_wall();
    if ((before != NULL) + (keep != NULL) + (minimum != NULL) != 1) {
        return cli_usage(
            line, "ledger prune: say one of --before DATE, --keep TIME and --minimum N");
    }
    if (text_is_empty(prune->values[OPTION_REASON]) && !prune->is_dry) {
        return cli_usage(line, "ledger prune: say why, --reason TEXT; it is recorded");
    }
    if (before != NULL && when_parse(before, now, false, &prune->before) != OK) {
        return cli_usage(line, "--before %.60s: a date such as 2024-01-01", before);
    }
    if (keep != NULL && !take_keep(keep, now, &prune->before)) {
        return cli_usage(line, "--keep %.60s: years, weeks or days, such as 3y, 26w, 400d", keep);
    }
    prune->minimum = UINT64_MAX;
    if (minimum != NULL && text_to_u64(minimum, INT64_MAX, &prune->minimum) != OK) {
        return cli_usage(line, "--minimum %.40s: the number of the first entry to keep", minimum);
    }
    if (minimum == NULL && prune->before > now) {
        return cli_usage(line, "ledger prune: that time is yet to come");
    }
    (void)clock_text(prune->before, time);
    (void)snprintf(prune->policy, sizeof(prune->policy), "%s%.20s%s%s%s",
        keep != NULL      ? "keep "
        : minimum != NULL ? "minimum "
                          : "",
        keep != NULL      ? keep
        : minimum != NULL ? minimum
                          : "",
        keep != NULL ? ": " : "", minimum == NULL ? "recorded before " : "",
        minimum == NULL ? time : "");
    return CLI_END;
}

int
ledger_prune(int argc, char **argv)
{
    struct cli_line line;
    struct prune prune = {0};
    const char *value = NULL;
    int got;
    cli_line_init(&line, &manual, argc, argv);
    while ((got = cli_next(&line, &value)) >= 0) {
        prune.values[got] = value;
        prune.is_dry = prune.is_dry || got == OPTION_DRY;
        prune.is_unsent = prune.is_unsent || got == OPTION_UNSENT;
    }
    if (got == CLI_STOP) {
        return line.status;
    }
    if (line.operand != argc) {
        return cli_usage(&line, "ledger prune: takes no operand, not %s", argv[line.operand]);
    }
    buf_init(&prune.folder, 4096);
    int status = take(&line, &prune);
    status = status == CLI_END ? run(&prune) : status;
    prune_release(&prune);
    return status;
}
