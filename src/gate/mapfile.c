/* Makes and maps the files by which processes share memory. */
#include "gate/mapfile.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define BOOT_ID "/proc/sys/kernel/random/boot_id"

/* Empty where it can't be read; then it is not compared. */
static void
read_boot(char out[MAPFILE_BOOT])
{
    memset(out, 0, MAPFILE_BOOT);
    int fd = open(BOOT_ID, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        if (read(fd, out, MAPFILE_BOOT - 1) < 0) {
            out[0] = '\0';
        }
        (void)close(fd);
    }
}

static enum err
beside(const char *path, char out[PATH_MAX], struct note *note)
{
    int len = snprintf(out, PATH_MAX, "%s.new", path);
    if (len < 0 || len >= PATH_MAX) {
        note_set(note, "the path is too long");
        return ERR_LIMIT;
    }
    return OK;
}

static enum err
fail(enum err err, const char *what, const char *path, int reason, struct note *note)
{
    char words[64];
    note_set(note, "can't %s %s: %s", what, path, strerror_r(reason, words, sizeof words));
    return err;
}

static enum err
map(int fd, size_t size, bool is_writer, struct mapfile *ret_file)
{
    struct stat stat;
    if (fstat(fd, &stat) != 0) {
        return ERR_IO;
    }
    int protection = is_writer ? PROT_READ | PROT_WRITE : PROT_READ;
    void *bytes = mmap(NULL, size, protection, MAP_SHARED, fd, 0);
    if (bytes == MAP_FAILED) {
        return ERR_MEMORY;
    }
    *ret_file = (struct mapfile){bytes, size, stat.st_dev, stat.st_ino};
    return OK;
}

static void
put_header(void *bytes, const struct mapfile_kind *kind)
{
    struct mapfile_header header = {.version = kind->version, .size = kind->size};
    (void)text_copy(header.magic, sizeof header.magic, kind->magic);
    read_boot(header.boot);
    memcpy(bytes, &header, sizeof header);
}

enum err
mapfile_create(
    const char *path, const struct mapfile_kind *kind, struct mapfile *ret_file, struct note *note)
{
    char name[PATH_MAX];
    enum err err = beside(path, name, note);
    if (err != OK) {
        return err;
    }
    (void)unlink(name);
    int fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        return fail(ERR_IO, "make", name, errno, note);
    }
    /* Blocks now, or a full disk would later be a signal in the middle of a write. */
    int reason = posix_fallocate(fd, 0, (off_t)kind->size);
    if (reason == 0 && fchmod(fd, 0640) != 0) {
        reason = errno;
    }
    if (reason != 0) {
        err = fail(reason == ENOSPC ? ERR_FULL : ERR_IO, "make", name, reason, note);
    } else if ((err = map(fd, kind->size, true, ret_file)) != OK) {
        (void)fail(err, "map", name, errno, note);
    } else {
        put_header(ret_file->bytes, kind);
    }
    (void)close(fd);
    if (err != OK) {
        (void)unlink(name);
    }
    return err;
}

enum err
mapfile_place(const char *path, struct note *note)
{
    char name[PATH_MAX];
    enum err err = beside(path, name, note);
    if (err == OK && rename(name, path) != 0) {
        err = fail(ERR_IO, "put in place", path, errno, note);
    }
    return err;
}

static bool
fits(const struct mapfile_header *header, const struct mapfile_kind *kind)
{
    char boot[MAPFILE_BOOT];
    read_boot(boot);
    return strncmp(header->magic, kind->magic, MAPFILE_MAGIC) == 0 &&
           header->version == kind->version && header->size == kind->size &&
           (boot[0] == '\0' || header->boot[0] == '\0' ||
               strncmp(boot, header->boot, MAPFILE_BOOT) == 0);
}

static enum err
check_and_map(int fd, const struct mapfile_kind *kind, bool is_writer, struct mapfile *ret_file)
{
    struct stat stat;
    struct mapfile_header header;
    if (fstat(fd, &stat) != 0 || pread(fd, &header, sizeof header, 0) < 0) {
        return ERR_IO;
    }
    if (!S_ISREG(stat.st_mode) || (uint64_t)stat.st_size != kind->size || !fits(&header, kind)) {
        return ERR_VALUE;
    }
    return map(fd, kind->size, is_writer, ret_file);
}

enum err
mapfile_open(const char *path, const struct mapfile_kind *kind, bool is_writer,
    struct mapfile *ret_file, struct note *note)
{
    int how = (is_writer ? O_RDWR : O_RDONLY) | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
    int fd = open(path, how);
    if (fd < 0) {
        return fail(errno == ENOENT ? ERR_MISSING : ERR_IO, "open", path, errno, note);
    }
    enum err err = check_and_map(fd, kind, is_writer, ret_file);
    if (err == ERR_VALUE) {
        note_set(note, "%s is of another version or of an earlier start of this machine", path);
    } else if (err != OK) {
        note_set(note, "can't map %s: %s", path, err_words(err));
    }
    (void)close(fd);
    return err;
}

void
mapfile_close(struct mapfile *file)
{
    if (file->bytes != NULL) {
        (void)munmap(file->bytes, file->size);
        file->bytes = NULL;
    }
}

bool
mapfile_is_current(const struct mapfile *file, const char *path)
{
    struct stat found;
    return file->bytes != NULL && stat(path, &found) == 0 && found.st_dev == file->device &&
           found.st_ino == file->inode;
}
