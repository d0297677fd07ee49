/* A piece of work in a process of its own. */
#include "base/apart.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

bool
apart_run(apart_fn *work, void *context)
{
    int status = 0;
    pid_t maker = getpid();
    pid_t child = fork();
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
