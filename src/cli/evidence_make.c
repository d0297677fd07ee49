/* gatehouse evidence make: a clip, the events about it, and what proves both, in one package. */
#include "base/clock.h"
#include "base/secret.h"
#include "base/text.h"
#include "cli/evidence.h"
#include "cli/evidence_given.h"
#include "cli/ledger_connect.h"
#include "cli/ledger_user.h"
#include "evidence/stamp_send.h"
#include "ledger/when.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    OPTION_CLIP,
    OPTION_EVENT,
    OPTION_REASON,
    OPTION_OUT,
    OPTION_HASH_ONLY,
    OPTION_ANYWAY,
    OPTION_DISCLOSE,
    OPTION_CAMERA,
    OPTION_FROM,
    OPTION_TO,
    OPTION_CAMERA_CLOCK,
    OPTION_VMS_CLOCK,
    OPTION_STORE,
    OPTION_TSA,
    OPTION_TSA_ROOTS,
    OPTION_USER,
    OPTION_JSON,
    OPTION_LEDGER,
    OPTION_KEYS,
    OPTIONS,
};

static const struct cli_option options[OPTIONS] = {
    {"clip",                0, "FILE", "the clip; without it, what the export's event says of it"            },
    {"event",               0, "ID",   "an event, both of a view, or an entry's number; again for more"      },
    {"reason",              0, "TEXT", "case number and why"                                                 },
    {"out",                 0, "NAME", "a folder, or NAME.zip (default: evidence-DATE-TIME)"                 },
    {"hash-only",           0, NULL,   "the clip's hash, not the clip"                                       },
    {"anyway",              0, NULL,   "also when clip, camera or time is not what left; the package says so"},
    {"disclose",            0, "WHAT", "sealed field (actor.user) or name to open; again for more"           },
    {"camera",              0, "NAME", "which camera (default: what the events say)"                         },
    {"from",                0, "TIME", "begin of the recording (default: what the export says)"              },
    {"to",                  0, "TIME", "end of it"                                                           },
    {"camera-clock-offset", 0, "MS",   "camera's clock minus true time (default: last assessment)"           },
    {"vms-clock-offset",    0, "MS",   "the VMS's"                                                           },
    {"store",               0, "PATH", "where assessments are (default: gatehouse.db in XDG state)"          },
    {"tsa",                 0, "URL",  "a time-stamp authority (RFC 3161); again for more"                   },
    {"tsa-roots",           0, "FILE", "PEM certificates of authorities that you trust"                      },
    {"user",                0, "NAME", "who makes it (default: this account)"                                },
    {"json",                0, NULL,   "print JSON"                                                          },
    LEDGER_OPTION,
    KEYS_OPTION,
};

static const struct cli_manual manual = {
    .usage = "evidence make --event ID… --reason TEXT [--clip FILE] [OPTION]…",
    .about =
        "Packs a clip, or its hash, with the events of the ledger about it: each entry byte for\n"
        "byte with its proof, a signed manifest, time-stamps when authorities are given, and a\n"
        "page for people. That it was made is an event of the ledger (evidence.make) before the\n"
        "package is there. A clip that is not what the export's event says left is refused.\n"
        "Of a ledger whose personal fields are sealed, names stay sealed in the package but for\n"
        "those that --disclose names: a field of the events, such as actor.user, or what such a\n"
        "field says, such as a user's name. Each is put in alone, so that anybody can check it\n"
        "against the entry; no key leaves. What was disclosed is in the event.\n"
        "A time-stamp that does not come is pending: `gatehouse evidence stamp` asks again.\n"
        "Exit status: 0 made; 2 not, and nothing is left behind; 64 usage.\n",
    .options = options,
    .option_count = COUNT(options),
    .example = "  gatehouse evidence make --clip yard.mp4 --event 5fK2…Q-end \\\n"
               "      --reason \"case 4711: break-in of 22 November\" --out case-4711.zip\n",
};

struct asked {
    const char *values[OPTIONS];
    bool given[OPTIONS];
    const char *events[MANIFEST_EVENTS];
    size_t event_count;
    const char *disclose[MAKE_DISCLOSE];
    struct make_settings settings;
    char from[EVENT_TIME], to[EVENT_TIME];
    char out[64];
    char account[LEDGER_USER];
};

