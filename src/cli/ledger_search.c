/* gatehouse ledger search: who did what, found in the log; and that it was searched is recorded. */
#include "base/secret.h"
#include "base/text.h"
#include "cli/ledger.h"
#include "cli/ledger_connect.h"
#include "cli/ledger_found.h"
#include "cli/ledger_nearest.h"
#include "cli/ledger_open.h"
#include "cli/ledger_user.h"
#include "ledger/when.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_MS 30000
#define POLL_MS   500
#define COVER_MS  8000 /* until a checkpoint covers what was recorded before the question */

enum {
    OPTION_LEDGER,
    OPTION_KEYS,
    OPTION_INDEX,
    OPTION_FROM,
    OPTION_TO,
    OPTION_USER,
    OPTION_CAMERA,
    OPTION_ACTION,
    OPTION_OUTCOME,
    OPTION_IP,
    OPTION_SESSION,
    OPTION_OBJECT,
    OPTION_TEXT,
    OPTION_LIMIT,
    OPTION_REVERSE,
    OPTION_FORMAT,
    OPTION_FOLLOW,
    OPTION_TOTALS,
    OPTION_WATCHED,
    OPTIONS,
};

static const struct cli_option options[OPTIONS] = {
    LEDGER_OPTION,
    KEYS_OPTION,
    {"index",   0, "PATH",  "the index (default: index.db in the ledger)"                 },
    {"from",    0, "TIME",  "not before: 2026-11-23, \"2026-11-23 14:00\", yesterday, -2d"},
    {"to",      0, "TIME",  "before that moment; of a whole day: to its end"              },
    {"user",    0, "NAME",  "by that user"                                                },
    {"camera",  0, "NAME",  "of that camera"                                              },
    {"action",  0, "NAME",  "footage.live, or all of a kind: \"footage.*\""               },
    {"outcome", 0, "WORD",  "ok, refused, failed or unknown"                              },
    {"ip",      0, "NET",   "from that address or network: 10.0.0.0/24"                   },
    {"session", 0, "ID",    "in that session"                                             },
    {"object",  0, "NAME",  "to that object"                                              },
    {"text",    0, "WORDS", "whole words that stand anywhere in it, all of them"          },
    {"limit",   0, "N",     "at most so many"                                             },
    {"reverse", 0, NULL,    "the newest first"                                            },
    {"format",  0, "NAME",  "text, json (one object a line) or csv"                       },
    {"follow",  0, NULL,    "go on with what is published; from now on without --from"    },
    {"totals",  0, NULL,    "counts by action, outcome, user, address and camera"         },
    {"watched", 0, NULL,    "who watched, how long, from where"                           },
};

static const struct cli_manual manual = {
    .usage = "ledger search [--from TIME] [--to TIME] [--user NAME] [--camera NAME] [OPTION]…",
    .about =
        "Finds events in the ledger, or in a copy of its log. All that is asked for must be so.\n"
        "Times are UTC, typed and shown, unless they have an offset (14:00+02:00): 2026-11-23,\n"
        "\"2026-11-23 14:00\", now, today, \"yesterday 14:00\", -90m, -12h, -2d, \"2 days ago\".\n"
        "\n"
        "Searching a ledger is an event in it (ledger.read) before the first result is shown; "
        "when\n"
        "it can't be recorded, nothing is. --watched joins the beginning and the end of each "
        "view:\n"
        "time by user and address, added up and by the clock, cut to --from and --to; what has no\n"
        "recorded end is counted as unknown.\n",
    .options = options,
    .option_count = COUNT(options),
    .example =
        "  gatehouse ledger search --camera front-door --from -7d --to now --watched\n"
        "  gatehouse ledger search --action \"footage.*\" --outcome refused --reverse --limit 20\n"
        "  gatehouse ledger search --user anna --from 2026-11-01 --to 2026-11-30 --format csv\n",
};

struct asked {
    const char *values[OPTIONS];
    bool given[OPTIONS];
    struct query query;
    uint64_t limit;
    enum found_format format;
    bool is_partial;
};

