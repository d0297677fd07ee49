/* gatehouse siem run: the forwarder, in the foreground. */
#include "base/log.h"
#include "base/secret.h"
#include "cli/siem.h"
#include "daemon/forwarder.h"

enum {
    OPTION_CONFIG,
    OPTION_LEDGER,
    OPTION_NO_LANDLOCK,
};

static const struct cli_option options[] = {
    SIEM_OPTION_CONFIG,
    SIEM_OPTION_LEDGER,
    {"no-landlock", 0, NULL, "go on where the kernel has no Landlock"},
};

static const struct cli_manual manual = {
    .usage = "siem run [OPTION]…",
    .about =
        "Forwards the ledger's events to the destinations of siem.yaml, in the order of the\n"
        "index, until SIGTERM or Ctrl-C. `gatehouse serve` starts it where a siem.yaml is in the\n"
        "gateway's folder; by hand it is for a ledger without a gateway.\n",
    .options = options,
    .option_count = COUNT(options),
    .example = "  gatehouse siem run --config /etc/gatehouse/siem.yaml --ledger /var/lib/ledger\n",
};

static int
run(const char *const places[2], bool is_open)
{
    struct arena arena;
    struct siem_config config;
    struct note note = {{0}};
    const struct forwarder_settings settings = {.config = &config, .is_open = is_open};
    arena_init(&arena, (size_t)4 * 1024 * 1024);
    log_set_level(LOG_INFO);
    enum err err = siem_read(places[OPTION_CONFIG], places[OPTION_LEDGER], &arena, &config, &note);
    err = err == OK ? secret_start() : err;
    err = err == OK ? forwarder_run(&settings, &note) : err;
    arena_release(&arena);
    return err == OK ? CLI_OK : cli_fail_err(err, &note);
}

int
cli_siem_run(int argc, char **argv)
{
    struct cli_line line;
    const char *value = NULL;
    const char *places[2] = {NULL, NULL};
    bool is_open = false;
    int got;
    cli_line_init(&line, &manual, argc, argv);
    while ((got = cli_next(&line, &value)) >= 0) {
        if (got == OPTION_NO_LANDLOCK) {
            is_open = true;
        } else {
            places[got] = value;
        }
    }
    if (got == CLI_STOP) {
        return line.status;
    }
    if (line.operand != argc) {
        return cli_usage(&line, "siem run: takes no operand, not %s", argv[line.operand]);
    }
    return run(places, is_open);
}
