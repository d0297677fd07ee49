/* gatehouse ledger append: events of scripts, one from options or many from lines of JSON. */
#include "base/clock.h"
#include "base/text.h"
#include "cli/ledger.h"
#include "cli/ledger_connect.h"
#include "ledger/feed.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WAIT_MS 60000

enum {
    LEDGER,
    KEYS,
    JSON,
    JSON_OUTPUT,
    DRY_RUN,
    FIRST_MEMBER, /* from here on, each option is a member of the event */
};

// clang-format off
static const struct cli_option options[] = {
    LEDGER_OPTION,
    KEYS_OPTION,
    {"json",        0, "FILE",   "events from there, one JSON object a line; - is standard input"},
    {"json-output", 0, NULL,     "print {\"index\":…,\"line\":…} for each, not only the index"},
    {"dry-run",     0, NULL,     "print the events as they would be recorded; record nothing"},
    {"action",      0, "A",      "what happened; gatehouse ledger actions lists them"},
    {"outcome",     0, "O",      "ok, refused, failed or unknown"},
    {"site",        0, "NAME",   "where it happened"},
    {"id",          0, "ID",     "names the event (default: a random one)"},
    {"user",        0, "NAME",   "who did it"},
    {"role",        0, "NAME",   "by which role"},
    {"ip",          0, "ADDR",   "from which address"},
    {"session",     0, "NAME",   "in which session; never its cookie"},
    {"factor",      0, "NAME",   "proven by what"},
    {"vms",         0, "NAME",   "at which video management system"},
    {"camera",      0, "NAME",   "which camera; again for more"},
    {"object",      0, "NAME",   "which other thing"},
    {"from",        0, "TIME",   "begin of the recording time that was seen"},
    {"to",          0, "TIME",   "end of it"},
    {"reason",      0, "TEXT",   "why"},
    {"bytes",       0, "N",      "how much left"},
    {"digest",      0, "SHA256", "of what left: sha256:…"},
    {"detail",      0, "JSON",   "what else there is to say, an object"},
};

enum kind { TEXT, TEXTS, TIME, COUNT_OF, OBJECT };

/* Where each option from FIRST_MEMBER on goes. */
static const struct {
    const char *object; /* NULL: the event itself */
    const char *name;
    enum kind kind;
} members[] = {
    {NULL,     "action",  TEXT},
    {NULL,     "outcome", TEXT},
    {NULL,     "site",    TEXT},
    {NULL,     "id",      TEXT},
    {"actor",  "user",    TEXT},
    {"actor",  "role",    TEXT},
    {"actor",  "ip",      TEXT},
    {"actor",  "session", TEXT},
    {"actor",  "factor",  TEXT},
    {"target", "vms",     TEXT},
    {"target", "cameras", TEXTS},
    {"target", "object",  TEXT},
    {"target", "from",    TIME},
    {"target", "to",      TIME},
    {NULL,     "reason",  TEXT},
    {NULL,     "bytes",   COUNT_OF},
    {NULL,     "digest",  TEXT},
    {NULL,     "detail",  OBJECT},
};
// clang-format on

static_assert(COUNT(options) == FIRST_MEMBER + COUNT(members), "each member option has its row");

static const struct cli_manual manual = {
    .usage = "ledger append [OPTION]…",
    .about =
        "Records events of scripts and programs that have no other way. One event from the\n"
        "options, or many from a file of JSON objects, one a line; then options stand in for\n"
        "what a line does not say. Prints the index of each when it is durable. A wrong line ends\n"
        "it: what was recorded before stays, and is counted. What an event must say is in\n"
        "gatehouse-events(7); time and writer are added by the ledger.\n",
    .options = options,
    .option_count = COUNT(options),
    .example = "  gatehouse ledger append --action system.note --site harbour --outcome ok \\\n"
               "      --user anna --reason \"lens of the gate camera cleaned\"\n"
               "  journalctl -o cat -u door | door-to-events | gatehouse ledger append --json -\n",
};

struct append {
    const char *ledger, *keys;
    const char *file; /* NULL: one event, from the options */
    json_t *said;     /* by the options */
    size_t count;     /* of them */
    bool shows_json, is_dry;
};

