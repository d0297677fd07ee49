/* gatehouse ledger report: who watched what, and what deserves a look; as a page and as JSON. */
#include "report/ledger/ledger_report.h"
#include "base/file.h"
#include "base/secret.h"
#include "base/text.h"
#include "cli/ledger.h"
#include "cli/ledger_connect.h"
#include "cli/ledger_open.h"
#include "cli/ledger_user.h"
#include "codec/pick.h"
#include "ledger/when.h"

#include <string.h>
#include <time.h>

#define CASE_SIGN  "[0-9]{3,}"
#define PATH_LIMIT 4096
#define OUTPUT     "gatehouse-ledger-report"
#define MONDAY     (4 * CLOCK_DAY) /* the first one after 1970-01-01 */
#define ZONE_LIMIT 840u            /* minutes */

enum {
    OPTION_LEDGER,
    OPTION_KEYS,
    OPTION_INDEX,
    OPTION_WEEK,
    OPTION_FROM,
    OPTION_TO,
    OPTION_ZONE,
    OPTION_CASE,
    OPTION_OUTPUT,
    OPTION_FORMAT,
    OPTIONS,
};

static const struct cli_option options[OPTIONS] = {
    LEDGER_OPTION,
    KEYS_OPTION,
    {"index",  0, "PATH",   "the index (default: index.db in the ledger)"                  },
    {"week",   0, NULL,     "the last whole week, Monday to Sunday (the default)"          },
    {"from",   0, "TIME",   "from then on: 2026-11-01, -7d"                                },
    {"to",     0, "TIME",   "before that moment; of a whole day: to its end (default: now)"},
    {"zone",   0, "OFFSET", "hours and days in +01:00 (default: this machine's zone)"      },
    {"case",   0, "REGEX",  "what a case number looks like (default: [0-9]{3,})"           },
    {"output", 0, "FOLDER", "where to write (default: gatehouse-ledger-report)"            },
    {"format", 0, "NAMES",  "html, json or both (default: html,json)"                      },
};

static const struct cli_manual manual = {
    .usage =
        "ledger report [--week | --from TIME --to TIME] [--output FOLDER] [OPTION]\xe2\x80\xa6",
    .about =
        "Sums up who watched what, by account, camera and day, compares it with up to eight such\n"
        "times before, and says what deserves a look: unusual hours, one camera far above the\n"
        "others, the weekend, exports without a case, many refusals, bursts of exports, an idle\n"
        "account that woke up, one address with many accounts, and searches about one person.\n"
        "Each of these may be harmless; each names its events and the search that shows them.\n"
        "\n"
        "Writes ledger-report.html (one file, no scripts) and ledger-report.json. Making a report\n"
        "of a ledger is an event in it (ledger.read).\n",
    .options = options,
    .option_count = COUNT(options),
    .example = "  gatehouse ledger report --week --output monday\n"
               "  gatehouse ledger report --from 2026-11-01 --to 2026-11-30 --case 'INC-[0-9]+'\n",
};

struct asked {
    const char *values[OPTIONS];
    bool given[OPTIONS];
    struct tally_settings settings;
    const char *output;
    bool wants_html, wants_json;
};

/* This machine's offset at that moment, in minutes. */
static int
zone_at(int64_t time)
{
    time_t seconds = (time_t)(time / 1000);
    struct tm local;
    return localtime_r(&seconds, &local) == NULL ? 0 : (int)(local.tm_gmtoff / 60);
}

static int
ask_zone(struct asked *asked, const struct cli_line *line)
{
    const char *text = asked->values[OPTION_ZONE];
    uint64_t hours = 0;
    uint64_t minutes = 0;
    char digits[3] = "";
    if (text == NULL) {
        asked->settings.zone = zone_at(clock_wall());
        return CLI_OK;
    }
    bool is_shaped = strlen(text) == 6 && (text[0] == '+' || text[0] == '-') && text[3] == ':';
    if (is_shaped) {
        memcpy(digits, text + 1, 2);
    }
    if (!is_shaped || text_to_u64(digits, 14, &hours) != OK ||
        text_to_u64(text + 4, 59, &minutes) != OK || hours * 60 + minutes > ZONE_LIMIT) {
        return cli_usage(line, "--zone: an offset such as +01:00 or -05:30, not \"%s\"", text);
    }
    asked->settings.zone = (int)(hours * 60 + minutes) * (text[0] == '-' ? -1 : 1);
    return CLI_OK;
}

/* The last Monday to Sunday that is over, in the zone of the report. */
static void
set_week(struct asked *asked)
{
    int64_t zone = (int64_t)asked->settings.zone * 60000;
    int64_t local = clock_wall() + zone;
    int64_t monday = local - (local - MONDAY) % TALLY_WEEK;
    asked->settings.to = monday - zone;
    asked->settings.from = asked->settings.to - TALLY_WEEK;
}

