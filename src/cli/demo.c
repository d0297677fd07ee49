/* gatehouse demo: brings the demo site up in namespaces of its own, assesses it, takes it down. */
#include "base/arena.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/data.h"
#include "cli/demo_gateway.h"
#include "cli/ledger_connect.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEFAULT_OUTPUT "gatehouse-report"

// clang-format off
static const struct cli_option options[] = {
    {"output",  'o', "DIR", "where the reports go (default " DEFAULT_OUTPUT ")"},
    {"keep",    0,   NULL,  "leave the site up afterwards; Ctrl-C takes it down"},
    {"devices", 0,   "N",   "enlarge the site to N devices (at most 254)"},
    {"gateway", 0,   NULL,  "instead: a gateway in front of a played VMS, to log in at"},
    {"once",    0,   NULL,  "with --gateway: fetch one picture through it, then end"},
};
// clang-format on

enum { OUTPUT, KEEP, DEVICES, GATEWAY, ONCE };

static const struct cli_manual manual = {
    .usage = "demo [OPTION]…",
    .about = "Plays a small site on this machine (cameras, recorders, six VMSes, a printer,\n"
             "a PC and a real router) in private network namespaces, assesses it and shows the\n"
             "result. Nothing leaves the machine, nothing stays behind. Ends with 0 when it ran\n"
             "to its end, whatever the grade.\n",
    .options = options,
    .option_count = COUNT(options),
    .example = "  gatehouse demo --output /tmp/demo\n  gatehouse demo --gateway\n",
};

struct demo {
    const char *output;
    const char *devices;
    const char *ledger; /* where the run is recorded, or "none" */
    bool keep;
    bool is_gateway, once;
};

/* Command line of the lab: the lab's own options, "--", then gatehouse assess inside the site. */
static enum err
fill_arguments(const struct demo *demo, struct arena *arena, const char **argv, size_t max)
{
    CLEANUP(buf_release) struct buf path;
    struct note note = {""};
    buf_init(&path, PATH_MAX);
    size_t used = 0;
    const char *found[4];
    enum err err = data_find_program("lab/gatehouse-lab", &path, &note);
    found[0] = arena_copy(arena, path.data);
    if (err == OK) {
        err = data_find("lab/demo.yaml", &path, &note);
        found[1] = arena_copy(arena, path.data);
    }
    if (err == OK) {
        err = data_find("lab/demo-site.yaml", &path, &note);
        found[2] = arena_copy(arena, path.data);
    }
    if (err != OK) {
        (void)cli_fail_err(err, &note);
        return err;
    }
    buf_clear(&path);
    err = data_self(&path);
    found[3] = arena_copy(arena, path.data);
    const char *const fixed[] = {found[0], "--site", found[1]};
    const char *store = arena_format(arena, "%s/demo.db", demo->output);
    const char *const inside[] = {"--", found[3], "assess", "--site", found[2], "--store", store,
        "--fail-on", "never", "--output", demo->output, "--ledger", demo->ledger};
    for (size_t i = 0; i < COUNT(fixed); i++) {
        argv[used++] = fixed[i];
    }
    if (demo->keep) {
        argv[used++] = "--keep";
    }
    if (demo->devices != NULL) {
        argv[used++] = "--devices";
        argv[used++] = demo->devices;
    }
    assert(used + COUNT(inside) < max);
    for (size_t i = 0; i < COUNT(inside); i++) {
        argv[used++] = inside[i];
    }
    argv[used] = NULL;
    return err;
}

static int
read_options(struct demo *demo, int argc, char **argv)
{
    struct cli_line line;
    const char *value = NULL;
    uint64_t devices = 0;
    cli_line_init(&line, &manual, argc, argv);
    for (int row = cli_next(&line, &value); row != CLI_END; row = cli_next(&line, &value)) {
        switch (row) {
        case OUTPUT:
            demo->output = value;
            break;
        case KEEP:
            demo->keep = true;
            break;
        case DEVICES:
            if (text_to_u64(value, 254, &devices) != OK || devices == 0) {
                return cli_usage(&line, "--devices %s: a number from 1 to 254 is needed", value);
            }
            demo->devices = value;
            break;
        case GATEWAY:
            demo->is_gateway = true;
            break;
        case ONCE:
            demo->once = true;
            break;
        default:
            return line.status;
        }
    }
    return line.operand < argc ? cli_usage(&line, "demo takes no argument: %s", argv[line.operand])
                               : CLI_END;
}

/* Each demo begins with a fresh lock-out budget: its devices are played anew. */
static void
forget_store(const char *output)
{
    static const char *const names[] = {"demo.db", "demo.db-wal", "demo.db-shm"};
    CLEANUP(buf_release) struct buf path;
    buf_init(&path, PATH_MAX);
    for (size_t i = 0; i < COUNT(names); i++) {
        buf_clear(&path);
        buf_format(&path, "%s/%s", output, names[i]);
        if (!path.failed) {
            (void)unlink(path.data);
        }
    }
}

/* The ledger in the folder of the reports; a machine that can't keep one shows the rest. */
static const char *
make_ledger(const char *output, struct arena *arena)
{
    struct note note = {""};
    struct client *client = NULL;
    const char *folder = arena_format(arena, "%s/ledger", output);
    const char *checkpoint = arena_format(arena, "%s/log/checkpoint", folder);
    enum err err = checkpoint == NULL ? ERR_MEMORY : OK;
    if (err == OK && access(checkpoint, F_OK) != 0) {
        err = ledger_make(folder, "demo.example/gatehouse", &note);
    }
    if (err == OK) {
        err = ledger_connect(folder, NULL, &client, &note);
        ledger_disconnect(client);
    }
    if (err != OK) {
        (void)cli_fail("the demo does without a ledger: %s",
            note.text[0] == '\0' ? err_words(err) : note.text);
    }
    return err == OK ? folder : "none";
}

int
cli_demo(int argc, char **argv)
{
    struct demo demo = {.output = DEFAULT_OUTPUT};
    const char *arguments[32];
    int status = read_options(&demo, argc, argv);
    if (status != CLI_END) {
        return status;
    }
    if (demo.is_gateway) {
        return demo_gateway_run(demo.once);
    }
    CLEANUP(arena_release) struct arena arena;
    arena_init(&arena, (size_t)64 * 1024);
    demo.ledger = make_ledger(demo.output, &arena);
    if (fill_arguments(&demo, &arena, arguments, COUNT(arguments)) != OK) {
        return CLI_INCOMPLETE;
    }
    forget_store(demo.output);
    (void)printf("Demo site: played on this machine, in network namespaces of its own.\n\n");
    (void)fflush(stdout);
    /* The lab takes this process over, so that every signal reaches it and no one is left behind.
     */
    union {
        const char **from;
        char **to;
    } plain = {.from = arguments};
    (void)execv(arguments[0], plain.to);
    return cli_fail("%s: %s", arguments[0], strerror(errno));
}
