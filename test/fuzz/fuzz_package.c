/* Any bytes as a zip: what is listed has allowed names, once each, and ends at its size. */
#include "evidence/package.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
    uint64_t bytes, max;
};

static bool
take(void *context, const void *bytes, size_t len)
{
    struct seen *seen = context;
    (void)bytes;
    seen->bytes += len;
    assert(seen->bytes <= seen->max);
    return seen->bytes < (uint64_t)16 * 1024 * 1024;
}

static void
look(struct package *package)
{
    for (size_t i = 0; i < package_count(package); i++) {
        struct note note = {""};
        struct seen seen = {.bytes = 0};
        const struct package_reader reader = {take, &seen};
        const char *name = package_name(package, i);
        assert(package_is_name(name));
        assert(i == 0 || strcmp(package_name(package, i - 1), name) < 0);
        enum err err = package_size(package, name, &seen.max);
        assert(err == OK);
        err = package_stream(package, name, &reader, &note);
        assert(err == OK ? seen.bytes == seen.max : err == ERR_CANCELLED || note.text[0] != '\0');
    }
    for (size_t i = 0; i < package_strange_count(package) && i < PACKAGE_STRANGE; i++) {
        assert(package_strange(package, i)[0] != '\0');
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct package *package = NULL;
    struct note note = {""};
    char path[64];
    int fd = memfd_create("package", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size) {
        return 0;
    }
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (package_open(path, &package, &note) == OK) {
        look(package);
        package_close(package);
    } else {
        assert(note.text[0] != '\0');
    }
    (void)close(fd);
    return 0;
}
