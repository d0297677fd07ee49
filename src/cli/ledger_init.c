/* gatehouse ledger init: a key, a ledger, and what to keep of it elsewhere. */
#include "base/file.h"
#include "base/secret.h"
#include "base/text.h"
#include "cli/ledger.h"
#include "cli/ledger_connect.h"
#include "ledger/disk.h"
#include "ledger/ledger.h"
#include "ledger/sealing.h"
#include "ledger/subjects.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    OPTION_LEDGER,
    OPTION_KEYS,
    OPTION_ORIGIN,
    OPTION_SEALED,
};

static const struct cli_option options[] = {
    LEDGER_OPTION,
    KEYS_OPTION,
    {"origin", 0, "NAME", "the log's name for the world (default: HOST/gatehouse)"        },
    {"sealed", 0, NULL,   "seal users, addresses and sessions, so that they can be erased"},
};

static const struct cli_manual manual = {
    .usage = "ledger init [--ledger DIR] [--keys DIR] [--origin NAME] [--sealed]",
    .about =
        "Makes a ledger and its signing key, never over an existing one, and prints the public\n"
        "key. Keep a copy of that line somewhere else: with it, anyone can tell this ledger\n"
        "from one that was made up later. The name should be the site's own for ever, such as\n"
        "example.org/front-gate: it is part of the key.\n"
        "With --sealed, personal fields are stored sealed, under one key for each person and\n"
        "year, so that `ledger erase` can erase them while the log still verifies; an existing\n"
        "ledger is sealed from now on when --sealed is given for it.\n",
    .options = options,
    .option_count = COUNT(options),
    .example = "  gatehouse ledger init --origin example.org/warehouse\n",
};

struct asked {
    const char *folder, *keys, *origin;
    bool is_sealed;
};

struct made {
    struct buf folder, keys, key_path, origin;
    struct key *key;
};

static void
made_release(struct made *made)
{
    buf_release(&made->folder);
    buf_release(&made->keys);
    buf_release(&made->key_path);
    buf_release(&made->origin);
    key_free(made->key);
}

static enum err
default_origin(struct buf *ret_origin)
{
    char host[256] = "";
    if (gethostname(host, sizeof(host) - 1) != 0 || host[0] == '\0') {
        return ERR_SYSTEM;
    }
    buf_format(ret_origin, "%s/gatehouse", host);
    return buf_error(ret_origin);
}

static enum err
find(struct made *made, const struct asked *asked, struct note *note)
{
    buf_init(&made->folder, 4000);
    buf_init(&made->keys, 4050);
    buf_init(&made->key_path, 4096);
    buf_init(&made->origin, VKEY_NAME);
    enum err err = ledger_folder(asked->folder, &made->folder, note);
    err = err == OK ? ledger_folder_keys(asked->keys, made->folder.data, &made->keys) : err;
    buf_format(&made->key_path, "%s/ledger.key", made->keys.data);
    if (asked->origin != NULL) {
        buf_text(&made->origin, asked->origin);
    } else if (err == OK) {
        err = default_origin(&made->origin);
    }
    if (err == OK && (buf_error(&made->origin) != OK || !vkey_is_name(made->origin.data))) {
        note_set(note, "--origin %s: a name has no blanks and no '+', and at most 255 bytes",
            made->origin.data);
        err = ERR_VALUE;
    }
    return err == OK ? buf_error(&made->key_path) : err;
}

/* The ledger's folder: its group may pass, so that it can reach the socket. */
static enum err
make_folders(const struct made *made, struct note *note)
{
    CLEANUP(buf_release) struct buf above;
    buf_init(&above, 4096);
    const char *slash = strrchr(made->folder.data, '/');
    enum err err = OK;
    if (slash != NULL && slash != made->folder.data) {
        buf_add(&above, made->folder.data, (size_t)(slash - made->folder.data));
        err = file_make_folder(above.data, note);
    }
    if (err == OK && mkdir(made->folder.data, 0750) != 0 && errno != EEXIST) {
        note_set(note, "%s: %s", file_tail(made->folder.data, 150), strerror(errno));
        err = ERR_IO;
    }
    return err == OK ? file_make_folder(made->keys.data, note) : err;
}

static bool
exists(const char *folder, const char *name)
{
    CLEANUP(buf_release) struct buf path;
    buf_init(&path, 4096);
    buf_format(&path, "%s/%s", folder, name);
    return access(path.data, F_OK) == 0;
}

/* A key without a ledger is of an init that was cut short: it is used. */
static enum err
make_key(struct made *made, struct note *note)
{
    if (exists(made->folder.data, "log/checkpoint")) {
        note_set(note, "%s: there is a ledger already; nothing was changed",
            file_tail(made->folder.data, 150));
        return ERR_VALUE;
    }
    enum err err = key_read(made->key_path.data, &made->key, note);
    if (err == ERR_MISSING) {
        err = key_new(made->origin.data, VKEY_ED25519, &made->key);
        return err == OK ? key_write(made->key, made->key_path.data, note) : err;
    }
    if (err == OK && !text_equal(key_public(made->key)->name, made->origin.data)) {
        note_set(note, "%s is the key of %s; say --origin %s, or another --keys",
            file_tail(made->key_path.data, 100), key_public(made->key)->name,
            key_public(made->key)->name);
        err = ERR_VALUE;
    }
    return err;
}

