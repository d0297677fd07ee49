/* Reads evidence packages: names, the list of files, and folders; package_zip.c reads zips. */
#include "evidence/package.h"

#include "base/text.h"
#include "evidence/package_inside.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER_ENTRIES ((size_t)4 * PACKAGE_FILES) /* looked at in one folder */

static bool
is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

bool
package_may_be(const char *name, size_t len)
{
    size_t slashes = 0;
    if (len == 0 || len >= PACKAGE_NAME) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        bool is_first = i == 0 || name[i - 1] == '/';
        bool is_slash = name[i] == '/';
        slashes += is_slash;
        if (is_first ? is_slash || name[i] == '.' || name[i] == '-' || !is_name_byte(name[i])
                     : !is_slash && !is_name_byte(name[i])) {
            return false;
        }
    }
    return slashes <= 1 && name[len - 1] != '/';
}

bool
package_is_name(const char *name)
{
    return name != NULL && package_may_be(name, strlen(name));
}

bool
package_is_listed(const char *name)
{
    return !text_equal(name, PACKAGE_MANIFEST) && !text_equal(name, PACKAGE_SIG) &&
           !text_starts(name, PACKAGE_MADE) && !text_starts(name, PACKAGE_TIME);
}

const char *
package_numbered(const char *folder, uint64_t number, const char *end, char out[PACKAGE_NAME])
{
    (void)snprintf(out, PACKAGE_NAME, "%s%" PRIu64 "%s", folder, number, end);
    return out;
}

const char *
package_opened_name(const char *digest, char out[PACKAGE_NAME])
{
    (void)snprintf(out, PACKAGE_NAME, PACKAGE_OPENED "%.64s.txt", digest);
    return out;
}

bool
package_is_numbered(const char *name, const char *folder, const char *end, uint64_t *ret_number)
{
    char digits[24], again[PACKAGE_NAME];
    if (!text_starts(name, folder)) {
        return false;
    }
    const char *number = name + strlen(folder);
    size_t len = strspn(number, "0123456789");
    if (len >= sizeof(digits)) {
        return false;
    }
    memcpy(digits, number, len);
    digits[len] = '\0';
    if (text_to_u64(digits, INT64_MAX, ret_number) != OK) {
        return false;
    }
    return text_equal(name, package_numbered(folder, *ret_number, end, again));
}

const char *
package_clip_name(const char *name, char out[PACKAGE_NAME])
{
    size_t len = strlen(PACKAGE_CLIP);
    memcpy(out, PACKAGE_CLIP, len);
    for (const char *c = name; *c != '\0' && len < 120; c++) {
        bool is_first = out[len - 1] == '/';
        if (is_name_byte(*c) && !(is_first && (*c == '.' || *c == '-'))) {
            out[len++] = *c;
        } else if (!is_first && out[len - 1] != '_') {
            out[len++] = '_';
        }
    }
    out[len] = '\0';
    if (out[len - 1] == '/') {
        (void)snprintf(out, PACKAGE_NAME, "%sclip", PACKAGE_CLIP);
    }
    return out;
}

const char *
package_key_name(const char *origin, char out[VKEY_NAME])
{
    return snprintf(out, VKEY_NAME, "%s/evidence", origin) < VKEY_NAME ? out : NULL;
}

void
package_signed_text(struct buf *out, const char *origin, const uint8_t sha256[32])
{
    char hex[65];
    text_hex(hex, sha256, 32);
    buf_format(out, "%s\n%s\nsha256:%s\n", PACKAGE_FIRST, origin, hex);
}

void
package_tell(struct package *package, const char *name, size_t len, const char *why)
{
    char clean[72];
    if (package->strange_count < PACKAGE_STRANGE) {
        text_clean(clean, sizeof(clean), name, len);
        (void)snprintf(package->strange[package->strange_count], PACKAGE_WORDS, "%s%s%s%s",
            len == 0 ? "" : "\"", clean, len == 0 ? "" : "\": ", why);
    }
    package->strange_count++;
}

enum err
package_list(struct package *package, const struct package_file *file, const char *name, size_t len,
    struct note *note)
{
    if (package->count == PACKAGE_FILES) {
        note_set(note, "more than %d files", PACKAGE_FILES);
        return ERR_LIMIT;
    }
    if (package->count == package->room) {
        size_t room = package->room == 0 ? 64 : 2 * package->room;
        struct package_file *files = reallocarray(package->files, room, sizeof(*files));
        if (files == NULL) {
            return ERR_MEMORY;
        }
        package->files = files;
        package->room = room;
    }
    struct package_file *own = &package->files[package->count++];
    *own = *file;
    memcpy(own->name, name, len);
    own->name[len] = '\0';
    return OK;
}

