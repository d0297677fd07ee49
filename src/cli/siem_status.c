/* gatehouse siem status: how far each destination is, and what holds it up. */
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/gate_ask.h"
#include "cli/siem.h"
#include "daemon/forwarder.h"
#include "ledger/entries.h"
#include "report/value.h"

#include <string.h>

#define STATE_BYTES 65536
#define LAG_LOOK    60 /* seconds behind that need a look */

enum {
    OPTION_CONFIG,
    OPTION_LEDGER,
    OPTION_JSON,
};

static const struct cli_option options[] = {
    SIEM_OPTION_CONFIG,
    SIEM_OPTION_LEDGER,
    {"json", 0, NULL, "print JSON"},
};

static const struct cli_manual manual = {
    .usage = "siem status [--json]",
    .about =
        "Says of each destination how it stands, what failed last, how far it is behind in\n"
        "records and seconds, and how many were delivered. Exit status 1 when the forwarder does\n"
        "not run, or a destination waits, is unconfirmed or is a minute behind.\n",
    .options = options,
    .option_count = COUNT(options),
    .example = "  gatehouse siem status --json | jq '.destinations[] | {name, state, lag}'\n",
};

/* What that forwarder wrote of itself; NULL: nothing that can be read, or it is of one before. */
static json_t *
read_state(const struct siem_config *config, int pid, struct arena *arena)
{
    CLEANUP(buf_release) struct buf text;
    const char *path = arena_format(arena, "%s/state.json", config->state);
    buf_init(&text, STATE_BYTES);
    json_t *state = path != NULL && file_read(path, &text, NULL) == OK
                        ? json_loadb(text.data, text.len, 0, NULL)
                        : NULL;
    if (json_integer_value(json_object_get(state, "process")) != pid) {
        json_decref(state);
        return NULL;
    }
    return state;
}

static const json_t *
row_of(const json_t *state, const char *name)
{
    size_t i = 0;
    const json_t *row = NULL;
    json_array_foreach(json_object_get(state, "destinations"), i, row)
    {
        if (text_equal(json_string_value(json_object_get(row, "name")), name)) {
            return row;
        }
    }
    return NULL;
}

/* Milliseconds since the first entry that is not delivered was made; 0: there is none. */
static int64_t
age_of(struct entries *entries, uint64_t next)
{
    const uint8_t *entry = NULL;
    size_t len = 0;
    int64_t age = 0;
    if (entries == NULL || next >= entries_head(entries)->size ||
        entries_get(entries, next, &entry, &len, NULL) != OK) {
        return 0;
    }
    struct logged *logged = logged_new();
    if (logged != NULL && logged_read(logged, entry, len) &&
        logged->numbers[LOGGED_TIME] != LOGGED_NONE) {
        age = clock_wall() - logged->numbers[LOGGED_TIME];
    }
    logged_free(logged);
    return age > 0 ? age : 0;
}

/* How many entries that are still to be delivered are pruned already. */
static uint64_t
gone_before(struct entries *entries, uint64_t next)
{
    uint64_t minimum = entries == NULL ? 0 : entries_retention(entries)->minimum;
    return minimum > next ? minimum - next : 0;
}

static json_t *
describe(const struct siem_config *config, const struct siem_destination *to,
    struct entries *entries, const json_t *said, struct arena *arena)
{
    static const char *const types[] = {
        [SIEM_FILE] = "file", [SIEM_SYSLOG] = "syslog", [SIEM_HTTP] = "http"};
    struct siem_cursor cursor = {.next = 0};
    struct note note = {""};
    char clean[sizeof(note.text)]; /* of a receiver, and perhaps cut in the middle of a character */
    const char *path = siem_config_state(config, to->name, "cursor", arena);
    enum err err = path == NULL ? ERR_MEMORY : siem_cursor_read(path, &cursor, &note);
    uint64_t size = entries == NULL ? 0 : entries_head(entries)->size;
    uint64_t lag = size > cursor.next ? size - cursor.next : 0;
    uint64_t gone = err == OK ? gone_before(entries, cursor.next) : 0;
    if (err == ERR_MISSING && to->begins_now) {
        lag = 0;
    }
    const char *state = json_string_value(json_object_get(said, "state"));
    const char *trouble = json_string_value(json_object_get(said, "trouble"));
    if (err != OK && err != ERR_MISSING) {
        state = "stopped";
        trouble = note.text;
    }
    text_clean(clean, sizeof(clean), trouble == NULL ? "" : trouble,
        trouble == NULL ? 0 : strlen(trouble));
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:{s:I, s:f}, s:I, s:I, s:I, s:I, s:I}",
        "name", to->name, "type", types[to->type], "format", to->format->name, "state",
        said == NULL && err == ERR_MISSING ? "new"
        : state == NULL                    ? "not running"
                                           : state,
        "trouble", clean, "next", (json_int_t)cursor.next, "delivered",
        (json_int_t)cursor.delivered, "lag", "records", (json_int_t)lag, "seconds",
        lag == 0 ? 0.0 : (double)age_of(entries, cursor.next + gone) / 1000, "moved",
        (json_int_t)cursor.moved, "next_try",
        (json_int_t)json_integer_value(json_object_get(said, "next_try")), "set_aside",
        (json_int_t)json_integer_value(json_object_get(said, "set_aside")), "pruned",
        (json_int_t)cursor.pruned + (json_int_t)gone, "pruned_since_start",
        (json_int_t)gone + (json_int_t)json_integer_value(json_object_get(said, "pruned")));
}

