/*
 * Starts the processes of the gateway.
 *
 * Rule of this file: a child gets standard input from nowhere, our standard error, a short
 * environment and no other descriptor; it ends when we do, however we end; it is the first of a
 * process group of its own, so that Ctrl-C is ours alone and what it leaves behind can be ended.
 */
#include "daemon/serve_inside.h"

#include "base/log.h"
#include "base/text.h"
#include "daemon/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define ENVIRONMENT       16
#define ENVIRONMENT_BYTES ((size_t)64 * 1024)
#define PATHS             32
#define PACKER_ARGS       16
#define FAILED            127

/* What a child may know of our environment; credentials are for those who have secrets. */
static const struct {
    const char *name;
    bool is_credential;
} known[] = {
    {"PATH",                  false},
    {"LANG",                  false},
    {"LC_ALL",                false},
    {"TZ",                    false},
    {"ASAN_OPTIONS",          false},
    {"UBSAN_OPTIONS",         false},
    {"LSAN_OPTIONS",          false},
    {"HOME",                  true },
    {"CREDENTIALS_DIRECTORY", true },
};

static enum err
fill_environment(struct arena *arena, bool credentials, char *rows[ENVIRONMENT])
{
    size_t used = 0;
    for (size_t i = 0; i < COUNT(known); i++) {
        const char *value = getenv(known[i].name);
        if (value == NULL || (known[i].is_credential && !credentials)) {
            continue;
        }
        rows[used] = arena_format(arena, "%s=%s", known[i].name, value);
        if (rows[used] == NULL) {
            return ERR_MEMORY;
        }
        used++;
    }
    rows[used] = NULL;
    return OK;
}

/* The folder of a file, links followed: a renewed certificate is another file in it. */
static const char *
folder_of(struct serve *serve, const char *path)
{
    char *real = realpath(path, NULL);
    char *copy = real == NULL ? NULL : arena_copy(serve->arena, real);
    free(real);
    char *slash = copy == NULL ? NULL : strrchr(copy, '/');
    if (slash == NULL || slash == copy) {
        return path;
    }
    *slash = '\0';
    return copy;
}

/* What nginx and its workers may see: not the accounts, not the ledger, no key but the server's. */
static enum err
shut_in(struct serve *serve, struct note *note)
{
    static const char *const system[] = {"/usr", "/lib", "/lib64", "/bin", "/sbin", "/etc",
        "/dev/urandom", "/dev/random", "/proc", "/sys/devices/system/cpu"};
    struct sandbox_folder paths[PATHS];
    size_t used = 0;
    const struct settings *settings = serve->plan->settings;
    for (size_t i = 0; i < COUNT(system); i++) {
        paths[used++] = (struct sandbox_folder){system[i], SANDBOX_READ};
    }
    paths[used++] = (struct sandbox_folder){"/dev/null", SANDBOX_FILES};
    paths[used++] = (struct sandbox_folder){serve->run, SANDBOX_FILES};
    paths[used++] = (struct sandbox_folder){folder_of(serve, serve->plan->module), SANDBOX_READ};
    paths[used++] = (struct sandbox_folder){folder_of(serve, serve->plan->nginx), SANDBOX_READ};
    if (!settings->is_plain) {
        paths[used++] =
            (struct sandbox_folder){folder_of(serve, settings->certificate), SANDBOX_READ};
        paths[used++] = (struct sandbox_folder){folder_of(serve, settings->key), SANDBOX_READ};
    }
    enum err err = sandbox_paths(paths, used, note);
    return err == ERR_UNSUPPORTED && serve->plan->is_open ? OK : err;
}

/* A right to low ports that a service manager or serve_become_owner() left us is for nginx only. */
static void
settle_rights(enum serve_proc proc)
{
    if (proc == PROC_NGINX) {
        (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_BIND_SERVICE, 0, 0);
    } else {
        (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    }
}

/* In the child, from the fork to the program; what fails is told and ends it. */
_Noreturn static void
become(struct serve *serve, enum serve_proc proc, pid_t parent, char *const *args,
    char *const *environment)
{
    struct note note = {{0}};
    sigset_t none;
    (void)sigemptyset(&none);
    (void)setpgid(0, 0);
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    bool done = prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) == 0 && getppid() == parent &&
                null >= 0 && dup2(null, STDIN_FILENO) == STDIN_FILENO &&
                dup2(STDERR_FILENO, STDOUT_FILENO) == STDOUT_FILENO &&
                close_range(STDERR_FILENO + 1, ~0U, 0) == 0 &&
                sigprocmask(SIG_SETMASK, &none, NULL) == 0;
    settle_rights(proc);
    if (done && proc == PROC_NGINX && shut_in(serve, &note) != OK) {
        log_error("nginx can't be shut in: %s", note.text);
        _exit(FAILED);
    }
    if (done) {
        (void)execve(args[0], args, environment);
    }
    log_error("%s: %s", args[0], strerror(errno));
    _exit(FAILED);
}

