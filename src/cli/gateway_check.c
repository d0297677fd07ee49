/* gatehouse gateway check and configure: look, and have settings take effect. */
#include "cli/gateway.h"

#include "base/text.h"
#include "gate/certificate.h"
#include "gate/running.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

static const struct gate_operands nothing = {0, 0, ""};
static const struct cli_option options[] = {GATE_OPTION};

int
gateway_check(int argc, char **argv)
{
    static const struct cli_manual manual = {
        .usage = "gateway check [--gateway DIR]",
        .about = "Reads the settings, and says whether the certificate is good, whether the VMS\n"
                 "answers, and which of its other ports answer around the gateway. Exit status 1\n"
                 "when something needs a look.\n",
        .options = options,
        .option_count = COUNT(options),
        .example = "  gatehouse gateway check\n",
    };
    struct gate_ask ask;
    CLEANUP(gate_close) struct gate_open gate = {.identity = NULL};
    struct note note = {{0}};
    int status = gate_ask_read(&ask, &manual, argc, argv, &nothing);
    if (status != CLI_END) {
        return status;
    }
    enum err err = gate_open(&gate, ask.values[0], false, &note);
    if (err != OK) {
        return cli_fail_err(err, &note);
    }
    return gateway_look(&gate.settings) == 0 ? CLI_OK : CLI_GAPS;
}

/* A certificate of our own that ends soon is made anew. */
static enum err
renew(const struct settings *settings, struct note *note)
{
    struct certificate_facts facts = {0};
    struct note why = {{0}};
    if (settings->is_plain || certificate_check(settings->certificate, settings->key,
                                  settings->host, &facts, &why) != OK) {
        note_set(note, "%s", why.text);
        return settings->is_plain ? OK : ERR_VALUE;
    }
    if (!facts.is_self_made || facts.days >= CERTIFICATE_RENEW_DAY) {
        return OK;
    }
    (void)fprintf(
        stderr, "The certificate ends in %lld days; here is a new one.\n", (long long)facts.days);
    return certificate_renew(settings->folder, note);
}

static enum err
configure(struct gate_open *gate, struct note *note)
{
    struct gate_change change = {
        .action = EVENT_CONFIG_CHANGE, .object = "gateway.yaml", .words = "taken"};
    enum err err = renew(&gate->settings, note);
    err = err == OK ? gate_change_begin(&change, gate, note) : err;
    if (err == OK) {
        err = gateway_write_conf(&gate->settings, gate->settings.folder, note);
        err = gate_change_end(&change, gate, err, note);
    }
    return err;
}

int
gateway_configure(int argc, char **argv)
{
    static const struct cli_manual manual = {
        .usage = "gateway configure [--gateway DIR]",
        .about = "Reads the changed gateway.yaml, writes nginx's configuration from it and has a\n"
                 "running `gatehouse serve` take it without dropping a stream. Renews a\n"
                 "certificate of its own that ends within 30 days.\n",
        .options = options,
        .option_count = COUNT(options),
        .example = "  $EDITOR /var/lib/gatehouse/gateway/gateway.yaml\n"
                   "  gatehouse gateway configure\n",
    };
    struct gate_ask ask;
    CLEANUP(gate_close) struct gate_open gate = {.identity = NULL};
    struct note note = {{0}};
    int status = gate_ask_read(&ask, &manual, argc, argv, &nothing);
    if (status != CLI_END) {
        return status;
    }
    enum err err = gate_open(&gate, ask.values[0], false, &note);
    err = err == OK ? configure(&gate, &note) : err;
    if (err != OK) {
        return cli_fail_err(err, &note);
    }
    const char *run = settings_run(&gate.settings, ".", &gate.arena);
    pid_t pid = run == NULL ? 0 : running_pid(run);
    if (pid == 0) {
        (void)printf("The settings count when `gatehouse serve` runs.\n");
    } else if (kill(pid, SIGHUP) != 0) {
        return cli_fail("process %ld could not be told: %s", (long)pid, strerror(errno));
    } else {
        (void)printf("The running gateway (process %ld) takes the settings now.\n", (long)pid);
    }
    return CLI_OK;
}