static int
take(struct asked *asked, const struct cli_line *line, int option, const char *value)
{
    struct make_settings *settings = &asked->settings;
    struct note note = {""};
    asked->values[option] = value;
    asked->given[option] = true;
    if (option == OPTION_EVENT) {
        if (asked->event_count == MANIFEST_EVENTS) {
            return cli_usage(line, "evidence make: more than %d events", MANIFEST_EVENTS);
        }
        asked->events[asked->event_count++] = value;
    } else if (option == OPTION_DISCLOSE) {
        if (settings->disclose_count == MAKE_DISCLOSE || value[0] == '\0') {
            return cli_usage(line, "--disclose: a field or a name, at most %d", MAKE_DISCLOSE);
        }
        asked->disclose[settings->disclose_count++] = value;
    } else if (option == OPTION_TSA) {
        if (stamp_server_check(value, &note) != OK) {
            return cli_usage(line, "--tsa: %s", note.text);
        }
        if (settings->authority_count == MAKE_AUTHORITIES) {
            return cli_usage(line, "--tsa: more than %d", MAKE_AUTHORITIES);
        }
        settings->authorities[settings->authority_count++] = value;
    }
    return CLI_OK;
}

static int
ask_time(const struct asked *asked, const struct cli_line *line, int option, char out[EVENT_TIME],
    const char **ret_text)
{
    int64_t time = 0;
    const char *value = asked->values[option];
    if (value == NULL) {
        return CLI_OK;
    }
    if (when_parse(value, clock_wall(), option == OPTION_TO, &time) != OK) {
        return cli_usage(line, "--%s: no time that is understood: \"%s\"; 2026-11-23T14:00:00Z is",
            options[option].name, value);
    }
    *ret_text = event_time_text(time, out);
    return CLI_OK;
}

static int
ask_offset(const struct asked *asked, const struct cli_line *line, int option,
    struct manifest_clock *clock)
{
    const char *value = asked->values[option];
    uint64_t ms = 0;
    if (value == NULL) {
        return CLI_OK;
    }
    bool is_behind = value[0] == '-';
    if (text_to_u64(is_behind ? value + 1 : value, INT32_MAX, &ms) != OK) {
        return cli_usage(line, "--%s: milliseconds such as 1500 or -300, not \"%s\"",
            options[option].name, value);
    }
    *clock = (struct manifest_clock){.is_known = true};
    clock->offset_ms = is_behind ? -(int64_t)ms : (int64_t)ms;
    return CLI_OK;
}

static void
default_out(struct asked *asked)
{
    char time[CLOCK_TEXT];
    (void)clock_text(clock_wall(), time);
    (void)snprintf(asked->out, sizeof(asked->out), "evidence-%.10s-%.2s%.2s%.2s", time, time + 11,
        time + 14, time + 17);
}

static int
ask_rest(struct asked *asked, const struct cli_line *line)
{
    struct make_settings *settings = &asked->settings;
    const char *reason = asked->values[OPTION_REASON];
    int status = ask_time(asked, line, OPTION_FROM, asked->from, &settings->from);
    if (status == CLI_OK) {
        status = ask_time(asked, line, OPTION_TO, asked->to, &settings->to);
    }
    if (status == CLI_OK && settings->from != NULL && settings->to != NULL &&
        strcmp(settings->from, settings->to) >= 0) {
        status = cli_usage(line, "--from %s is not before --to %s", asked->values[OPTION_FROM],
            asked->values[OPTION_TO]);
    }
    if (status == CLI_OK) {
        status = ask_offset(asked, line, OPTION_CAMERA_CLOCK, &settings->camera_clock);
    }
    if (status == CLI_OK) {
        status = ask_offset(asked, line, OPTION_VMS_CLOCK, &settings->vms_clock);
    }
    if (status == CLI_OK && asked->event_count == 0) {
        status = cli_usage(line, "evidence make: which --event? `gatehouse ledger search --action "
                                 "footage.export --format json` shows ids");
    }
    if (status == CLI_OK && (reason == NULL || reason[strspn(reason, " \t\r\n")] == '\0')) {
        status = cli_usage(line, "evidence make: say the --reason: case number and why");
    }
    return status;
}