static int
ask_time(struct asked *asked, const struct cli_line *line, int option, int64_t *ret_time)
{
    const char *text = asked->values[option];
    bool end = option == OPTION_TO;
    if (text != NULL && when_parse(text, clock_wall(), end, ret_time) != OK) {
        return cli_usage(line,
            "--%s: no time that is understood: \"%s\"; 2026-11-23, \"2026-11-23 14:00\", "
            "2026-11-23T14:00:00+01:00, yesterday, \"today 14:00\" and -2d are",
            options[option].name, text);
    }
    return CLI_OK;
}

static int
ask_times(struct asked *asked, const struct cli_line *line)
{
    int status = ask_time(asked, line, OPTION_FROM, &asked->query.from);
    if (status == CLI_OK) {
        status = ask_time(asked, line, OPTION_TO, &asked->query.to);
    }
    if (status == CLI_OK && asked->query.from >= asked->query.to) {
        char from[CLOCK_TEXT];
        char to[CLOCK_TEXT];
        return cli_usage(line, "--from %s is not before --to %s",
            clock_text(asked->query.from, from), clock_text(asked->query.to, to));
    }
    return status;
}

static int
ask_parts(struct asked *asked, const struct cli_line *line)
{
    static const int of_part[QUERY_PARTS] = {
        [QUERY_USER] = OPTION_USER,
        [QUERY_CAMERA] = OPTION_CAMERA,
        [QUERY_ACTION] = OPTION_ACTION,
        [QUERY_OUTCOME] = OPTION_OUTCOME,
        [QUERY_SESSION] = OPTION_SESSION,
        [QUERY_OBJECT] = OPTION_OBJECT,
    };
    for (int i = 0; i < QUERY_PARTS; i++) {
        const char *value = asked->values[of_part[i]];
        if (value != NULL && query_set(&asked->query, (enum query_part)i, value) != OK) {
            return cli_usage(line,
                i == QUERY_ACTION ? "--action: not the form of an action: \"%s\"; `gatehouse "
                                    "ledger actions` lists them, \"footage.*\" is a kind"
                                  : "--outcome: ok, refused, failed or unknown, not \"%s\"",
                value);
        }
    }
    const char *net = asked->values[OPTION_IP];
    if (net != NULL && query_set_net(&asked->query, net) != OK) {
        return cli_usage(
            line, "--ip: no address or network: \"%s\"; 10.0.0.7 and 10.0.0.0/24 are", net);
    }
    const char *words = asked->values[OPTION_TEXT];
    enum err err = words == NULL ? OK : query_set_words(&asked->query, words);
    if (err != OK) {
        return cli_usage(line, "--text: %s: \"%s\"",
            err == ERR_LIMIT ? "at most 16 words of at most 63 bytes"
                             : "a word needs a letter or a digit",
            words);
    }
    return CLI_OK;
}

static int
ask_form(struct asked *asked, const struct cli_line *line)
{
    static const char *const formats[] = {"text", "json", "csv"};
    const char *format = asked->values[OPTION_FORMAT];
    const char *limit = asked->values[OPTION_LIMIT];
    size_t row = 0;
    while (format != NULL && row < COUNT(formats) && !text_equal(format, formats[row])) {
        row++;
    }
    if (row == COUNT(formats)) {
        return cli_usage(line, "--format: text, json or csv, not \"%s\"", format);
    }
    asked->format = (enum found_format)row;
    if (limit != NULL &&
        (text_to_u64(limit, INT64_MAX, &asked->limit) != OK || asked->limit == 0)) {
        return cli_usage(line, "--limit: no number above 0: \"%s\"", limit);
    }
    bool sums = asked->given[OPTION_TOTALS] || asked->given[OPTION_WATCHED];
    if (asked->given[OPTION_TOTALS] && asked->given[OPTION_WATCHED]) {
        return cli_usage(line, "--totals and --watched are two questions");
    }
    if (asked->given[OPTION_FOLLOW] && (sums || asked->given[OPTION_REVERSE])) {
        return cli_usage(line, "--follow goes with events, the oldest first: without --totals, "
                               "--watched and --reverse");
    }
    if (sums && (limit != NULL || asked->given[OPTION_REVERSE])) {
        return cli_usage(line, "--totals and --watched take all that is found: without --limit "
                               "and --reverse");
    }
    return CLI_OK;
}

