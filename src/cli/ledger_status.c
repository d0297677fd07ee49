/* gatehouse ledger status: what the keeper says about itself and its ledger. */
#include "base/text.h"
#include "cli/ledger.h"
#include "cli/ledger_connect.h"

#include <inttypes.h>
#include <jansson.h>

#define ANSWER_MS 60000

enum {
    OPTION_LEDGER,
    OPTION_KEYS,
    OPTION_JSON,
};

static const struct cli_option options[] = {
    LEDGER_OPTION,
    KEYS_OPTION,
    {"json", 0, NULL, "print JSON"},
};

static const struct cli_manual manual = {
    .usage = "ledger status [--json]",
    .about =
        "Says how many events the ledger holds and how many its checkpoint covers, whether the\n"
        "disk is full, how good the clock is, what the last start had to recover, and the key.\n"
        "Exit status 1 when something needs a look: a full disk, a clock that nothing sets, a\n"
        "keeper that is not shut in.\n",
    .options = options,
    .option_count = COUNT(options),
    .example = "  gatehouse ledger status --json | jq .published\n",
};

static int64_t
number(const json_t *state, const char *name)
{
    return (int64_t)json_integer_value(json_object_get(state, name));
}

static const char *
words(const json_t *state, const char *name)
{
    const char *text = json_string_value(json_object_get(state, name));
    return text != NULL ? text : "?";
}

static bool
needs_a_look(const json_t *state)
{
    return json_is_true(json_object_get(state, "full")) ||
           !json_is_true(json_object_get(state, "shut_in")) ||
           !text_equal(words(state, "clock"), "synced");
}

/* What the word of an event's time_quality means to the machine's owner. */
static const char *
clock_words(const char *quality)
{
    return text_equal(quality, "unsynced")
               ? "UNSYNCED: nothing sets it (systemd-timesyncd, chrony), and events say so"
           : text_equal(quality, "stepped") ? "STEPPED back: events say so until it has caught up"
                                            : quality;
}

static void
print_text(const json_t *state)
{
    const json_t *recovery = json_object_get(state, "recovery");
    bool is_full = json_is_true(json_object_get(state, "full"));
    (void)printf("events       %" PRId64 ", the checkpoint covers %" PRId64 "\n",
        number(state, "size"), number(state, "published"));
    (void)printf("key          %s\n", words(state, "key"));
    (void)printf("disk         %s", is_full ? "FULL: footage is refused" : "has space");
    if (is_full) {
        (void)printf(", %" PRId64 " events so far", number(state, "refused_while_full"));
    }
    (void)printf("\nclock        %s\n", clock_words(words(state, "clock")));
    (void)printf("last start   %" PRId64 " events, %" PRId64
                 " taken from the journal again, %" PRId64 " torn bytes dropped, in %" PRId64
                 " ms\n",
        number(recovery, "entries"), number(recovery, "replayed"), number(recovery, "torn_bytes"),
        number(recovery, "ms"));
    (void)printf("keeper       process %" PRId64 ", up %" PRId64 " s, %" PRId64
                 " connection%s, %s (Landlock %" PRId64 ")\n",
        number(state, "pid"), number(state, "uptime_ms") / 1000, number(state, "connections"),
        number(state, "connections") == 1 ? "" : "s",
        json_is_true(json_object_get(state, "shut_in")) ? "shut in" : "NOT SHUT IN",
        number(state, "landlock"));
    (void)printf("since then   %" PRId64 " events acknowledged, %" PRId64
                 " refused for what they were\n",
        number(state, "acknowledged"), number(state, "bad"));
}

static int
print_state(const struct buf *text, bool as_json)
{
    json_t *state = json_loadb(text->data, text->len, 0, NULL);
    if (state == NULL) {
        return cli_fail("the keeper's answer: %s", err_words(ERR_SYNTAX));
    }
    int status = needs_a_look(state) ? CLI_GAPS : CLI_OK;
    if (!as_json) {
        print_text(state);
    } else if (json_dumpf(state, stdout, JSON_INDENT(2) | JSON_SORT_KEYS) != 0 ||
               putchar('\n') == EOF) {
        status = cli_fail("%s", err_words(ERR_IO));
    }
    json_decref(state);
    return status;
}

int
ledger_status(int argc, char **argv)
{
    struct cli_line line;
    CLEANUP(buf_release) struct buf state;
    const char *value = NULL;
    const char *places[2] = {NULL, NULL};
    bool as_json = false;
    struct client *client = NULL;
    struct note note = {{0}};
    int got;
    buf_init(&state, MESSAGE_PAYLOAD);
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
        return cli_usage(&line, "ledger status: takes no operand, not %s", argv[line.operand]);
    }
    enum err err = ledger_connect(places[OPTION_LEDGER], places[OPTION_KEYS], &client, &note);
    if (err == OK) {
        err = client_state(client, ANSWER_MS, &state, &note);
        ledger_disconnect(client);
    }
    return err == OK ? print_state(&state, as_json) : cli_fail_err(err, &note);
}
