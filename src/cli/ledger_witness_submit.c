/* gatehouse ledger witness submit: has this ledger's checkpoint cosigned. */
#include "base/clock.h"
#include "base/text.h"
#include "cli/ledger_connect.h"
#include "cli/ledger_witness.h"
#include "cli/ledger_witness_alarm.h"
#include "cli/ledger_witness_round.h"

#include <inttypes.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define EVERY   10  /* seconds between two looks of --follow */
#define SECONDS 15  /* for a witness to answer */
#define REFRESH 900 /* seconds after which the same checkpoint is cosigned anew */

enum {
    OPTION_LEDGER,
    OPTION_KEYS,
    OPTION_POLICY,
    OPTION_FOLLOW,
    OPTION_EVERY,
    OPTION_TIMEOUT,
    OPTION_CA,
    OPTION_JSON,
};

static const struct cli_option options[] = {
    LEDGER_OPTION,
    KEYS_OPTION,
    {"policy",  0, "FILE",    "the witnesses and how many of them are needed (tlog-policy)"},
    {"follow",  0, NULL,      "go on: ask again whenever there is a new checkpoint"        },
    {"every",   0, "SECONDS", "with --follow: how often to look (default: 10)"             },
    {"timeout", 0, "SECONDS", "for each witness to answer (default: 15)"                   },
    {"ca",      0, "FILE",    "authorities whose https certificates are believed (PEM)"    },
    {"json",    0, NULL,      "print JSON, one line for each time of asking"               },
};

static const struct cli_manual manual = {
    .usage = "ledger witness submit --policy FILE [OPTION]…",
    .about =
        "Sends this ledger's checkpoint to the witnesses of a policy, each with the proof that\n"
        "it continues what that witness saw last. Once enough have cosigned it, they and the\n"
        "checkpoint stand in log/checkpoint.witnessed.\n"
        "\n"
        "A witness that holds another history is an alarm: exit status 1, and an event\n"
        "ledger.fork. Status 2: too few cosigned, because they did not answer or refused.\n",
    .options = options,
    .option_count = COUNT(options),
    .example = "  gatehouse ledger witness submit --policy /etc/gatehouse/witnesses --follow\n",
};

struct asked {
    const char *policy, *authorities, *keys;
    struct buf folder;
    bool follows, is_json;
    uint64_t every, timeout;
};

static const char *const replies[] = {
    [WITNESS_COSIGNED] = "cosigned",
    [WITNESS_ASK] = "undecided",
    [WITNESS_AHEAD] = "ahead",
    [WITNESS_FORKED] = "forked",
    [WITNESS_REFUSED] = "refused",
    [WITNESS_CLOCKED] = "clock",
    [WITNESS_NONSENSE] = "nonsense",
};

static const char *
state_of(const struct ledger_witness_line *line)
{
    return line->err == ERR_MISSING ? "no address"
           : line->err != OK        ? "down"
                                    : replies[line->reply];
}

static json_t *
line_json(const struct policy_witness *witness, const struct ledger_witness_line *line)
{
    char time[CLOCK_TEXT];
    json_t *row = json_pack("{s:s, s:s, s:s, s:b, s:I, s:s}", "witness", witness->name, "key",
        witness->key.name, "state", state_of(line), "alarm", (int)line->is_alarm, "size",
        (json_int_t)line->size, "words", line->words);
    if (row != NULL && line->time != 0) {
        (void)json_object_set_new(
            row, "time", json_string(clock_text((int64_t)line->time * 1000, time)));
    }
    if (row != NULL && line->is_alarm) {
        (void)json_object_set_new(row, "proven", json_boolean(line->is_proven));
    }
    if (row != NULL && line->is_proven) {
        (void)json_object_set_new(row, "proof", json_string(line->proof));
    }
    return row;
}

static const char *
kind_of(const struct ledger_witness_round *round)
{
    return round->is_alarm ? "fork" : round->is_met ? "witnessed" : "unwitnessed";
}

static bool
print_json(const struct ledger_witness_round *round)
{
    json_t *list = json_array();
    for (size_t i = 0; i < round->policy->witness_count; i++) {
        (void)json_array_append_new(
            list, line_json(&round->policy->witnesses[i], &round->lines[i]));
    }
    json_t *whole = json_pack("{s:s, s:s, s:I, s:b, s:o}", "kind", kind_of(round), "origin",
        round->checkpoint.origin, "size", (json_int_t)round->checkpoint.head.size, "quorum",
        (int)round->is_met, "witnesses", list);
    bool is_printed = whole != NULL && json_dumpf(whole, stdout, JSON_COMPACT) == 0;
    json_decref(whole);
    (void)putchar('\n');
    return is_printed && fflush(stdout) == 0;
}

