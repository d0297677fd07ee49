/* gatehouse status: keeper, gateway and forwarder in one look. */
#include "cli/cli.h"

#include "base/text.h"
#include "cli/gate_ask.h"
#include "cli/ledger_folder.h"
#include "cli/siem.h"
#include "gate/running.h"
#include "ledger/client.h"

#include <string.h>
#include <unistd.h>

#define ANSWER_MS 5000

enum {
    OPTION_GATEWAY,
    OPTION_LEDGER,
    OPTION_JSON,
};

static const struct cli_option options[] = {
    GATE_OPTION,
    {"ledger", 0, "DIR", "the ledger, where there is no gateway"},
    {"json",   0, NULL,  "print JSON"                           },
};

static const struct cli_manual manual = {
    .usage = "status [OPTION]…",
    .about =
        "Says whether the ledger's keeper, the gateway and the SIEM forwarder run, as far as they\n"
        "are set up here, and what needs a look. `gatehouse ledger status`, `gatehouse gateway\n"
        "status` and `gatehouse siem status` say more. Exit status 1 when something does.\n",
    .options = options,
    .option_count = COUNT(options),
    .example = "  gatehouse status --gateway /var/lib/gatehouse/gateway\n",
};

/* What there is to be looked at. */
struct place {
    struct arena arena;
    struct settings settings;
    bool has_gateway;
    const char *ledger;
    const char *siem; /* siem.yaml, or NULL */
};

static enum err
find(struct place *place, const char *const values[2], struct note *note)
{
    CLEANUP(buf_release) struct buf ledger;
    const char *folder = NULL;
    buf_init(&ledger, 4096);
    enum err err = settings_folder(values[OPTION_GATEWAY], &place->arena, &folder);
    const char *file = err == OK ? arena_format(&place->arena, "%s/gateway.yaml", folder) : NULL;
    place->has_gateway = file != NULL && access(file, F_OK) == 0;
    if (values[OPTION_GATEWAY] != NULL || place->has_gateway) {
        err = settings_read(folder, &place->arena, &place->settings, note);
        place->ledger = err == OK ? place->settings.ledger : NULL;
    }
    if (err == OK && (values[OPTION_LEDGER] != NULL || place->ledger == NULL)) {
        err = ledger_folder(values[OPTION_LEDGER], &ledger, note);
        place->ledger = err == OK ? arena_copy(&place->arena, ledger.data) : NULL;
    }
    const char *siem = folder == NULL ? NULL : arena_format(&place->arena, "%s/siem.yaml", folder);
    place->siem = siem != NULL && access(siem, F_OK) == 0 ? siem : NULL;
    return err;
}

/* Only a keeper that runs is asked; none is started for it. */
static json_t *
look_at_keeper(struct place *place, int *status)
{
    CLEANUP(buf_release) struct buf answer;
    struct client *client = NULL;
    struct note note = {""};
    const char *path = arena_format(&place->arena, "%s/keeper.sock", place->ledger);
    buf_init(&answer, MESSAGE_PAYLOAD);
    enum err err = path == NULL ? ERR_MEMORY : client_open(path, &client, &note);
    if (err == OK) {
        err = client_state(client, ANSWER_MS, &answer, &note);
        client_close(client);
    }
    json_t *state = err == OK ? json_loadb(answer.data, answer.len, 0, NULL) : NULL;
    bool is_good = state != NULL && !json_is_true(json_object_get(state, "full")) &&
                   json_is_true(json_object_get(state, "shut_in"));
    *status = is_good ? *status : CLI_GAPS;
    if (state == NULL) {
        return json_pack("{s:b}", "running", 0);
    }
    (void)json_object_set_new(state, "running", json_true());
    return state;
}

