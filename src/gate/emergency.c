/*
 * The emergency file. Writers are several processes: each locks the file, and looks whether it is
 * still the one of that name before it writes.
 */
#include "gate/emergency.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define TRIES 16

static enum err
failed(struct note *note, const char *path)
{
    enum err err = errno == ENOSPC || errno == EDQUOT ? ERR_FULL : ERR_IO;
    note_set(note, "%s: %s", file_tail(path, 150), strerror(errno));
    return err;
}

/* Locked, and of that name still; -1 with errno. */
static int
open_locked(const char *path, int flags)
{
    for (unsigned i = 0; i < TRIES; i++) {
        struct stat ours, named;
        int fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0660);
        if (fd < 0) {
            return -1;
        }
        if (flock(fd, LOCK_EX) == 0 && fstat(fd, &ours) == 0 && stat(path, &named) == 0 &&
            ours.st_ino == named.st_ino && ours.st_dev == named.st_dev) {
            return fd;
        }
        (void)close(fd);
    }
    errno = EBUSY;
    return -1;
}

/* A line that was written in part would make the next one unreadable: it is taken back. */
static enum err
add_line(int fd, const void *event, size_t len, const char *path, struct note *note)
{
    struct stat before;
    union {
        const void *in;
        void *out;
    } bytes = {.in = event};
    char end[] = "\n";
    struct iovec parts[] = {
        {bytes.out, len},
        {end,       1  },
    };
    if (fstat(fd, &before) != 0) {
        return failed(note, path);
    }
    if ((size_t)before.st_size + len + 1 > EMERGENCY_MOST) {
        note_set(note, "%s holds as much as it may", file_tail(path, 150));
        return ERR_FULL;
    }
    errno = 0;
    ssize_t done = writev(fd, parts, COUNT(parts));
    if (done == (ssize_t)(len + 1) && fdatasync(fd) == 0) {
        return OK;
    }
    errno = errno == 0 ? ENOSPC : errno;
    enum err err = failed(note, path);
    (void)!ftruncate(fd, before.st_size);
    return err;
}

enum err
emergency_append(const char *path, const void *event, size_t len, struct note *note)
{
    if (len == 0 || memchr(event, '\n', len) != NULL) {
        note_set(note, "an event is one line");
        return ERR_VALUE;
    }
    int fd = open_locked(path, O_WRONLY | O_APPEND | O_CREAT);
    if (fd < 0) {
        return failed(note, path);
    }
    enum err err = add_line(fd, event, len, path, note);
    if (err == OK && !file_sync_name(path)) {
        err = failed(note, path);
    }
    (void)close(fd);
    return err;
}

/* Without ever replacing what was taken before. */
static enum err
move(const char *path, const char *taken, struct note *note)
{
    int fd = open_locked(path, O_RDONLY);
    if (fd < 0) {
        return errno == ENOENT ? ERR_MISSING : failed(note, path);
    }
    enum err err =
        renameat2(AT_FDCWD, path, AT_FDCWD, taken, RENAME_NOREPLACE) == 0 ? OK : failed(note, path);
    (void)close(fd);
    return err;
}

enum err
emergency_take(const char *path, const char *taken, struct buf *ret_lines, struct note *note)
{
    struct stat info;
    enum err err = stat(taken, &info) == 0 ? OK : move(path, taken, note);
    return err == OK ? file_read(taken, ret_lines, note) : err;
}

enum err
emergency_done(const char *taken, struct note *note)
{
    return unlink(taken) == 0 ? OK : failed(note, taken);
}