/* CLI_END when the line is fine, else the exit status. */
static int
ask(struct asked *asked, struct cli_line *line, int argc, char **argv)
{
    const char *value = NULL;
    int got;
    asked->query = query_begin();
    while ((got = cli_next(line, &value)) >= 0) {
        asked->values[got] = value;
        asked->given[got] = true;
    }
    if (got == CLI_STOP) {
        return line->status;
    }
    if (line->operand != argc) {
        return cli_usage(line, "ledger search takes no operand, not \"%s\"; --text finds words",
            argv[line->operand]);
    }
    int status = ask_parts(asked, line);
    if (status == CLI_OK) {
        status = ask_form(asked, line);
    }
    if (status == CLI_OK && asked->given[OPTION_FOLLOW] && !asked->given[OPTION_FROM]) {
        asked->query.from = clock_wall();
    }
    if (status == CLI_OK) {
        status = ask_times(asked, line);
    }
    return status == CLI_OK ? CLI_END : status;
}

static json_t *
reading_json(const struct asked *asked)
{
    const char *kind = asked->given[OPTION_WATCHED]  ? "watched"
                       : asked->given[OPTION_TOTALS] ? "totals"
                       : asked->given[OPTION_FOLLOW] ? "follow"
                                                     : "search";
    return json_pack("{s:s, s:o}", "kind", kind, "query", query_json(&asked->query));
}

/* What is recorded but not published, as on a full disk, would be missing without a word. */
static void
wait_for_checkpoint(struct asked *asked, struct client *client, uint64_t index)
{
    struct note note = {""};
    if (asked->given[OPTION_FOLLOW] || client_publish_wait(client, index, COVER_MS, &note) == OK) {
        return;
    }
    asked->is_partial = true;
    (void)cli_fail("events that were recorded last are not published yet and not in what is "
                   "shown; `gatehouse ledger status` says why");
}

/* Durable before the first result: who looked is as much a fact as what they saw. */
static int
record_reading(struct asked *asked, const struct ledger_open *open)
{
    uint64_t index = 0;
    CLEANUP(buf_release) struct buf event;
    struct client *client = NULL;
    struct note note = {""};
    buf_init(&event, EVENT_LIMIT);
    if (!ledger_open_is_live(open)) {
        return CLI_OK;
    }
    enum err err = ledger_user_event(EVENT_LEDGER_READ, NULL, reading_json(asked), &event, &note);
    if (err == OK) {
        err = ledger_connect(open->folder.data, asked->values[OPTION_KEYS], &client, &note);
    }
    if (err == OK) {
        err = client_append_wait(client, &event, ANSWER_MS, &index, &note);
        if (err == OK) {
            wait_for_checkpoint(asked, client, index);
        }
        ledger_disconnect(client);
    }
    if (err != OK) {
        return cli_fail("the reading can't be recorded in the ledger, so nothing is shown: %s",
            note.text[0] == '\0' ? err_words(err) : note.text);
    }
    return CLI_OK;
}

static int
finish(const struct found *found, enum err err, const struct note *note)
{
    if (err != OK) {
        return cli_fail_err(err, note);
    }
    if (fflush(found->out) != 0 || found->failed) {
        return cli_fail("the output takes no more; what was shown is not all");
    }
    return CLI_OK;
}

static int
show_totals(struct search *search, const struct asked *asked, struct found *found)
{
    struct totals *totals = totals_new();
    struct totals_sum sum;
    struct found_totals shown = {.sum = &sum};
    struct note note = {""};
    const struct search_reader reader = {totals_add, totals};
    enum err err =
        totals == NULL ? ERR_MEMORY : search_run(search, &asked->query, false, &reader, &note);
    if (err == OK) {
        err = totals_end(totals, &sum, &shown.rows, &shown.count);
    }
    if (err == OK && ledger_open_stopped == 0) {
        err = found_totals(found, &shown);
        if (sum.events == 0) {
            ledger_nearest_tell(search, &asked->query);
        }
    }
    totals_free(totals);
    return finish(found, err, &note);
}

