/* gatehouse ledger witness init: key and empty state of a new witness. */
#include "base/file.h"
#include "base/secret.h"
#include "base/text.h"
#include "cli/ledger_witness.h"
#include "ledger/witness_state.h"
#include "wire/post.h"

enum {
    OPTION_STATE,
    OPTION_NAME,
    OPTION_URL,
};

static const struct cli_option options[] = {
    {"state", 0, "DIR",  "the folder of the witness, made if missing"                },
    {"name",  0, "NAME", "its name in every cosignature, such as example.org/witness"},
    {"url",   0, "URL",  "where the logs will reach it, for the line that is printed"},
};

static const struct cli_manual manual = {
    .usage = "ledger witness init --state DIR --name NAME [--url URL]",
    .about =
        "Makes the key and the empty state of a witness. Prints the two lines that the owner of\n"
        "a ledger puts into a policy file to be cosigned by it. The state must never be copied\n"
        "back from a backup while the ledger goes on: a witness that forgets is no witness.\n",
    .options = options,
    .option_count = COUNT(options),
    .example = "  gatehouse ledger witness init --state /var/lib/gatehouse/witness \\\n"
               "      --name example.org/witness --url https://example.org/witness\n",
};

static enum err
make(const char *folder, const char *name, struct key **ret_key, struct note *note)
{
    CLEANUP(buf_release) struct buf path;
    buf_init(&path, LEDGER_WITNESS_PATH);
    buf_format(&path, "%s/" LEDGER_WITNESS_KEY, folder);
    struct key *key = NULL;
    enum err err = buf_error(&path);
    err = err == OK ? secret_start() : err;
    if (err == OK && !vkey_is_name(name)) {
        note_set(note, "%.100s: not a name for a key: no blank, no '+', not empty", name);
        return ERR_VALUE;
    }
    err = err == OK ? file_make_folder(folder, note) : err;
    err = err == OK ? key_new(name, VKEY_COSIGNER, &key) : err;
    err = err == OK ? witness_state_create(folder, note) : err;
    err = err == OK ? key_write(key, path.data, note) : err;
    if (err != OK) {
        key_free(key);
        return err;
    }
    *ret_key = key;
    return OK;
}

int
ledger_witness_init(int argc, char **argv)
{
    const char *values[COUNT(options)] = {NULL};
    const char *value = NULL;
    struct note note = {""};
    struct cli_line line;
    cli_line_init(&line, &manual, argc, argv);
    int got;
    while ((got = cli_next(&line, &value)) >= 0) {
        values[got] = value;
    }
    if (got == CLI_STOP) {
        return line.status;
    }
    if (line.operand != argc || values[OPTION_STATE] == NULL || values[OPTION_NAME] == NULL) {
        return cli_usage(&line, "ledger witness init: takes --state DIR and --name NAME");
    }
    const char *url = values[OPTION_URL] != NULL ? values[OPTION_URL] : "URL";
    if (values[OPTION_URL] != NULL && post_check(url, &note) != OK) {
        return cli_usage(&line, "%s", note.text);
    }
    struct key *key = NULL;
    enum err err = make(values[OPTION_STATE], values[OPTION_NAME], &key, &note);
    if (err != OK) {
        return cli_fail_err(err, &note);
    }
    char text[VKEY_TEXT];
    const char *name = key_public(key)->name;
    (void)printf(
        "witness %s %s %s\nquorum %s\n", name, vkey_text(key_public(key), text), url, name);
    (void)fprintf(stderr, "gatehouse: these two lines go into the policy file of the ledger's "
                          "owner; from there comes the log's key for --log\n");
    key_free(key);
    return CLI_OK;
}
