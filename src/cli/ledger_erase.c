/*
 * gatehouse ledger erase: personal data out of a log that never changes, by destroying the key that
 * it is sealed under. The ledger says that it was done, by whom and why, before it is done; not of
 * whom but by the marks that its entries have.
 */
#include "base/clock.h"
#include "base/secret.h"
#include "base/text.h"
#include "cli/ledger.h"
#include "cli/ledger_connect.h"
#include "cli/ledger_user.h"
#include "ledger/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WAIT_MS 60000

enum {
    OPTION_LEDGER,
    OPTION_KEYS,
    OPTION_USER,
    OPTION_BEFORE,
    OPTION_REASON,
    OPTIONS,
};

static const struct cli_option options[] = {
    LEDGER_OPTION,
    KEYS_OPTION,
    {"user",         0, "NAME", "whose name, addresses and sessions"            },
    {"years-before", 0, "YEAR", "everybody's of the years before that one"      },
    {"reason",       0, "TEXT", "why, for the event that says so; must be given"},
};

static const struct cli_manual manual = {
    .usage = "ledger erase (--user NAME | --years-before YEAR) --reason TEXT [--ledger DIR]\n"
             "       [--keys DIR]",
    .about =
        "Erases personal data from a ledger whose personal fields are sealed (`gatehouse ledger\n"
        "init --sealed`): the key that opens them is overwritten. No entry changes, so the log\n"
        "and every proof verify as before; who did what is told by a mark from then on, the\n"
        "same in all entries of that person and year. It can't be undone.\n"
        "\n"
        "Copies of the file `subjects` beside the ledger's key, in backups, open what was erased\n"
        "until they are gone too. Reasons and names of cameras are not sealed.\n",
    .options = options,
    .option_count = COUNT(options),
    .example =
        "  gatehouse ledger erase --user anna --reason \"left the company; request of 3 May\"\n",
};

struct erase {
    const char *values[OPTIONS];
    struct buf keys;
    struct buf what; /* for the keeper */
};

/* The marks of a person, one for each year that there is one. */
static enum err
put_marks(const struct erase *erase, json_t *marks, struct note *note)
{
    struct subjects *subjects = NULL;
    const char *user = erase->values[OPTION_USER];
    int folder = open(erase->keys.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum err err =
        folder < 0 ? ERR_MISSING : subjects_open(folder, SUBJECTS_FILE, false, &subjects, note);
    if (folder >= 0) {
        (void)close(folder);
    }
    if (err == ERR_MISSING) {
        note_set(note, "this ledger's personal fields are not sealed: nothing can be erased from "
                       "what is recorded; --sealed of gatehouse ledger init seals what comes");
    }
    if (err != OK) {
        return err;
    }
    err = user != NULL ? seal_marks(subjects, user, strlen(user), marks) : OK;
    subjects_close(subjects);
    if (err == OK && user != NULL && json_array_size(marks) == 0) {
        note_set(note,
            "--user %.100s: there is no key of that user: nobody of that name did "
            "anything while the fields were sealed, or it is erased already",
            user);
        return ERR_MISSING;
    }
    return err;
}

static enum err
record(const struct erase *erase, struct note *note)
{
    CLEANUP(buf_release) struct buf json;
    json_t *marks = json_array();
    buf_init(&json, EVENT_LIMIT);
    enum err err = marks == NULL ? ERR_MEMORY : put_marks(erase, marks, note);
    if (err != OK) {
        json_decref(marks);
        return err;
    }
    const char *before = erase->values[OPTION_BEFORE];
    json_t *detail = before != NULL ? json_pack("{s:s}", "years_before", before) : json_object();
    (void)json_object_set_new(detail, "subject", marks);
    err = ledger_user_event(EVENT_ERASE, erase->values[OPTION_REASON], detail, &json, note);
    return err == OK ? ledger_user_record(
                           erase->values[OPTION_LEDGER], erase->values[OPTION_KEYS], &json, note)
                     : err;
}

static int
run(struct erase *erase)
{
    CLEANUP(buf_release) struct buf folder;
    struct note note = {{0}};
    struct client *client = NULL;
    uint64_t count = 0;
    buf_init(&folder, 4096);
    enum err err = ledger_folder_find(erase->values[OPTION_LEDGER], &folder, &note);
    err =
        err == OK ? ledger_folder_keys(erase->values[OPTION_KEYS], folder.data, &erase->keys) : err;
    err = err == OK ? secret_start() : err;
    err = err == OK ? secret_guard() : err;
    err = err == OK ? record(erase, &note) : err;
    err = err == OK ? ledger_connect(
                          erase->values[OPTION_LEDGER], erase->values[OPTION_KEYS], &client, &note)
                    : err;
    if (err == OK) {
        err = client_erase(client, &erase->what, WAIT_MS, &count, &note);
        ledger_disconnect(client);
    }
    if (err != OK) {
        return cli_fail_err(err, &note);
    }
    (void)printf("%llu key%s destroyed; what they opened can't be read any more\n",
        (unsigned long long)count, count == 1 ? " is" : "s are");
    return CLI_OK;
}

/* What the keeper is told; CLI_END: it is right. */
static int
take(struct cli_line *line, struct erase *erase)
{
    const char *user = erase->values[OPTION_USER];
    const char *before = erase->values[OPTION_BEFORE];
    if ((user == NULL) == (before == NULL)) {
        return cli_usage(line, "ledger erase: say --user NAME or --years-before YEAR");
    }
    if (text_is_empty(erase->values[OPTION_REASON])) {
        return cli_usage(line, "ledger erase: say why, --reason TEXT");
    }
    if (user != NULL && (user[0] == '\0' || strlen(user) > 4000)) {
        return cli_usage(line, "--user: a name of 1 to 4,000 bytes");
    }
    if (before != NULL && (strlen(before) != 4 || strspn(before, "0123456789") != 4)) {
        return cli_usage(line, "--years-before %.40s: a year of four digits, such as 2025", before);
    }
    char now[CLOCK_TEXT];
    if (before != NULL && strncmp(before, clock_text(clock_wall(), now), 4) > 0) {
        return cli_usage(line,
            "--years-before %s would erase names of this year, too: %.4s is the latest; --user "
            "erases one person",
            before, now);
    }
    buf_text(&erase->what, user != NULL ? "u" : "y");
    buf_text(&erase->what, user != NULL ? user : before);
    return CLI_END;
}

int
ledger_erase(int argc, char **argv)
{
    struct cli_line line;
    struct erase erase = {0};
    const char *value = NULL;
    int got;
    cli_line_init(&line, &manual, argc, argv);
    while ((got = cli_next(&line, &value)) >= 0) {
        erase.values[got] = value;
    }
    if (got == CLI_STOP) {
        return line.status;
    }
    if (line.operand != argc) {
        return cli_usage(&line, "ledger erase: takes no operand, not %s", argv[line.operand]);
    }
    buf_init(&erase.keys, 4096);
    buf_init(&erase.what, 4096);
    int status = take(&line, &erase);
    status = status == CLI_END ? run(&erase) : status;
    buf_release(&erase.keys);
    buf_release(&erase.what);
    return status;
}
