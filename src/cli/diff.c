/* gatehouse diff: what changed between two runs, in words. */
#include "assess/diff.h"

#include "base/text.h"
#include "cli/cli.h"

#include <jansson.h>
#include <string.h>

#define ARENA_LIMIT ((size_t)512 * 1024 * 1024)

enum {
    OPTION_SITE,
    OPTION_STORE,
    OPTION_JSON,
};

static const struct cli_option options[] = {
    {"site",  0, "NAME", "\"last\" means the last run of this site"                 },
    {"store", 0, "PATH", "the store (default: gatehouse.db in the XDG state folder)"},
    {"json",  0, NULL,   "print JSON"                                               },
};

static const struct cli_manual manual = {
    .usage = "diff [--site NAME] [--store PATH] [--json] [A [B]]",
    .about =
        "Says in words what changed from run A to run B: devices, firmware, settings, findings,\n"
        "grade. A run is an id, the beginning of one, \"last\" or \"last~N\" (N runs before the\n"
        "last). Without B it is the last run; without both, the last two are compared.\n"
        "Exit status: 0 compared, whatever changed; 2 a run can't be read; 64 usage.\n",
    .options = options,
    .option_count = COUNT(options),
    .example = "  gatehouse diff last~1 last\n",
};

struct request {
    const char *site, *path, *from, *to;
    bool json;
};

static json_t *
text_or_null(const char *text)
{
    return text == NULL ? json_null() : json_string(text);
}

static int
print_json(const struct store_run *from, const struct store_run *to, const struct diff *diff)
{
    json_t *list = json_array();
    for (size_t i = 0; i < diff->count; i++) {
        const struct diff_change *change = &diff->changes[i];
        (void)json_array_append_new(
            list, json_pack("{s:s, s:o, s:o, s:s}", "change", diff_sort_name(change->sort),
                      "device", text_or_null(change->device), "finding",
                      text_or_null(change->finding), "words", change->words));
    }
    json_t *all = json_pack("{s:s, s:s, s:o}", "from", from->id, "to", to->id, "changes", list);
    int failed = all == NULL ? -1 : json_dumpf(all, stdout, JSON_INDENT(2));
    (void)putchar('\n');
    json_decref(all);
    return failed == 0 ? CLI_OK : cli_fail("%s", err_words(ERR_MEMORY));
}

static void
print_words(const struct store_run *from, const struct store_run *to, const struct diff *diff)
{
    (void)printf("From %s%s to %s%s:\n", from->id, from->partial ? " (partial)" : "", to->id,
        to->partial ? " (partial)" : "");
    if (!text_equal(from->site, to->site)) {
        (void)puts("  these are runs of two sites, so most of it is no change");
    }
    for (size_t i = 0; i < diff->count; i++) {
        const struct diff_change *change = &diff->changes[i];
        char clean[1024];
        text_clean(clean, sizeof(clean), change->words, strlen(change->words));
        char device[256] = "site";
        if (change->device != NULL) {
            text_clean(device, sizeof(device), change->device, strlen(change->device));
        }
        (void)printf("  %s: %s\n", device, clean);
    }
    if (diff->count == 0) {
        (void)puts("  nothing changed");
    }
}

/* Without a site, "last~1" means a run of the site that the later run is of. */
static enum err
load_both(struct store *store, const struct request *request, struct arena *arena,
    struct store_run runs[2])
{
    enum err err = store_load_run(store, request->site, request->to, arena, &runs[1]);
    if (err != OK) {
        return err;
    }
    const char *site = request->site == NULL ? runs[1].site : request->site;
    return store_load_run(store, site, request->from, arena, &runs[0]);
}

static int
compare(const struct request *request)
{
    CLEANUP(arena_release) struct arena arena;
    struct store *store = NULL;
    struct note note = {""};
    struct store_run runs[2];
    struct diff diff;
    arena_init(&arena, ARENA_LIMIT);
    enum err err = store_open(request->path, &store, &note);
    if (err != OK) {
        return cli_fail_err(err, &note);
    }
    err = load_both(store, request, &arena, runs);
    if (err != OK) {
        note_set(&note, "%s", store_trouble(store));
    }
    store_close(store);
    if (err == OK) {
        err = diff_runs(&runs[0], &runs[1], &arena, &diff);
    }
    if (err != OK) {
        return cli_fail_err(err, &note);
    }
    if (request->json) {
        return print_json(&runs[0], &runs[1], &diff);
    }
    print_words(&runs[0], &runs[1], &diff);
    return CLI_OK;
}

int
cli_diff(int argc, char **argv)
{
    struct cli_line line;
    struct request request = {.from = "last~1", .to = "last"};
    const char *value = NULL;
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
            request.site = value;
        } else if (option == OPTION_STORE) {
            request.path = value;
        } else {
            request.json = true;
        }
    }
    if (argc - line.operand > 2) {
        return cli_usage(
            &line, "diff compares two runs; \"%s\" is one too many", argv[line.operand + 2]);
    }
    if (line.operand < argc) {
        request.from = argv[line.operand];
    }
    if (line.operand + 1 < argc) {
        request.to = argv[line.operand + 1];
    }
    return compare(&request);
}
