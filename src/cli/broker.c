/* gatehouse broker: the gateway's process that talks to the VMSes. */
#include "daemon/broker.h"
#include "base/log.h"
#include "base/secret.h"
#include "cli/cli.h"
#include "gate/settings.h"

enum {
    OPTION_GATEWAY,
    OPTION_NO_LANDLOCK,
};

static const struct cli_option options[] = {
    {"gateway",     0, "DIR", "the gateway's folder (default: $GATEHOUSE_GATEWAY)"},
    {"no-landlock", 0, NULL,  "go on where the kernel has no Landlock"            },
};

static const struct cli_manual manual = {
    .usage = "broker [OPTION]…",
    .about =
        "Runs the gateway's process that talks to the video management systems: it looks what\n"
        "cameras they have, holds a session where they want one, and tells nginx's workers whose\n"
        "camera a recording is. It connects to the addresses of the settings and nowhere else.\n"
        "gatehouse serve starts it; there is no need to run it by hand.\n",
    .options = options,
    .option_count = COUNT(options),
    .example = "  gatehouse broker --gateway /var/lib/gatehouse/gateway\n",
};

static int
run(const char *option, bool is_open)
{
    struct arena arena;
    struct note note = {{0}};
    struct broker_settings settings = {.is_open = is_open};
    arena_init(&arena, 16384);
    enum err err = settings_folder(option, &arena, &settings.folder);
    log_set_level(LOG_INFO);
    err = err == OK ? secret_start() : err;
    err = err == OK ? broker_run(&settings, &note) : err;
    arena_release(&arena);
    return err == OK ? CLI_OK : cli_fail_err(err, &note);
}

int
cli_broker(int argc, char **argv)
{
    struct cli_line line;
    const char *value = NULL, *folder = NULL;
    bool is_open = false;
    int got;
    cli_line_init(&line, &manual, argc, argv);
    while ((got = cli_next(&line, &value)) >= 0) {
        if (got == OPTION_NO_LANDLOCK) {
            is_open = true;
        } else {
            folder = value;
        }
    }
    if (got == CLI_STOP) {
        return line.status;
    }
    if (line.operand != argc) {
        return cli_usage(&line, "broker: takes no operand, not %s", argv[line.operand]);
    }
    return run(folder, is_open);
}
