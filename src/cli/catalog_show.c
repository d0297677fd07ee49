/* gatehouse catalog list, explain and status: what is known, and what it says of a device. */
#include "base/clock.h"
#include "base/text.h"
#include "catalog/imported.h"
#include "catalog/vendor.h"
#include "catalog/verdict.h"
#include "cli/catalog.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define PATH_LIMIT 4096
#define OLD_DAYS   30

/* The catalogue in force, with what was left out said on standard error. */
static int
open_catalog(const char *store, struct catalog **ret_catalog, struct imported_state *ret_state)
{
    struct note note = {""};
    CLEANUP(buf_release) struct buf folder;
    buf_init(&folder, PATH_LIMIT);
    if (imported_folder(store, &folder) != OK) {
        return cli_fail("no folder for imported rows: set HOME, or name a store with --store");
    }
    enum err err = imported_open(folder.data, ret_catalog, ret_state, &note);
    if (err != OK) {
        return cli_fail_err(err, &note);
    }
    if (ret_state->trouble.text[0] != '\0') {
        (void)cli_fail("%s", ret_state->trouble.text);
    }
    return CLI_OK;
}

static json_t *
row_json(const struct advisory *row)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b}", "id",
        row->id, "maker", row->maker, "models", row->models, "versions", row->versions, "builds",
        row->builds, "severity", row->severity, "exploited", row->exploited, "effect", row->effect,
        "fixed", row->fixed, "source", row->source, "part", row->part, "rule", row->rule, "clear",
        row->clear[0] != '\0');
}

static int
print_json(json_t *json)
{
    if (json == NULL) {
        return cli_fail("%s", err_words(ERR_MEMORY));
    }
    int failed = json_dumpf(json, stdout, JSON_INDENT(2));
    json_decref(json);
    (void)putchar('\n');
    return failed == 0 ? CLI_OK : cli_fail("the output is cut short: %s", err_words(ERR_IO));
}

static void
print_row(const struct advisory *row)
{
    (void)printf("%-20s  %-8s  %-10s  %-20s  %s\n", row->id, row->severity,
        row->exploited[0] == '\0' ? "" : row->exploited, row->maker, row->effect);
}

static bool
is_listed(const struct catalog *catalog, size_t at, const char *maker)
{
    const struct advisory *row = &catalog->rows[at];
    bool again = at != 0 && text_equal(catalog->rows[at - 1].id, row->id) &&
                 text_equal(catalog->rows[at - 1].maker, row->maker);
    return !again && (maker == NULL || text_equal_nocase(maker, row->maker));
}

static int
print_list(const struct catalog *catalog, const char *maker, bool as_json)
{
    json_t *list = json_array();
    const char *known = maker == NULL ? NULL : vendor_maker(maker);
    maker = known == NULL ? maker : known;
    size_t count = 0;
    for (size_t i = 0; i < catalog->count; i++) {
        if (!is_listed(catalog, i, maker)) {
            continue;
        }
        count++;
        if (as_json) {
            (void)json_array_append_new(list, row_json(&catalog->rows[i]));
        } else {
            print_row(&catalog->rows[i]);
        }
    }
    if (as_json) {
        return print_json(list);
    }
    json_decref(list);
    if (count == 0) {
        return cli_fail("no advisory for %s; gatehouse catalog list shows all makers",
            maker == NULL ? "anybody" : maker);
    }
    return CLI_OK;
}

