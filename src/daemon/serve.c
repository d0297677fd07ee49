/* The parent of the gateway's processes: a loop over four children and the signals. */
#include "daemon/serve_inside.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "daemon/notify.h"
#include "gate/running.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define TICK_MS     50
#define SETTLED_MS  60000  /* alive so long: what failed before is forgotten */
#define PATIENT_MS  30000  /* until it must answer */
#define RECOVERY_MS 900000 /* the keeper, which may have a journal to recover */
#define FOREIGN_MS  1000   /* between looks at a keeper that is not ours */
#define FORCED_MS   3000   /* from one way of ending it to the next */
#define TRIES       2      /* of one that was never ready: it says the same again */
#define BACK_OFF    200    /* ms, doubled each time … */
#define BACK_MOST   30000  /* … up to this */
#define ARENA_MOST  ((size_t)1024 * 1024)

const struct serve_row serve_rows[PROCS] = {
#define PROC(name, text, signal, seconds, words) [PROC_##name] = {text, signal, seconds},
#include "daemon/procs.def"
#undef PROC
};

static void
enter(struct serve_child *child, enum serve_state state, int64_t now)
{
    child->state = state;
    child->since = now;
}

static int64_t
back_off(unsigned failures)
{
    int64_t pause = BACK_OFF;
    for (unsigned i = 1; i < failures && pause < BACK_MOST; i++) {
        pause *= 2;
    }
    return pause < BACK_MOST ? pause : BACK_MOST;
}

/* Whether the gateway needs it; without the others nobody is kept out. */
static bool
is_needed(enum serve_proc proc)
{
    return proc != PROC_FORWARDER && proc != PROC_PACKER;
}

/* It is gone, or was not even there. */
static void
fell(struct serve *serve, enum serve_proc proc, const char *how, int64_t now)
{
    struct serve_child *child = &serve->children[proc];
    if (child->is_renewed) {
        child->is_renewed = false;
        enter(child, SERVE_DOWN, now);
        return;
    }
    bool settled = child->state == SERVE_READY && now - child->since > SETTLED_MS;
    child->failures = settled ? 1 : child->failures + 1;
    enter(child, SERVE_DOWN, now);
    if (serve->is_ending) {
        return;
    }
    if (!child->was_ready && child->failures >= TRIES && is_needed(proc)) {
        log_error("%s %s; it never came up, so this ends", serve_rows[proc].name, how);
        serve->is_ending = true;
        serve->ended = ERR_VALUE;
        return;
    }
    int64_t pause = back_off(child->failures);
    child->next = now + pause;
    log_warn("%s %s; starting it again in %lld.%lld s", serve_rows[proc].name, how,
        (long long)(pause / 1000), (long long)(pause % 1000 / 100));
}

static void
reap(struct serve *serve, int64_t now)
{
    int status = 0;
    pid_t pid = 0;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        for (unsigned i = 0; i < PROCS; i++) {
            struct serve_child *child = &serve->children[i];
            if (child->pid != pid || child->state == SERVE_DOWN) {
                continue;
            }
            struct note how = {{0}};
            if (WIFSIGNALED(status)) {
                note_set(&how, "was killed by signal %d", WTERMSIG(status));
            } else {
                note_set(&how, "ended with status %d", WEXITSTATUS(status));
            }
            serve_kill(child, SIGTERM); /* those that it made and left */
            fell(serve, (enum serve_proc)i, how.text, now);
        }
    }
}

static void
say_up(struct serve *serve, enum serve_proc proc, int64_t now)
{
    struct serve_child *child = &serve->children[proc];
    enter(child, SERVE_READY, now);
    if (serve->is_ready) {
        log_info("%s is there again", serve_rows[proc].name);
    }
    child->was_ready = true;
}

static void
step_down(struct serve *serve, enum serve_proc proc, int64_t now)
{
    struct serve_child *child = &serve->children[proc];
    struct note note = {{0}};
    if (now < child->next) {
        return;
    }
    if (proc == PROC_KEEPER && serve_answers(serve, proc)) {
        log_info("a keeper runs for this ledger already");
        enter(child, SERVE_FOREIGN, now);
        return;
    }
    if (serve_start(serve, proc, &note) == OK) {
        enter(child, SERVE_STARTING, now);
    } else {
        log_error("%s", note.text);
        fell(serve, proc, "was not started", now);
    }
}

