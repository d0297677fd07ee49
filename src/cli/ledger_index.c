/* gatehouse ledger index: makes the search index catch up, or makes it anew. */
#include "base/secret.h"
#include "base/text.h"
#include "cli/ledger.h"
#include "cli/ledger_connect.h"
#include "cli/ledger_open.h"

#include <inttypes.h>
#include <sys/stat.h>

enum {
    OPTION_LEDGER,
    OPTION_INDEX,
    OPTION_REBUILD,
};

static const struct cli_option options[] = {
    LEDGER_OPTION,
    {"index",   0, "PATH", "the index (default: index.db in the ledger)"},
    {"rebuild", 0, NULL,   "throw it away and make it anew"             },
};

static const struct cli_manual manual = {
    .usage = "ledger index [--ledger DIR] [--index PATH] [--rebuild]",
    .about =
        "Makes the search index catch up with the log; searching does so by itself. The index\n"
        "only says where to look and can be removed at any time. While it is made, every entry is\n"
        "hashed, and all together must be what the log's checkpoint says.\n",
    .options = options,
    .option_count = COUNT(options),
    .example = "  gatehouse ledger index --rebuild\n"
               "  gatehouse ledger index --ledger /mnt/copy --index /tmp/copy.db\n",
};

static int
make_index(struct ledger_open *open)
{
    struct search *search = NULL;
    struct search_about about;
    struct stat status = {0};
    struct note note = {""};
    enum err err = ledger_open_search(open, &search, &note);
    if (err != OK) {
        return cli_fail_err(err, &note);
    }
    search_about(search, &about);
    search_close(search);
    if (open->settings.index == NULL || stat(open->settings.index, &status) != 0) {
        return cli_fail("there is no place for an index; choose one with --index PATH");
    }
    char path[512];
    text_clean(path, sizeof(path), open->settings.index, open->index.len);
    (void)printf("%" PRIu64 " of %" PRIu64 " events are indexed, %" PRIu64
                 " of them now; searches read the rest from the log\n%s: %.1f MB\n",
        about.indexed, about.size, about.built, path, (double)status.st_size / 1e6);
    return CLI_OK;
}

int
ledger_index(int argc, char **argv)
{
    struct cli_line line;
    struct ledger_open open;
    struct note note = {""};
    const char *values[COUNT(options)] = {NULL};
    const char *value = NULL;
    bool rebuild = false;
    cli_line_init(&line, &manual, argc, argv);
    int got;
    while ((got = cli_next(&line, &value)) >= 0) {
        values[got] = value;
        rebuild = rebuild || got == OPTION_REBUILD;
    }
    if (got == CLI_STOP) {
        return line.status;
    }
    if (line.operand != argc) {
        return cli_usage(&line, "ledger index takes no operand, not %s", argv[line.operand]);
    }
    enum err err = secret_start();
    if (err != OK) {
        return cli_fail("%s", err_words(err));
    }
    err = ledger_open_init(&open, values[OPTION_LEDGER], NULL, values[OPTION_INDEX], &note);
    open.settings.rebuild = rebuild;
    ledger_open_catch();
    int status = err == OK ? make_index(&open) : cli_fail_err(err, &note);
    ledger_open_release(&open);
    return status;
}
