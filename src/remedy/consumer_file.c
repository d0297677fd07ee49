/*
 * Configuration files of consumers: read whole, written beside and renamed, with what stood there
 * kept beside it (0600). Only files of the account that runs this (or, for root, links that are
 * root's or the file owner's) are touched; mode and owner stay.
 */
#include "remedy/command.h"
#include "remedy/consumer_kind.h"
#include "remedy/consumer_text.h"

#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WORDS      32   /* of a reload command */
#define COMPANY_MS 2000 /* others may come to share one restart */
#define TICK_MS    100
#define RELOAD_S   120

static enum err
fail(struct consumer_talk *talk, const char *what)
{
    note_set(&talk->why, "%s: %s", what, strerrordesc_np(errno));
    return ERR_IO;
}

/* The file itself, behind links that may be followed. */
static enum err
find(struct consumer_talk *talk, char out[PATH_MAX], struct stat *ret_status)
{
    char path[PATH_MAX];
    struct stat link, file;
    enum err err = site_find_file(talk->site, talk->row->file, path, sizeof(path));
    if (err != OK) {
        return err;
    }
    if (lstat(path, &link) != 0 || realpath(path, out) == NULL || lstat(out, &file) != 0) {
        return fail(talk, "can't be read");
    }
    uid_t me = geteuid();
    bool is_link = S_ISLNK(link.st_mode);
    if (!S_ISREG(file.st_mode)) {
        note_set(&talk->why, "not an ordinary file");
    } else if (me != 0 && file.st_uid != me) {
        note_set(&talk->why, "belongs to another account; run this as its owner or as root");
    } else if (is_link && link.st_uid != me && link.st_uid != file.st_uid) {
        note_set(&talk->why, "is a link that another account made, and is not followed");
    } else if (file.st_nlink > 1) {
        note_set(&talk->why, "has further names (hard links), which a change would part");
    } else {
        *ret_status = file;
        return OK;
    }
    return ERR_UNSUPPORTED;
}

static enum err
read_all(struct consumer_talk *talk, int fd)
{
    char piece[16384];
    ssize_t got = 0;
    buf_clear(&talk->bytes);
    do {
        got = read(fd, piece, sizeof(piece));
        if (got > 0) {
            buf_add(&talk->bytes, piece, (size_t)got);
        }
    } while (got > 0 && buf_error(&talk->bytes) == OK);
    explicit_bzero(piece, sizeof(piece));
    if (got < 0) {
        return fail(talk, "can't be read");
    }
    if (buf_error(&talk->bytes) != OK) {
        note_set(&talk->why, "larger than %zu MiB", CONSUMER_BYTES / 1024 / 1024);
        return ERR_LIMIT;
    }
    return OK;
}

enum err
consumer_file_read(struct consumer_talk *talk)
{
    char path[PATH_MAX];
    struct stat status;
    enum err err = find(talk, path, &status);
    int fd = err == OK ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) : -1;
    if (err == OK) {
        err = fd < 0 ? fail(talk, "can't be read") : read_all(talk, fd);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return err;
}

/* A new file with these bytes, of the same owner; it must not be there. */
static bool
make_file(const char *path, const struct buf *bytes, const struct stat *like, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return false;
    }
    bool is_other = like->st_uid != geteuid() || like->st_gid != getegid();
    bool ok = file_write_all(fd, bytes->data, bytes->len) &&
              (!is_other || fchown(fd, like->st_uid, like->st_gid) == 0) && fchmod(fd, mode) == 0 &&
              fsync(fd) == 0;
    int reason = errno;
    ok = close(fd) == 0 && ok;
    if (!ok) {
        (void)unlink(path);
        errno = reason;
    }
    return ok;
}

/* The copy of what stood there before the plan; the first one of a plan stays. */
static enum err
back_up(struct consumer_talk *talk, const char *path, const struct stat *status)
{
    char copy[PATH_MAX];
    int len = snprintf(copy, sizeof(copy), "%s.gatehouse-%s", path, talk->stamp);
    if (len < 0 || (size_t)len >= sizeof(copy)) {
        return ERR_LIMIT;
    }
    if (!make_file(copy, &talk->bytes, status, 0600) && errno != EEXIST) {
        return fail(talk, "the copy beside it can't be written");
    }
    return OK;
}

static bool
is_unchanged(const char *path, const struct stat *before)
{
    struct stat now;
    return lstat(path, &now) == 0 && now.st_ino == before->st_ino &&
           now.st_size == before->st_size && now.st_mtim.tv_sec == before->st_mtim.tv_sec &&
           now.st_mtim.tv_nsec == before->st_mtim.tv_nsec;
}

/* What was read is still what stands there: nobody else wrote in the meantime. */
static bool
still_holds(struct consumer_talk *talk)
{
    struct buf before = talk->bytes;
    buf_init(&talk->bytes, CONSUMER_BYTES);
    bool same = consumer_file_read(talk) == OK && talk->bytes.len == before.len &&
                memcmp(talk->bytes.data, before.data, before.len) == 0;
    explicit_bzero(talk->bytes.data, talk->bytes.len);
    buf_release(&talk->bytes);
    talk->bytes = before;
    return same;
}