static int
show_watched(struct search *search, const struct asked *asked, struct found *found)
{
    struct watched *watched = NULL;
    struct note note = {""};
    enum err err = watched_gather(search, &asked->query, NULL, &watched, &note);
    if (err == OK && ledger_open_stopped == 0) {
        size_t count = 0;
        const struct watched_row *rows = watched_rows(watched, &count);
        err = found_watched(found, &asked->query, rows, count);
        if (count <= 1) { /* everybody */
            ledger_nearest_tell(search, &asked->query);
        }
    }
    watched_free(watched);
    return finish(found, err, &note);
}

static enum err
follow(struct search *search, const struct asked *asked, struct found *found, struct note *note)
{
    const struct search_reader reader = {found_event, found};
    const struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};
    enum err err = OK;
    while (err == OK && ledger_open_stopped == 0 && !found->failed &&
           (found->limit == 0 || found->count < found->limit)) {
        err = fflush(found->out) == 0 ? OK : ERR_IO;
        (void)nanosleep(&pause, NULL);
        if (err == OK && ledger_open_stopped == 0) {
            err = search_more(search, &asked->query, &reader, note);
        }
    }
    return err;
}

static int
show_events(struct search *search, const struct asked *asked, struct found *found)
{
    const struct search_reader reader = {found_event, found};
    struct note note = {""};
    bool backwards = asked->given[OPTION_REVERSE];
    enum err err = OK;
    if (found_head(found)) {
        err = search_run(search, &asked->query, backwards, &reader, &note);
    }
    bool follows = asked->given[OPTION_FOLLOW];
    if (err == OK && follows) {
        err = follow(search, asked, found, &note);
    }
    if (err == OK && found->limit != 0 && found->count == found->limit && !follows) {
        (void)fprintf(
            stderr, "gatehouse: the first %" PRIu64 "; there may be more\n", found->limit);
    }
    if (err == OK && found->count == 0 && !follows && ledger_open_stopped == 0) {
        (void)fputs("gatehouse: no event matches\n", stderr);
        ledger_nearest_tell(search, &asked->query);
    }
    return finish(found, err, &note);
}

static int
show(struct search *search, const struct asked *asked)
{
    struct found found = {
        .format = asked->format,
        .out = stdout,
        .limit = asked->limit,
        .stop = &ledger_open_stopped,
    };
    found_init(&found);
    int status = asked->given[OPTION_WATCHED]  ? show_watched(search, asked, &found)
                 : asked->given[OPTION_TOTALS] ? show_totals(search, asked, &found)
                                               : show_events(search, asked, &found);
    found_release(&found);
    if (status == CLI_OK && ledger_open_stopped != 0 && !asked->given[OPTION_FOLLOW]) {
        return cli_fail("stopped: what was shown is not all");
    }
    return status;
}

static int
run(struct asked *asked)
{
    struct ledger_open open;
    struct search *search = NULL;
    struct note note = {""};
    enum err err = ledger_open_init(&open, asked->values[OPTION_LEDGER], asked->values[OPTION_KEYS],
        asked->values[OPTION_INDEX], &note);
    int status = err == OK ? record_reading(asked, &open) : cli_fail_err(err, &note);
    ledger_open_catch();
    if (status == CLI_OK) {
        err = ledger_open_search(&open, &search, &note);
        if (err == OK && !ledger_open_is_live(&open)) {
            (void)fputs("gatehouse: a copy of a log: that it is read is not recorded\n", stderr);
        }
        bool is_blind = err == OK && ledger_open_is_blind(&open, search, &asked->query);
        status = err == OK ? show(search, asked) : cli_fail_err(err, &note);
        status = status == CLI_OK && is_blind ? CLI_INCOMPLETE : status;
    }
    search_close(search);
    ledger_open_release(&open);
    return status == CLI_OK && asked->is_partial ? CLI_INCOMPLETE : status;
}

int
ledger_search(int argc, char **argv)
{
    struct cli_line line;
    struct asked asked = {.limit = 0};
    cli_line_init(&line, &manual, argc, argv);
    int status = ask(&asked, &line, argc, argv);
    if (status != CLI_END) {
        return status;
    }
    if (secret_start() != OK) {
        return cli_fail("%s", err_words(ERR_SYSTEM));
    }
    return run(&asked);
}