static volatile sig_atomic_t stop;

static void
stop_reading(int number)
{
    (void)number;
    stop = 1;
}

/* A time in any zone as events have it; what is none stays, and is refused with the event. */
static json_t *
time_json(const char *value)
{
    char text[EVENT_TIME];
    int64_t wall = 0;
    return json_string(clock_parse(value, &wall) == OK ? event_time_text(wall, text) : value);
}

/* The JSON of an option's value; NULL when it is none. */
static json_t *
value_json(enum kind kind, const char *value)
{
    uint64_t count = 0;
    json_t *json = NULL;
    switch (kind) {
    case TEXT:
    case TEXTS:
        return event_text_json(event_text(value));
    case TIME:
        return time_json(value);
    case COUNT_OF:
        return text_to_u64(value, (uint64_t)INT64_MAX, &count) == OK
                   ? json_integer((json_int_t)count)
                   : NULL;
    case OBJECT:
        json = json_loads(value, JSON_REJECT_DUPLICATES, NULL);
        if (!json_is_object(json)) {
            json_decref(json);
            return NULL;
        }
        return json;
    }
    return NULL;
}

static int
take_member(struct append *append, const struct cli_line *line, size_t row, const char *value)
{
    const char *object = members[row].object;
    const char *name = members[row].name;
    json_t *json = value_json(members[row].kind, value);
    json_t *place = append->said;
    int failed = json == NULL ? -1 : 0;
    if (failed != 0) {
        return cli_usage(line, "--%s %s: %s is needed", options[FIRST_MEMBER + row].name, value,
            members[row].kind == OBJECT ? "a JSON object, each name in it once," : "a number");
    }
    if (object != NULL) {
        place = json_object_get(append->said, object);
        if (place == NULL) {
            place = json_object();
            failed |= json_object_set_new(append->said, object, place);
        }
    }
    if (members[row].kind == TEXTS) {
        json_t *list = json_object_get(place, name);
        if (list == NULL) {
            list = json_array();
            failed |= json_object_set_new(place, name, list);
        }
        failed |= json_array_append_new(list, json);
    } else {
        failed |= json_object_set_new(place, name, json);
    }
    append->count++;
    return failed == 0 ? CLI_END : cli_fail("%s", err_words(ERR_MEMORY));
}

static int
read_options(struct append *append, struct cli_line *line)
{
    const char *value = NULL;
    for (int row = cli_next(line, &value); row != CLI_END; row = cli_next(line, &value)) {
        int status = CLI_END;
        switch (row) {
        case LEDGER:
            append->ledger = value;
            break;
        case KEYS:
            append->keys = value;
            break;
        case JSON:
            append->file = value;
            break;
        case JSON_OUTPUT:
            append->shows_json = true;
            break;
        case DRY_RUN:
            append->is_dry = true;
            break;
        case CLI_STOP:
            return line->status;
        default:
            status = take_member(append, line, (size_t)row - FIRST_MEMBER, value);
        }
        if (status != CLI_END) {
            return status;
        }
    }
    if (line->operand < line->argc) {
        return cli_usage(
            line, "ledger append: takes no operand, not %s", line->argv[line->operand]);
    }
    if (append->file == NULL && append->count == 0) {
        return cli_usage(line, "ledger append: say what happened with --action and the others, or "
                               "give events with --json FILE");
    }
    return CLI_END;
}

static void
print_index(void *context, uint64_t line, uint64_t index)
{
    const struct append *append = context;
    if (append->shows_json) {
        (void)printf("{\"index\":%llu,\"line\":%llu}\n", (unsigned long long)index,
            (unsigned long long)line);
    } else {
        (void)printf("%llu\n", (unsigned long long)index);
    }
}

static void
print_event(void *context, const struct buf *event)
{
    (void)context;
    (void)puts(event->data);
}

/* For a person at a terminal that shows nothing of the indices. */
static void
print_index_and_count(void *context, uint64_t line, uint64_t index)
{
    print_index(context, line, index);
    if (line % 1000 == 0) {
        (void)fprintf(stderr, "\r%llu lines", (unsigned long long)line);
    }
}

