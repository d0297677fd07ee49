/* gatehouse gateway status: what runs, how the VMS is, who is in. */
#include "cli/gateway.h"

#include "base/clock.h"
#include "gate/running.h"
#include "gate/upstream.h"
#include "identity/session.h"
#include "report/value.h"

#include <stdlib.h>

static json_t *
vms_json(struct gate_open *gate, const struct settings_vms *vms)
{
    struct upstream_reader *reader = NULL;
    struct upstream *upstream = calloc(1, sizeof(*upstream));
    const char *name = arena_format(&gate->arena, "vms-%s", vms->name);
    const char *path = name == NULL ? NULL : settings_run(&gate->settings, name, &gate->arena);
    json_t *row = json_pack("{s:s, s:s, s:s, s:s}", "name", vms->name, "type", vms->type,
        "upstream", vms->upstream, "url", gate_url(&gate->settings, vms, &gate->arena));
    bool is_known = upstream != NULL && path != NULL && upstream_open(path, &reader, NULL) == OK &&
                    upstream_copy(reader, upstream) == OK;
    bool is_fresh = is_known && clock_boot() - upstream->at < UPSTREAM_STALE;
    (void)json_object_set_new(row, "known", json_boolean(is_fresh));
    if (is_fresh) {
        (void)json_object_set_new(row, "reachable", json_boolean(upstream->is_reachable));
        (void)json_object_set_new(row, "session", json_boolean(upstream->has_session));
        (void)json_object_set_new(row, "version", json_string(upstream->version));
        (void)json_object_set_new(row, "trouble", json_string(upstream->trouble));
        (void)json_object_set_new(row, "cameras", json_integer(upstream->camera_count));
    }
    upstream_reader_close(reader);
    free(upstream);
    return row;
}

static void
print_vms(const json_t *row)
{
    bool is_known = json_is_true(json_object_get(row, "known"));
    bool is_there = json_is_true(json_object_get(row, "reachable"));
    (void)printf("%-12s %s in front of %s", value_get_text(row, "name"), value_get_text(row, "url"),
        value_get_text(row, "upstream"));
    if (!is_known) {
        (void)printf("; nothing is known of it while the broker does not run\n");
    } else {
        long long cameras = (long long)json_integer_value(json_object_get(row, "cameras"));
        const char *version = value_get_text(row, "version"),
                   *trouble = value_get_text(row, "trouble");
        bool has_trouble = trouble[0] != '\0';
        (void)printf("; %s%s%s, %lld camera%s%s%s%s\n", is_there ? "answers" : "DOES NOT ANSWER",
            version[0] == '\0' ? "" : ", version ", version, cameras, cameras == 1 ? "" : "s",
            is_there ? "" : " known", has_trouble ? ": " : "", trouble);
    }
}

/* 1 when it does not run, or a VMS does not answer. */
static int
judge(const json_t *state)
{
    size_t i = 0;
    const json_t *row = NULL;
    int status = json_integer_value(json_object_get(state, "process")) == 0 ? CLI_GAPS : CLI_OK;
    json_array_foreach(json_object_get(state, "vms"), i, row)
    {
        bool is_good = json_is_true(json_object_get(row, "reachable")) &&
                       json_is_true(json_object_get(row, "session"));
        status = is_good ? status : CLI_GAPS;
    }
    return status;
}

static void
print_text(const json_t *state)
{
    size_t i = 0;
    const json_t *row = NULL;
    long long pid = json_integer_value(json_object_get(state, "process"));
    if (pid == 0) {
        (void)printf("serve        does not run; nobody gets in\n");
    } else {
        (void)printf("serve        process %lld\n", pid);
    }
    (void)printf("folder       %s\nledger       %s\n", value_get_text(state, "folder"),
        value_get_text(state, "ledger"));
    (void)printf(
        "sessions     %lld\n", (long long)json_integer_value(json_object_get(state, "sessions")));
    json_array_foreach(json_object_get(state, "vms"), i, row)
    {
        print_vms(row);
    }
}

int
gateway_status(int argc, char **argv)
{
    static const struct cli_option options[] = {GATE_OPTION, GATE_JSON};
    static const struct cli_manual manual = {
        .usage = "gateway status [--json]",
        .about =
            "Says whether the gateway runs, where it is reached, how each VMS is, and how many\n"
            "sessions are open. Exit status 1 when it does not run or a VMS does not answer.\n",
        .options = options,
        .option_count = COUNT(options),
        .example = "  gatehouse gateway status --json | jq .vms\n",
    };
    static const struct gate_operands nothing = {0, 0, ""};
    struct gate_ask ask;
    struct note note = {{0}};
    struct session *sessions = NULL;
    size_t count = 0;
    CLEANUP(gate_close) struct gate_open gate = {.identity = NULL};
    int status = gate_ask_read(&ask, &manual, argc, argv, &nothing);
    if (status != CLI_END) {
        return status;
    }
    enum err err = gate_open(&gate, ask.values[0], true, &note);
    err = err == OK ? session_list(gate.identity, NULL, &gate.arena, &sessions, &count) : err;
    if (err != OK) {
        return cli_fail_err(err, &note);
    }
    const char *run = settings_run(&gate.settings, ".", &gate.arena);
    json_t *rows = json_array();
    for (size_t i = 0; i < gate.settings.vms_count; i++) {
        (void)json_array_append_new(rows, vms_json(&gate, &gate.settings.vms[i]));
    }
    json_t *state = json_pack("{s:s, s:s, s:I, s:I, s:o}", "folder", gate.settings.folder, "ledger",
        gate.settings.ledger, "process", (json_int_t)(run == NULL ? 0 : running_pid(run)),
        "sessions", (json_int_t)count, "vms", rows);
    status = judge(state);
    if (!ask.given[1]) {
        print_text(state);
        json_decref(state);
        return status;
    }
    int printed = gate_print_json(state);
    return printed == CLI_OK ? status : printed;
}
