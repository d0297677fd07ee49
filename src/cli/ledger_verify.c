/* gatehouse ledger verify: whether a log is what was signed, and where it is not. */
#include "base/clock.h"
#include "base/file.h"
#include "base/secret.h"
#include "base/text.h"
#include "cli/ledger.h"
#include "cli/ledger_connect.h"
#include "cli/ledger_verdict.h"
#include "cli/ledger_vkey.h"
#include "ledger/tree.h"
#include "ledger/verify.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BAR 30

enum {
    OPTION_KEY,
    OPTION_POLICY,
    OPTION_FROM,
    OPTION_INCREMENTAL,
    OPTION_JOBS,
    OPTION_HASHES,
    OPTION_JSON,
    OPTION_QUIET,
};

static const struct cli_option options[] = {
    {"key",             0, "VKEY", "the log's public key, or a file that holds it"    },
    {"policy",          0, "FILE", "witnesses that must have cosigned (tlog-policy)"  },
    {"from-checkpoint", 0, "FILE", "an older checkpoint that the log must begin with" },
    {"incremental",     0, "FILE", "remember what was verified; read only what is new"},
    {"jobs",            0, "N",    "threads (default: one for each processor)"        },
    {"hashes-only",     0, NULL,   "entries need not be events of Gatehouse"          },
    {"json",            0, NULL,   "print JSON"                                       },
    {"quiet",           0, NULL,   "print nothing; the exit status is the answer"     },
};

static const struct cli_manual manual = {
    .usage = "ledger verify [OPTION]... [FOLDER]",
    .about =
        "Reads every entry and every tile of a log and compares them with the signed checkpoint.\n"
        "FOLDER is a ledger's, its log/, or a copy of that; without it, this machine's ledger.\n"
        "Says which entry is the first that is not as it was signed, and what was done:\n"
        "rewritten, dropped, inserted, reordered, truncated, forked; or which file is damaged.\n"
        "\n"
        "Give --key, or a policy with the log in it: a key that is read from the log itself\n"
        "proves only that the files agree.\n"
        "Keep a checkpoint elsewhere and give it with --from-checkpoint: only that shows that the\n"
        "owner of the key has not written another history.\n"
        "Exit status: 0 verified; 1 not; 2 could not be read; 64 usage.\n",
    .options = options,
    .option_count = COUNT(options),
    .example =
        "  gatehouse ledger verify --key shop.example/gatehouse+1a2b3c4d+AWVx... /mnt/copy\n",
};

struct request {
    const char *folder, *key, *policy, *from, *state;
    uint64_t jobs;
    bool hashes_only, json, quiet;
};

static volatile sig_atomic_t stopped;

static void
stop(int number)
{
    (void)number;
    stopped = 1;
}

struct bar {
    bool is_shown, is_open;
    int64_t start;
};

static bool
show_progress(void *context, const struct verify_progress *progress)
{
    struct bar *bar = context;
    if (bar->is_shown && progress->all != 0 && clock_mono() - bar->start > 300) {
        char text[BAR + 1], done[LEDGER_NUMBER], all[LEDGER_NUMBER];
        uint64_t filled =
            progress->done >= progress->all ? BAR : BAR * progress->done / progress->all;
        memset(text, '-', BAR);
        memset(text, '#', (size_t)filled);
        text[BAR] = '\0';
        (void)fprintf(stderr, "\r\033[K[%s] %s/%s entries", text,
            ledger_number(progress->done, done), ledger_number(progress->all, all));
        bar->is_open = true;
    }
    return stopped == 0;
}

static void
end_bar(struct bar *bar)
{
    if (bar->is_open) {
        (void)fputs("\r\033[K", stderr);
    }
}

/* What the command line named, read. */
struct given {
    struct vkey key;
    struct policy *policy;
    struct buf from, state;
    bool has_state;
};

static enum err
read_given(const struct request *request, struct given *given, struct note *note)
{
    enum err err = OK;
    if (request->key != NULL) {
        err = ledger_vkey(request->key, &given->key, note);
    }
    if (err == OK && request->policy != NULL) {
        err = policy_read(request->policy, &given->policy, note);
    }
    if (err == OK && request->from != NULL) {
        err = file_read(request->from, &given->from, note);
    }
    if (err == OK && request->state != NULL && access(request->state, F_OK) == 0) {
        given->has_state = true;
        err = file_read(request->state, &given->state, note);
    }
    return err;
}