/* What is recorded when not all is. */
static void
tell_counts(const struct feed_result *result)
{
    (void)fprintf(stderr, "%llu event%s recorded", (unsigned long long)result->recorded,
        result->recorded == 1 ? " is" : "s are");
    if (result->later != 0) {
        (void)fprintf(stderr, ", %llu of them from later lines, which were under way",
            (unsigned long long)result->later);
    }
    if (result->unknown != 0) {
        (void)fprintf(stderr, "; of %llu more nobody can say: look them up by their id",
            (unsigned long long)result->unknown);
    }
    (void)fputs("\n", stderr);
}

static int
connect_ledger(const struct append *append, struct client **ret_client)
{
    struct note note = {""};
    if (append->is_dry) {
        *ret_client = NULL;
        return CLI_END;
    }
    enum err err = ledger_connect(append->ledger, append->keys, ret_client, &note);
    return err == OK ? CLI_END : cli_fail_err(err, &note);
}

static int
append_lines(struct append *append, int fd)
{
    struct feed_result result = {0};
    struct note note = {""};
    bool shows_count = isatty(STDERR_FILENO) == 1 && isatty(STDOUT_FILENO) != 1;
    struct feed_settings settings = {
        .fd = fd,
        .close = ledger_disconnect,
        .defaults = append->said,
        .stop = &stop,
        .recorded = shows_count ? print_index_and_count : print_index,
        .made = print_event,
        .context = append,
    };
    const struct sigaction action = {.sa_handler = stop_reading};
    int status = connect_ledger(append, &settings.client);
    if (status != CLI_END) {
        return status;
    }
    (void)setvbuf(stdout, NULL, _IOLBF, 0); /* a script may wait for the index of its line */
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    enum err err = feed_run(&settings, &result, &note);
    if (shows_count && result.lines >= 1000) {
        (void)fputs("\r", stderr);
    }
    if (err != OK) {
        (void)fflush(stdout);
        (void)cli_fail("%s", note.text[0] == '\0' ? err_words(err) : note.text);
        tell_counts(&result);
        return CLI_INCOMPLETE;
    }
    return fflush(stdout) == 0 ? CLI_OK : cli_fail("%s", err_words(ERR_IO));
}

static int
append_file(struct append *append)
{
    if (text_equal(append->file, "-")) {
        return append_lines(append, STDIN_FILENO);
    }
    int fd = open(append->file, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return cli_fail("%s: %s", append->file, strerror(errno));
    }
    struct stat about;
    if (fstat(fd, &about) == 0 && S_ISDIR(about.st_mode)) {
        (void)close(fd);
        return cli_fail("%s: %s", append->file, strerror(EISDIR));
    }
    int status = append_lines(append, fd);
    (void)close(fd);
    return status;
}

static int
append_one(struct append *append)
{
    CLEANUP(buf_release) struct buf event;
    struct client *client = NULL;
    struct note note = {""};
    uint64_t index = 0;
    buf_init(&event, EVENT_LIMIT);
    enum err err = feed_event(append->said, NULL, &event, &note);
    if (err != OK) {
        return cli_fail_err(err, &note);
    }
    if (append->is_dry) {
        print_event(append, &event);
        return fflush(stdout) == 0 ? CLI_OK : cli_fail("%s", err_words(ERR_IO));
    }
    int status = connect_ledger(append, &client);
    if (status != CLI_END) {
        return status;
    }
    err = client_append_wait(client, &event, WAIT_MS, &index, &note);
    ledger_disconnect(client);
    if (err != OK) {
        return cli_fail_err(err, &note);
    }
    print_index(append, 1, index);
    return fflush(stdout) == 0 ? CLI_OK : cli_fail("%s", err_words(ERR_IO));
}

int
ledger_append(int argc, char **argv)
{
    struct append append = {.said = json_object()};
    struct cli_line line;
    cli_line_init(&line, &manual, argc, argv);
    int status = read_options(&append, &line);
    if (status == CLI_END) {
        status = append.file == NULL ? append_one(&append) : append_file(&append);
    }
    json_decref(append.said);
    return status;
}
