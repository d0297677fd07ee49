/* gatehouse ledger key: the public key, and going over to another. */
#include "base/text.h"
#include "cli/ledger.h"
#include "cli/ledger_connect.h"
#include "cli/ledger_vkey.h"

#include <string.h>

#define ROTATE_MS (15 * 60 * 1000)

enum {
    OPTION_LEDGER,
    OPTION_KEYS,
};

static const struct cli_option options[] = {LEDGER_OPTION, KEYS_OPTION};

static const struct cli_manual manual = {
    .usage = "ledger key show|rotate [--ledger DIR] [--keys DIR]",
    .about =
        "show prints the public key that the ledger is signed with.\n"
        "rotate makes a new signing key and hands the ledger over to it: an event names both,\n"
        "a checkpoint signed by both is kept in log/handover/, and the old key is destroyed.\n"
        "Only the keeper's own user and root may ask. Give the new public key to whoever has\n"
        "the old one.\n",
    .options = options,
    .option_count = COUNT(options),
    .example = "  gatehouse ledger key rotate\n",
};

static enum err
read_public(const char *option, struct vkey *ret_key, struct note *note)
{
    CLEANUP(buf_release) struct buf folder;
    buf_init(&folder, 4096);
    enum err err = ledger_folder_find(option, &folder, note);
    return err == OK ? ledger_vkey_own(folder.data, ret_key, note) : err;
}

static int
show(const char *folder)
{
    struct vkey key;
    struct note note = {{0}};
    char text[VKEY_TEXT];
    enum err err = read_public(folder, &key, &note);
    if (err != OK) {
        return cli_fail_err(err, &note);
    }
    (void)puts(vkey_text(&key, text));
    return CLI_OK;
}

static int
rotate(const char *folder, const char *keys)
{
    struct client *client = NULL;
    struct note note = {{0}};
    enum err err = ledger_connect(folder, keys, &client, &note);
    if (err == OK) {
        err = client_rotate(client, ROTATE_MS, &note);
        ledger_disconnect(client);
    }
    if (err != OK) {
        return cli_fail_err(err, &note);
    }
    (void)fprintf(stderr,
        "The old key signed the new one in, and is gone. Give this line to whoever has the old\n"
        "one; a verifier that knows the old one follows the hand-over by itself.\n");
    return show(folder);
}

int
ledger_key(int argc, char **argv)
{
    struct cli_line line;
    const char *value = NULL;
    const char *places[] = {NULL, NULL};
    int got;
    cli_line_init(&line, &manual, argc, argv);
    while ((got = cli_next(&line, &value)) >= 0) {
        places[got] = value;
    }
    if (got == CLI_STOP) {
        return line.status;
    }
    if (line.operand + 1 == argc && text_equal(argv[line.operand], "show")) {
        return show(places[OPTION_LEDGER]);
    }
    if (line.operand + 1 == argc && text_equal(argv[line.operand], "rotate")) {
        return rotate(places[OPTION_LEDGER], places[OPTION_KEYS]);
    }
    return cli_usage(&line, "ledger key: say show or rotate");
}