static void
fill(struct asked *asked)
{
    struct make_settings *settings = &asked->settings;
    default_out(asked);
    (void)ledger_user(asked->account);
    settings->clip = asked->values[OPTION_CLIP];
    settings->is_hash_only = asked->given[OPTION_HASH_ONLY];
    settings->is_anyway = asked->given[OPTION_ANYWAY];
    settings->camera = asked->values[OPTION_CAMERA];
    settings->reason = asked->values[OPTION_REASON];
    settings->out = asked->given[OPTION_OUT] ? asked->values[OPTION_OUT] : asked->out;
    settings->is_zip = text_ends(settings->out, ".zip");
    settings->events = asked->events;
    settings->disclose = asked->disclose;
    settings->event_count = asked->event_count;
    settings->maker = asked->given[OPTION_USER] ? asked->values[OPTION_USER] : asked->account;
    settings->account = asked->given[OPTION_USER] ? asked->account : NULL;
}

static int
print(const struct asked *asked, const struct make_result *result)
{
    const struct make_settings *settings = &asked->settings;
    char hex[65];
    text_hex(hex, result->sha256, 32);
    if (asked->given[OPTION_JSON]) {
        json_t *json = json_pack("{s:s, s:s, s:I, s:b, s:I, s:I}", "package", settings->out,
            "manifest_sha256", hex, "event", (json_int_t)result->index, "clip_matched",
            (int)result->is_matched, "stamps", (json_int_t)result->stamped, "stamps_pending",
            (json_int_t)(result->asked - result->stamped));
        int failed = json == NULL ? -1 : json_dumpf(json, stdout, JSON_INDENT(2));
        json_decref(json);
        (void)putchar('\n');
        return failed == 0 ? CLI_OK : cli_fail("%s", err_words(ERR_IO));
    }
    (void)printf("The package is %s. Its manifest has the SHA-256 %s,\nand the ledger says so in "
                 "entry %" PRIu64 ".\n",
        settings->out, hex, result->index);
    if (result->is_matched) {
        (void)puts("The clip is byte for byte what the export's event says left.");
    }
    if (result->asked != result->stamped) {
        (void)printf("%zu of %zu time-stamps are pending: gatehouse evidence stamp %s\n",
            result->asked - result->stamped, result->asked, settings->out);
    }
    return CLI_OK;
}

static int
make(struct asked *asked)
{
    struct evidence_given given;
    struct make_result result;
    struct note note = {""};
    enum err err = secret_start();
    if (err != OK) {
        return cli_fail_err(err, &note);
    }
    err = evidence_given_open(
        &given, asked->values[OPTION_LEDGER], asked->values[OPTION_KEYS], NULL, &note);
    if (err == OK && asked->given[OPTION_TSA_ROOTS]) {
        err = evidence_given_roots(asked->values[OPTION_TSA_ROOTS], &given.roots, &note);
    }
    if (err == OK) {
        err = evidence_given_connect(&given, asked->values[OPTION_KEYS], &note);
    }
    if (err == OK) {
        err = evidence_given_read(&given, asked->events, asked->event_count, &note);
    }
    if (err == OK) {
        evidence_given_settings(&given, &asked->settings);
        given.clocks = evidence_clocks_read(asked->values[OPTION_STORE]);
        err = make_package(&asked->settings, &result, &note);
    }
    evidence_given_close(&given);
    return err == OK ? print(asked, &result) : cli_fail_err(err, &note);
}

int
evidence_make(int argc, char **argv)
{
    static struct asked asked;
    struct cli_line line;
    const char *value = NULL;
    int got;
    cli_line_init(&line, &manual, argc, argv);
    while ((got = cli_next(&line, &value)) >= 0) {
        int status = take(&asked, &line, got, value);
        if (status != CLI_OK) {
            return status;
        }
    }
    if (got == CLI_STOP) {
        return line.status;
    }
    if (line.operand != argc) {
        return cli_usage(&line, "evidence make: takes no operand, not \"%s\"", argv[line.operand]);
    }
    int status = ask_rest(&asked, &line);
    if (status != CLI_OK) {
        return status;
    }
    fill(&asked);
    return make(&asked);
}