static enum err
spawn(struct serve *serve, enum serve_proc proc, const char *const *args, pid_t *ret_pid)
{
    CLEANUP(arena_release) struct arena arena;
    char *environment[ENVIRONMENT] = {NULL};
    arena_init(&arena, ENVIRONMENT_BYTES);
    enum err err = fill_environment(&arena, proc != PROC_BROKER && proc != PROC_NGINX, environment);
    union {
        const char *const *from;
        char *const *to;
    } plain = {.from = args};
    pid_t parent = getpid();
    pid_t pid = err == OK ? fork() : -1;
    if (pid == 0) {
        become(serve, proc, parent, plain.to, environment);
    }
    if (pid < 0) {
        return err == OK ? ERR_SYSTEM : err;
    }
    (void)setpgid(pid, pid); /* whoever comes first */
    *ret_pid = pid;
    return OK;
}

enum err
serve_try_conf(struct serve *serve)
{
    const struct serve_plan *plan = serve->plan;
    const char *const args[] = {plan->nginx, "-q", "-t", "-c", plan->conf, "-p", serve->run, NULL};
    pid_t pid = 0;
    int status = 0;
    enum err err = spawn(serve, PROC_NGINX, args, &pid);
    while (err == OK && waitpid(pid, &status, 0) < 0) {
        err = errno == EINTR ? OK : ERR_SYSTEM;
    }
    return err != OK ? err : WIFEXITED(status) && WEXITSTATUS(status) == 0 ? OK : ERR_VALUE;
}

static enum err
start_nginx(struct serve *serve, pid_t *ret_pid, struct note *note)
{
    const struct serve_plan *plan = serve->plan;
    const char *const args[] = {plan->nginx, "-c", plan->conf, "-p", serve->run, NULL};
    struct serve_changes changes = {0};
    enum err err = plan->configure(plan->context, &changes, note);
    serve->is_broker_old |= changes.any_vms;
    serve->is_doorman_old |= changes.any;
    if (err == OK && serve_try_conf(serve) != OK) {
        note_set(note, "nginx refuses its configuration; its reasons are above");
        err = ERR_VALUE;
    }
    return err == OK ? spawn(serve, PROC_NGINX, args, ret_pid) : err;
}

/* Up to NULL. */
static void
list_packer(const struct serve_plan *plan, const char *args[PACKER_ARGS])
{
    const struct settings *settings = plan->settings;
    const char *const always[] = {plan->program, "evidence", "follow", "--ledger", settings->ledger,
        "--out", settings->evidence};
    const char *const told[][2] = {
        {"--tsa",       settings->tsa      },
        {"--tsa-roots", settings->tsa_roots}
    };
    size_t count = 0;
    for (; count < COUNT(always); count++) {
        args[count] = always[count];
    }
    for (size_t i = 0; i < COUNT(told); i++) {
        if (told[i][1] != NULL) {
            args[count++] = told[i][0];
            args[count++] = told[i][1];
        }
    }
    args[count++] = plan->is_open ? "--no-landlock" : NULL;
    args[count] = NULL;
}

enum err
serve_start(struct serve *serve, enum serve_proc proc, struct note *note)
{
    const struct serve_plan *plan = serve->plan;
    struct serve_child *child = &serve->children[proc];
    const char *open = plan->is_open ? "--no-landlock" : NULL;
    const char *const keeper[] = {
        plan->program, "keeper", "--ledger", plan->settings->ledger, open, NULL};
    const char *const ours[] = {
        plan->program, serve_rows[proc].name, "--gateway", plan->settings->folder, open, NULL};
    const char *const forwarder[] = {plan->program, "siem", "run", "--config", serve->siem,
        "--ledger", plan->settings->ledger, open, NULL};
    const char *packer[PACKER_ARGS];
    list_packer(plan, packer);
    if (proc == PROC_NGINX && child->pid > 0) {
        serve_kill(child, SIGKILL); /* workers whose master was killed still hold the port */
    }
    if (proc == PROC_NGINX) {
        return start_nginx(serve, &child->pid, note);
    }
    const char *const *args = proc == PROC_KEEPER      ? keeper
                              : proc == PROC_FORWARDER ? forwarder
                              : proc == PROC_PACKER    ? packer
                                                       : ours;
    enum err err = spawn(serve, proc, args, &child->pid);
    if (err != OK) {
        note_set(note, "%s can't be started: %s", serve_rows[proc].name, strerror(errno));
    }
    return err;
}

void
serve_kill(const struct serve_child *child, int number)
{
    (void)kill(-child->pid, number);
}