static void
step(struct serve *serve, enum serve_proc proc, int64_t now)
{
    struct serve_child *child = &serve->children[proc];
    int64_t patient = proc == PROC_KEEPER ? RECOVERY_MS : PATIENT_MS;
    switch (child->state) {
    case SERVE_DOWN:
        step_down(serve, proc, now);
        break;
    case SERVE_STARTING:
        if (serve_answers(serve, proc)) {
            say_up(serve, proc, now);
        } else if (now - child->since > patient) {
            log_warn("%s does not answer", serve_rows[proc].name);
            serve_kill(child, SIGKILL);
            child->since = now;
        }
        break;
    case SERVE_FOREIGN:
        if (now - child->since > FOREIGN_MS) {
            enter(child, serve_answers(serve, proc) ? SERVE_FOREIGN : SERVE_DOWN, now);
        }
        break;
    case SERVE_READY:
    case SERVE_ENDING:
        break;
    }
}

/* Whether there is a siem.yaml, or its process still runs. */
static bool
is_forwarding(const struct serve *serve)
{
    return serve->children[PROC_FORWARDER].state != SERVE_DOWN || access(serve->siem, F_OK) == 0;
}

/* Whether the settings name a folder for packages, or its process still runs. */
static bool
is_packing(const struct serve *serve)
{
    return serve->children[PROC_PACKER].state != SERVE_DOWN ||
           serve->plan->settings->evidence != NULL;
}

static bool
is_wanted(const struct serve *serve, enum serve_proc proc)
{
    return (proc != PROC_FORWARDER || is_forwarding(serve)) &&
           (proc != PROC_PACKER || is_packing(serve));
}

/* Each waits for those before it that are needed; once it was up, they may fall and it stays. */
static void
go_on(struct serve *serve, int64_t now)
{
    bool all = true;
    for (unsigned i = 0; i < PROCS && !serve->is_ending; i++) {
        const struct serve_child *child = &serve->children[i];
        enum serve_proc proc = (enum serve_proc)i;
        if (!is_wanted(serve, proc)) {
            continue;
        }
        if (all || child->was_ready) {
            step(serve, proc, now);
        }
        bool is_up = child->state == SERVE_READY || child->state == SERVE_FOREIGN;
        all = all && (is_up || !is_needed(proc));
    }
    if (all && !serve->is_ready && !serve->is_ending) {
        serve->is_ready = true;
        serve->plan->ready(serve->plan->context, now - serve->begun);
        notify_say(serve->notify, "READY=1");
    }
}

/* Asks the last of those that are left, then tells it. True when nobody is left. */
static bool
take_down(struct serve *serve, int64_t now)
{
    unsigned i = PROCS;
    while (i > 0 && (serve->children[i - 1].state == SERVE_DOWN ||
                        serve->children[i - 1].state == SERVE_FOREIGN)) {
        i--;
    }
    if (i == 0) {
        return true;
    }
    struct serve_child *child = &serve->children[i - 1];
    const struct serve_row *row = &serve_rows[i - 1];
    int64_t patience = serve->is_hurried ? 0 : (int64_t)row->seconds * 1000;
    if (child->state != SERVE_ENDING) {
        enter(child, SERVE_ENDING, now);
        (void)kill(child->pid, row->signal);
    } else if (!child->was_forced && now - child->since > patience) {
        child->was_forced = true;
        child->since = now;
        serve_kill(child, row->signal == SIGTERM ? SIGKILL : SIGTERM);
    } else if (child->was_forced && now - child->since > FORCED_MS) {
        child->since = now;
        serve_kill(child, SIGKILL);
    }
    return false;
}

/* The processes that read the settings when they start. */
static void
renew(struct serve *serve, enum serve_proc proc)
{
    struct serve_child *child = &serve->children[proc];
    if (child->state == SERVE_READY || child->state == SERVE_STARTING) {
        child->is_renewed = true;
        (void)kill(child->pid, serve_rows[proc].signal);
    }
}

