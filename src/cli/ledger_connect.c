/* Finding the ledger and its keeper, or starting one. */
#include "cli/ledger_connect.h"
#include "base/clock.h"
#include "base/file.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATH_MAX_BYTES 4096
#define KEEPER_FD      3
#define RECOVERY_MS    (15U * 60 * 1000) /* a keeper that was just started may have to recover */
#define ANSWER_MS      (60U * 1000)
#define BUSY_MS        15000 /* while another keeper comes or goes */
#define RETRY_NS       50000000L

extern char **environ;

/* The keeper that this process started; one at a time. */
static pid_t own_keeper;
static struct client *own_client;

struct place {
    struct buf folder, keys, socket;
};

static void
place_release(struct place *place)
{
    buf_release(&place->folder);
    buf_release(&place->keys);
    buf_release(&place->socket);
}

static enum err
find(struct place *place, const char *folder, const char *keys, struct note *note)
{
    buf_init(&place->folder, PATH_MAX_BYTES);
    buf_init(&place->keys, PATH_MAX_BYTES);
    buf_init(&place->socket, PATH_MAX_BYTES);
    enum err err = ledger_folder_find(folder, &place->folder, note);
    err = err == OK ? ledger_folder_keys(keys, place->folder.data, &place->keys) : err;
    buf_format(&place->socket, "%s/keeper.sock", place->folder.data);
    return err == OK ? buf_error(&place->socket) : err;
}

static enum err
spawn_with(int theirs, const struct place *place, pid_t *ret_pid)
{
    char words[][16] = {"gatehouse", "keeper", "--ledger", "--keys", "--descriptor", "3"};
    char *args[] = {words[0], words[1], words[2], place->folder.data, words[3], place->keys.data,
        words[4], words[5], NULL};
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions) != 0) {
        return ERR_MEMORY;
    }
    int failed = posix_spawn_file_actions_adddup2(&actions, theirs, KEEPER_FD);
    if (failed == 0) {
        failed = posix_spawn(ret_pid, "/proc/self/exe", &actions, NULL, args, environ);
    }
    (void)posix_spawn_file_actions_destroy(&actions);
    return failed == 0 ? OK : ERR_SYSTEM;
}

/* Its exit status, or -1. */
static int
wait_for(pid_t pid)
{
    int status = 0;
    pid_t got = 0;
    do {
        got = waitpid(pid, &status, 0);
    } while (got < 0 && errno == EINTR);
    return got == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static enum err
start_keeper(const struct place *place, struct client **ret_client, pid_t *ret_pid)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
        return ERR_SYSTEM;
    }
    enum err err = spawn_with(ends[1], place, ret_pid);
    (void)close(ends[1]);
    if (err == OK) {
        err = client_adopt(ends[0], ret_client);
        if (err != OK) {
            (void)close(ends[0]);
            (void)wait_for(*ret_pid);
        }
        return err;
    }
    (void)close(ends[0]);
    return err;
}

/* One try: a keeper that listens, or one of our own; OK when it has answered. */
static enum err
try_once(const struct place *place, struct client **ret_client, struct note *note)
{
    CLEANUP(buf_release) struct buf state;
    struct client *client = NULL;
    pid_t pid = 0;
    buf_init(&state, MESSAGE_PAYLOAD);
    enum err err = client_open(place->socket.data, &client, note);
    if (err == ERR_MISSING || err == ERR_REFUSED) {
        err = start_keeper(place, &client, &pid);
    }
    if (err != OK) {
        return err;
    }
    err = client_state(client, pid != 0 ? RECOVERY_MS : ANSWER_MS, &state, note);
    if (err != OK) {
        client_close(client);
        if (pid != 0) { /* one that can't begin, unless only another had the ledger */
            return wait_for(pid) == KEEPER_TAKEN ? ERR_TIMEOUT : ERR_VALUE;
        }
        return err == ERR_REFUSED || err == ERR_NETWORK ? ERR_TIMEOUT : err;
    }
    if (pid != 0) {
        own_keeper = pid;
        own_client = client;
    }
    *ret_client = client;
    return OK;
}

enum err
ledger_connect(const char *folder, const char *keys, struct client **ret_client, struct note *note)
{
    CLEANUP(place_release) struct place place = {0};
    struct note why = {{0}};
    enum err err = find(&place, folder, keys, &why);
    int64_t until = clock_mono() + BUSY_MS;
    while (err == OK) {
        err = try_once(&place, ret_client, &why);
        if (err == OK) {
            return OK;
        }
        if (err != ERR_TIMEOUT || clock_mono() > until) {
            break;
        }
        const struct timespec pause = {.tv_nsec = RETRY_NS};
        (void)nanosleep(&pause, NULL);
        err = OK;
    }
    note_set(note, "%s", why.text);
    return err;
}

void
ledger_disconnect(struct client *client)
{
    bool is_own = client != NULL && client == own_client;
    client_close(client);
    if (is_own) {
        own_client = NULL;
        (void)wait_for(own_keeper);
        own_keeper = 0;
    }
}