/* A file or folder of a folder; `folder` is "" or "clip/". */
static enum err
list_entry(
    struct package *package, int at, const char *folder, const char *entry, struct note *note)
{
    struct stat status;
    char name[2 * PACKAGE_NAME + 256];
    (void)snprintf(name, sizeof(name), "%s%s", folder, entry);
    if (!package_is_name(name)) {
        package_tell(package, name, strlen(name), "not a name that a package has");
    } else if (fstatat(at, entry, &status, AT_SYMLINK_NOFOLLOW) != 0) {
        package_tell(package, name, strlen(name), "can't be looked at");
    } else if (S_ISREG(status.st_mode)) {
        struct package_file file = {.bytes = (uint64_t)status.st_size};
        return package_list(package, &file, name, strlen(name), note);
    } else {
        package_tell(package, name, strlen(name),
            S_ISLNK(status.st_mode)   ? "a link, not followed"
            : S_ISDIR(status.st_mode) ? "a folder that does not belong there"
                                      : "not a file");
    }
    return OK;
}

static enum err list_folder(struct package *package, int at, const char *folder, struct note *note);

static enum err
list_entry_or_folder(
    struct package *package, int at, const char *folder, const char *entry, struct note *note)
{
    struct stat status;
    if (folder[0] != '\0' || !package_is_name(entry) ||
        fstatat(at, entry, &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(status.st_mode)) {
        return list_entry(package, at, folder, entry, note);
    }
    char below[PACKAGE_NAME + 1];
    (void)snprintf(below, sizeof(below), "%s/", entry);
    int fd = openat(at, entry, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        package_tell(package, below, strlen(below), "can't be opened");
        return OK;
    }
    return list_folder(package, fd, below, note);
}

/* Takes the descriptor over. */
static enum err
list_folder(struct package *package, int at, const char *folder, struct note *note)
{
    DIR *stream = fdopendir(at);
    if (stream == NULL) {
        (void)close(at);
        return ERR_MEMORY;
    }
    enum err err = OK;
    size_t seen = 0;
    const struct dirent *entry;
    while (err == OK && (entry = readdir(stream)) != NULL) {
        if (text_equal(entry->d_name, ".") || text_equal(entry->d_name, "..")) {
            continue;
        }
        if (++seen > FOLDER_ENTRIES) {
            note_set(note, "more than %d files", PACKAGE_FILES);
            err = ERR_LIMIT;
            break;
        }
        err = list_entry_or_folder(package, dirfd(stream), folder, entry->d_name, note);
    }
    (void)closedir(stream);
    return err;
}

static int
compare_nocase(const void *a, const void *b)
{
    return strcasecmp(
        ((const struct package_file *)a)->name, ((const struct package_file *)b)->name);
}

static int
compare_names(const void *a, const void *b)
{
    return strcmp(((const struct package_file *)a)->name, ((const struct package_file *)b)->name);
}

/* Names that differ by letter case only are one file on some machines. */
static enum err
settle(struct package *package, struct note *note)
{
    if (package->count != 0) {
        qsort(package->files, package->count, sizeof(*package->files), compare_nocase);
    }
    for (size_t i = 1; i < package->count; i++) {
        const char *name = package->files[i].name;
        if (text_equal_nocase(package->files[i - 1].name, name)) {
            note_set(
                note, "two files are called \"%s\": two programs could show different ones", name);
            return ERR_SYNTAX;
        }
    }
    if (package->count != 0) {
        qsort(package->files, package->count, sizeof(*package->files), compare_names);
    }
    uint64_t bytes = 0;
    if (package_size(package, PACKAGE_MANIFEST, &bytes) != OK) {
        note_set(note, "there is no %s in it: not an evidence package", PACKAGE_MANIFEST);
        return ERR_SYNTAX;
    }
    return OK;
}

static enum err
list(struct package *package, struct note *note)
{
    struct stat status;
    if (fstat(package->fd, &status) != 0) {
        note_set(note, "it can't be looked at");
        return ERR_IO;
    }
    enum err err = ERR_SYNTAX;
    if (S_ISDIR(status.st_mode)) {
        int fd = openat(package->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        err = fd < 0 ? ERR_IO : list_folder(package, fd, "", note);
    } else if (S_ISREG(status.st_mode)) {
        package->is_zip = true;
        err = package_zip_list(package, note);
    } else {
        note_set(note, "neither a folder nor a file");
    }
    return err == OK ? settle(package, note) : err;
}

enum err
package_open(const char *path, struct package **ret_package, struct note *note)
{
    char reason[128];
    struct note why = {""};
    struct package *package = calloc(1, sizeof(*package));
    if (package == NULL) {
        return ERR_MEMORY;
    }
    package->piece = malloc(PACKAGE_PIECE);
    package->packed = malloc(PACKAGE_PIECE);
    package->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    enum err err = package->piece == NULL || package->packed == NULL ? ERR_MEMORY : OK;
    if (err == OK && package->fd < 0) {
        err = errno == ENOENT || errno == ENOTDIR ? ERR_MISSING : ERR_IO;
        note_set(&why, "%s", strerror_r(errno, reason, sizeof(reason)));
    }
    if (err == OK) {
        err = list(package, &why);
    }
    if (err != OK) {
        note_set(note, "%.100s: %s", path, why.text[0] == '\0' ? err_words(err) : why.text);
        package_close(package);
        return err;
    }
    *ret_package = package;
    return OK;
}

void
package_close(struct package *package)
{
    if (package == NULL) {
        return;
    }
    if (package->fd >= 0) {
        (void)close(package->fd);
    }
    free(package->files);
    free(package->piece);
    free(package->packed);
    free(package);
}

size_t
package_count(const struct package *package)
{
    return package->count;
}

const char *
package_name(const struct package *package, size_t i)
{
    assert(i < package->count);
    return package->files[i].name;
}

size_t
package_strange_count(const struct package *package)
{
    return package->strange_count;
}

const char *
package_strange(const struct package *package, size_t i)
{
    assert(i < PACKAGE_STRANGE && i < package->strange_count);
    return package->strange[i];
}

static const struct package_file *
find(const struct package *package, const char *name)
{
    struct package_file wanted;
    if (package->count == 0 || !package_is_name(name)) {
        return NULL;
    }
    (void)text_copy(wanted.name, sizeof(wanted.name), name);
    return bsearch(&wanted, package->files, package->count, sizeof(wanted), compare_names);
}

enum err
package_size(const struct package *package, const char *name, uint64_t *ret_bytes)
{
    const struct package_file *file = find(package, name);
    if (file == NULL) {
        return ERR_MISSING;
    }
    *ret_bytes = file->bytes;
    return OK;
}

/* No part of the way may be a link. */
static int
open_file(const struct package *package, const char *name)
{
    char folder[PACKAGE_NAME];
    const char *slash = strchr(name, '/');
    const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    if (slash == NULL) {
        return openat(package->fd, name, flags);
    }
    memcpy(folder, name, (size_t)(slash - name));
    folder[slash - name] = '\0';
    int at = openat(package->fd, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int fd = at < 0 ? -1 : openat(at, slash + 1, flags);
    if (at >= 0) {
        (void)close(at);
    }
    return fd;
}

enum err
package_file(struct package *package, const char *name, int *ret_fd, struct note *note)
{
    struct stat status;
    if (find(package, name) == NULL) {
        note_set(note, "%.100s is not in the package", name);
        return ERR_MISSING;
    }
    if (package->is_zip) {
        note_set(note, "%.100s is inside a zip", name);
        return ERR_UNSUPPORTED;
    }
    int fd = open_file(package, name);
    if (fd < 0 || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        note_set(note, "%.100s can't be opened any more", name);
        if (fd >= 0) {
            (void)close(fd);
        }
        return ERR_IO;
    }
    *ret_fd = fd;
    return OK;
}

static enum err
stream_file(struct package *package, const struct package_file *file,
    const struct package_reader *reader, struct note *note)
{
    int fd = -1;
    enum err err = package_file(package, file->name, &fd, note);
    uint64_t done = 0;
    while (err == OK) {
        ssize_t got = read(fd, package->piece, PACKAGE_PIECE);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            err = got == 0 ? OK : ERR_IO;
            break;
        }
        done += (uint64_t)got;
        if (done > file->bytes) {
            note_set(note, "%.100s grows while it is read", file->name);
            err = ERR_LIMIT;
        } else if (!reader->piece(reader->context, package->piece, (size_t)got)) {
            err = ERR_CANCELLED;
        }
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return err;
}

enum err
package_stream(struct package *package, const char *name, const struct package_reader *reader,
    struct note *note)
{
    const struct package_file *file = find(package, name);
    if (file == NULL) {
        note_set(note, "%.100s is not in the package", name);
        return ERR_MISSING;
    }
    return package->is_zip ? package_zip_stream(package, file, reader, note)
                           : stream_file(package, file, reader, note);
}

static bool
add_piece(void *context, const void *bytes, size_t len)
{
    struct buf *buf = context;
    buf_add(buf, bytes, len);
    return !buf->failed;
}

enum err
package_read(struct package *package, const char *name, struct buf *ret_bytes, struct note *note)
{
    const struct package_file *file = find(package, name);
    if (file != NULL && file->bytes > PACKAGE_SMALL) {
        note_set(note, "%.100s is larger than %zu bytes", name, PACKAGE_SMALL);
        return ERR_LIMIT;
    }
    const struct package_reader reader = {add_piece, ret_bytes};
    enum err err = package_stream(package, name, &reader, note);
    if (err == ERR_CANCELLED) {
        note_set(note, "%.100s is larger than %zu bytes", name, ret_bytes->max);
        err = ERR_LIMIT;
    }
    return err;
}
