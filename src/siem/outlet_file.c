/* A file that grows, one record a line; durable before it counts. Somebody may rotate it. */
#include "siem/outlet.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PILE ((size_t)256 * 1024)
#define ROOM ((size_t)4 * 1024 * 1024)

struct file_own {
    int fd;
    struct buf pile;
    bool is_new; /* its name may not be on the disk yet */
};

/* Whether this account may, by the rights of file and folder: Landlock has no say in that. */
static bool
may_write(const char *path)
{
    char folder[PATH_MAX];
    if (faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0) {
        return true;
    }
    return errno == ENOENT && file_folder(path, folder) &&
           faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) == 0;
}

static enum err
trouble(const struct siem_outlet *outlet, const char *what, struct note *note)
{
    int reason = errno;
    note_set(note, "%s: %s: %s", file_tail(outlet->to->path, 120), what, strerror(reason));
    return reason == ENOSPC || reason == EDQUOT || reason == EROFS ? ERR_FULL : ERR_IO;
}

/* The forwarder is shut in to the folders that were there when it began. */
static enum err
cannot_open(const struct siem_outlet *outlet, struct note *note)
{
    int reason = errno;
    const char *path = file_tail(outlet->to->path, 60);
    if (reason == ENOENT) {
        note_set(
            note, "%s: its folder is not there; make it, then start the forwarder again", path);
        return ERR_IO;
    }
    if (reason == EACCES && may_write(outlet->to->path)) {
        note_set(note,
            "%s: its folder was made or mounted after the forwarder began, which is shut in to "
            "what was there; start the forwarder again. If that does not help, AppArmor or SELinux "
            "forbids it",
            path);
        return ERR_IO;
    }
    errno = reason;
    return trouble(outlet, "open", note);
}

static void
shut(struct file_own *own)
{
    if (own->fd >= 0) {
        (void)close(own->fd);
    }
    own->fd = -1;
}

static enum err
file_open(struct siem_outlet *outlet, struct note *note)
{
    struct file_own *own = calloc(1, sizeof(*own));
    (void)note;
    if (own == NULL) {
        return ERR_MEMORY;
    }
    own->fd = -1;
    buf_init(&own->pile, ROOM);
    outlet->own = own;
    return OK;
}

/* Whether the name still leads to what is open. */
static bool
is_same(const struct file_own *own, const char *path)
{
    struct stat open_one, named;
    return own->fd >= 0 && fstat(own->fd, &open_one) == 0 && stat(path, &named) == 0 &&
           open_one.st_dev == named.st_dev && open_one.st_ino == named.st_ino;
}

/* What a crash or a full disk cut stands on a line of its own. */
static enum err
mend(struct siem_outlet *outlet, struct note *note)
{
    struct file_own *own = outlet->own;
    struct stat status;
    char last = '\n';
    if (fstat(own->fd, &status) != 0) {
        return trouble(outlet, "stat", note);
    }
    if (!S_ISREG(status.st_mode)) {
        note_set(note, "%s: not a file; expected a path of a plain file",
            file_tail(outlet->to->path, 120));
        return ERR_VALUE;
    }
    own->is_new = status.st_size == 0;
    if (status.st_size > 0 && pread(own->fd, &last, 1, status.st_size - 1) != 1) {
        return trouble(outlet, "read", note);
    }
    if (last != '\n') {
        buf_byte(&own->pile, '\n');
    }
    return OK;
}

static enum err
file_begin(struct siem_outlet *outlet, struct note *note)
{
    struct file_own *own = outlet->own;
    buf_clear(&own->pile);
    if (is_same(own, outlet->to->path)) {
        return OK;
    }
    shut(own);
    own->fd = open(outlet->to->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0640);
    if (own->fd < 0) {
        return cannot_open(outlet, note);
    }
    siem_outlet_say(outlet, "opened: %s", outlet->to->path);
    enum err err = mend(outlet, note);
    if (err != OK) {
        shut(own);
    }
    return err;
}

static enum err
flush(struct siem_outlet *outlet, struct note *note)
{
    struct file_own *own = outlet->own;
    if (!file_write_all(own->fd, own->pile.data, own->pile.len)) {
        return trouble(outlet, "write", note);
    }
    buf_clear(&own->pile);
    return OK;
}

static enum err
file_put(struct siem_outlet *outlet, const struct siem_record *record, struct note *note)
{
    struct file_own *own = outlet->own;
    buf_add(&own->pile, record->bytes, record->len);
    buf_byte(&own->pile, '\n');
    if (buf_error(&own->pile) != OK) {
        return ERR_MEMORY;
    }
    return own->pile.len >= PILE ? flush(outlet, note) : OK;
}

static enum err
file_end(struct siem_outlet *outlet, struct note *note)
{
    struct file_own *own = outlet->own;
    enum err err = flush(outlet, note);
    if (err == OK && fdatasync(own->fd) != 0) {
        err = trouble(outlet, "sync", note);
    }
    if (err == OK && !is_same(own, outlet->to->path)) {
        /* Who rotates may have read it before us: what came after that is lost when it is packed.
         */
        note_set(note, "%s: rotated while a batch was written; the batch follows again",
            file_tail(outlet->to->path, 120));
        return ERR_IO;
    }
    if (err == OK && own->is_new && !file_sync_name(outlet->to->path)) {
        err = trouble(outlet, "sync of its folder", note);
    }
    if (err == OK) {
        own->is_new = false;
        siem_outlet_say(outlet, "confirmed: written and on the disk");
    }
    return err;
}

static void
file_drop(struct siem_outlet *outlet)
{
    struct file_own *own = outlet->own;
    buf_clear(&own->pile);
    shut(own); /* opened again it is looked at again */
}

static void
file_close(struct siem_outlet *outlet)
{
    struct file_own *own = outlet->own;
    shut(own);
    buf_release(&own->pile);
    free(own);
}

const struct siem_outlet_kind siem_outlet_file = {
    .open = file_open,
    .begin = file_begin,
    .put = file_put,
    .end = file_end,
    .drop = file_drop,
    .close = file_close,
};
