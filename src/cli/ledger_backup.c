/* gatehouse ledger backup: a copy of the log that is whole, verified, and covers what is recorded.
 */
#include "base/secret.h"
#include "base/text.h"
#include "cli/ledger.h"
#include "cli/ledger_connect.h"
#include "cli/ledger_user.h"
#include "cli/ledger_verdict.h"
#include "ledger/logcopy.h"
#include "ledger/verify.h"

#include <inttypes.h>
#include <jansson.h>
#include <unistd.h>

enum {
    OPTION_LEDGER,
    OPTION_KEYS,
    OPTION_WHOLE,
};

static const struct cli_option options[] = {
    LEDGER_OPTION,
    KEYS_OPTION,
    {"whole", 0, NULL, "copy and verify also what an earlier backup there has"},
};

static const struct cli_manual manual = {
    .usage = "ledger backup [--ledger DIR] [--whole] TO",
    .about =
        "Copies the ledger's log into the folder TO while it runs, and verifies the copy. It\n"
        "covers everything that was recorded before; that it was made is an event itself. Again\n"
        "into the same folder only what is new is copied and verified; a folder with a history\n"
        "that this ledger does not continue is left as it is.\n"
        "The copy is a log: `gatehouse ledger verify TO` and `search --ledger TO` take it, a web\n"
        "server can serve it, and `gatehouse ledger restore TO` makes a ledger of it. The signing\n"
        "key is not in it: copy that apart, see gatehouse-ledger(7).\n"
        "Exit status: 0 copied and verified; 1 the copy does not verify; 2 not done; 64 usage.\n",
    .options = options,
    .option_count = COUNT(options),
    .example = "  gatehouse ledger backup /mnt/backup/ledger\n",
};

struct request {
    const char *ledger, *keys, *to;
    bool whole;
};

/* That it was made is recorded, and everything before is in the checkpoint that is copied. */
static enum err
record(const struct request *request, struct note *note)
{
    CLEANUP(buf_release) struct buf json;
    buf_init(&json, EVENT_LIMIT);
    enum err err = ledger_user_event(
        EVENT_LEDGER_READ, NULL, json_pack("{s:s}", "kind", "backup"), &json, note);
    err = err == OK ? ledger_user_record(request->ledger, request->keys, &json, note) : err;
    return err;
}

static enum err
verify(const struct request *request, const struct logcopy *copy, struct verify_result *ret_result,
    struct note *note)
{
    const struct verify_settings settings = {
        .folder = request->to,
        .key = &copy->key,
        .since = copy->since.len == 0 ? NULL : copy->since.data,
        .since_len = copy->since.len,
    };
    return verify_run(&settings, ret_result, note);
}

static int
tell(const struct request *request, const struct logcopy *copy, const struct verify_result *result)
{
    char size[LEDGER_NUMBER];
    char added[LEDGER_NUMBER];
    if (!result->is_verified) {
        ledger_verdict_print(result, stdout);
        (void)cli_fail("the copy does not verify; see what `gatehouse ledger verify` says of the "
                       "ledger itself, and try --whole");
        return CLI_GAPS;
    }
    (void)printf("%s entries are in %s and verified, %s of them new.\n",
        ledger_number(copy->head.size, size), request->to,
        ledger_number(copy->head.size - copy->before, added));
    (void)fputs("Not in it: the signing key (copy ledger.key apart from this), the memory of what "
                "witnesses said,\nand what is recorded from now on.\n",
        stderr);
    return CLI_OK;
}

static int
backup(const struct request *request)
{
    CLEANUP(buf_release) struct buf folder;
    struct logcopy copy = {.before = 0};
    struct verify_result result;
    struct note note = {""};
    buf_init(&folder, 4096);
    buf_init(&copy.since, 0);
    enum err err = secret_start();
    err = err == OK ? ledger_folder(request->ledger, &folder, &note) : err;
    err = err == OK ? record(request, &note) : err;
    err = err == OK ? logcopy_run(folder.data, request->to, request->whole, &copy, &note) : err;
    int status = CLI_INCOMPLETE;
    if (err == OK) {
        err = verify(request, &copy, &result, &note);
        status = err == OK ? tell(request, &copy, &result) : CLI_INCOMPLETE;
        verify_result_release(&result);
    }
    buf_release(&copy.since);
    return err == OK ? status : cli_fail_err(err, &note);
}

int
ledger_backup(int argc, char **argv)
{
    struct cli_line line;
    struct request request = {.ledger = NULL};
    const char *value = NULL;
    int option;
    cli_line_init(&line, &manual, argc, argv);
    while ((option = cli_next(&line, &value)) >= 0) {
        if (option == OPTION_LEDGER) {
            request.ledger = value;
        } else if (option == OPTION_KEYS) {
            request.keys = value;
        } else {
            request.whole = true;
        }
    }
    if (option == CLI_STOP) {
        return line.status;
    }
    if (argc - line.operand != 1) {
        return cli_usage(&line, "ledger backup: say into which folder, and only one");
    }
    request.to = argv[line.operand];
    return backup(&request);
}