/* Days and times of day are the report's zone, as its hours are. */
static enum err
parse_time(const struct asked *asked, const char *text, bool is_end, int64_t *ret_time)
{
    int64_t zone = (int64_t)asked->settings.zone * 60000;
    bool is_absolute =
        strlen(text) > 10 &&
        (text_ends(text, "Z") || strchr(text + 10, '+') != NULL || strchr(text + 10, '-') != NULL);
    bool is_span = text[0] == '-' || text_equal(text, "now");
    int64_t shift = is_absolute || is_span ? 0 : zone;
    enum err err = when_parse(text, clock_wall() + shift, is_end, ret_time);
    if (err == OK) {
        *ret_time -= shift;
    }
    return err;
}

static int
ask_times(struct asked *asked, const struct cli_line *line)
{
    const char *from = asked->values[OPTION_FROM];
    const char *to = asked->values[OPTION_TO];
    struct tally_settings *settings = &asked->settings;
    if (from == NULL && to == NULL) {
        set_week(asked);
        return CLI_OK;
    }
    if (asked->given[OPTION_WEEK] || from == NULL) {
        return cli_usage(line, "--week, or --from TIME and --to TIME");
    }
    settings->to = clock_wall();
    if (parse_time(asked, from, false, &settings->from) != OK ||
        (to != NULL && parse_time(asked, to, true, &settings->to) != OK)) {
        return cli_usage(line,
            "--from, --to: no times that are understood: \"%s\", \"%s\"; 2026-11-23, "
            "\"2026-11-23 14:00\", yesterday and -7d are",
            from, to == NULL ? "now" : to);
    }
    if (settings->from >= settings->to ||
        settings->to - settings->from > (TALLY_DAYS - 1) * CLOCK_DAY) {
        return cli_usage(
            line, "--from %s must lie before --to, at most %d days", from, TALLY_DAYS - 1);
    }
    return CLI_OK;
}

/* Where clocks changed since, the days are those of the zone as it was in most of the time. */
static int
ask_zone_then(struct asked *asked, const struct cli_line *line)
{
    const struct tally_settings *settings = &asked->settings;
    int zone = zone_at(settings->from + (settings->to - settings->from) / 2);
    if (asked->given[OPTION_ZONE] || zone == settings->zone) {
        return CLI_OK;
    }
    asked->settings.zone = zone;
    return ask_times(asked, line);
}

static int
ask_form(struct asked *asked, const struct cli_line *line)
{
    const char *format = asked->values[OPTION_FORMAT];
    const char *sign = asked->values[OPTION_CASE];
    const char *at = NULL;
    size_t len = 0;
    format = format == NULL ? "html,json" : format;
    asked->wants_html = text_equal(format, "html") || text_equal(format, "html,json") ||
                        text_equal(format, "json,html");
    asked->wants_json =
        text_equal(format, "json") || (asked->wants_html && text_contains(format, "json"));
    if (!asked->wants_html && !asked->wants_json) {
        return cli_usage(line, "--format: html, json or html,json, not \"%s\"", format);
    }
    asked->settings.case_sign = sign == NULL ? CASE_SIGN : sign;
    if (pick_match("", 0, asked->settings.case_sign, &at, &len) == ERR_VALUE) {
        return cli_usage(line, "--case: no regular expression: \"%s\"; INC-[0-9]+ is one", sign);
    }
    asked->output = asked->values[OPTION_OUTPUT] == NULL ? OUTPUT : asked->values[OPTION_OUTPUT];
    return CLI_OK;
}

/* CLI_END when the line is fine, else the exit status. */
static int
ask(struct asked *asked, struct cli_line *line, int argc, char **argv)
{
    const char *value = NULL;
    int got;
    while ((got = cli_next(line, &value)) >= 0) {
        asked->values[got] = value;
        asked->given[got] = true;
    }
    if (got == CLI_STOP) {
        return line->status;
    }
    if (line->operand != argc) {
        return cli_usage(line, "ledger report takes no operand, not \"%s\"", argv[line->operand]);
    }
    int status = ask_zone(asked, line);
    status = status == CLI_OK ? ask_times(asked, line) : status;
    status = status == CLI_OK ? ask_zone_then(asked, line) : status;
    status = status == CLI_OK ? ask_form(asked, line) : status;
    return status == CLI_OK ? CLI_END : status;
}

static struct query
query_of(int64_t from, int64_t to)
{
    struct query query = query_begin();
    query.from = from;
    query.to = to;
    return query;
}

/* Durable before anything is read: who looked is as much a fact as what they saw. */
static int
record_reading(const struct asked *asked, const struct ledger_open *open)
{
    CLEANUP(buf_release) struct buf event;
    struct note note = {""};
    struct query query = query_of(asked->settings.from, asked->settings.to);
    buf_init(&event, EVENT_LIMIT);
    if (!ledger_open_is_live(open)) {
        return CLI_OK;
    }
    json_t *detail = json_pack("{s:s, s:o}", "kind", "report", "query", query_json(&query));
    enum err err = ledger_user_event(EVENT_LEDGER_READ, NULL, detail, &event, &note);
    if (err == OK) {
        err = ledger_user_record(open->folder.data, asked->values[OPTION_KEYS], &event, &note);
    }
    return err == OK
               ? CLI_OK
               : cli_fail("the reading can't be recorded in the ledger, so there is no report: %s",
                     note.text[0] == '\0' ? err_words(err) : note.text);
}