int
catalog_list(int argc, char **argv)
{
    static const struct cli_option options[] = {
        {"maker", 0, "NAME", "only of this maker, brand or VMS"            },
        {"json",  0, NULL,   "print JSON, with conditions and sources"     },
        {"store", 0, "FILE", "the store it belongs to (default: XDG state)"},
    };
    static const struct cli_manual manual = {
        .usage = "catalog list [--maker NAME] [--json]",
        .about = "Lists the advisories that are known: number, severity, the day on which it was\n"
                 "listed as exploited, maker, and what it lets whom do.\n",
        .options = options,
        .option_count = COUNT(options),
        .example = "  gatehouse catalog list --maker Reolink\n",
    };
    enum { OPTION_MAKER, OPTION_JSON, OPTION_STORE };
    struct cli_line line;
    struct catalog *catalog = NULL;
    struct imported_state state;
    const char *value = NULL, *maker = NULL, *store = NULL;
    bool as_json = false;
    int got;
    cli_line_init(&line, &manual, argc, argv);
    while ((got = cli_next(&line, &value)) >= 0) {
        maker = got == OPTION_MAKER ? value : maker;
        store = got == OPTION_STORE ? value : store;
        as_json = as_json || got == OPTION_JSON;
    }
    if (got == CLI_STOP) {
        return line.status;
    }
    int status = open_catalog(store, &catalog, &state);
    if (status == CLI_OK && catalog != NULL) {
        status = print_list(catalog, maker, as_json);
        catalog_free(catalog);
    }
    return status;
}

/* What the person asks about. */
struct question {
    const char *id, *device, *version, *build, *store;
    bool as_json;
    char maker[PRODUCT_MAKER], model[160], date[16];
};

static bool
is_maker(const struct catalog *catalog, const char *name, char out[PRODUCT_MAKER])
{
    const char *maker = vendor_maker(name);
    for (size_t i = 0; i < catalog->count && maker == NULL; i++) {
        maker = text_equal_nocase(catalog->rows[i].maker, name) ? catalog->rows[i].maker : NULL;
    }
    return maker != NULL && text_copy(out, PRODUCT_MAKER, maker);
}

/* "TP-Link Tapo C200", "Blue Iris": as many words as name a maker, the rest is the model. */
static void
split_device(const struct catalog *catalog, struct question *question)
{
    char words[160];
    (void)text_copy(words, sizeof(words), question->device);
    for (size_t len = strlen(words); len != 0; len--) {
        bool at_end = question->device[len] == '\0' || question->device[len] == ' ';
        words[len] = '\0';
        if (at_end && is_maker(catalog, words, question->maker)) {
            (void)text_copy(question->model, sizeof(question->model),
                question->device + len + strspn(question->device + len, " "));
            return;
        }
    }
    size_t first = strcspn(question->device, " ");
    (void)snprintf(question->maker, sizeof(question->maker), "%.*s", (int)first, question->device);
    (void)text_copy(question->model, sizeof(question->model),
        question->device + first + strspn(question->device + first, " "));
}

static void
print_rows(const struct catalog *catalog, const char *id)
{
    for (size_t i = 0; i < catalog->count; i++) {
        const struct advisory *row = &catalog->rows[i];
        if (!text_equal_nocase(row->id, id)) {
            continue;
        }
        (void)printf("\n%s%s%s%s\n", row->source, row->part[0] == '\0' ? "" : ", ", row->part,
            row->clear[0] == '\0' ? "" : " (not affected)");
        (void)printf("  maker     %s\n  models    %s\n", row->maker, row->models);
        (void)printf("  versions  %s\n", row->versions[0] == '\0' ? "any" : row->versions);
        (void)printf("  builds    %s\n", row->builds[0] == '\0' ? "any" : row->builds);
        (void)printf("  fixed     %s\n", row->fixed);
        if (row->rule[0] != '\0') {
            (void)printf("  words     \"%s\"\n", row->rule);
        }
    }
}

static int
explain_json(
    const struct catalog *catalog, const struct question *question, const struct verdict *verdict)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < catalog->count; i++) {
        if (text_equal_nocase(catalog->rows[i].id, question->id)) {
            (void)json_array_append_new(rows, row_json(&catalog->rows[i]));
        }
    }
    json_t *answer = json_pack("{s:s, s:o}", "id", question->id, "rows", rows);
    if (verdict != NULL && answer != NULL) {
        json_t *more = json_pack("{s:s, s:s, s:s, s:s, s:s}", "verdict",
            verdict_words(verdict->match), "why", verdict->why, "other", verdict->other, "maker",
            question->maker, "model", question->model);
        (void)json_object_update(answer, more);
        json_decref(more);
    }
    return print_json(answer);
}