/* nginx keeps its streams over this, the doorman finds sessions and views where it left them. */
static void
reload(struct serve *serve)
{
    struct serve_changes changes = {0};
    struct note note = {{0}};
    const struct serve_child *nginx = &serve->children[PROC_NGINX];
    if (nginx->state != SERVE_READY) {
        log_warn("nginx is not up; it will start with the settings of then");
        return;
    }
    if (serve->plan->configure(serve->plan->context, &changes, &note) != OK) {
        log_error("nothing was changed: %s", note.text);
        return;
    }
    serve->is_broker_old |= changes.any_vms;
    serve->is_doorman_old |= changes.any;
    if (serve_try_conf(serve) != OK) {
        log_error("nginx refuses the new configuration; it goes on with the old one");
    } else {
        const char *also = serve->is_broker_old    ? "; broker and doorman start again"
                           : serve->is_doorman_old ? "; the doorman starts again"
                                                   : "";
        if (serve->is_broker_old) {
            renew(serve, PROC_BROKER);
        }
        if (serve->is_doorman_old) {
            renew(serve, PROC_DOORMAN);
        }
        renew(serve, PROC_PACKER);
        renew(serve, PROC_FORWARDER);
        serve->is_broker_old = serve->is_doorman_old = false;
        (void)kill(nginx->pid, SIGHUP);
        log_info("the settings of now are taken%s", also);
    }
}

static void
take_signals(struct serve *serve, int64_t now)
{
    struct signalfd_siginfo info;
    while (read(serve->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        switch (info.ssi_signo) {
        case SIGCHLD:
            reap(serve, now);
            break;
        case SIGHUP:
            if (!serve->is_ending) {
                reload(serve);
            }
            break;
        case SIGUSR1:
            if (!serve->is_ending) {
                log_info("the broker starts again, with the passwords of now");
                renew(serve, PROC_BROKER);
            }
            break;
        default:
            serve->is_hurried = serve->is_ending;
            if (!serve->is_ending) {
                log_info("ending");
                notify_say(serve->notify, "STOPPING=1");
            }
            serve->is_ending = true;
        }
    }
}

static enum err
open_signals(struct serve *serve)
{
    static const int numbers[] = {SIGCHLD, SIGHUP, SIGUSR1, SIGTERM, SIGINT};
    sigset_t set;
    (void)sigemptyset(&set);
    for (size_t i = 0; i < COUNT(numbers); i++) {
        (void)sigaddset(&set, numbers[i]);
    }
    (void)signal(SIGPIPE, SIG_IGN);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0) {
        return ERR_SYSTEM;
    }
    serve->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return serve->signals >= 0 ? OK : ERR_SYSTEM;
}

static void
run(struct serve *serve)
{
    struct pollfd wait = {.fd = serve->signals, .events = POLLIN};
    for (;;) {
        int64_t now = clock_mono();
        reap(serve, now);
        if (!serve->is_ending) {
            go_on(serve, now);
        } else if (take_down(serve, now)) {
            return;
        }
        (void)poll(&wait, 1, TICK_MS);
        take_signals(serve, clock_mono());
    }
}

enum err
serve_run(const struct serve_plan *plan, struct note *note)
{
    CLEANUP(arena_release) struct arena arena;
    struct serve serve = {.plan = plan,
        .arena = &arena,
        .signals = -1,
        .notify = notify_open(),
        .begun = clock_mono()};
    arena_init(&arena, ARENA_MOST);
    serve.run = settings_run(plan->settings, ".", &arena);
    serve.siem = settings_file(plan->settings, "siem.yaml", &arena);
    enum err err =
        serve.run == NULL || serve.siem == NULL ? ERR_MEMORY : file_make_folder(serve.run, note);
    err = err == OK ? running_take(serve.run, note) : err;
    err = err == OK ? serve_ports(plan->settings, note) : err;
    err = err == OK ? open_signals(&serve) : err;
    if (err == OK) {
        (void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); /* orphaned workers become ours */
        run(&serve);
        err = serve.ended;
        note_set(note, "the gateway could not be started");
    }
    if (serve.signals >= 0) {
        (void)close(serve.signals);
    }
    if (serve.notify >= 0) {
        (void)close(serve.notify);
    }
    return err;
}
