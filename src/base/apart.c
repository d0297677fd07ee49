/* A piece of work in a process of its own. */
#include "base/apart.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TRIES    20
#define PAUSE_NS 250000000

/* A machine that is short of processes or memory for a moment is waited for. */
static pid_t
make_process(void)
{
    pid_t child = fork();
    for (int i = 0; child < 0 && i < TRIES; i++) {
        const struct timespec pause = {.tv_nsec = PAUSE_NS};
        (void)nanosleep(&pause, NULL);
        child = fork();
    }
    return child;
}

bool
apart_run(apart_fn *work, void *context)
{
    int status = 0;
    pid_t maker = getpid();
    (void)signal(SIGCHLD, SIG_DFL); /* ignored, as some that start us leave it, nobody could wait */
    pid_t child = make_process();
    if (child == 0) {
        /* The maker may have ended before this call. */
        if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 && getppid() == maker) {
            work(context);
            _exit(0);
        }
        _exit(1);
    }
    pid_t ended;
    do {
        ended = child < 0 ? child : waitpid(child, &status, 0);
    } while (ended < 0 && child > 0 && errno == EINTR);
    return ended > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

_Noreturn static void
become(int own, apart_life_fn *life, void *context)
{
    const int fd = STDERR_FILENO + 1;
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    (void)signal(SIGINT, SIG_IGN);
    (void)signal(SIGTERM, SIG_IGN);
    (void)signal(SIGHUP, SIG_IGN);
    if (dup2(own, fd) < 0 || close_range(STDERR_FILENO + 2, ~0U, 0) != 0) {
        _exit(1);
    }
    life(context, fd);
    _exit(0);
}

enum err
apart_start(int type, apart_life_fn *life, void *context, int *ret_fd, struct note *note)
{
    int pair[2];
    if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair) != 0) {
        note_set(note, "socketpair: %s", strerror(errno));
        return ERR_SYSTEM;
    }
    pid_t child = fork();
    if (child == 0) {
        become(pair[1], life, context);
    }
    int reason = errno;
    (void)close(pair[1]);
    if (child < 0) {
        note_set(note, "fork: %s", strerror(reason));
        (void)close(pair[0]);
        return ERR_SYSTEM;
    }
    *ret_fd = pair[0];
    return OK;
}