/* The names of the time asked for, then everything that it is compared with. */
static enum err
gather(struct search *search, const struct asked *asked, struct tally *tally, struct note *note)
{
    const struct tally_settings *settings = &asked->settings;
    struct query query = query_of(settings->from, settings->to);
    enum err err =
        search_run(search, &query, false, &(struct search_reader){tally_name, tally}, note);
    if (err == OK) {
        tally_choose(tally);
        query = query_of(settings->from - TALLY_LOOK_BACK, settings->to + CLOCK_DAY);
        err = search_run(search, &query, false, &(struct search_reader){tally_add, tally}, note);
    }
    tally_end(tally);
    return err;
}

/* What was counted only as a number is looked for by name: it names events too. */
static enum err
name_events(struct search *search, const struct asked *asked, struct hits *hits, struct note *note)
{
    enum err err = OK;
    for (size_t i = 0; err == OK && i < hits->count; i++) {
        struct hit *hit = &hits->rows[i];
        struct query query = query_of(asked->settings.from, asked->settings.to);
        if (hit->marks.count != 0 || hit->camera == NULL ||
            memchr(hit->user_name.bytes, '\0', hit->user_name.len) != NULL) {
            continue;
        }
        err = query_set(&query, QUERY_USER, hit->user_name.bytes);
        err = err == OK ? query_set(&query, QUERY_CAMERA, hit->camera_name.bytes) : err;
        err = err == OK ? query_set(&query, QUERY_ACTION, "footage.*") : err;
        if (err == OK) {
            err = search_run(search, &query, false, &(struct search_reader){hits_mark, hit}, note);
        }
    }
    return err;
}

typedef enum err writer_fn(const struct ledger_report *report, struct buf *out);

static int
write_one(const struct asked *asked, const struct ledger_report *report, const char *name,
    writer_fn *write)
{
    CLEANUP(buf_release) struct buf path;
    CLEANUP(buf_release) struct buf bytes;
    struct note note = {""};
    buf_init(&path, PATH_LIMIT);
    buf_init(&bytes, LEDGER_REPORT_MAX);
    buf_format(&path, "%s/%s", asked->output, name);
    enum err err = buf_error(&path);
    err = err == OK ? write(report, &bytes) : err;
    err = err == OK ? file_write(path.data, bytes.data, bytes.len, 0600, &note) : err;
    if (err != OK) {
        return cli_fail_err(err, &note);
    }
    (void)printf("  %s\n", path.data);
    return CLI_OK;
}

static int
write_report(const struct asked *asked, const struct ledger_report *report)
{
    struct note note = {""};
    const struct hits *hits = report->hits;
    enum err err = file_make_folder(asked->output, &note);
    if (err != OK) {
        return cli_fail_err(err, &note);
    }
    (void)printf(hits->count == 0 ? "Nothing stands out.\n" : "%zu deserve%s a look:\n",
        hits->count, hits->count == 1 ? "s" : "");
    for (size_t i = 0; i < hits->count; i++) {
        const struct hit *hit = &hits->rows[i];
        (void)printf("  %s: %s\n", hit->user != NULL ? hit->user : hit->address,
            pattern_rows[hit->pattern].words);
    }
    (void)puts("Written:");
    int status = CLI_OK;
    if (asked->wants_html) {
        status = write_one(asked, report, "ledger-report.html", ledger_page_write);
    }
    if (status == CLI_OK && asked->wants_json) {
        status = write_one(asked, report, "ledger-report.json", ledger_json_write);
    }
    return status == CLI_OK && fflush(stdout) != 0 ? cli_fail("%s", err_words(ERR_IO)) : status;
}

static int
make(struct search *search, const struct asked *asked, const char *folder)
{
    struct note note = {""};
    struct hits *hits = NULL;
    struct tally *tally = tally_new(&asked->settings);
    enum err err = tally == NULL ? ERR_MEMORY : gather(search, asked, tally, &note);
    if (err == OK) {
        hits = hits_new(tally);
        err = hits == NULL ? ERR_MEMORY : name_events(search, asked, hits, &note);
    }
    int status = err == OK ? CLI_OK : cli_fail_err(err, &note);
    if (status == CLI_OK && ledger_open_stopped != 0) {
        status = cli_fail("stopped: there is no report");
    }
    if (status == CLI_OK && hits != NULL) {
        const struct ledger_report report = {
            tally, hits, clock_wall(), folder, asked->values[OPTION_FROM] == NULL};
        status = write_report(asked, &report);
    }
    hits_free(hits);
    tally_free(tally);
    return status;
}

static int
run(const struct asked *asked)
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
        status = err == OK ? make(search, asked, open.folder.data) : cli_fail_err(err, &note);
    }
    search_close(search);
    ledger_open_release(&open);
    return status;
}

int
ledger_report(int argc, char **argv)
{
    struct cli_line line;
    struct asked asked = {.output = NULL};
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
