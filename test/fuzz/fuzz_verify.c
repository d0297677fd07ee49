/*
 * A log with one file replaced by any bytes. The first byte says which file; the rest is what it
 * holds. Whatever it is, verification comes to an end, and says yes only to the true bytes.
 */
#include "base/secret.h"
#include "ledger/verify.h"
#include "log_maker.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ENTRIES 300

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Those that are covered by the checkpoint come first. */
static const char *const files[] = {"checkpoint", "tile/entries/000", "tile/entries/001.p/44",
    "tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1", "log.vkey", "handover/1",
    "checkpoint.witnessed"};
#define COVERED 6

static char folder[64];
static struct key *key;
static struct buf whole[COUNT(files)];

static int
remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

static void
remove_all(void)
{
    (void)nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static int
open_in_log(const char *name, int flags)
{
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/log/%s", folder, name);
    return open(path, flags | O_CLOEXEC, 0600);
}

static void
put(const char *name, const void *bytes, size_t len)
{
    int fd = open_in_log(name, O_WRONLY | O_CREAT | O_TRUNC);
    ssize_t written = fd < 0 ? -1 : write(fd, bytes, len);
    assert(written == (ssize_t)len);
    (void)close(fd);
}

static void
take(const char *name, struct buf *out)
{
    char bytes[32768];
    int fd = open_in_log(name, O_RDONLY);
    ssize_t got = fd < 0 ? 0 : read(fd, bytes, sizeof(bytes));
    buf_init(out, sizeof(bytes));
    buf_add(out, bytes, got < 0 ? 0 : (size_t)got);
    (void)close(fd);
}

static void
make(void)
{
    char entry[32], path[96];
    struct log_maker maker;
    (void)snprintf(folder, sizeof(folder), "/tmp/fuzz_verify.XXXXXX");
    bool is_fine = secret_start() == OK && mkdtemp(folder) != NULL &&
                   key_new("fuzz.example", VKEY_ED25519, &key) == OK;
    assert(is_fine);
    (void)atexit(remove_all);
    log_maker_open(&maker, folder);
    for (unsigned i = 0; i < ENTRIES; i++) {
        int len = snprintf(entry, sizeof(entry), "{\"v\":%u}", i);
        log_maker_add(&maker, entry, (size_t)len);
    }
    log_maker_sign(&maker, key, NULL, "checkpoint");
    log_maker_close(&maker);
    (void)snprintf(path, sizeof(path), "%s/log/handover", folder);
    (void)mkdir(path, 0700);
    for (size_t i = 0; i < COUNT(files); i++) {
        take(files[i], &whole[i]);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct verify_result result;
    struct note note = {""};
    if (key == NULL) {
        make();
    }
    if (size == 0) {
        return 0;
    }
    size_t which = data[0] % COUNT(files);
    put(files[which], data + 1, size - 1);
    struct verify_settings settings = {.folder = folder, .key = key_public(key), .jobs = 1};
    settings.hashes_only = true;
    enum err err = verify_run(&settings, &result, &note);
    assert(err == OK || note.text[0] != '\0');
    if (result.is_verified && which < COVERED) {
        assert(size - 1 == whole[which].len);
        assert(memcmp(data + 1, whole[which].data, size - 1) == 0);
    }
    assert(result.is_verified == (err == OK && result.finding_count == 0));
    verify_result_release(&result);
    if (whole[which].len != 0) {
        put(files[which], whole[which].data, whole[which].len);
    } else {
        char path[128];
        (void)snprintf(path, sizeof(path), "%s/log/%s", folder, files[which]);
        (void)unlink(path);
    }
    return 0;
}
