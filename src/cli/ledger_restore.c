/*
 * gatehouse ledger restore: a ledger from a copy of its log and its key. It is made beside its
 * place and gets its name last, so what was cut short is no ledger, and can be begun anew.
 */
#include "base/file.h"
#include "base/secret.h"
#include "base/text.h"
#include "cli/ledger.h"
#include "cli/ledger_connect.h"
#include "cli/ledger_user.h"
#include "cli/ledger_verdict.h"
#include "ledger/ledger.h"
#include "ledger/logcopy.h"
#include "ledger/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PATH_ROOM 4096
#define TURNS     100 /* of 10 ms that an ending keeper is waited for */

enum {
    OPTION_LEDGER,
    OPTION_KEYS,
    OPTION_REASON,
};

static const struct cli_option options[] = {
    LEDGER_OPTION,
    KEYS_OPTION,
    {"reason", 0, "TEXT", "why, for the event that says so; must be given"},
};

static const struct cli_manual manual = {
    .usage = "ledger restore --reason TEXT [--ledger DIR] [--keys DIR] FROM",
    .about =
        "Makes a ledger from FROM, a copy of its log (`gatehouse ledger backup`), where there is\n"
        "none now. Its key, ledger.key, must be in the folder of the keys before. The copy is\n"
        "verified first. The ledger goes on after the last entry of the copy, and its next event\n"
        "(system.note) says that it was restored, by whom and why.\n"
        "\n"
        "What was recorded after the copy was made is missing then. Whoever saw a later\n"
        "checkpoint (witnesses, --from-checkpoint) will say so, and is right: see\n"
        "gatehouse-ledger(7) for how to go on honestly.\n",
    .options = options,
    .option_count = COUNT(options),
    .example = "  gatehouse ledger restore --reason \"the disk died\" /mnt/backup/ledger\n",
};

struct request {
    const char *ledger, *keys, *reason, *from;
};

struct restore {
    struct buf folder, keys, work, log;
    struct key *key;
    struct logcopy copy;
};

static void
restore_release(struct restore *restore)
{
    buf_release(&restore->folder);
    buf_release(&restore->keys);
    buf_release(&restore->work);
    buf_release(&restore->log);
    buf_release(&restore->copy.since);
    key_free(restore->key);
}

static enum err
find(struct restore *restore, const struct request *request, struct note *note)
{
    CLEANUP(buf_release) struct buf key;
    buf_init(&key, PATH_ROOM);
    buf_init(&restore->folder, PATH_ROOM);
    buf_init(&restore->keys, PATH_ROOM);
    buf_init(&restore->work, PATH_ROOM);
    buf_init(&restore->log, PATH_ROOM);
    enum err err = ledger_folder(request->ledger, &restore->folder, note);
    err = err == OK ? ledger_folder_keys(request->keys, restore->folder.data, &restore->keys) : err;
    if (err != OK) {
        return err;
    }
    size_t len = restore->folder.len;
    while (len > 1 && restore->folder.data[len - 1] == '/') {
        len--;
    }
    buf_format(&restore->work, "%.*s.restoring", (int)len, restore->folder.data);
    buf_format(&restore->log, "%s/log", restore->work.data);
    buf_format(&key, "%s/ledger.key", restore->keys.data);
    err = buf_error(&restore->log) == OK ? buf_error(&key) : ERR_LIMIT;
    err = err == OK ? key_read(key.data, &restore->key, note) : err;
    if (err == ERR_MISSING) {
        note_set(note,
            "%s: put the ledger's key there first; without it only a new ledger can be "
            "begun, which continues nothing",
            file_tail(key.data, 150));
    }
    return err;
}

static int
remove_one(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

/*
 * The folder of a restore that was killed. Its keeper may still be ending in there, so that a file
 * is gone before it is removed, or comes after: then all is looked at again.
 */
static bool
remove_work(const char *path)
{
    static const struct timespec pause = {.tv_nsec = 10000000};
    for (unsigned turn = 0; turn < TURNS; turn++) {
        if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0 ||
            (errno == ENOENT && access(path, F_OK) != 0)) {
            return true;
        }
        if (errno != ENOENT && errno != ENOTEMPTY && errno != EEXIST) {
            return false;
        }
        (void)nanosleep(&pause, NULL);
    }
    return false;
}

