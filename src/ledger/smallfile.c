/* Files that are replaced, never changed. */
#include "ledger/smallfile.h"

#include "ledger/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum err
smallfile_write(int folder, const char *name, const void *bytes, size_t len)
{
    char beside[64];
    (void)snprintf(beside, sizeof(beside), "%s.new", name);
    int fd = -1;
    enum err err = disk_create(folder, beside, 0644, &fd);
    if (err != OK) {
        return err;
    }
    err = disk_write(fd, bytes, len, 0);
    err = err == OK ? disk_truncate(fd, (off_t)len) : err;
    err = err == OK ? disk_sync(fd) : err;
    (void)close(fd);
    err = err == OK ? disk_rename(folder, beside, name) : err;
    return err == OK ? disk_sync(folder) : err;
}

enum err
smallfile_read(int folder, const char *name, char ret_text[SMALLFILE_LIMIT], size_t *ret_len)
{
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return errno == ENOENT ? ERR_MISSING : ERR_IO;
    }
    ssize_t got = pread(fd, ret_text, SMALLFILE_LIMIT - 1, 0);
    (void)close(fd);
    if (got < 0) {
        return ERR_IO;
    }
    ret_text[got] = '\0';
    *ret_len = (size_t)got;
    return OK;
}
