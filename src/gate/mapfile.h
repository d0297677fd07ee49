/*
 * Files that are memory of several processes. Each begins with the same header, has one size, is
 * filled under another name and put in its place whole; a reader of the file that was there before
 * keeps a valid mapping and learns by mapfile_is_current() that there is a newer one.
 */
#pragma once

#include "base/err.h"

#define MAPFILE_MAGIC 16
#define MAPFILE_BOOT  40

struct mapfile_kind {
    const char *magic; /* fewer than MAPFILE_MAGIC bytes */
    uint32_t version;  /* of the layout */
    size_t size;       /* of the whole file, header included */
};

/* First in every such file. */
struct mapfile_header {
    char magic[MAPFILE_MAGIC];
    uint32_t version;
    uint32_t reserved;
    uint64_t size;
    char boot[MAPFILE_BOOT]; /* the machine's boot id: clock_boot() times are of that one */
};

struct mapfile {
    void *bytes; /* NULL: none */
    size_t size;
    uint64_t device, inode;
};

/* Zeroes behind the header, mode 0640, its blocks reserved, at PATH.new until mapfile_place(). */
enum err mapfile_create(const char *path, const struct mapfile_kind *kind, struct mapfile *ret_file,
    struct note *note) MUST_CHECK;
/* Puts it at its path. */
enum err mapfile_place(const char *path, struct note *note) MUST_CHECK;
/* ERR_MISSING; ERR_VALUE: another kind, version, size, or of an earlier start of the machine. */
enum err mapfile_open(const char *path, const struct mapfile_kind *kind, bool is_writer,
    struct mapfile *ret_file, struct note *note) MUST_CHECK;
void mapfile_close(struct mapfile *file);
/* Whether the file at that path is the one that is mapped. One system call. */
bool mapfile_is_current(const struct mapfile *file, const char *path);