static int
print_result(const struct request *request, const struct verify_result *result)
{
    if (request->json) {
        enum err err = ledger_verdict_json(result, stdout);
        if (err != OK) {
            return cli_fail("%s", err_words(err));
        }
    } else if (!request->quiet) {
        ledger_verdict_print(result, stdout);
    }
    return result->is_verified ? CLI_OK : CLI_GAPS;
}

static enum err
remember(const struct request *request, const struct verify_result *result, struct note *note)
{
    if (request->state == NULL || !result->is_verified) {
        return OK;
    }
    return file_write(request->state, result->text.data, result->text.len, 0600, note);
}

static int
verify_given(const struct request *request, const struct given *given, const char *folder)
{
    struct verify_result result;
    struct note note = {""};
    struct bar bar = {.start = clock_mono()};
    struct verify_settings settings = {
        .folder = folder,
        .key = request->key == NULL ? NULL : &given->key,
        .policy = given->policy,
        .jobs = (unsigned)request->jobs,
        .hashes_only = request->hashes_only,
        .progress = show_progress,
        .context = &bar,
    };
    bar.is_shown = !request->quiet && !request->json && isatty(STDERR_FILENO) == 1;
    if (request->from != NULL) {
        settings.older = given->from.data;
        settings.older_len = given->from.len;
    }
    if (given->has_state) {
        settings.since = given->state.data;
        settings.since_len = given->state.len;
    }
    enum err err = verify_run(&settings, &result, &note);
    end_bar(&bar);
    int status = CLI_INCOMPLETE;
    if (err == OK) {
        status = print_result(request, &result);
        err = remember(request, &result, &note);
    }
    verify_result_release(&result);
    return err == OK ? status : cli_fail_err(err, &note);
}

static int
verify(const struct request *request)
{
    CLEANUP(buf_release) struct buf folder;
    struct given given = {.has_state = false};
    struct note note = {""};
    buf_init(&folder, 4096);
    buf_init(&given.from, TREE_CHECKPOINT);
    buf_init(&given.state, TREE_CHECKPOINT);
    enum err err = secret_start();
    if (err == OK) {
        err = ledger_folder_find(request->folder, &folder, &note);
    }
    if (err == OK) {
        err = read_given(request, &given, &note);
    }
    struct sigaction action = {.sa_handler = stop};
    (void)sigaction(SIGINT, &action, NULL);
    int status = err == OK ? verify_given(request, &given, folder.data) : cli_fail_err(err, &note);
    free(given.policy);
    buf_release(&given.from);
    buf_release(&given.state);
    return status;
}

static int
take_option(struct cli_line *line, struct request *request, int option, const char *value)
{
    switch (option) {
    case OPTION_KEY:
        request->key = value;
        break;
    case OPTION_POLICY:
        request->policy = value;
        break;
    case OPTION_FROM:
        request->from = value;
        break;
    case OPTION_INCREMENTAL:
        request->state = value;
        break;
    case OPTION_JOBS:
        if (text_to_u64(value, 64, &request->jobs) != OK || request->jobs == 0) {
            return cli_usage(line, "--jobs: a number from 1 to 64, not %s", value);
        }
        break;
    case OPTION_HASHES:
        request->hashes_only = true;
        break;
    case OPTION_JSON:
        request->json = true;
        break;
    default:
        request->quiet = true;
        break;
    }
    return CLI_OK;
}

int
ledger_verify(int argc, char **argv)
{
    struct cli_line line;
    struct request request = {.folder = NULL};
    const char *value = NULL;
    int option;
    cli_line_init(&line, &manual, argc, argv);
    while ((option = cli_next(&line, &value)) >= 0) {
        int status = take_option(&line, &request, option, value);
        if (status != CLI_OK) {
            return status;
        }
    }
    if (option == CLI_STOP) {
        return line.status;
    }
    if (argc - line.operand > 1) {
        return cli_usage(&line, "ledger verify: one folder, not also %s", argv[line.operand + 1]);
    }
    request.folder = argc > line.operand ? argv[line.operand] : NULL;
    return verify(&request);
}
