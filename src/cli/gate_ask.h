/* What `gatehouse gateway|user|role|session` share: their command line, the gateway that they work
 * on, and the event by which each says what it changed. */
#pragma once

#include "cli/cli.h"
#include "gate/settings.h"
#include "identity/identity.h"
#include "ledger/event.h"

#define GATE_OPTION                                                                                \
    {                                                                                              \
        "gateway", 0, "DIR", "the gateway (default: GATEHOUSE_GATEWAY, or gateway in XDG state)"   \
    }
#define GATE_JSON                                                                                  \
    {                                                                                              \
        "json", 0, NULL, "print JSON"                                                              \
    }

/* A command line that was read: values and switches by the option's row. */
struct gate_ask {
    const char *values[CLI_OPTION_LIMIT];
    bool given[CLI_OPTION_LIMIT];
    char **operands;
    size_t count;
    struct cli_line line;
};

/* How many operands there must be, and what they are, in the words of the usage. */
struct gate_operands {
    size_t least, most;
    const char *words; /* "the account's name" */
};

/* CLI_END to go on; else the exit status. */
int gate_ask_read(struct gate_ask *ask, const struct cli_manual *manual, int argc, char **argv,
    const struct gate_operands *operands);

/* A gateway that a command has open. */
struct gate_open {
    struct arena arena;
    struct settings settings;
    struct identity *identity; /* NULL unless asked for */
    char who[64];              /* the account that runs this command */
};

/*
 * Finds folder and settings; root goes on as the folder's owner. When something is to be changed,
 * the ledger's keeper must answer first, so that no change goes unrecorded.
 */
enum err gate_open(
    struct gate_open *gate, const char *folder, bool needs_identity, struct note *note) MUST_CHECK;
void gate_close(struct gate_open *gate);
/* The folder of the option, absolute, whether it exists or not. */
enum err gate_folder(
    const char *option, struct arena *arena, const char **ret_folder, struct note *note) MUST_CHECK;

/*
 * One change: gate_change_begin() reaches the keeper, the caller changes, gate_change_end() has the
 * event recorded and published, also of a change that was refused or failed (err). The detail is
 * taken over.
 */
struct client;
struct gate_change {
    enum event_action action;
    const char *object; /* "user anna" */
    const char *words;  /* detail.change: "invited" */
    struct client *client;
};
enum err gate_change_begin(
    struct gate_change *change, const struct gate_open *gate, struct note *note) MUST_CHECK;
/* Gives err back, or that of the ledger with a note that says what was done nevertheless. */
enum err gate_change_end(struct gate_change *change, const struct gate_open *gate, enum err err,
    struct note *note) MUST_CHECK;

/* "at once", or "when `gatehouse serve` runs". */
const char *gate_when(const struct gate_open *gate);
/* "https://gate.example:8443" of the first VMS. */
const char *gate_url(
    const struct settings *settings, const struct settings_vms *vms, struct arena *arena);
/* Prints what an invited person needs: the link, its time, and the link as QR code on a terminal.
 */
void gate_print_link(const struct gate_open *gate, const char *token);
/* Prints JSON and a line end; takes the value over. */
int gate_print_json(json_t *value);
/* "2026-11-22T20:15:00Z", or "-" for 0. */
const char *gate_time(int64_t wall, char out[32]);
