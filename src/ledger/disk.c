/* The ledger's writes, and what their failures mean. */
#include "ledger/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static _Thread_local char trouble[128];

static enum err
failed(const char *what, int reason)
{
    char words[96];
    (void)snprintf(
        trouble, sizeof(trouble), "%s: %s", what, strerror_r(reason, words, sizeof(words)));
    switch (reason) {
    case ENOSPC:
    case EDQUOT:
    case EROFS:
        return ERR_FULL;
    case ENOENT:
        return ERR_MISSING;
    default:
        return ERR_IO;
    }
}

const char *
disk_trouble(void)
{
    return trouble;
}

#ifdef DISK_FAULTS
#define ASK(...) disk_fault(&(struct disk_action){__VA_ARGS__})
#else
#define ASK(...) 0
#endif

enum err
disk_folder(int at, const char *name, int *ret_fd)
{
    int reason = ASK(.call = DISK_FOLDER, .fd = at, .name = name);
    if (reason != 0) {
        return failed("folder", reason);
    }
    if (mkdirat(at, name, 0755) != 0 && errno != EEXIST) {
        return failed("folder", errno);
    }
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return failed("folder", errno);
    }
    *ret_fd = fd;
    return OK;
}

enum err
disk_create(int at, const char *name, unsigned mode, int *ret_fd)
{
    int reason = ASK(.call = DISK_CREATE, .fd = at, .name = name);
    if (reason != 0) {
        return failed("create", reason);
    }
    int fd = openat(at, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, (mode_t)mode);
    if (fd < 0) {
        return failed("create", errno);
    }
    *ret_fd = fd;
    return OK;
}

/*
 * Over space that was only reserved, each sync would also have to commit to the file system's
 * journal that the blocks hold data now, and wait for what other files have in there.
 */
static int
write_zeros(int fd, off_t at, off_t len)
{
    static const char zeros[65536];
    while (at < len) {
        size_t part = (size_t)(len - at) < sizeof(zeros) ? (size_t)(len - at) : sizeof(zeros);
        ssize_t put = pwrite(fd, zeros, part, at);
        if (put < 0 && errno != EINTR) {
            return errno;
        }
        at += put > 0 ? put : 0;
    }
    return 0;
}

enum err
disk_allocate(int fd, off_t len)
{
    int reason = ASK(.call = DISK_ALLOCATE, .fd = fd, .at = len);
    if (reason != 0) {
        return failed("allocate", reason);
    }
    struct stat status;
    if (fstat(fd, &status) != 0) {
        return failed("allocate", errno);
    }
    do {
        reason = fallocate(fd, 0, 0, len) == 0 ? 0 : errno;
    } while (reason == EINTR);
    if (reason == 0 || reason == EOPNOTSUPP || reason == ENOSYS) {
        reason = write_zeros(fd, status.st_size, len);
    }
    return reason == 0 ? OK : failed("allocate", reason);
}

static int
write_whole(int fd, const char *bytes, size_t len, off_t at)
{
    while (len != 0) {
        ssize_t put = pwrite(fd, bytes, len, at);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            return put == 0 ? ENOSPC : errno;
        }
        bytes += put;
        len -= (size_t)put;
        at += put;
    }
    return 0;
}

enum err
disk_write(int fd, const void *bytes, size_t len, off_t at)
{
    size_t allowed = len;
    int refusal = ASK(.call = DISK_WRITE, .fd = fd, .bytes = bytes, .len = &allowed, .at = at);
    if (refusal != 0 && allowed == len) {
        return failed("write", refusal);
    }
    int reason = write_whole(fd, bytes, allowed, at);
    reason = reason == 0 ? refusal : reason;
    return reason == 0 ? OK : failed("write", reason);
}

enum err
disk_begin_sync(int fd)
{
    int reason = ASK(.call = DISK_BEGIN_SYNC, .fd = fd);
    /* Only a hint: where the file system has no such call, the sync that follows does all. */
    if (reason == 0 && sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE) != 0 && errno == EIO) {
        reason = EIO;
    }
    return reason == 0 ? OK : failed("sync", EIO);
}

enum err
disk_sync(int fd)
{
    int reason = ASK(.call = DISK_SYNC, .fd = fd);
    struct stat status;
    if (reason == 0 && fstat(fd, &status) != 0) {
        reason = errno;
    }
    /* What a folder holds counts as its metadata. */
    if (reason == 0 && (S_ISDIR(status.st_mode) ? fsync(fd) : fdatasync(fd)) != 0) {
        reason = errno;
    }
    if (reason != 0) {
        /* Whatever the reason, what was written before may be lost: never "full, try again". */
        (void)failed("sync", reason);
        return ERR_IO;
    }
    return OK;
}

enum err
disk_rename(int at, const char *from, const char *to)
{
    int reason = ASK(.call = DISK_RENAME, .fd = at, .name = from, .to = to);
    if (reason == 0 && renameat(at, from, at, to) != 0) {
        reason = errno;
    }
    return reason == 0 ? OK : failed("rename", reason);
}

enum err
disk_remove(int at, const char *name)
{
    int reason = ASK(.call = DISK_REMOVE, .fd = at, .name = name);
    if (reason == 0 && unlinkat(at, name, 0) != 0) {
        reason = errno;
        if (reason == EISDIR || reason == EPERM) {
            reason = unlinkat(at, name, AT_REMOVEDIR) == 0 ? 0 : errno;
        }
    }
    return reason == 0 || reason == ENOENT ? OK : failed("remove", reason);
}

enum err
disk_truncate(int fd, off_t len)
{
    int reason = ASK(.call = DISK_TRUNCATE, .fd = fd, .at = len);
    if (reason == 0 && ftruncate(fd, len) != 0) {
        reason = errno;
    }
    return reason == 0 ? OK : failed("truncate", reason);
}