static void
print_head(const struct advisory *row)
{
    (void)printf("%s  %s%s%s  %s\n", row->id, row->severity,
        row->exploited[0] == '\0' ? "" : ", listed as exploited on ", row->exploited, row->effect);
}

static int
explain(const struct catalog *catalog, struct question *question)
{
    struct verdict verdict;
    const struct advisory *first = NULL;
    for (size_t i = 0; i < catalog->count && first == NULL; i++) {
        first = text_equal_nocase(catalog->rows[i].id, question->id) ? &catalog->rows[i] : NULL;
    }
    if (first == NULL) {
        return cli_fail(
            "%s is in no record here; import one: gatehouse catalog import FILE", question->id);
    }
    if (question->device == NULL) {
        if (question->as_json) {
            return explain_json(catalog, question, NULL);
        }
        print_head(first);
        print_rows(catalog, question->id);
        return CLI_OK;
    }
    split_device(catalog, question);
    const struct advisory_target target = {.maker = question->maker,
        .model = question->model[0] == '\0' ? NULL : question->model,
        .version = question->version,
        .build = question->date[0] == '\0' ? NULL : question->date};
    (void)verdict_judge(catalog, question->id, &target, &verdict);
    if (question->as_json) {
        return explain_json(catalog, question, &verdict);
    }
    print_head(first);
    (void)printf("%s: %s\n", verdict_words(verdict.match), verdict.why);
    if (verdict.other[0] != '\0') {
        (void)printf("another part says %s\n", verdict.other);
    }
    return CLI_OK;
}

static const struct cli_option explain_options[] = {
    {"device",  0, "WHICH", "maker and model, \"Dahua IPC-HFW2431S\", or a VMS"},
    {"version", 0, "V",     "its version, as the device writes it"             },
    {"build",   0, "DATE",  "its build date, YYYY-MM-DD"                       },
    {"json",    0, NULL,    "print JSON"                                       },
    {"store",   0, "FILE",  "the store it belongs to (default: XDG state)"     },
};

static const struct cli_manual explain_manual = {
    .usage = "catalog explain ID [--device WHICH [--version V] [--build DATE]]",
    .about = "Shows what every record says of a flaw; with a device, the verdict: affected,\n"
             "possibly affected or not affected, with the sentence that decided. Where parts of\n"
             "a record differ, both are shown and the maker's own part is preferred.\n",
    .options = explain_options,
    .option_count = COUNT(explain_options),
    .example = "  gatehouse catalog explain CVE-2024-43360 --device ZoneMinder --version 1.36.33\n",
};

static int
read_question(struct cli_line *line, struct question *question)
{
    const char **const places[] = {
        &question->device, &question->version, &question->build, NULL, &question->store};
    const char *value = NULL;
    int64_t day = 0;
    int got;
    while ((got = cli_next(line, &value)) >= 0) {
        if (places[got] == NULL) {
            question->as_json = true;
        } else {
            *places[got] = value;
        }
    }
    if (got == CLI_STOP) {
        return line->status;
    }
    if (line->operand + 1 != line->argc) {
        return cli_usage(line, "catalog explain: name one CVE or GHSA number");
    }
    if (question->device == NULL && (question->version != NULL || question->build != NULL)) {
        return cli_usage(line, "--version and --build are those of a device: add --device WHICH");
    }
    question->id = line->argv[line->operand];
    bool bad_build = question->build != NULL &&
                     (strlen(question->build) != 10 || clock_parse(question->build, &day) != OK);
    if (bad_build) {
        return cli_usage(line, "--build %s: write it as YYYY-MM-DD", question->build);
    }
    (void)text_copy(
        question->date, sizeof(question->date), question->build == NULL ? "" : question->build);
    return CLI_OK;
}