/* With a copy of what stood there beside it; mode and owner stay. */
static enum err
put_bytes(struct consumer_talk *talk, const struct buf *bytes)
{
    char path[PATH_MAX], draft[PATH_MAX];
    struct stat status;
    enum err err = find(talk, path, &status);
    if (err != OK) {
        return err;
    }
    if (!still_holds(talk)) {
        note_set(&talk->why, "somebody else wrote it in the meantime");
        return ERR_VALUE;
    }
    err = back_up(talk, path, &status);
    if (err != OK) {
        return err;
    }
    int len = snprintf(draft, sizeof(draft), "%s.gatehouse-%ld~", path, (long)getpid());
    if (len < 0 || (size_t)len >= sizeof(draft)) {
        return ERR_LIMIT;
    }
    (void)unlink(draft); /* of a process that was killed */
    if (!make_file(draft, bytes, &status, status.st_mode & 07777)) {
        return fail(talk, "can't be written");
    }
    if (!is_unchanged(path, &status) || rename(draft, path) != 0) {
        (void)unlink(draft);
        note_set(&talk->why, "somebody else wrote it in the meantime");
        return ERR_IO;
    }
    talk->changed = true;
    (void)file_sync_name(path);
    return OK;
}

enum err
consumer_file_write(struct consumer_talk *talk, enum err made, struct buf *bytes)
{
    if (made == ERR_UNSUPPORTED) {
        note_set(&talk->why,
            "a sign of the new password can't be written there; letters, digits and %s can",
            CONSUMER_SIGNS);
    }
    enum err err = made == OK ? put_bytes(talk, bytes) : made;
    if (bytes->size != 0) {
        explicit_bzero(bytes->data, bytes->size);
    }
    buf_release(bytes);
    return err;
}

enum err
consumer_file_list(struct consumer_talk *talk)
{
    enum err err = consumer_file_read(talk);
    return err == OK ? consumer_text_find(talk) : err;
}

enum err
consumer_file_change(struct consumer_talk *talk, const struct consumer_place *places, size_t count,
    const struct secret *password)
{
    struct buf bytes;
    buf_init(&bytes, CONSUMER_BYTES);
    enum err err = consumer_text_put(&talk->bytes, places, count, secret_text(password), &bytes);
    return consumer_file_write(talk, err, &bytes);
}

/* Hand-overs that wait for the same reload: it runs once for all that came before it began. */
struct company {
    const struct site_consumer *row;
    unsigned asked, begun, done;
    bool runs;
    enum err err;
    struct note why;
};

static pthread_mutex_t company_lock = PTHREAD_MUTEX_INITIALIZER;
static struct company companies[64];

static struct company *
company_of(const struct site_consumer *row)
{
    struct company *empty = &companies[0];
    for (size_t i = COUNT(companies); i-- > 0;) {
        if (companies[i].row == row) {
            return &companies[i];
        }
        empty = companies[i].row == NULL ? &companies[i] : empty;
    }
    *empty = (struct company){.row = row};
    return empty;
}

static enum err
pause_talk(struct consumer_talk *talk, unsigned ms)
{
    if (talk->wait != NULL) {
        return talk->wait(talk->context, ms);
    }
    (void)usleep(ms * 1000);
    return OK;
}

/* A stop does not cut a restart in two. */
static enum err
run_reload(struct consumer_talk *talk)
{
    char text[256];
    char *argv[WORDS + 1] = {NULL};
    char *rest = text, *word = NULL;
    size_t count = 0;
    struct command_end end;
    const char *reload = talk->row->reload;
    (void)text_copy(text, sizeof(text), reload);
    while (count < WORDS && (word = strsep(&rest, " ")) != NULL) {
        if (word[0] != '\0') {
            argv[count++] = word;
        }
    }
    if (count == 0) {
        return ERR_VALUE;
    }
    if (command_run(argv, RELOAD_S, &end) != OK) {
        note_set(&talk->why, "\"%.100s\" can't be run: %s", reload, strerrordesc_np(errno));
        return ERR_SYSTEM;
    }
    if (end.is_late) {
        note_set(&talk->why, "\"%.100s\" did not end within %d s", reload, RELOAD_S);
        return ERR_TIMEOUT;
    }
    if (end.status != 0) {
        note_set(&talk->why, "\"%.100s\" failed with status %d", reload, end.status);
        return ERR_VALUE;
    }
    return OK;
}

enum err
consumer_file_reload(struct consumer_talk *talk)
{
    (void)pthread_mutex_lock(&company_lock);
    struct company *company = company_of(talk->row);
    unsigned ticket = ++company->asked;
    enum err err = OK;
    while (company->done < ticket) {
        if (company->runs) {
            (void)pthread_mutex_unlock(&company_lock);
            (void)usleep(TICK_MS * 1000);
            (void)pthread_mutex_lock(&company_lock);
            continue;
        }
        company->runs = true;
        (void)pthread_mutex_unlock(&company_lock);
        (void)pause_talk(talk, COMPANY_MS);
        (void)pthread_mutex_lock(&company_lock);
        company->begun = company->asked;
        (void)pthread_mutex_unlock(&company_lock);
        err = run_reload(talk);
        (void)pthread_mutex_lock(&company_lock);
        company->runs = false;
        company->done = company->begun;
        company->err = err;
        company->why = talk->why;
    }
    err = company->err;
    if (err != OK) {
        talk->why = company->why;
    }
    (void)pthread_mutex_unlock(&company_lock);
    return err;
}
