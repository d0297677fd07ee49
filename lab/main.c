/*
 * gatehouse-lab: a camera network in namespaces, for trying and testing.
 *
 * The program stays outside as a supervisor; the site lives in a child that is the first process
 * of its own PID namespace. Whatever ends either of them ends everything that they started.
 */
#include "base/log.h"
#include "base/text.h"
#include "lab/run.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define USAGE_ERROR 64
#define COULD_NOT   2
#define MAX_DEVICES 1000

static const char usage[] =
    "usage: gatehouse-lab [--site FILE] [--devices N] [--keep] [--stats FILE] [-v]\n"
    "                     -- COMMAND [ARG...]\n"
    "\n"
    "Brings a camera network up in network namespaces and runs COMMAND in it.\n"
    "  --site FILE   the site to play (default: " GATEHOUSE_LAB_SITE ")\n"
    "  --devices N   enlarge it to N devices\n"
    "  --keep        leave it up after COMMAND until Enter or Ctrl-C\n"
    "  --stats FILE  write what the devices have seen, as JSON\n"
    "  --control SOCKET  answer there what is true of them now, as JSON\n"
    "  -v            say more; twice: the router, too\n";

static int
read_options(int argc, char **argv, struct run_options *options)
{
    static const struct option names[] = {
        {"site",    required_argument, NULL, 's'},
        {"devices", required_argument, NULL, 'd'},
        {"keep",    no_argument,       NULL, 'k'},
        {"stats",   required_argument, NULL, 't'},
        {"control", required_argument, NULL, 'c'},
        {"help",    no_argument,       NULL, 'h'},
        {NULL,      0,                 NULL, 0  },
    };
    uint64_t number = 0;
    int level = 0;
    for (int key; (key = getopt_long(argc, argv, "+v", names, NULL)) != -1;) {
        if (key == 's')
            options->site = optarg;
        else if (key == 't')
            options->stats = optarg;
        else if (key == 'c')
            options->control = optarg;
        else if (key == 'k')
            options->keep = true;
        else if (key == 'v')
            level++;
        else if (key == 'h')
            return -1;
        else if (key != 'd' || text_to_u64(optarg, MAX_DEVICES, &number) != OK)
            return USAGE_ERROR;
    }
    options->devices = (unsigned)number;
    options->verbose = level > 1;
    options->command = argv + optind;
    log_set_level(level > 0 ? LOG_INFO : LOG_WARN);
    return optind < argc ? 0 : USAGE_ERROR;
}

static bool
write_proc(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool done = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    close(fd);
    return done;
}

/* Root in a user namespace of one's own. */
static bool
enter_user_namespace(void)
{
    char uids[64];
    char gids[64];
    snprintf(uids, sizeof uids, "0 %u 1", (unsigned)geteuid());
    snprintf(gids, sizeof gids, "0 %u 1", (unsigned)getegid());
    return unshare(CLONE_NEWUSER) == 0 && write_proc("/proc/self/setgroups", "deny") &&
           write_proc("/proc/self/uid_map", uids) && write_proc("/proc/self/gid_map", gids);
}

static bool
enter_namespaces(bool *ret_user_namespace)
{
    if (geteuid() == 0 && unshare(CLONE_NEWPID | CLONE_NEWNET) == 0)
        return true;
    if (enter_user_namespace() && unshare(CLONE_NEWPID | CLONE_NEWNET) == 0) {
        *ret_user_namespace = true;
        return true;
    }
    log_error("this kernel does not let you make network namespaces (%s).\n"
              "Run it with sudo, or allow it: sysctl kernel.unprivileged_userns_clone=1 "
              "user.max_user_namespaces=10000 (Ubuntu: kernel.apparmor_restrict_unprivileged_"
              "userns=0); in a container: --privileged or --cap-add SYS_ADMIN,NET_ADMIN",
        strerrordesc_np(errno));
    return false;
}

/* The signals that the supervisor takes one at a time. */
static void
block_signals(void)
{
    static const int numbers[] = {SIGCHLD, SIGINT, SIGTERM, SIGHUP};
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < COUNT(numbers); i++)
        sigaddset(&set, numbers[i]);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static int
supervise(pid_t child)
{
    sigset_t set;
    pthread_sigmask(SIG_BLOCK, NULL, &set);
    for (;;) {
        siginfo_t info = {0};
        int status = 0;
        if (waitpid(child, &status, WNOHANG) == child)
            return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        int number = sigwaitinfo(&set, &info);
        /* A Ctrl-C goes to the whole terminal group; passing it on would double it. */
        bool doubled = number == SIGINT && info.si_code == SI_KERNEL;
        if (number > 0 && number != SIGCHLD && !doubled)
            kill(child, SIGTERM);
    }
}

int
main(int argc, char **argv)
{
    struct run_options options = {.site = GATEHOUSE_LAB_SITE};
    int wrong = read_options(argc, argv, &options);
    if (wrong != 0) {
        fputs(usage, wrong < 0 ? stdout : stderr);
        return wrong < 0 ? 0 : wrong;
    }
    block_signals();
    if (!enter_namespaces(&options.user_namespace))
        return COULD_NOT;
    pid_t child = fork();
    if (child < 0) {
        log_error("fork: %s", strerrordesc_np(errno));
        return COULD_NOT;
    }
    if (child > 0)
        return supervise(child);
    /* Signals stay blocked until the site can obey them: a first process ignores them else. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    _exit(run_site(&options));
}
