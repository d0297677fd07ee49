/* gatehouse keeper: the ledger's own process. */
#include "daemon/keeper.h"
#include "base/file.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/ledger_connect.h"
#include "ledger/message.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    OPTION_LEDGER,
    OPTION_KEYS,
    OPTION_SOCKET,
    OPTION_GROUP,
    OPTION_DESCRIPTOR,
    OPTION_NO_LANDLOCK,
};

static const struct cli_option options[] = {
    LEDGER_OPTION,
    KEYS_OPTION,
    {"socket",      0, "PATH",   "listen there (default: keeper.sock in the ledger)"},
    {"group",       0, "NAME",   "members of this group may connect, too"           },
    {"descriptor",  0, "NUMBER", "a connection to begin with, and to end with"      },
    {"no-landlock", 0, NULL,     "go on where the kernel has no Landlock"           },
};

static const struct cli_manual manual = {
    .usage = "keeper [OPTION]…",
    .about =
        "Runs the ledger's own process: the only one that has the signing key and writes. It\n"
        "takes events over a unix socket, stamps them with the time and with who sent them,\n"
        "and answers when they are safe on the disk. It has no network and sees two folders,\n"
        "the ledger and its keys. The service gatehouse-keeper.service runs it; commands start\n"
        "one for themselves where none runs.\n",
    .options = options,
    .option_count = COUNT(options),
    .example = "  gatehouse keeper --ledger /var/lib/gatehouse/ledger --group gatehouse\n",
};

struct asked {
    const char *folder, *keys, *socket, *group, *descriptor;
    bool no_landlock;
};

static int
read_line(struct cli_line *line, struct asked *asked)
{
    const char *value = NULL;
    int got;
    while ((got = cli_next(line, &value)) >= 0) {
        const char **const places[] = {
            [OPTION_LEDGER] = &asked->folder,
            [OPTION_KEYS] = &asked->keys,
            [OPTION_SOCKET] = &asked->socket,
            [OPTION_GROUP] = &asked->group,
            [OPTION_DESCRIPTOR] = &asked->descriptor,
        };
        if (got == OPTION_NO_LANDLOCK) {
            asked->no_landlock = true;
        } else {
            *places[got] = value;
        }
    }
    return got;
}

/* A command's own keeper says over its connection why it can't begin. */
static int
fail(const struct keeper_settings *settings, enum err err, const struct note *note)
{
    if (settings->descriptor < 0) {
        return err == ERR_UNSUPPORTED
                   ? cli_fail("%s; --no-landlock runs the keeper without it", note->text)
                   : cli_fail_err(err, note);
    }
    CLEANUP(buf_release) struct buf out;
    struct message_done done = {.status = MESSAGE_BAD};
    (void)text_copy(
        done.words, sizeof(done.words), note->text[0] != '\0' ? note->text : err_words(err));
    buf_init(&out, MESSAGE_FRAME);
    message_put_done(&out, MESSAGE_ALL, &done);
    (void)send(settings->descriptor, out.data, out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
    return err == ERR_REFUSED ? KEEPER_TAKEN : CLI_INCOMPLETE;
}

/*
 * Files of root's would lock the ledger's own user out of it: a keeper that root starts, perhaps
 * for one command, goes on as that user.
 */
static enum err
become_owner(const char *folder, struct note *note)
{
    struct stat owner;
    if (geteuid() != 0 || stat(folder, &owner) != 0 || owner.st_uid == 0) {
        return OK;
    }
    const struct passwd *user = getpwuid(owner.st_uid);
    int failed = user != NULL ? initgroups(user->pw_name, user->pw_gid) : setgroups(0, NULL);
    if (failed != 0 || setgid(user != NULL ? user->pw_gid : owner.st_gid) != 0 ||
        setuid(owner.st_uid) != 0) {
        note_set(note, "%s belongs to user %lu, as whom this can't go on: %s",
            file_tail(folder, 150), (unsigned long)owner.st_uid, strerror(errno));
        return ERR_SYSTEM;
    }
    return OK;
}

static int
run(const struct asked *asked, uint64_t descriptor)
{
    CLEANUP(buf_release) struct buf folder;
    CLEANUP(buf_release) struct buf keys;
    struct note note = {{0}};
    buf_init(&folder, 4096);
    buf_init(&keys, 4096);
    enum err err = ledger_folder(asked->folder, &folder, &note);
    err = err == OK ? ledger_folder_keys(asked->keys, folder.data, &keys) : err;
    const struct keeper_settings settings = {
        .folder = folder.data,
        .keys = keys.data,
        .socket = asked->socket,
        .group = asked->group,
        .descriptor = asked->descriptor != NULL ? (int)descriptor : -1,
        .is_open = asked->no_landlock,
    };
    log_set_level(settings.descriptor < 0 ? LOG_INFO : LOG_WARN);
    err = err == OK ? become_owner(folder.data, &note) : err;
    err = err == OK ? secret_start() : err;
    err = err == OK ? keeper_run(&settings, &note) : err;
    return err == OK ? CLI_OK : fail(&settings, err, &note);
}

int
cli_keeper(int argc, char **argv)
{
    struct cli_line line;
    struct asked asked = {0};
    uint64_t descriptor = 0;
    cli_line_init(&line, &manual, argc, argv);
    if (read_line(&line, &asked) == CLI_STOP) {
        return line.status;
    }
    if (line.operand != argc) {
        return cli_usage(&line, "keeper: takes no operand, not %s", argv[line.operand]);
    }
    if (asked.descriptor != NULL &&
        (text_to_u64(asked.descriptor, 1023, &descriptor) != OK || descriptor < 3)) {
        return cli_usage(&line, "keeper: --descriptor %s is no number from 3 on", asked.descriptor);
    }
    return run(&asked, descriptor);
}
