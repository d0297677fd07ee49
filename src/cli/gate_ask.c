/* The command line, the folder and the events of the gateway's commands. */
#include "cli/gate_ask.h"

#include "base/clock.h"
#include "base/text.h"
#include "cli/ledger_connect.h"
#include "cli/ledger_user.h"
#include "daemon/serve.h"
#include "gate/listen.h"
#include "gate/running.h"
#include "identity/user.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ARENA_MOST ((size_t)16 * 1024 * 1024)
#define ANSWER_MS  60000

int
gate_ask_read(struct gate_ask *ask, const struct cli_manual *manual, int argc, char **argv,
    const struct gate_operands *operands)
{
    const char *value = NULL;
    int got;
    *ask = (struct gate_ask){.count = 0};
    cli_line_init(&ask->line, manual, argc, argv);
    while ((got = cli_next(&ask->line, &value)) >= 0) {
        ask->values[got] = value;
        ask->given[got] = true;
    }
    if (got == CLI_STOP) {
        return ask->line.status;
    }
    ask->operands = argv + ask->line.operand;
    ask->count = (size_t)(argc - ask->line.operand);
    if (ask->count < operands->least) {
        return cli_usage(&ask->line, "%s is missing", operands->words);
    }
    if (ask->count > operands->most) {
        return cli_usage(&ask->line, "%s is too much here", ask->operands[operands->most]);
    }
    return CLI_END;
}

enum err
gate_folder(const char *option, struct arena *arena, const char **ret_folder, struct note *note)
{
    const char *folder = NULL;
    enum err err = settings_folder(option, arena, &folder);
    if (err != OK) {
        note_set(
            note, "where is the gateway? give --gateway DIR, or set GATEHOUSE_GATEWAY or HOME");
        return err;
    }
    char *real = realpath(folder, NULL);
    char *here = real == NULL && folder[0] != '/' ? getcwd(NULL, 0) : NULL;
    const char *absolute = real != NULL   ? arena_copy(arena, real)
                           : here != NULL ? arena_format(arena, "%s/%s", here, folder)
                                          : folder;
    free(real);
    free(here);
    if (absolute == NULL) {
        return ERR_MEMORY;
    }
    *ret_folder = absolute;
    return OK;
}

enum err
gate_open(struct gate_open *gate, const char *folder, bool needs_identity, struct note *note)
{
    const char *absolute = NULL;
    *gate = (struct gate_open){.identity = NULL};
    arena_init(&gate->arena, ARENA_MOST);
    (void)ledger_user(gate->who);
    enum err err = gate_folder(folder, &gate->arena, &absolute, note);
    err = err == OK ? serve_become_owner(absolute, note) : err;
    err = err == OK ? settings_read(absolute, &gate->arena, &gate->settings, note) : err;
    if (err == OK && needs_identity) {
        err = secret_start();
        err = err == OK ? secret_guard() : err;
        err = err == OK ? identity_open(absolute, &gate->identity, note) : err;
    }
    return err;
}

void
gate_close(struct gate_open *gate)
{
    identity_close(gate->identity);
    gate->identity = NULL;
    arena_release(&gate->arena);
}

enum err
gate_change_begin(struct gate_change *change, const struct gate_open *gate, struct note *note)
{
    enum err err = ledger_connect(gate->settings.ledger, NULL, &change->client, note);
    if (err != OK) {
        struct note why = *note;
        note_set(note, "nothing was changed, for it could not be recorded: %.180s",
            why.text[0] == '\0' ? err_words(err) : why.text);
    }
    return err;
}

static enum err
record(const struct gate_change *change, const struct gate_open *gate, enum err done,
    const char *why, struct note *note)
{
    CLEANUP(buf_release) struct buf json;
    uint64_t index = 0;
    struct event event = event_begin(change->action, done == OK            ? EVENT_OK
                                                     : done == ERR_REFUSED ? EVENT_REFUSED
                                                                           : EVENT_FAILED);
    buf_init(&json, EVENT_LIMIT);
    event.user = event_text(gate->who);
    event.site = event_text(gate->settings.site);
    event.object = event_text(change->object);
    event.reason = event_text(done == OK ? NULL : why);
    json_t *detail = json_pack("{s:s, s:s}", "by", "command", "change", change->words);
    event.detail = detail;
    enum err err = detail == NULL ? ERR_MEMORY : event_write(&event, &json, note);
    json_decref(detail);
    err = err == OK ? client_append_wait(change->client, &json, ANSWER_MS, &index, note) : err;
    return err == OK ? client_publish_wait(change->client, index, ANSWER_MS, note) : err;
}

/* What is said of an account stands in the object, which a ledger may seal; a reason never is. */
static const char *
reason_of(const struct gate_change *change, enum err err, const struct note *note)
{
    const char *blank = change->object == NULL ? NULL : strrchr(change->object, ' ');
    bool names = blank != NULL && blank[1] != '\0' && strstr(note->text, blank + 1) != NULL;
    return note->text[0] == '\0' || names ? err_words(err) : note->text;
}

enum err
gate_change_end(
    struct gate_change *change, const struct gate_open *gate, enum err err, struct note *note)
{
    struct note why = {{0}};
    enum err told = record(change, gate, err, reason_of(change, err, note), &why);
    ledger_disconnect(change->client);
    change->client = NULL;
    if (told != OK && err == OK) {
        note_set(note, "%s: %s; but the ledger did not take the event: %.100s", change->object,
            change->words, why.text[0] == '\0' ? err_words(told) : why.text);
        return told;
    }
    return err;
}

const char *
gate_when(const struct gate_open *gate)
{
    char run[PATH_MAX];
    int len = snprintf(run, sizeof(run), "%s/run", gate->settings.folder);
    bool runs = len > 0 && (size_t)len < sizeof(run) && running_pid(run) != 0;
    return runs ? "at once" : "when `gatehouse serve` runs";
}

const char *
gate_url(const struct settings *settings, const struct settings_vms *vms, struct arena *arena)
{
    struct ip ip;
    uint16_t port = 0;
    bool is_six = ip_parse(settings->host, &ip) == OK && ip.family == 6;
    const char *open = is_six ? "[" : "";
    const char *close = is_six ? "]" : "";
    const char *scheme = settings->is_plain ? "http" : "https";
    if (listen_parse(vms->listen, &ip, &port) != OK || port == (settings->is_plain ? 80 : 443)) {
        return arena_format(arena, "%s://%s%s%s", scheme, open, settings->host, close);
    }
    return arena_format(
        arena, "%s://%s%s%s:%u", scheme, open, settings->host, close, (unsigned)port);
}

int
gate_print_json(json_t *value)
{
    int failed = value == NULL ? 1 : json_dumpf(value, stdout, JSON_INDENT(2) | JSON_SORT_KEYS);
    json_decref(value);
    (void)putchar('\n');
    return failed == 0 ? CLI_OK : cli_fail("%s", err_words(ERR_IO));
}

const char *
gate_time(int64_t wall, char out[32])
{
    if (wall == 0) {
        (void)text_copy(out, 32, "-");
        return out;
    }
    return clock_text(wall, out);
}
