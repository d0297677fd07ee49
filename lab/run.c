/* Plays a site while a command runs in it: one loop for all devices, the command beside it. */
#include "lab/run.h"

#include "base/log.h"
#include "lab/control.h"
#include "lab/lan.h"
#include "lab/onvif.h"
#include "lab/secrets.h"
#include "lab/stats.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <uv.h>

#define COULD_NOT   2
#define GRACE_AFTER 5000 /* milliseconds between TERM and KILL */

struct run {
    const struct run_options *options;
    uv_loop_t loop;
    uv_signal_t signals[4]; /* CHLD, TERM, INT, HUP */
    uv_timer_t grace;
    uv_poll_t terminal;
    struct lan lan;
    pid_t command;
    int status;
    bool keeping;
};

static int
exit_status(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void
on_key(uv_poll_t *poll, int status, int events)
{
    struct run *run = poll->data;
    char line[256];
    (void)status;
    (void)events;
    if (read(STDIN_FILENO, line, sizeof line) >= 0)
        uv_stop(&run->loop);
}

/* Which process another terminal has to enter: the outer number, from the outer /proc. */
static void
tell_how_to_enter(const struct run_options *options)
{
    char pid[32] = "";
    ssize_t len = readlink("/proc/self", pid, sizeof pid - 1);
    fprintf(stderr,
        "The site stays up. Enter it from another terminal:\n"
        "  nsenter -t %.*s %s-n -m -w sh\n"
        "Enter or Ctrl-C takes it down.\n",
        (int)(len > 0 ? len : 1), len > 0 ? pid : "?",
        options->user_namespace ? "-U --preserve-credentials " : "");
}

static void
keep_up(struct run *run)
{
    run->keeping = true;
    tell_how_to_enter(run->options);
    if (uv_poll_init(&run->loop, &run->terminal, STDIN_FILENO) != 0)
        return;
    run->terminal.data = run;
    (void)uv_poll_start(&run->terminal, UV_READABLE, on_key);
}

/* This process is the init of its PID namespace: it has everybody's orphans, too. */
static void
on_child(uv_signal_t *signal, int number)
{
    struct run *run = signal->data;
    int status = 0;
    (void)number;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
        if (pid == run->lan.router.daemon) {
            log_warn("the router's miniupnpd has ended");
            run->lan.router.daemon = -1;
        }
        if (pid != run->command)
            continue;
        run->command = -1;
        run->status = exit_status(status);
        if (run->options->keep)
            keep_up(run);
        else
            uv_stop(&run->loop);
    }
}

static void
on_grace_over(uv_timer_t *timer)
{
    struct run *run = timer->data;
    if (run->command > 0)
        kill(run->command, SIGKILL);
}

static void
on_stop(uv_signal_t *signal, int number)
{
    struct run *run = signal->data;
    if (run->keeping || run->command <= 0) {
        uv_stop(&run->loop);
        return;
    }
    /* A Ctrl-C at the terminal reaches the command by itself. */
    if (number == SIGINT)
        return;
    kill(run->command, SIGTERM);
    (void)uv_timer_start(&run->grace, on_grace_over, GRACE_AFTER, 0);
}

static void
watch_signals(struct run *run)
{
    static const int numbers[] = {SIGCHLD, SIGTERM, SIGINT, SIGHUP};
    for (size_t i = 0; i < COUNT(numbers); i++) {
        uv_signal_init(&run->loop, &run->signals[i]);
        run->signals[i].data = run;
        if (uv_signal_start(&run->signals[i], i == 0 ? on_child : on_stop, numbers[i]) != 0)
            log_warn("signal %d is not watched", numbers[i]);
    }
    sigset_t none;
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, NULL);
    uv_timer_init(&run->loop, &run->grace);
    run->grace.data = run;
}

static void
become_command(char **command)
{
    sigset_t none;
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    execvp(command[0], command);
    fprintf(stderr, "gatehouse-lab: %s: %s\n", command[0], strerrordesc_np(errno));
    _exit(127);
}

static void
raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static enum err
load(const struct run_options *options, struct site **ret_site)
{
    struct note note = {0};
    struct site *site = NULL;
    enum err err = site_load(options->site, &site, &note);
    if (err == OK && options->devices > 0)
        err = site_enlarge(site, options->devices);
    if (err == OK && site->devices_count > 0) {
        char folder[PATH_MAX];
        snprintf(folder, sizeof folder, "%s/../..", site->records[0]->folder);
        err = onvif_start(folder, &note);
    }
    if (err != OK) {
        log_error("%s", note.text[0] != '\0' ? note.text : err_words(err));
        site_free(site);
        return err;
    }
    *ret_site = site;
    return OK;
}

static enum err
play(struct run *run)
{
    enum err err = lan_map_ports(&run->lan);
    if (err != OK)
        return err;
    watch_signals(run);
    if (run->options->control != NULL)
        err = control_start(run->options->control, &run->lan, &run->loop);
    if (err != OK)
        return err;
    log_info("%zu devices are up", run->lan.device_count);
    run->command = fork();
    if (run->command == 0)
        become_command(run->options->command);
    if (run->command < 0)
        return ERR_SYSTEM;
    return uv_run(&run->loop, UV_RUN_DEFAULT) >= 0 ? OK : ERR_SYSTEM;
}

static void
write_stats(const struct run *run)
{
    struct note note = {0};
    if (run->options->stats != NULL &&
        stats_write(run->options->stats, run->lan.devices, run->lan.device_count, &note) != OK)
        log_error("%s", note.text);
}

int
run_site(const struct run_options *options)
{
    static struct run run;
    struct site *site = NULL;
    run.options = options;
    run.status = COULD_NOT;
    signal(SIGPIPE, SIG_IGN);
    raise_file_limit();
    if (load(options, &site) != OK || secrets_mount(site, options->site) != OK ||
        uv_loop_init(&run.loop) != 0)
        return COULD_NOT;
    enum err err = lan_build(&run.lan, site, &run.loop, options->verbose);
    if (err == OK)
        err = play(&run);
    if (err == OK)
        write_stats(&run);
    lan_release(&run.lan);
    onvif_stop();
    site_free(site);
    return err == OK ? run.status : COULD_NOT;
}