static enum err
open_folder(const char *path, int *ret_folder, struct note *note)
{
    *ret_folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*ret_folder < 0) {
        note_set(note, "%s: %s", file_tail(path, 150), strerror(errno));
        return ERR_IO;
    }
    return OK;
}

/* Without the word, the keeper asks the entries, and says it again. */
static void
unsay(int ledger, enum sealing former)
{
    if (former == SEALING_UNSAID || sealing_write(ledger, former) != OK) {
        (void)unlinkat(ledger, SEALING_FILE, 0);
        (void)fsync(ledger);
    }
}

/*
 * First the ledger's word: from then on no keeper takes an event without the keys. It is taken back
 * where there are none in the end, or the keeper would not start again.
 */
static enum err
seal_from_now_on(int ledger, int keys, struct note *note)
{
    enum sealing former = SEALING_UNSAID;
    struct stat status;
    enum err err = sealing_read(ledger, &former);
    err = err == OK ? sealing_write(ledger, SEALING_SEALED) : err;
    if (err != OK) {
        note_set(note, SEALING_FILE ": %s", disk_trouble());
    } else {
        err = subjects_create(keys, SUBJECTS_FILE, note);
    }
    if (err != OK && former != SEALING_SEALED &&
        fstatat(keys, SUBJECTS_FILE, &status, AT_SYMLINK_NOFOLLOW) != 0) {
        unsay(ledger, former);
    }
    return err;
}

static enum err
make_subjects(const struct made *made, struct note *note)
{
    int ledger = -1;
    int keys = -1;
    enum err err = open_folder(made->folder.data, &ledger, note);
    err = err == OK ? open_folder(made->keys.data, &keys, note) : err;
    err = err == OK ? seal_from_now_on(ledger, keys, note) : err;
    if (keys >= 0) {
        (void)close(keys);
    }
    if (ledger >= 0) {
        (void)close(ledger);
    }
    return err;
}

/* Of a ledger that there is: what comes from the keeper's next start on is sealed. */
static int
seal_existing(const struct asked *asked)
{
    CLEANUP(made_release) struct made made = {0};
    struct note note = {{0}};
    enum err err = find(&made, asked, &note);
    err = err == OK ? secret_start() : err;
    err = err == OK ? make_subjects(&made, &note) : err;
    if (err != OK) {
        return cli_fail_err(err, &note);
    }
    (void)fprintf(stderr,
        "Personal fields are sealed from the keeper's next start on; restart it, and the doorman\n"
        "too, which reads them. What is in the ledger stays as it is. Keep a copy of "
        "%s/" SUBJECTS_FILE " where the key's copy is:\n"
        "without it nobody can read who did what; and destroy that copy when you erase somebody.\n",
        made.keys.data);
    return CLI_OK;
}

static bool
is_there(const struct asked *asked)
{
    CLEANUP(made_release) struct made made = {0};
    return find(&made, asked, NULL) == OK && exists(made.folder.data, "log/checkpoint");
}

static enum err
make(struct made *made, const struct asked *asked, struct note *note)
{
    enum err err = find(made, asked, note);
    err = err == OK ? secret_start() : err;
    err = err == OK ? secret_guard() : err;
    err = err == OK ? make_folders(made, note) : err;
    err = err == OK ? make_key(made, note) : err;
    if (err == OK) {
        const struct ledger_settings settings = {
            .folder = made->folder.data, .key = made->key, .segment_bytes = LEDGER_SMALL_SEGMENT};
        err = ledger_create(&settings, note);
    }
    return err == OK && asked->is_sealed ? make_subjects(made, note) : err;
}

enum err
ledger_make(const char *folder, const char *origin, struct note *note)
{
    CLEANUP(made_release) struct made made = {0};
    const struct asked asked = {.folder = folder, .origin = origin};
    return make(&made, &asked, note);
}

static int
init(const struct asked *asked)
{
    CLEANUP(made_release) struct made made = {0};
    struct note note = {{0}};
    char vkey[VKEY_TEXT];
    enum err err = make(&made, asked, &note);
    if (err != OK) {
        return cli_fail_err(err, &note);
    }
    (void)printf("%s\n", vkey_text(key_public(made.key), vkey));
    (void)fflush(stdout); /* what follows speaks of the line above */
    (void)fprintf(stderr,
        "\nThe ledger is %s, its signing key %s.\n"
        "Keep the line above in another place, on paper or with whoever checks on you: only\n"
        "with it can anyone tell later that this ledger is the one of today. It is no secret.\n"
        "Keep a copy of the key file off this machine, too, where nobody else reads it.\n",
        made.folder.data, made.key_path.data);
    return CLI_OK;
}

int
ledger_init(int argc, char **argv)
{
    struct cli_line line;
    struct asked asked = {0};
    const char *value = NULL;
    int got;
    cli_line_init(&line, &manual, argc, argv);
    while ((got = cli_next(&line, &value)) >= 0) {
        const char **const places[] = {
            [OPTION_LEDGER] = &asked.folder,
            [OPTION_KEYS] = &asked.keys,
            [OPTION_ORIGIN] = &asked.origin,
        };
        if (got == OPTION_SEALED) {
            asked.is_sealed = true;
        } else {
            *places[got] = value;
        }
    }
    if (got == CLI_STOP) {
        return line.status;
    }
    if (line.operand != argc) {
        return cli_usage(&line, "ledger init: takes no operand, not %s", argv[line.operand]);
    }
    return asked.is_sealed && is_there(&asked) ? seal_existing(&asked) : init(&asked);
}
