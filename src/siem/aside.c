/* The file of records that a receiver refuses. */
#include "siem/aside.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whether a write was cut short before: what follows begins a line of its own. */
static bool
is_torn(int fd)
{
    struct stat status;
    char last = '\n';
    return fstat(fd, &status) == 0 && status.st_size > 0 &&
           pread(fd, &last, 1, status.st_size - 1) == 1 && last != '\n';
}

enum err
siem_aside_add(const char *path, const struct buf *record, struct note *note)
{
    CLEANUP(buf_release) struct buf line;
    buf_init(&line, record->len + 2);
    int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0 && is_torn(fd)) {
        buf_byte(&line, '\n');
    }
    buf_add(&line, record->data, record->len);
    buf_byte(&line, '\n');
    bool is_kept = fd >= 0 && buf_error(&line) == OK && file_write_all(fd, line.data, line.len) &&
                   fsync(fd) == 0;
    if (!is_kept) {
        note_set(note, "%s: %s", file_tail(path, 120), strerror(errno));
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return is_kept ? OK : ERR_IO;
}
