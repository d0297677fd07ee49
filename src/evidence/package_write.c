/* Writes evidence packages: beside their place, on the disk, then under their name. */
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "evidence/package_inside.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAMES_MAX ((size_t)PACKAGE_FILES * PACKAGE_NAME)
#define TURNS     64 /* of waiting for others at the same place */

struct package_writer {
    struct buf path, part;
    bool is_zip;
    int fd;              /* of NAME.part, locked while we live */
    struct archive *zip; /* NULL: a folder */
    struct archive_entry *entry;
    struct buf names; /* all that were put, each with its end, after a '\n' */
    size_t count;
    uint8_t *piece;
};

static enum err
fail(int number, const char *what, struct note *note)
{
    char reason[128];
    note_set(note, "%.120s: %s", what, strerror_r(number, reason, sizeof(reason)));
    return number == ENOSPC || number == EDQUOT || number == EFBIG ? ERR_FULL : ERR_IO;
}

/* What a package's folder can hold: files, and folders of files. Links are removed, not followed.
 */
static void
empty_folder(int at, bool is_top)
{
    int own = fcntl(at, F_DUPFD_CLOEXEC, 0);
    DIR *stream = own < 0 ? NULL : fdopendir(own);
    if (stream == NULL) {
        if (own >= 0) {
            (void)close(own);
        }
        return;
    }
    const struct dirent *entry;
    rewinddir(stream);
    while ((entry = readdir(stream)) != NULL) {
        if (text_equal(entry->d_name, ".") || text_equal(entry->d_name, "..") ||
            unlinkat(at, entry->d_name, 0) == 0 || !is_top) {
            continue;
        }
        int below = openat(at, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (below >= 0) {
            empty_folder(below, false);
            (void)close(below);
            (void)unlinkat(at, entry->d_name, AT_REMOVEDIR);
        }
    }
    (void)closedir(stream);
}

static void
remove_part(struct package_writer *writer)
{
    if (writer->is_zip) {
        (void)unlink(writer->part.data);
    } else {
        empty_folder(writer->fd, true);
        (void)unlinkat(AT_FDCWD, writer->part.data, AT_REMOVEDIR);
    }
}

static void
writer_free(struct package_writer *writer)
{
    (void)archive_write_free(writer->zip);
    archive_entry_free(writer->entry);
    if (writer->fd >= 0) {
        (void)close(writer->fd);
    }
    buf_release(&writer->path);
    buf_release(&writer->part);
    buf_release(&writer->names);
    free(writer->piece);
    free(writer);
}

/* Whether what we opened and locked still has that name: another could have finished it since. */
static bool
is_at_place(const struct package_writer *writer)
{
    struct stat own, there;
    return fstat(writer->fd, &own) == 0 && lstat(writer->part.data, &there) == 0 &&
           own.st_dev == there.st_dev && own.st_ino == there.st_ino;
}

static void
let_go(struct package_writer *writer)
{
    if (writer->fd >= 0) {
        (void)close(writer->fd);
    }
    writer->fd = -1;
}

/* Takes what a process left that is gone, so that the place is free. */
static enum err
clear_left_over(struct package_writer *writer, struct note *note)
{
    int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | (writer->is_zip ? 0 : O_DIRECTORY);
    writer->fd = open(writer->part.data, flags);
    if (writer->fd < 0) {
        return errno == ENOENT ? OK : fail(errno, writer->part.data, note);
    }
    if (flock(writer->fd, LOCK_EX | LOCK_NB) != 0) {
        let_go(writer);
        note_set(note, "%.120s: another program writes it now", writer->part.data);
        return ERR_VALUE;
    }
    if (is_at_place(writer)) {
        remove_part(writer);
    }
    let_go(writer);
    return OK;
}

/* ERR_CANCELLED: another was quicker. */
static enum err
try_part(struct package_writer *writer, struct note *note)
{
    const char *part = writer->part.data;
    enum err err = clear_left_over(writer, note);
    if (err != OK) {
        return err;
    }
    bool is_made = true;
    if (writer->is_zip) {
        writer->fd = open(part, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        is_made = writer->fd >= 0;
    } else {
        is_made = mkdirat(AT_FDCWD, part, 0700) == 0;
    }
    if (!is_made) {
        return errno == EEXIST ? ERR_CANCELLED : fail(errno, part, note);
    }
    if (!writer->is_zip) {
        writer->fd = open(part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    }
    if (writer->fd < 0 || flock(writer->fd, LOCK_EX | LOCK_NB) != 0) {
        bool is_taken = errno == ENOENT || errno == EWOULDBLOCK;
        return is_taken ? ERR_CANCELLED : fail(errno, part, note);
    }
    return is_at_place(writer) ? OK : ERR_CANCELLED;
}

static enum err
make_part(struct package_writer *writer, struct note *note)
{
    for (unsigned turn = 0; turn < TURNS; turn++) {
        enum err err = try_part(writer, note);
        if (err != ERR_CANCELLED) {
            return err;
        }
        let_go(writer);
    }
    note_set(note, "%.120s can't be removed, or other programs write it now", writer->part.data);
    return ERR_VALUE;
}

/* Stored, not packed: what is large in a package is packed already. */
static enum err
begin_zip(struct package_writer *writer, struct note *note)
{
    writer->zip = archive_write_new();
    writer->entry = archive_entry_new();
    if (writer->zip == NULL || writer->entry == NULL) {
        return ERR_MEMORY;
    }
    if (archive_write_set_format_zip(writer->zip) != ARCHIVE_OK ||
        archive_write_zip_set_compression_store(writer->zip) != ARCHIVE_OK ||
        archive_write_set_bytes_per_block(writer->zip, (int)PACKAGE_PIECE) != ARCHIVE_OK ||
        archive_write_set_bytes_in_last_block(writer->zip, 1) != ARCHIVE_OK ||
        archive_write_open_fd(writer->zip, writer->fd) != ARCHIVE_OK) {
        note_set(note, "%.160s", archive_error_string(writer->zip));
        return ERR_SYSTEM;
    }
    return OK;
}

enum err
package_begin(const char *path, bool is_zip, struct package_writer **ret_writer, struct note *note)
{
    struct stat status;
    if (lstat(path, &status) == 0) {
        note_set(note, "%.160s is there already; nothing is written over", path);
        return ERR_VALUE;
    }
    struct package_writer *writer = calloc(1, sizeof(*writer));
    if (writer == NULL) {
        return ERR_MEMORY;
    }
    *writer = (struct package_writer){.fd = -1, .is_zip = is_zip, .piece = malloc(PACKAGE_PIECE)};
    buf_init(&writer->path, PATH_MAX);
    buf_init(&writer->part, PATH_MAX);
    buf_init(&writer->names, NAMES_MAX);
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/') {
        len--;
    }
    buf_add(&writer->path, path, len);
    buf_format(&writer->part, "%s.gatehouse-part", writer->path.data);
    buf_byte(&writer->names, '\n');
    enum err err = writer->piece == NULL ? ERR_MEMORY : buf_error(&writer->part);
    bool is_ours = false;
    if (err == OK) {
        err = make_part(writer, note);
        is_ours = err == OK;
    }
    if (err == OK && is_zip) {
        err = begin_zip(writer, note);
    }
    if (err != OK) {
        if (is_ours) {
            remove_part(writer);
        }
        writer_free(writer);
        return err;
    }
    *ret_writer = writer;
    return OK;
}

/* Each name once, also where letter case does not count. */
static enum err
take_name(struct package_writer *writer, const char *name, struct note *note)
{
    char line[PACKAGE_NAME + 3];
    if (!package_is_name(name)) {
        note_set(note, "\"%.100s\" can't be the name of a file in a package", name);
        return ERR_VALUE;
    }
    (void)snprintf(line, sizeof(line), "\n%s\n", name);
    if (text_contains_nocase(writer->names.data, line)) {
        note_set(note, "%.100s is in the package already", name);
        return ERR_VALUE;
    }
    if (++writer->count > PACKAGE_FILES) {
        note_set(note, "more than %d files", PACKAGE_FILES);
        return ERR_LIMIT;
    }
    buf_text(&writer->names, line + 1);
    return buf_error(&writer->names);
}

/* Where the bytes of one file go. */
struct place {
    struct package_writer *writer;
    const char *name;
    int fd; /* in a folder */
};

static int
open_place(const struct package_writer *writer, const char *name)
{
    char folder[PACKAGE_NAME];
    const char *slash = strchr(name, '/');
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    if (slash == NULL) {
        return openat(writer->fd, name, flags, 0600);
    }
    memcpy(folder, name, (size_t)(slash - name));
    folder[slash - name] = '\0';
    if (mkdirat(writer->fd, folder, 0700) != 0 && errno != EEXIST) {
        return -1;
    }
    int at = openat(writer->fd, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int fd = at < 0 ? -1 : openat(at, slash + 1, flags, 0600);
    int why = errno;
    if (at >= 0) {
        (void)close(at);
    }
    errno = why;
    return fd;
}

static enum err
zip_failed(const struct package_writer *writer, const char *name, struct note *note)
{
    int number = archive_errno(writer->zip);
    if (number > 0) {
        return fail(number, name, note);
    }
    const char *words = archive_error_string(writer->zip);
    note_set(note, "%.100s: %.100s", name, words == NULL ? "can't be written" : words);
    return ERR_IO;
}

static enum err
place_open(struct place *place, uint64_t bytes, struct note *note)
{
    struct package_writer *writer = place->writer;
    enum err err = take_name(writer, place->name, note);
    if (err != OK) {
        return err;
    }
    if (writer->zip == NULL) {
        place->fd = open_place(writer, place->name);
        return place->fd < 0 ? fail(errno, place->name, note) : OK;
    }
    (void)archive_entry_clear(writer->entry);
    archive_entry_set_pathname(writer->entry, place->name);
    archive_entry_set_filetype(writer->entry, AE_IFREG);
    archive_entry_set_perm(writer->entry, 0600);
    archive_entry_set_size(writer->entry, (la_int64_t)bytes);
    archive_entry_set_mtime(writer->entry, (time_t)(clock_wall() / 1000), 0);
    return archive_write_header(writer->zip, writer->entry) == ARCHIVE_OK
               ? OK
               : zip_failed(writer, place->name, note);
}

static enum err
place_add(const struct place *place, const uint8_t *bytes, size_t len, struct note *note)
{
    if (place->writer->zip != NULL) {
        return archive_write_data(place->writer->zip, bytes, len) == (la_ssize_t)len
                   ? OK
                   : zip_failed(place->writer, place->name, note);
    }
    return file_write_all(place->fd, bytes, len) ? OK : fail(errno, place->name, note);
}

static enum err
place_close(const struct place *place, enum err err, struct note *note)
{
    if (place->writer->zip == NULL) {
        if (err == OK && fsync(place->fd) != 0) {
            err = fail(errno, place->name, note);
        }
        (void)close(place->fd);
    }
    return err;
}

enum err
package_put(struct package_writer *writer, const char *name, const void *bytes, size_t len,
    struct note *note)
{
    struct place place = {.writer = writer, .name = name, .fd = -1};
    enum err err = place_open(&place, len, note);
    return err == OK ? place_close(&place, place_add(&place, bytes, len, note), note) : err;
}

struct copying {
    const struct place *place;
    struct note *note;
    enum err err;
};

static bool
copy_piece(void *context, const void *bytes, size_t len)
{
    struct copying *copying = context;
    copying->err = place_add(copying->place, bytes, len, copying->note);
    return copying->err == OK;
}

enum err
package_put_from(
    struct package_writer *writer, const char *name, struct package *from, struct note *note)
{
    struct place place = {.writer = writer, .name = name, .fd = -1};
    struct copying copying = {.place = &place, .note = note};
    const struct package_reader reader = {copy_piece, &copying};
    uint64_t bytes = 0;
    enum err err = package_size(from, name, &bytes);
    if (err == OK) {
        err = place_open(&place, bytes, note);
    }
    if (err != OK) {
        return err;
    }
    err = package_stream(from, name, &reader, note);
    return place_close(&place, copying.err != OK ? copying.err : err, note);
}

static bool
is_same(const struct stat *a, const struct stat *b)
{
    return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec && a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
           a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* Reads to the end, hashes, and puts it into its place when there is one. */
static enum err
pump(struct package_source *source, const struct place *place, uint8_t *piece, EVP_MD_CTX *sha,
    struct note *note)
{
    struct stat before, after;
    if (fstat(source->fd, &before) != 0) {
        return fail(errno, source->words, note);
    }
    source->bytes = 0;
    for (;;) {
        ssize_t got = read(source->fd, piece, PACKAGE_PIECE);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return fail(errno, source->words, note);
        }
        if (got == 0) {
            break;
        }
        source->bytes += (uint64_t)got;
        if (source->bytes > (uint64_t)before.st_size) {
            break;
        }
        if (EVP_DigestUpdate(sha, piece, (size_t)got) != 1) {
            return ERR_SYSTEM;
        }
        enum err err = place == NULL ? OK : place_add(place, piece, (size_t)got, note);
        if (err != OK) {
            return err;
        }
        if (source->turn != NULL &&
            !source->turn(source->context, source->bytes, (uint64_t)before.st_size)) {
            note_set(note, "%.120s: stopped", source->words);
            return ERR_CANCELLED;
        }
    }
    if (source->bytes != (uint64_t)before.st_size || fstat(source->fd, &after) != 0 ||
        !is_same(&before, &after)) {
        note_set(note, "%.120s changed while it was read; wait until it is written", source->words);
        return ERR_VALUE;
    }
    return EVP_DigestFinal_ex(sha, source->sha256, NULL) == 1 ? OK : ERR_SYSTEM;
}

static enum err
hash_and_put(
    struct package_source *source, const struct place *place, uint8_t *piece, struct note *note)
{
    EVP_MD_CTX *sha = EVP_MD_CTX_new();
    if (sha == NULL || EVP_DigestInit_ex(sha, EVP_sha256(), NULL) != 1) {
        EVP_MD_CTX_free(sha);
        return ERR_MEMORY;
    }
    (void)posix_fadvise(source->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    enum err err = pump(source, place, piece, sha, note);
    EVP_MD_CTX_free(sha);
    return err;
}

static enum err
source_size(const struct package_source *source, uint64_t *ret_bytes, struct note *note)
{
    struct stat status;
    if (fstat(source->fd, &status) != 0) {
        return fail(errno, source->words, note);
    }
    if (!S_ISREG(status.st_mode)) {
        note_set(note, "%.120s is not a file", source->words);
        return ERR_VALUE;
    }
    *ret_bytes = (uint64_t)status.st_size;
    return OK;
}

enum err
package_put_file(struct package_writer *writer, const char *name, struct package_source *source,
    struct note *note)
{
    struct place place = {.writer = writer, .name = name, .fd = -1};
    uint64_t bytes = 0;
    enum err err = source_size(source, &bytes, note);
    if (err == OK) {
        err = place_open(&place, bytes, note);
    }
    return err == OK ? place_close(&place, hash_and_put(source, &place, writer->piece, note), note)
                     : err;
}

enum err
package_hash_file(struct package_source *source, struct note *note)
{
    uint64_t bytes = 0;
    uint8_t *piece = malloc(PACKAGE_PIECE);
    enum err err = piece == NULL ? ERR_MEMORY : source_size(source, &bytes, note);
    if (err == OK) {
        err = hash_and_put(source, NULL, piece, note);
    }
    free(piece);
    return err;
}

/* The names of the files below must be on the disk before the name of the folder is. */
static enum err
sync_folders(const struct package_writer *writer, struct note *note)
{
    static const char *const folders[] = {
        PACKAGE_CLIP, PACKAGE_EVENTS, PACKAGE_MADE, PACKAGE_OPENED, PACKAGE_TIME};
    for (size_t i = 0; i < COUNT(folders); i++) {
        int fd = openat(writer->fd, folders[i], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        bool is_safe = fd < 0 ? errno == ENOENT : fsync(fd) == 0;
        int why = errno;
        if (fd >= 0) {
            (void)close(fd);
        }
        if (!is_safe) {
            return fail(why, folders[i], note);
        }
    }
    return OK;
}

/* Never over something else. */
static enum err
give_name(struct package_writer *writer, struct note *note)
{
    struct stat status;
    const char *from = writer->part.data;
    const char *to = writer->path.data;
    int got = renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
    if (got != 0 && errno == EINVAL) {
        /* A file system that can't promise it: look, then rename. */
        errno = EEXIST;
        got = lstat(to, &status) == 0 ? -1 : rename(from, to);
    }
    if (got != 0 && errno == EEXIST) {
        note_set(note, "%.160s is there already; nothing is written over", to);
        return ERR_VALUE;
    }
    if (got != 0 || file_sync_name(to)) {
        return got == 0 ? OK : fail(errno, to, note);
    }
    enum err err = fail(errno, to, note);
    if (renameat2(AT_FDCWD, to, AT_FDCWD, from, RENAME_NOREPLACE) != 0 && rename(to, from) != 0) {
        /* What is removed now is at the other place. */
        buf_clear(&writer->part);
        buf_text(&writer->part, to);
    }
    return err;
}

enum err
package_finish(struct package_writer *writer, struct note *note)
{
    enum err err = OK;
    if (writer->zip == NULL) {
        err = sync_folders(writer, note);
    } else if (archive_write_close(writer->zip) != ARCHIVE_OK) {
        err = zip_failed(writer, writer->path.data, note);
    }
    if (err == OK && fsync(writer->fd) != 0) {
        err = fail(errno, writer->path.data, note);
    }
    if (err == OK) {
        err = give_name(writer, note);
    }
    if (err != OK) {
        remove_part(writer);
    }
    writer_free(writer);
    return err;
}

void
package_drop(struct package_writer *writer)
{
    if (writer != NULL) {
        remove_part(writer);
        writer_free(writer);
    }
}