int
catalog_explain(int argc, char **argv)
{
    struct cli_line line;
    struct question question = {.id = NULL};
    struct catalog *catalog = NULL;
    struct imported_state state;
    cli_line_init(&line, &explain_manual, argc, argv);
    int status = read_question(&line, &question);
    if (question.id == NULL || status != CLI_OK) {
        return status;
    }
    status = open_catalog(question.store, &catalog, &state);
    if (status == CLI_OK && catalog != NULL) {
        status = explain(catalog, &question);
        catalog_free(catalog);
    }
    return status;
}

/* Rows, by hand or imported, of flaws that are known to be used by attackers. */
static size_t
count_exploited(const struct catalog *catalog)
{
    size_t count = 0;
    for (size_t i = 0; i < catalog->count; i++) {
        count += catalog->rows[i].exploited[0] == '\0' ? 0 : 1;
    }
    return count;
}

static int
print_status(const struct catalog *catalog, const struct imported_state *state, bool as_json)
{
    int64_t dated = 0;
    (void)(clock_parse(catalog->date, &dated) == OK);
    long long age = (long long)((clock_wall() - dated) / CLOCK_DAY);
    size_t exploited = count_exploited(catalog);
    if (as_json) {
        return print_json(json_pack("{s:s, s:I, s:s, s:I, s:I, s:I, s:I, s:I, s:s, s:s, s:b}",
            "date", catalog->date, "age_days", (json_int_t)age, "signer", catalog->signer,
            "advisories", (json_int_t)catalog->count, "releases",
            (json_int_t)catalog->release_count, "exploited", (json_int_t)exploited, "kev",
            (json_int_t)catalog->exploited_count, "imported", (json_int_t)state->rows,
            "imported_on", state->date, "trouble", state->trouble.text, "old", age > OLD_DAYS));
    }
    (void)printf("catalogue   of %s, %lld days old%s\n", catalog->date, age,
        age > OLD_DAYS ? ": too old to call anything up to date" : "");
    (void)printf("signed by   %s%s\n", catalog->signer,
        state->bundle_date[0] == '\0' ? " (built into this program)" : " (imported bundle)");
    (void)printf("holds       %zu rows by hand, %zu imported, %zu releases\n",
        catalog->count - state->rows, state->rows, catalog->release_count);
    (void)printf("exploited   %zu of these rows; %zu numbers of an imported KEV list\n", exploited,
        catalog->exploited_count);
    if (state->date[0] != '\0') {
        (void)printf("imported    last on %s\n", state->date);
    }
    return state->trouble.text[0] == '\0' ? CLI_OK : CLI_GAPS;
}

int
catalog_status(int argc, char **argv)
{
    static const struct cli_option options[] = {
        {"json",  0, NULL,   "print JSON"                                  },
        {"store", 0, "FILE", "the store it belongs to (default: XDG state)"},
    };
    static const struct cli_manual manual = {
        .usage = "catalog status [--json]",
        .about = "Says how old the catalogue is, who signed it, how much it holds and what was\n"
                 "imported. Ends with 1 when something imported does not verify and is not used.\n",
        .options = options,
        .option_count = COUNT(options),
        .example = "  gatehouse catalog status\n",
    };
    enum { OPTION_JSON, OPTION_STORE };
    struct cli_line line;
    struct catalog *catalog = NULL;
    struct imported_state state;
    const char *value = NULL, *store = NULL;
    bool as_json = false;
    int got;
    cli_line_init(&line, &manual, argc, argv);
    while ((got = cli_next(&line, &value)) >= 0) {
        store = got == OPTION_STORE ? value : store;
        as_json = as_json || got == OPTION_JSON;
    }
    if (got == CLI_STOP) {
        return line.status;
    }
    int status = open_catalog(store, &catalog, &state);
    if (status == CLI_OK && catalog != NULL) {
        status = print_status(catalog, &state, as_json);
        catalog_free(catalog);
    }
    return status;
}
