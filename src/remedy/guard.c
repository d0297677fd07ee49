/*
 * Starts the guardian and is it. The pipe tells: a letter says what to do, its end without one that
 * the other process died. It keeps no secret: it is the program begun anew.
 */
#include "remedy/guard.h"

#include "base/clock.h"
#include "base/log.h"
#include "remedy/trail.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM    "/proc/self/exe"
#define DISMISSED  'd'
#define AWAITED    'c'
#define LOOK_MS    1000
#define STOP_MS    60000
#define TRIES      30
#define PAUSE_MOST 300

extern char **environ;

struct guard {
    int fd;
    pid_t pid;
};

static int
fill_actions(posix_spawn_file_actions_t *actions, const char *log, int fd)
{
    int failed = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    failed = failed != 0 ? failed
                         : posix_spawn_file_actions_addopen(actions, STDOUT_FILENO, log,
                               O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0600);
    failed = failed != 0 ? failed
                         : posix_spawn_file_actions_adddup2(actions, STDOUT_FILENO, STDERR_FILENO);
    return failed != 0 ? failed : posix_spawn_file_actions_adddup2(actions, fd, GUARD_FD);
}

/* A session of its own, and no signal of a terminal kept back. */
static int
fill_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    (void)sigemptyset(&none);
    (void)sigfillset(&all);
    int failed = posix_spawnattr_setsigmask(attributes, &none);
    failed = failed != 0 ? failed : posix_spawnattr_setsigdefault(attributes, &all);
    return failed != 0 ? failed
                       : posix_spawnattr_setflags(attributes,
                             POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

static int
spawn(char *const args[], const char *log, int fd, pid_t *ret_pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int failed = posix_spawn_file_actions_init(&actions);
    if (failed != 0) {
        return failed;
    }
    failed = posix_spawnattr_init(&attributes);
    if (failed == 0) {
        failed = log == NULL ? 0 : fill_actions(&actions, log, fd);
        failed = failed != 0 || log == NULL ? failed : fill_attributes(&attributes);
        failed = failed != 0 ? failed
                             : posix_spawn(ret_pid, PROGRAM, &actions, &attributes, args, environ);
        (void)posix_spawnattr_destroy(&attributes);
    }
    (void)posix_spawn_file_actions_destroy(&actions);
    return failed;
}

enum err
guard_start(const struct guard_orders *orders, struct guard **ret_guard, struct note *note)
{
    char log[4096], dead_man[16], confirm[16], id[64];
    int ends[2] = {-1, -1};
    struct guard *guard = calloc(1, sizeof(*guard));
    (void)snprintf(dead_man, sizeof(dead_man), "%u", orders->dead_man_s);
    (void)snprintf(confirm, sizeof(confirm), "%u", orders->confirm_s);
    (void)snprintf(id, sizeof(id), "%s", orders->id);
    int len = snprintf(log, sizeof(log), "%s/%s/guard.log", orders->folder, orders->id);
    if (guard == NULL || len < 0 || (size_t)len >= sizeof(log) || pipe2(ends, O_CLOEXEC) != 0) {
        free(guard);
        return ERR_SYSTEM;
    }
    /* GUARD_FD itself would keep its flag when it is copied onto itself. */
    int theirs = fcntl(ends[0], F_DUPFD_CLOEXEC, GUARD_FD + 1);
    (void)close(ends[0]);
    char program[] = "gatehouse", fix[] = "fix", part[] = "guard";
    char *args[] = {program, fix, part, id, dead_man, confirm, NULL};
    int failed = theirs < 0 ? -1 : spawn(args, log, theirs, &guard->pid);
    if (theirs >= 0) {
        (void)close(theirs);
    }
    if (failed != 0) {
        (void)close(ends[1]);
        free(guard);
        note_set(note, "the guardian of the plan could not be started: %s",
            failed < 0 ? "no descriptor is left" : strerrordesc_np(failed));
        return ERR_SYSTEM;
    }
    guard->fd = ends[1];
    *ret_guard = guard;
    return OK;
}

static void
tell(struct guard *guard, char letter)
{
    if (guard != NULL) {
        ssize_t wrote = write(guard->fd, &letter, 1);
        (void)wrote; /* a guardian that is gone has nothing to do any more */
        (void)close(guard->fd);
        free(guard);
    }
}

void
guard_dismiss(struct guard *guard)
{
    tell(guard, DISMISSED);
}

void
guard_await(struct guard *guard)
{
    tell(guard, AWAITED);
}

/* What the pipe says until then: a letter, '\0' for its end, '?' for nothing. */
static char
listen_until(int64_t deadline)
{
    for (;;) {
        int64_t left = deadline - clock_boot();
        struct pollfd wait = {.fd = GUARD_FD, .events = POLLIN};
        if (left <= 0) {
            return '?';
        }
        /* Often, since the machine may sleep, which poll() does not count. */
        if (poll(&wait, 1, (int)(left > LOOK_MS ? LOOK_MS : left)) > 0) {
            char letter = '\0';
            return read(GUARD_FD, &letter, 1) == 1 ? letter : '\0';
        }
    }
}

static bool
is_ended(const struct guard_orders *orders)
{
    struct trail_summary summary;
    struct note note = {""};
    return trail_look(orders->folder, orders->id, &summary, &note) == OK && summary.how[0] != '\0';
}

/* Until it is done: the network may be what broke. */
static int
take_back(const struct guard_orders *orders, bool is_all, unsigned tries)
{
    char id[64];
    (void)snprintf(id, sizeof(id), "%s", orders->id);
    char program[] = "gatehouse", fix[] = "fix", part[] = "rollback", yes[] = "--yes";
    char unfinished[] = "--unfinished";
    char *some[] = {program, fix, part, yes, unfinished, id, NULL};
    char *all[] = {program, fix, part, yes, id, NULL};
    unsigned pause = 5;
    for (unsigned i = 0; i < tries && !is_ended(orders); i++) {
        pid_t pid = 0;
        int status = 0;
        if (i != 0) {
            (void)sleep(pause);
            pause = pause * 2 > PAUSE_MOST ? PAUSE_MOST : pause * 2;
        }
        if (spawn(is_all ? all : some, NULL, -1, &pid) == 0 && waitpid(pid, &status, 0) == pid &&
            WIFEXITED(status) && WEXITSTATUS(status) == 0) {
            return 0;
        }
    }
    return is_ended(orders) ? 0 : 1;
}

static int
await_confirmation(const struct guard_orders *orders)
{
    int64_t deadline = clock_boot() + (int64_t)orders->confirm_s * 1000;
    while (clock_boot() < deadline) {
        if (is_ended(orders)) {
            return 0;
        }
        (void)poll(NULL, 0, LOOK_MS);
    }
    log_warn("nobody confirmed the plan %s in time: all of it is taken back", orders->id);
    return take_back(orders, true, TRIES);
}

/* The plan took too long: its process is asked to stop, then made to. */
static void
stop_parent(pid_t parent)
{
    static const int signals[] = {SIGTERM, SIGKILL};
    for (size_t i = 0; i < COUNT(signals); i++) {
        if (getppid() == parent) {
            (void)kill(parent, signals[i]);
        }
        if (listen_until(clock_boot() + STOP_MS) != '?') {
            return;
        }
    }
}

int
guard_run(const struct guard_orders *orders)
{
    pid_t parent = getppid();
    char letter = listen_until(clock_boot() + (int64_t)orders->dead_man_s * 1000);
    if (letter == DISMISSED || is_ended(orders)) {
        return 0;
    }
    if (letter == AWAITED) {
        return await_confirmation(orders);
    }
    if (letter == '?') {
        log_warn(
            "the plan %s took longer than %u s: it is stopped", orders->id, orders->dead_man_s);
        stop_parent(parent);
    }
    log_warn("the plan %s was interrupted: what is unfinished is taken back", orders->id);
    return take_back(orders, false, TRIES);
}

/* Nobody is at it, and it is not as anybody wanted it. */
static bool
is_left_behind(const struct trail_summary *summary)
{
    bool is_torn = summary->confirm_by == 0 && trail_is_torn_off(summary);
    bool goes_back = summary->is_back && trail_is_unfinished(summary) && !summary->is_held &&
                     !trail_is_stuck(summary);
    return is_torn || goes_back || trail_is_overdue(summary, clock_wall());
}

static bool
may_be_confirmed(const struct trail_summary *summary)
{
    return summary->confirm_by != 0 && trail_is_unfinished(summary) && !summary->is_held &&
           !trail_is_overdue(summary, clock_wall());
}

/* One look at all plans; whether one of them has time left. */
static bool
sweep(const char *folder, const struct trail_list *list, bool waits, unsigned counts[2])
{
    bool has_time = false;
    for (size_t i = 0; i < list->count; i++) {
        const struct guard_orders orders = {.folder = folder, .id = list->ids[i]};
        struct trail_summary summary;
        struct note note = {""};
        if (trail_look(folder, list->ids[i], &summary, &note) != OK) {
            continue;
        }
        if (is_left_behind(&summary)) {
            bool is_all = summary.is_back || summary.confirm_by != 0;
            counts[0]++;
            log_warn("the plan %s was left behind: %s", orders.id,
                is_all ? "all of it is taken back" : "what is unfinished is taken back");
            counts[1] += take_back(&orders, is_all, waits ? TRIES : 1) == 0 ? 0 : 1;
        }
        has_time = has_time || may_be_confirmed(&summary);
    }
    return has_time;
}

enum err
guard_overdue(const char *folder, bool waits, unsigned *ret_found, unsigned *ret_open)
{
    unsigned counts[2] = {0, 0};
    bool has_time = true;
    enum err err = OK;
    while (has_time && err == OK) {
        struct trail_list list;
        err = trail_list(folder, &list);
        has_time = err == OK && sweep(folder, &list, waits, counts) && waits;
        trail_list_release(&list);
        if (has_time) {
            (void)poll(NULL, 0, LOOK_MS);
        }
    }
    *ret_found = counts[0];
    *ret_open = counts[1];
    return err;
}
