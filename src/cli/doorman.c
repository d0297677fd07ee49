/* gatehouse doorman: the gateway's process that lets people in. */
#include "daemon/doorman.h"
#include "base/log.h"
#include "base/secret.h"
#include "cli/cli.h"

enum {
    OPTION_GATEWAY,
    OPTION_KEEPER,
    OPTION_NO_LANDLOCK,
};

static const struct cli_option options[] = {
    {"gateway",     0, "DIR",  "the gateway's folder (default: GATEHOUSE_GATEWAY)"    },
    {"keeper",      0, "PATH", "the keeper's socket (default: in the ledger's folder)"},
    {"no-landlock", 0, NULL,   "go on where the kernel has no Landlock"               },
};

static const struct cli_manual manual = {
    .usage = "doorman [OPTION]…",
    .about =
        "Runs the gateway's process that lets people in: the only one that has the accounts.\n"
        "It serves the pages under /gatehouse/ to the gateway's own web server over a unix\n"
        "socket, makes and ends sessions, tells the workers of the web server who may do what,\n"
        "and writes log-ins and the ends of views into the ledger. It has no network. The\n"
        "command serve runs it.\n",
    .options = options,
    .option_count = COUNT(options),
    .example = "  gatehouse doorman --gateway /var/lib/gatehouse/gateway\n",
};

struct asked {
    const char *folder, *keeper;
    bool no_landlock;
};

static int
run(const struct asked *asked)
{
    struct arena arena;
    struct settings gate;
    struct note note = {{0}};
    const char *folder = NULL;
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    log_set_level(LOG_INFO);
    enum err err = settings_folder(asked->folder, &arena, &folder);
    err = err == OK ? settings_read(folder, &arena, &gate, &note) : err;
    err = err == OK ? secret_start() : err;
    err = err == OK ? secret_guard() : err;
    if (err == OK) {
        const struct doorman_settings settings = {
            .gate = &gate, .keeper = asked->keeper, .is_open = asked->no_landlock};
        err = doorman_run(&settings, &note);
    }
    arena_release(&arena);
    if (err == ERR_UNSUPPORTED) {
        return cli_fail("%s; --no-landlock runs the doorman without it", note.text);
    }
    return err == OK ? CLI_OK : cli_fail_err(err, &note);
}

int
cli_doorman(int argc, char **argv)
{
    struct cli_line line;
    struct asked asked = {0};
    const char *value = NULL;
    int got;
    cli_line_init(&line, &manual, argc, argv);
    while ((got = cli_next(&line, &value)) >= 0) {
        if (got == OPTION_NO_LANDLOCK) {
            asked.no_landlock = true;
        } else if (got == OPTION_GATEWAY) {
            asked.folder = value;
        } else {
            asked.keeper = value;
        }
    }
    if (got == CLI_STOP) {
        return line.status;
    }
    if (line.operand != argc) {
        return cli_usage(&line, "doorman: takes no operand, not %s", argv[line.operand]);
    }
    return run(&asked);
}