static bool
needs_a_look(const json_t *row)
{
    const char *state = json_string_value(json_object_get(row, "state"));
    double seconds = json_number_value(json_object_get(json_object_get(row, "lag"), "seconds"));
    return (!text_equal(state, "caught up") && !text_equal(state, "sending") &&
               !text_equal(state, "starting")) ||
           seconds > LAG_LOOK || json_integer_value(json_object_get(row, "set_aside")) != 0 ||
           json_integer_value(json_object_get(row, "pruned_since_start")) != 0;
}

json_t *
siem_describe(const struct siem_config *config, int *ret_status)
{
    CLEANUP(arena_release) struct arena arena;
    struct entries *entries = NULL;
    struct note note = {""};
    arena_init(&arena, (size_t)1024 * 1024);
    char trouble[sizeof(note.text)]; /* a path stands in it, cut anywhere */
    int pid = forwarder_pid(config->state);
    json_t *state = pid == 0 ? NULL : read_state(config, pid, &arena);
    json_t *rows = json_array();
    bool has_log = entries_open(config->ledger, &entries, &note) == OK;
    text_clean(trouble, sizeof(trouble), note.text, has_log ? 0 : strlen(note.text));
    *ret_status = pid != 0 && has_log ? CLI_OK : CLI_GAPS;
    for (size_t i = 0; i < config->count; i++) {
        const struct siem_destination *to = &config->destinations[i];
        json_t *row = describe(config, to, entries, row_of(state, to->name), &arena);
        *ret_status = row == NULL || needs_a_look(row) ? CLI_GAPS : *ret_status;
        (void)json_array_append_new(rows, row);
    }
    json_t *all = json_pack("{s:I, s:s, s:s, s:s, s:I, s:o}", "process", (json_int_t)pid, "config",
        config->file, "ledger", config->ledger, "ledger_trouble", trouble, "entries",
        (json_int_t)(has_log ? entries_head(entries)->size : 0), "destinations", rows);
    entries_close(entries);
    json_decref(state);
    return all;
}

void
siem_print(const json_t *state)
{
    size_t i = 0;
    const json_t *row = NULL;
    long long pid = (long long)json_integer_value(json_object_get(state, "process"));
    const char *log = value_get_text(state, "ledger_trouble");
    if (pid == 0) {
        (void)printf("forwarder    does not run; what is recorded waits in the ledger\n");
    } else {
        (void)printf("forwarder    process %lld\n", pid);
    }
    if (log[0] != '\0') {
        (void)printf("log          %s\n", log);
    }
    json_array_foreach(json_object_get(state, "destinations"), i, row)
    {
        const json_t *lag = json_object_get(row, "lag");
        const char *trouble = value_get_text(row, "trouble");
        long long pruned = (long long)json_integer_value(json_object_get(row, "pruned"));
        (void)printf("%-12s %s, %s as %s; %lld delivered, %lld behind (%.0f s)%s%s\n",
            value_get_text(row, "name"), value_get_text(row, "state"), value_get_text(row, "type"),
            value_get_text(row, "format"),
            (long long)json_integer_value(json_object_get(row, "delivered")),
            (long long)json_integer_value(json_object_get(lag, "records")),
            json_number_value(json_object_get(lag, "seconds")), trouble[0] == '\0' ? "" : ": ",
            trouble);
        if (pruned != 0) {
            (void)printf("%-12s %lld were pruned before they were delivered\n", "", pruned);
        }
    }
}

static int
show(const char *const places[2], bool as_json)
{
    CLEANUP(arena_release) struct arena arena;
    struct siem_config config;
    struct note note = {""};
    int status = CLI_OK;
    arena_init(&arena, (size_t)4 * 1024 * 1024);
    enum err err = siem_read(places[OPTION_CONFIG], places[OPTION_LEDGER], &arena, &config, &note);
    if (err != OK) {
        return cli_fail_err(err, &note);
    }
    json_t *state = siem_describe(&config, &status);
    if (state == NULL) {
        return cli_fail_err(ERR_MEMORY, NULL);
    }
    if (as_json) {
        int printed = gate_print_json(state);
        return printed == CLI_OK ? status : printed;
    }
    siem_print(state);
    json_decref(state);
    return status;
}

int
cli_siem_status(int argc, char **argv)
{
    struct cli_line line;
    const char *value = NULL;
    const char *places[2] = {NULL, NULL};
    bool as_json = false;
    int got;
    cli_line_init(&line, &manual, argc, argv);
    while ((got = cli_next(&line, &value)) >= 0) {
        if (got == OPTION_JSON) {
            as_json = true;
        } else {
            places[got] = value;
        }
    }
    if (got == CLI_STOP) {
        return line.status;
    }
    if (line.operand != argc) {
        return cli_usage(&line, "siem status: takes no operand, not %s", argv[line.operand]);
    }
    return show(places, as_json);
}