/* Words from outside were cleaned where they came in; names of a policy were not. */
static void
print_line(const struct policy_witness *witness, const struct ledger_witness_line *line)
{
    char name[VKEY_NAME];
    char words[LEDGER_WITNESS_TEXT];
    text_clean(name, sizeof(name), witness->name, strlen(witness->name));
    text_clean(words, sizeof(words), line->words, strlen(line->words));
    (void)printf("  %-24s %s%s\n", name, line->is_alarm ? "CONTRADICTS THIS LEDGER: " : "", words);
    if (line->is_alarm && line->is_proven) {
        (void)printf("  %-24s the proof, signed by this ledger's own key: %s\n", "", line->proof);
    } else if (line->is_alarm) {
        (void)printf("  %-24s it shows no checkpoint that proves it\n", "");
    }
}

static void
print_alarm(const struct ledger_witness_round *round, const char *red, const char *plain)
{
    const char *proof = "FILE";
    for (size_t i = 0; i < round->policy->witness_count; i++) {
        if (round->lines[i].is_proven) {
            proof = round->lines[i].proof;
            break;
        }
    }
    (void)printf("%sFORK: a witness holds a history that contradicts this ledger's. Entries were "
                 "changed or\ntaken back here (a restored backup does that, too), or somebody "
                 "else signs with its key,\nor the witness lies. Stop, keep all files as they "
                 "are, and compare:%s\n"
                 "  gatehouse ledger verify --from-checkpoint %s %s\n",
        red, plain, proof, round->folder);
}

static void
print_text(const struct ledger_witness_round *round)
{
    const char *red = round->is_alarm && cli_colour(stdout) ? "\033[1;31m" : "";
    const char *plain = red[0] == '\0' ? "" : "\033[0m";
    char origin[VKEY_NAME];
    text_clean(origin, sizeof(origin), round->checkpoint.origin, strlen(round->checkpoint.origin));
    (void)printf("%s, %" PRIu64 " entries: %s\n", origin, round->checkpoint.head.size,
        round->is_met ? "enough witnesses cosigned; log/checkpoint.witnessed is written"
                      : "too few witnesses cosigned");
    for (size_t i = 0; i < round->policy->witness_count; i++) {
        print_line(&round->policy->witnesses[i], &round->lines[i]);
    }
    if (round->is_alarm) {
        print_alarm(round, red, plain);
    }
    (void)fflush(stdout);
}

static void
block_signals(sigset_t *ret_set)
{
    (void)sigemptyset(ret_set);
    (void)sigaddset(ret_set, SIGTERM);
    (void)sigaddset(ret_set, SIGINT);
    (void)sigprocmask(SIG_BLOCK, ret_set, NULL);
}

static bool
may_go_on(void)
{
    sigset_t waiting;
    return sigpending(&waiting) != 0 ||
           (sigismember(&waiting, SIGTERM) != 1 && sigismember(&waiting, SIGINT) != 1);
}

/* What --follow does between two looks. */
struct follow {
    sigset_t signals;
    uint64_t size; /* that was asked about last, and how it went */
    bool has_asked, was_met, was_alarm;
    int64_t next; /* when the same is asked again */
};

static void
tell(const struct asked *asked, const struct ledger_witness_round *round,
    const struct follow *follow)
{
    bool is_news = !follow->has_asked || round->is_alarm != follow->was_alarm ||
                   round->is_met != follow->was_met;
    if (asked->is_json) {
        (void)print_json(round);
    } else if (!asked->follows || is_news) {
        print_text(round);
    }
}

/* After the words, so that nobody waits for them. */
static void
record(const struct asked *asked, const struct ledger_witness_round *round)
{
    struct note note = {""};
    if (ledger_witness_alarm_record(round, asked->keys, &note) != OK) {
        (void)cli_fail("%s", note.text);
    }
}

static int
status_of(const struct ledger_witness_round *round)
{
    return round->is_alarm ? CLI_GAPS : round->is_met ? CLI_OK : CLI_INCOMPLETE;
}

/* Whether there is anything to ask: a new checkpoint, trouble before, or a cosignature too old. */
static bool
is_due(struct ledger_witness_round *round, const struct follow *follow)
{
    struct note note = {""};
    return !follow->was_met || clock_mono() >= follow->next ||
           ledger_witness_round_look(round, &note) != OK ||
           round->checkpoint.head.size != follow->size;
}

