/* What the two ways of reading a package share; nobody else includes it. */
#pragma once

#include "evidence/package.h"

#define PACKAGE_PIECE ((size_t)256 * 1024)
#define PACKAGE_WORDS 160

struct package_file {
    char name[PACKAGE_NAME];
    uint64_t bytes;
    uint64_t at;     /* of a zip: where its local header is */
    uint64_t packed; /* of a zip: bytes in the zip */
    uint32_t crc;
    uint16_t method;
};

struct package {
    int fd; /* of the folder or the zip */
    bool is_zip;
    struct package_file *files;
    size_t count, room;
    size_t strange_count;
    char strange[PACKAGE_STRANGE][PACKAGE_WORDS];
    uint8_t *piece;  /* PACKAGE_PIECE, for what is read */
    uint8_t *packed; /* the same, for what is unpacked */
};

/* Adds a file whose name is allowed; the name need not be terminated. ERR_LIMIT, ERR_MEMORY. */
enum err package_list(struct package *package, const struct package_file *file, const char *name,
    size_t len, struct note *note) MUST_CHECK;
/* Tells of something that is not read: its name from outside, and why. */
void package_tell(struct package *package, const char *name, size_t len, const char *why);
/* Whether such bytes are a name. */
bool package_may_be(const char *name, size_t len);

/* package_zip.c: reads the list of files; ERR_SYNTAX when it is no zip. */
enum err package_zip_list(struct package *package, struct note *note) MUST_CHECK;
enum err package_zip_stream(struct package *package, const struct package_file *file,
    const struct package_reader *reader, struct note *note) MUST_CHECK;

/* package_write.c: copies a file of another package. */
enum err package_put_from(struct package_writer *writer, const char *name, struct package *from,
    struct note *note) MUST_CHECK;