static json_t *
look(struct place *place, int *status)
{
    json_t *all =
        json_pack("{s:s, s:o}", "ledger", place->ledger, "keeper", look_at_keeper(place, status));
    if (place->has_gateway) {
        const char *run = settings_run(&place->settings, ".", &place->arena);
        pid_t pid = run == NULL ? 0 : running_pid(run);
        *status = pid == 0 ? CLI_GAPS : *status;
        (void)json_object_set_new(all, "gateway",
            json_pack("{s:s, s:I}", "folder", place->settings.folder, "process", (json_int_t)pid));
    }
    if (place->siem != NULL) {
        struct siem_config config;
        struct note note = {""};
        char words[sizeof(note.text)]; /* a path stands in it, cut anywhere */
        int of_siem = CLI_GAPS;
        enum err err = siem_read(place->siem, place->ledger, &place->arena, &config, &note);
        text_clean(words, sizeof(words), note.text, strlen(note.text));
        json_t *state =
            err == OK ? siem_describe(&config, &of_siem) : json_pack("{s:s}", "trouble", words);
        *status = of_siem == CLI_OK ? *status : of_siem;
        (void)json_object_set_new(all, "siem", state);
    }
    return all;
}

static void
print(const json_t *all)
{
    const json_t *keeper = json_object_get(all, "keeper");
    const json_t *gateway = json_object_get(all, "gateway");
    const json_t *siem = json_object_get(all, "siem");
    const char *ledger = json_string_value(json_object_get(all, "ledger"));
    const char *trouble = json_string_value(json_object_get(siem, "trouble"));
    if (ledger != NULL && access(ledger, F_OK) != 0) {
        (void)printf(
            "ledger       there is none at %s; `gatehouse ledger init` makes one\n", ledger);
    }
    if (!json_is_true(json_object_get(keeper, "running"))) {
        (void)printf("keeper       does not run for %s\n", ledger);
    } else {
        (void)printf("keeper       process %lld, %lld events%s%s\n",
            (long long)json_integer_value(json_object_get(keeper, "pid")),
            (long long)json_integer_value(json_object_get(keeper, "size")),
            json_is_true(json_object_get(keeper, "full")) ? "; THE DISK IS FULL" : "",
            json_is_true(json_object_get(keeper, "shut_in")) ? "" : "; NOT SHUT IN");
    }
    long long pid = (long long)json_integer_value(json_object_get(gateway, "process"));
    if (gateway != NULL && pid == 0) {
        (void)printf("gateway      does not run; nobody gets in\n");
    } else if (gateway != NULL) {
        (void)printf("gateway      process %lld\n", pid);
    }
    if (trouble != NULL) {
        (void)printf("forwarder    %s\n", trouble);
    } else if (siem != NULL) {
        siem_print(siem);
    }
}

static int
show(const char *const values[2], bool as_json)
{
    struct place place = {.has_gateway = false};
    struct note note = {""};
    int status = CLI_OK;
    arena_init(&place.arena, (size_t)8 * 1024 * 1024);
    enum err err = find(&place, values, &note);
    json_t *all = err == OK ? look(&place, &status) : NULL;
    if (all == NULL) {
        status = cli_fail_err(err == OK ? ERR_MEMORY : err, &note);
    } else if (as_json) {
        int printed = gate_print_json(all);
        status = printed == CLI_OK ? status : printed;
    } else {
        print(all);
        json_decref(all);
    }
    arena_release(&place.arena);
    return status;
}

int
cli_status(int argc, char **argv)
{
    struct cli_line line;
    const char *value = NULL;
    const char *values[2] = {NULL, NULL};
    bool as_json = false;
    int got;
    cli_line_init(&line, &manual, argc, argv);
    while ((got = cli_next(&line, &value)) >= 0) {
        if (got == OPTION_JSON) {
            as_json = true;
        } else {
            values[got] = value;
        }
    }
    if (got == CLI_STOP) {
        return line.status;
    }
    if (line.operand != argc) {
        return cli_usage(&line, "status: takes no operand, not %s", argv[line.operand]);
    }
    return show(values, as_json);
}
