/* A lock of POSIX's kind, because the kernel tells who has it. */
#include "gate/running.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PATH_MOST 4096

static int
open_lock(const char *run, int flags)
{
    char path[PATH_MOST];
    int len = snprintf(path, sizeof(path), "%s/serve.lock", run);
    return len > 0 && (size_t)len < sizeof(path) ? open(path, flags | O_CLOEXEC, 0600) : -1;
}

enum err
running_take(const char *run, struct note *note)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd = open_lock(run, O_RDWR | O_CREAT); /* stays open: closing it would give the lock up */
    if (fd < 0) {
        note_set(note, "%s/serve.lock: %s", file_tail(run, 150), strerror(errno));
        return ERR_IO;
    }
    if (fcntl(fd, F_SETLK, &lock) == 0) {
        return OK;
    }
    (void)close(fd);
    note_set(note, "process %ld serves this gateway already; end it, or leave it alone",
        (long)running_pid(run));
    return ERR_REFUSED;
}

pid_t
running_pid(const char *run)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd = open_lock(run, O_RDWR);
    if (fd < 0) {
        return 0;
    }
    int failed = fcntl(fd, F_GETLK, &lock);
    (void)close(fd);
    return failed == 0 && lock.l_type != F_UNLCK ? lock.l_pid : 0;
}
