/* The file of a signing key: taken only when it is the whole and only spelling of one. */
#include "ledger/key.h"

#include "base/secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int fd = -1;
    char path[64];
    struct key *key = NULL;
    struct note note;
    if (fd < 0) {
        fd = memfd_create("key", MFD_CLOEXEC);
        if (fd < 0 || fchmod(fd, 0600) != 0 || secret_start() != OK) {
            abort();
        }
    }
    if (ftruncate(fd, 0) != 0 || pwrite(fd, data, size, 0) != (ssize_t)size) {
        abort();
    }
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    enum err err = key_read(path, &key, &note);
    if (err == ERR_IO || err == ERR_MISSING ||
        (err == OK && !vkey_is_name(key_public(key)->name))) {
        abort();
    }
    key_free(key);
    return 0;
}
