/* Runs a program of the site file: rules as in the header. */
#include "remedy/command.h"

#include "base/clock.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT  4096 /* the last bytes of what it says */
#define TURN_MS 250
#define WORD    1024
#define FOLDERS "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define PATH    "PATH=" FOLDERS

/* What it needs of this machine to find its user's files, and Docker. */
static const char *const kept[] = {
    "HOME", "USER", "LOGNAME", "TZ", "DOCKER_HOST", "XDG_RUNTIME_DIR"};

struct environment {
    char words[COUNT(kept)][WORD];
    char path[sizeof(PATH)], language[16];
    char *all[COUNT(kept) + 3];
};

/* Under way. */
struct run {
    pid_t pid;
    int out;
    char said[OUTPUT + 1];
    size_t len;
};

static void
fill_environment(struct environment *environment)
{
    size_t count = 0;
    (void)text_copy(environment->path, sizeof(environment->path), PATH);
    (void)text_copy(environment->language, sizeof(environment->language), "LANG=C.UTF-8");
    environment->all[count++] = environment->path;
    environment->all[count++] = environment->language;
    for (size_t i = 0; i < COUNT(kept); i++) {
        const char *value = getenv(kept[i]);
        int len =
            snprintf(environment->words[i], WORD, "%s=%s", kept[i], value == NULL ? "" : value);
        if (value != NULL && len > 0 && len < WORD) {
            environment->all[count++] = environment->words[i];
        }
    }
    environment->all[count] = NULL;
}

/* By its own path, or in the folders of the machine's programs: never where the caller's PATH says.
 */
static const char *
find_program(const char *name, char out[WORD])
{
    char folders[] = FOLDERS;
    char *rest = folders, *folder = NULL;
    if (strchr(name, '/') != NULL) {
        return name;
    }
    while ((folder = strsep(&rest, ":")) != NULL) {
        int len = snprintf(out, WORD, "%s/%s", folder, name);
        if (len > 0 && len < WORD && access(out, X_OK) == 0) {
            return out;
        }
    }
    return name;
}

/* A group of its own, no signal kept back and none ignored. */
static void
fill_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    (void)sigemptyset(&none);
    (void)sigfillset(&all);
    (void)posix_spawnattr_setsigmask(attributes, &none);
    (void)posix_spawnattr_setsigdefault(attributes, &all);
    (void)posix_spawnattr_setflags(
        attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

static enum err
begin(struct run *run, char *const argv[])
{
    int ends[2];
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    struct environment environment;
    char found[WORD];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return ERR_SYSTEM;
    }
    /* Only this end: a command whose output is refused for a moment may give up half-way. */
    (void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawnattr_init(&attributes);
    fill_environment(&environment);
    fill_attributes(&attributes);
    (void)posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    (void)posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    (void)posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
    const char *program = find_program(argv[0] == NULL ? "" : argv[0], found);
    int reason = posix_spawn(&run->pid, program, &actions, &attributes, argv, environment.all);
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)posix_spawnattr_destroy(&attributes);
    (void)close(ends[1]);
    run->out = ends[0];
    if (reason != 0) {
        (void)close(run->out);
        errno = reason;
        return ERR_SYSTEM;
    }
    return OK;
}

/* Keeps the last bytes only. */
static void
drain(struct run *run)
{
    char piece[512];
    ssize_t got = 0;
    while ((got = read(run->out, piece, sizeof(piece))) > 0) {
        size_t len = (size_t)got;
        if (run->len + len > OUTPUT) {
            size_t drop = run->len + len - OUTPUT;
            memmove(run->said, run->said + drop, run->len - drop);
            run->len -= drop;
        }
        memcpy(run->said + run->len, piece, len);
        run->len += len;
        run->said[run->len] = '\0';
    }
}

static void
last_line(struct run *run, char out[COMMAND_SAID])
{
    char *text = text_trim(run->said);
    const char *line = strrchr(text, '\n');
    line = line == NULL ? text : line + 1;
    text_clean(out, COMMAND_SAID, line, strlen(line));
}

enum err
command_run(char *const argv[], unsigned seconds, struct command_end *ret_end)
{
    struct run run = {.len = 0};
    int status = 0;
    pid_t ended = 0;
    enum err err = begin(&run, argv);
    if (err != OK) {
        return err;
    }
    int64_t end = clock_mono() + (int64_t)seconds * 1000;
    while (ended == 0 && clock_mono() < end) {
        struct pollfd fd = {.fd = run.out, .events = POLLIN};
        (void)poll(&fd, 1, TURN_MS);
        drain(&run);
        ended = waitpid(run.pid, &status, WNOHANG);
        if (ended == 0 && (fd.revents & POLLHUP) != 0) {
            (void)poll(NULL, 0, TURN_MS);
        }
    }
    ret_end->is_late = ended == 0;
    if (ended == 0) {
        (void)kill(-run.pid, SIGKILL);
        (void)waitpid(run.pid, &status, 0);
    }
    drain(&run);
    (void)close(run.out);
    ret_end->status = ended > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    last_line(&run, ret_end->said);
    return OK;
}
