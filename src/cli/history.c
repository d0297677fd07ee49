/* gatehouse history: the runs that the store holds. */
#include "base/clock.h"
#include "base/text.h"
#include "cli/cli.h"
#include "store/store.h"

#include <jansson.h>
#include <string.h>

#define ARENA_LIMIT ((size_t)64 * 1024 * 1024)

enum {
    OPTION_SITE,
    OPTION_STORE,
    OPTION_JSON,
};

static const struct cli_option options[] = {
    {"site",  0, "NAME", "only runs of this site"                                   },
    {"store", 0, "PATH", "the store (default: gatehouse.db in the XDG state folder)"},
    {"json",  0, NULL,   "print JSON"                                               },
};

static const struct cli_manual manual = {
    .usage = "history [--site NAME] [--store PATH] [--json]",
    .about =
        "Lists the runs that the store holds, oldest first: id, time, grade and score, devices,\n"
        "open findings. `gatehouse diff` compares two of them.\n",
    .options = options,
    .option_count = COUNT(options),
    .example = "  gatehouse history --site \"Corner shop\"\n",
};

static int
print_json(const struct store_run *runs, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        const struct store_run *run = &runs[i];
        char started[CLOCK_TEXT];
        char ended[CLOCK_TEXT];
        json_t *row = json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:s, s:i, s:I, s:I, s:I, s:I}",
            "id", run->id, "site", run->site, "scope", run->scope, "started",
            clock_text(run->started, started), "ended", clock_text(run->ended, ended), "partial",
            (int)run->partial, "grade", run->grade, "score", (int)run->score, "devices",
            (json_int_t)run->device_count, "fails", (json_int_t)run->fail_count, "logins",
            (json_int_t)run->logins, "lockouts", (json_int_t)run->lockouts);
        if (row == NULL || json_array_append_new(list, row) != 0) {
            json_decref(list);
            return cli_fail("%s", err_words(ERR_MEMORY));
        }
    }
    int failed = json_dumpf(list, stdout, JSON_INDENT(2));
    json_decref(list);
    (void)putchar('\n');
    return failed == 0 ? CLI_OK : cli_fail("%s", err_words(ERR_IO));
}

static void
print_table(const struct store_run *runs, size_t count)
{
    (void)printf("%-23s  %-20s  %-5s  %5s  %7s  %5s  %s\n", "RUN", "TIME", "GRADE", "SCORE",
        "DEVICES", "FAILS", "SITE");
    for (size_t i = 0; i < count; i++) {
        const struct store_run *run = &runs[i];
        char started[CLOCK_TEXT];
        char site[128];
        text_clean(site, sizeof(site), run->site, strlen(run->site));
        (void)printf("%-23s  %-20s  %-5s  %5u  %7llu  %5llu  %s%s\n", run->id,
            clock_text(run->started, started), run->grade, run->score,
            (unsigned long long)run->device_count, (unsigned long long)run->fail_count, site,
            run->partial ? " (partial)" : "");
    }
}

static int
list_runs(const char *path, const char *site, bool json)
{
    CLEANUP(arena_release) struct arena arena;
    struct store *store = NULL;
    struct note note = {""};
    const struct store_run *runs = NULL;
    size_t count = 0;
    arena_init(&arena, ARENA_LIMIT);
    enum err err = store_open(path, &store, &note);
    if (err != OK) {
        return cli_fail_err(err, &note);
    }
    err = store_runs(store, site, &arena, &runs, &count);
    if (err != OK) {
        note_set(&note, "%s", store_trouble(store));
    }
    store_close(store);
    if (err != OK) {
        return cli_fail_err(err, &note);
    }
    if (json) {
        return print_json(runs, count);
    }
    if (count == 0 && site != NULL) {
        (void)printf("No run of site \"%s\" yet; without --site all are listed.\n", site);
    } else if (count == 0) {
        (void)puts("No run yet; `gatehouse assess` adds one.");
    } else {
        print_table(runs, count);
    }
    return CLI_OK;
}

int
cli_history(int argc, char **argv)
{
    struct cli_line line;
    const char *value = NULL;
    const char *path = NULL;
    const char *site = NULL;
    bool json = false;
    cli_line_init(&line, &manual, argc, argv);
    for (;;) {
        int option = cli_next(&line, &value);
        if (option == CLI_STOP) {
            return line.status;
        }
        if (option == CLI_END) {
            break;
        }
        if (option == OPTION_SITE) {
            site = value;
        } else if (option == OPTION_STORE) {
            path = value;
        } else {
            json = true;
        }
    }
    if (line.operand != argc) {
        return cli_usage(&line, "history takes no argument: %s", argv[line.operand]);
    }
    return list_runs(path, site, json);
}