/* What was cut short is removed; what is in the ledger's place stays. */
static enum err
clear_place(const struct restore *restore, struct note *note)
{
    if (rmdir(restore->folder.data) != 0 && errno != ENOENT) {
        bool is_there = errno == ENOTEMPTY || errno == EEXIST;
        note_set(note, "%s: %s", file_tail(restore->folder.data, 150),
            is_there ? "there is something already; move it away, nothing was changed"
                     : strerrordesc_np(errno));
        return is_there ? ERR_VALUE : ERR_IO;
    }
    if (!remove_work(restore->work.data)) {
        note_set(note, "%s: %s", file_tail(restore->work.data, 150), strerrordesc_np(errno));
        return ERR_IO;
    }
    CLEANUP(buf_release) struct buf above;
    buf_init(&above, PATH_ROOM);
    const char *slash = strrchr(restore->work.data, '/');
    if (slash != NULL && slash != restore->work.data) {
        buf_add(&above, restore->work.data, (size_t)(slash - restore->work.data));
        enum err err = file_make_folder(above.data, note);
        if (err != OK) {
            return err;
        }
    }
    if (mkdir(restore->work.data, 0750) != 0 || mkdir(restore->log.data, 0755) != 0) {
        note_set(note, "%s: %s", file_tail(restore->work.data, 150), strerrordesc_np(errno));
        return ERR_IO;
    }
    return OK;
}

static enum err
verify(const struct restore *restore, struct note *note)
{
    struct verify_result result;
    const struct verify_settings settings = {
        .folder = restore->work.data, .key = key_public(restore->key)};
    enum err err = verify_run(&settings, &result, note);
    if (err == OK && !result.is_verified) {
        ledger_verdict_print(&result, stderr);
        note_set(note, "the copy does not verify; nothing was restored");
        err = ERR_VALUE;
    }
    verify_result_release(&result);
    return err;
}

/* The first event after the copy's last one. */
static enum err
record(const struct restore *restore, const struct request *request, struct note *note)
{
    CLEANUP(buf_release) struct buf json;
    buf_init(&json, EVENT_LIMIT);
    json_t *detail =
        json_pack("{s:s, s:I}", "kind", "restore", "entries", (json_int_t)restore->copy.head.size);
    enum err err = ledger_user_event(EVENT_NOTE, request->reason, detail, &json, note);
    err = err == OK ? ledger_user_record(restore->work.data, restore->keys.data, &json, note) : err;
    return err;
}

/* Now it is the ledger. */
static enum err
put_in_place(const struct restore *restore, struct note *note)
{
    CLEANUP(buf_release) struct buf above;
    buf_init(&above, PATH_ROOM);
    if (rename(restore->work.data, restore->folder.data) != 0) {
        note_set(note, "%s: %s", file_tail(restore->folder.data, 150), strerrordesc_np(errno));
        return ERR_IO;
    }
    buf_format(&above, "%s/..", restore->folder.data);
    int fd = open(above.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) {
        (void)close(fd);
    }
    return good ? OK : ERR_IO;
}

static int
restore_log(const struct request *request)
{
    CLEANUP(restore_release) struct restore restore = {.key = NULL};
    struct note note = {""};
    char size[LEDGER_NUMBER];
    buf_init(&restore.copy.since, 0);
    enum err err = secret_start();
    err = err == OK ? secret_guard() : err;
    err = err == OK ? find(&restore, request, &note) : err;
    err = err == OK ? clear_place(&restore, &note) : err;
    err =
        err == OK ? logcopy_run(request->from, restore.log.data, true, &restore.copy, &note) : err;
    err = err == OK ? verify(&restore, &note) : err;
    if (err == OK) {
        const struct ledger_settings settings = {.folder = restore.work.data, .key = restore.key};
        err = ledger_restore_log(&settings, &note);
    }
    err = err == OK ? record(&restore, request, &note) : err;
    err = err == OK ? put_in_place(&restore, &note) : err;
    if (err != OK) {
        return cli_fail_err(err, &note);
    }
    (void)printf("%s entries are restored in %s and verified.\n",
        ledger_number(restore.copy.head.size, size), restore.folder.data);
    (void)fputs(
        "What was recorded after that copy is missing. Tell whoever holds a later checkpoint, "
        "such as\nwitnesses; gatehouse-ledger(7) says how to go on.\n",
        stderr);
    return CLI_OK;
}

int
ledger_restore(int argc, char **argv)
{
    struct cli_line line;
    struct request request = {.ledger = NULL};
    const char *value = NULL;
    int option;
    cli_line_init(&line, &manual, argc, argv);
    while ((option = cli_next(&line, &value)) >= 0) {
        const char **const places[] = {
            [OPTION_LEDGER] = &request.ledger,
            [OPTION_KEYS] = &request.keys,
            [OPTION_REASON] = &request.reason,
        };
        *places[option] = value;
    }
    if (option == CLI_STOP) {
        return line.status;
    }
    if (argc - line.operand != 1) {
        return cli_usage(&line, "ledger restore: say from which folder, and only one");
    }
    if (text_is_empty(request.reason)) {
        return cli_usage(&line, "ledger restore: say why with --reason TEXT; it is recorded");
    }
    request.from = argv[line.operand];
    return restore_log(&request);
}
