/* gatehouse gateway password: the secret that the gateway and a VMS share, made anew. */
#include "cli/gateway.h"

#include "base/text.h"
#include "gate/running.h"

#include <signal.h>
#include <stdio.h>

#define SECRET_LENGTH 48

static const struct settings_vms *
find_vms(const struct settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->vms_count; i++) {
        if (name == NULL || text_equal(settings->vms[i].name, name)) {
            return &settings->vms[i];
        }
    }
    return NULL;
}

static enum err
replace(const struct gate_open *gate, const struct settings_vms *vms, struct secret *secret,
    struct note *note)
{
    CLEANUP(arena_release) struct arena arena;
    arena_init(&arena, 4096);
    const char *name = arena_format(&arena, "vms/%s", vms->name);
    const char *object = arena_format(&arena, "password of %s", vms->name);
    struct gate_change change = {
        .action = EVENT_CONFIG_CHANGE, .object = object, .words = "replaced"};
    if (name == NULL || object == NULL || secret == NULL) {
        return ERR_MEMORY;
    }
    enum err err = gate_change_begin(&change, gate, note);
    if (err == OK) {
        err = identity_seal(gate->identity, name, secret, note);
        err = gate_change_end(&change, gate, err, note);
    }
    return err;
}

/* The broker reads passwords before it is shut in, so a running one is started again. */
static void
tell_broker(struct gate_open *gate)
{
    const char *run = settings_run(&gate->settings, ".", &gate->arena);
    pid_t pid = run == NULL ? 0 : running_pid(run);
    if (pid > 0 && kill(pid, SIGUSR1) == 0) {
        (void)printf("\nThe running gateway (process %ld) uses it from now on; until it is set at\n"
                     "the VMS the VMS refuses the gateway.\n",
            (long)pid);
    } else if (pid > 0) {
        (void)printf("\nProcess %ld serves this gateway and could not be told: end it and start\n"
                     "`gatehouse serve` again.\n",
            (long)pid);
    } else {
        (void)printf("\n`gatehouse serve` uses it when it runs.\n");
    }
}

int
gateway_password(int argc, char **argv)
{
    static const struct cli_option options[] = {GATE_OPTION};
    static const struct cli_manual manual = {
        .usage = "gateway password [VMS]",
        .about =
            "Makes a new long random secret for the gateway's account at a VMS (or its proxy\n"
            "secret), seals it, and prints once what to set there. A running gateway uses it at\n"
            "once; until it is set at the VMS the VMS refuses the gateway.\n",
        .options = options,
        .option_count = COUNT(options),
        .example = "  gatehouse gateway password zoneminder\n",
    };
    static const struct gate_operands operands = {0, 1, ""};
    struct gate_ask ask;
    CLEANUP(gate_close) struct gate_open gate = {.identity = NULL};
    struct note note = {{0}};
    int status = gate_ask_read(&ask, &manual, argc, argv, &operands);
    if (status != CLI_END) {
        return status;
    }
    enum err err = gate_open(&gate, ask.values[0], true, &note);
    if (err != OK) {
        return cli_fail_err(err, &note);
    }
    const char *name = ask.count > 0 ? ask.operands[0] : NULL;
    const struct settings_vms *vms = find_vms(&gate.settings, name);
    if (vms == NULL || (name == NULL && gate.settings.vms_count > 1)) {
        return cli_fail("%s: which VMS? the settings name %s%s", name == NULL ? "password" : name,
            gate.settings.vms[0].name, gate.settings.vms_count > 1 ? " and others" : "");
    }
    if (!gateway_needs_secret(vms)) {
        return cli_fail(
            "%s: the gateway has no account there; set `user` in gateway.yaml first", vms->name);
    }
    struct secret *secret = secret_new_random(SECRET_LENGTH);
    err = replace(&gate, vms, secret, &note);
    if (err == OK) {
        gateway_print_vms(&(struct gateway_vms_words){vms, secret_text(secret)});
        tell_broker(&gate);
    }
    secret_free(secret);
    return err == OK ? CLI_OK : cli_fail_err(err, &note);
}