static int
follow(const struct asked *asked, struct ledger_witness_round *round)
{
    struct follow follow = {.was_met = false};
    const struct timespec pause = {.tv_sec = (time_t)asked->every};
    int status = CLI_OK;
    block_signals(&follow.signals);
    round->may_go_on = may_go_on;
    for (;;) {
        struct note note = {""};
        enum err err = OK;
        if (is_due(round, &follow)) {
            err = ledger_witness_round_run(round, &note);
            if (err == OK) {
                tell(asked, round, &follow);
                record(asked, round);
                follow.has_asked = true;
                follow.was_met = round->is_met;
                follow.was_alarm = round->is_alarm;
                follow.size = round->checkpoint.head.size;
                follow.next = clock_mono() + INT64_C(1000) * REFRESH;
                status = status == CLI_GAPS ? status : status_of(round);
            } else if (err != ERR_CANCELLED) {
                (void)cli_fail_err(err, &note);
            }
        }
        if (sigtimedwait(&follow.signals, NULL, &pause) >= 0) {
            return status;
        }
    }
}

static int
once(const struct asked *asked, struct ledger_witness_round *round)
{
    struct note note = {""};
    enum err err = ledger_witness_round_run(round, &note);
    if (err != OK) {
        return cli_fail_err(err, &note);
    }
    if (!asked->is_json) {
        print_text(round);
    } else if (!print_json(round)) {
        return cli_fail("%s", err_words(ERR_IO));
    }
    record(asked, round);
    return status_of(round);
}

static int
read_options(struct cli_line *line, const char *values[])
{
    const char *value = NULL;
    int got;
    while ((got = cli_next(line, &value)) >= 0) {
        values[got] = value == NULL ? "" : value;
    }
    return got;
}

/* CLI_END when the line is good. */
static int
read_line(struct cli_line *line, struct asked *asked)
{
    const char *values[COUNT(options)] = {NULL};
    int got = read_options(line, values);
    if (got == CLI_STOP) {
        return got;
    }
    asked->policy = values[OPTION_POLICY];
    asked->authorities = values[OPTION_CA];
    asked->keys = values[OPTION_KEYS];
    asked->follows = values[OPTION_FOLLOW] != NULL;
    asked->is_json = values[OPTION_JSON] != NULL;
    if (line->operand != line->argc || asked->policy == NULL) {
        line->status = cli_usage(line, "ledger witness submit: takes --policy FILE, no operand");
        return CLI_STOP;
    }
    const struct {
        int option;
        uint64_t *number;
    } numbers[] = {
        {OPTION_EVERY,   &asked->every  },
        {OPTION_TIMEOUT, &asked->timeout},
    };
    for (size_t i = 0; i < COUNT(numbers); i++) {
        const char *text = values[numbers[i].option];
        if (text != NULL && (text_to_u64(text, CLOCK_DAY / 1000, numbers[i].number) != OK ||
                                *numbers[i].number == 0)) {
            line->status = cli_usage(line, "--%s %s: not a number of seconds, 1 to %d",
                options[numbers[i].option].name, text, (int)(CLOCK_DAY / 1000));
            return CLI_STOP;
        }
    }
    struct note note = {""};
    if (ledger_folder_find(values[OPTION_LEDGER], &asked->folder, &note) != OK) {
        line->status = cli_fail("%s", note.text);
        return CLI_STOP;
    }
    return CLI_END;
}

int
ledger_witness_submit(int argc, char **argv)
{
    struct asked asked = {.every = EVERY, .timeout = SECONDS};
    struct note note = {""};
    struct cli_line line;
    struct policy *policy = NULL;
    cli_line_init(&line, &manual, argc, argv);
    buf_init(&asked.folder, LEDGER_WITNESS_PATH / 2);
    int status = CLI_OK;
    if (read_line(&line, &asked) == CLI_STOP) {
        status = line.status;
    } else if (policy_read(asked.policy, &policy, &note) != OK) {
        status = cli_fail("%s", note.text);
    } else {
        struct ledger_witness_round round = {
            .folder = asked.folder.data,
            .policy = policy,
            .authorities = asked.authorities,
            .seconds = (unsigned)asked.timeout,
        };
        status = asked.follows ? follow(&asked, &round) : once(&asked, &round);
    }
    free(policy);
    buf_release(&asked.folder);
    return status;
}
