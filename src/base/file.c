/* Whole files in and out. */
#include "base/file.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void
close_descriptor(const int *fd)
{
    if (*fd > STDERR_FILENO) {
        (void)close(*fd);
    }
}

static const char *
reason(void)
{
    static char text[128];
    return strerror_r(errno, text, sizeof(text));
}

const char *
file_tail(const char *path, size_t max)
{
    size_t len = strlen(path);
    if (len <= max) {
        return path;
    }
    const char *end = path + len - max;
    const char *slash = strchr(end, '/');
    return slash == NULL ? end : slash + 1;
}

enum err
file_read(const char *path, struct buf *buf, struct note *note)
{
    CLEANUP(close_descriptor)
    int fd = text_equal(path, "-") ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        note_set(note, "%s: %s", path, reason());
        return errno == ENOENT ? ERR_MISSING : ERR_IO;
    }
    char chunk[16384];
    for (;;) {
        ssize_t got = read(fd, chunk, sizeof(chunk));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            note_set(note, "%s: %s", path, reason());
            return ERR_IO;
        }
        if (got == 0) {
            return OK;
        }
        buf_add(buf, chunk, (size_t)got);
        if (buf->failed) {
            note_set(note, "%s: larger than %zu bytes", path, buf->max);
            return ERR_LIMIT;
        }
    }
}

bool
file_sync_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is_safe = fd >= 0 && fsync(fd) == 0;
    int why = errno;
    if (fd >= 0) {
        (void)close(fd);
    }
    errno = why;
    return is_safe;
}

bool
file_folder(const char *path, char ret_folder[PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL || slash == path ? 1 : (size_t)(slash - path);
    if (len >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(ret_folder, slash == NULL ? "." : path, len);
    ret_folder[len] = '\0';
    return true;
}

bool
file_sync_name(const char *path)
{
    char folder[PATH_MAX];
    return file_folder(path, folder) && file_sync_folder(folder);
}

enum err
file_draft_open(struct file_draft *draft, const char *path, unsigned mode, struct note *note)
{
    *draft = (struct file_draft){.path = path, .fd = -1};
    buf_init(&draft->beside, 4096);
    buf_format(&draft->beside, "%s.%ld.part", path, (long)getpid());
    if (buf_error(&draft->beside) != OK) {
        buf_release(&draft->beside);
        note_set(note, "%s: name too long", path);
        return ERR_LIMIT;
    }
    draft->fd = open(
        draft->beside.data, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, (mode_t)mode);
    if (draft->fd < 0) {
        note_set(note, "%s: %s", path, reason());
        (void)unlink(draft->beside.data);
        buf_release(&draft->beside);
        return ERR_IO;
    }
    return OK;
}

bool
file_write_all(int fd, const void *bytes, size_t len)
{
    const char *at = bytes;
    while (len != 0) {
        ssize_t put = write(fd, at, len);
        if (put > 0) {
            at += put;
            len -= (size_t)put;
        } else if (put == 0 || errno != EINTR) {
            errno = put == 0 ? ENOSPC : errno;
            return false;
        }
    }
    return true;
}

bool
file_draft_add(void *context, const char *bytes, size_t len)
{
    struct file_draft *draft = context;
    if (draft->reason == 0 && !file_write_all(draft->fd, bytes, len)) {
        draft->reason = errno;
    }
    return draft->reason == 0;
}

enum err
file_draft_close(struct file_draft *draft, bool keep, struct note *note)
{
    bool is_whole = keep && draft->reason == 0;
    if (is_whole && (fsync(draft->fd) != 0 || rename(draft->beside.data, draft->path) != 0)) {
        draft->reason = errno;
    }
    if (!is_whole || draft->reason != 0) {
        (void)unlink(draft->beside.data);
    }
    close_descriptor(&draft->fd);
    draft->fd = -1;
    buf_release(&draft->beside);
    if (draft->reason != 0) {
        errno = draft->reason;
        note_set(note, "%s: %s", draft->path, reason());
    }
    return draft->reason == 0 ? OK : ERR_IO;
}

enum err
file_write(const char *path, const void *bytes, size_t len, unsigned mode, struct note *note)
{
    struct file_draft draft;
    enum err err = file_draft_open(&draft, path, mode, note);
    if (err != OK) {
        return err;
    }
    bool is_written = file_draft_add(&draft, bytes, len);
    return file_draft_close(&draft, is_written, note);
}

enum err
file_make_folder(const char *path, struct note *note)
{
    CLEANUP(buf_release) struct buf part;
    buf_init(&part, 4096);
    for (const char *c = path;; c++) {
        if ((*c == '/' || *c == '\0') && part.len != 0 && mkdir(part.data, 0700) != 0 &&
            errno != EEXIST) {
            note_set(note, "%s: %s", part.data, reason());
            return ERR_IO;
        }
        if (*c == '\0') {
            break;
        }
        buf_byte(&part, (uint8_t)*c);
    }
    struct stat status;
    if (part.failed || stat(path, &status) != 0 || !S_ISDIR(status.st_mode)) {
        note_set(note, "%s: not a folder", path);
        return ERR_IO;
    }
    return OK;
}

enum err
file_xdg(const char *kind, struct buf *ret_path)
{
    static const struct {
        const char *kind, *variable, *below_home;
    } rows[] = {
        {"DATA",  "XDG_DATA_HOME",  "/.local/share"},
        {"STATE", "XDG_STATE_HOME", "/.local/state"},
        {"CACHE", "XDG_CACHE_HOME", "/.cache"      },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (!text_equal(rows[i].kind, kind)) {
            continue;
        }
        const char *base = getenv(rows[i].variable);
        const char *home = getenv("HOME");
        if (base != NULL && base[0] == '/') {
            buf_format(ret_path, "%s/gatehouse", base);
        } else if (!text_is_empty(home)) {
            buf_format(ret_path, "%s%s/gatehouse", home, rows[i].below_home);
        } else {
            return ERR_MISSING;
        }
        return buf_error(ret_path);
    }
    return ERR_VALUE;
}
