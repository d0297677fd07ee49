/*
 * Rule of this file: the seed, its text and what it expands to stay in guarded memory and in the
 * 0600 file. (That file stands outside of the ledger's folder, so it is written here.)
 */
#include "ledger/key.h"

#include "base/file.h"
#include "base/text.h"
#include "ledger/base64.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD     "PRIVATE+KEY+"
#define MATERIAL (1 + crypto_sign_SEEDBYTES)
#define LINE     512 /* more than the longest line */
#define PATH     4096

struct key {
    struct vkey public;
    uint8_t *secret; /* guarded: seed and public key as libsodium wants them */
};

static void
guarded_free(void *pointer)
{
    sodium_free(*(void **)pointer);
}

static void
close_descriptor(const int *fd)
{
    if (*fd > STDERR_FILENO) {
        (void)close(*fd);
    }
}

/* The descriptor, which is then not closed at the end of the function. */
static int
keep(int *fd)
{
    int kept = *fd;
    *fd = -1;
    return kept;
}

static void
note_errno(struct note *note, const char *path)
{
    char text[128];
    note_set(note, "%s: %s", path, strerror_r(errno, text, sizeof(text)));
}

/* The seed is guarded memory of the caller. */
static enum err
from_seed(const char *name, enum vkey_type type, const uint8_t *seed, struct key **ret_key)
{
    struct key *key = calloc(1, sizeof(*key));
    uint8_t public[crypto_sign_PUBLICKEYBYTES];
    if (key == NULL) {
        return ERR_MEMORY;
    }
    key->secret = sodium_malloc(crypto_sign_SECRETKEYBYTES);
    enum err err = key->secret == NULL ? ERR_MEMORY : OK;
    if (err == OK) {
        (void)crypto_sign_seed_keypair(public, key->secret, seed);
        (void)sodium_mprotect_readonly(key->secret);
        err = vkey_make(name, type, public, &key->public);
    }
    if (err != OK) {
        key_free(key);
        return err;
    }
    *ret_key = key;
    return OK;
}

enum err
key_new(const char *name, enum vkey_type type, struct key **ret_key)
{
    CLEANUP(guarded_free) uint8_t *seed = sodium_malloc(crypto_sign_SEEDBYTES);
    if (seed == NULL) {
        return ERR_MEMORY;
    }
    randombytes_buf(seed, crypto_sign_SEEDBYTES);
    return from_seed(name, type, seed, ret_key);
}

void
key_free(struct key *key)
{
    if (key != NULL) {
        sodium_free(key->secret);
        free(key);
    }
}

/* What systemd gives to a service by an ACL shows as 0440 of root's. */
static bool
is_private(const struct stat *status)
{
    bool is_roots = status->st_uid == 0 && status->st_gid == 0;
    return (status->st_mode & 077) == 0 || (is_roots && (status->st_mode & 07777) == 0440);
}

/* Opens what only its owner can read. */
static enum err
open_private(const char *path, int *ret_fd, struct note *note)
{
    struct stat status;
    if (text_equal(path, "-")) {
        *ret_fd = STDIN_FILENO;
        return OK;
    }
    CLEANUP(close_descriptor) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &status) != 0) {
        note_errno(note, path);
        return errno == ENOENT ? ERR_MISSING : ERR_IO;
    }
    if (!S_ISREG(status.st_mode) || !is_private(&status)) {
        note_set(note, "%s: others can read this key; say: chmod 600 %s", path, path);
        return ERR_VALUE;
    }
    *ret_fd = keep(&fd);
    return OK;
}

/* All of it, terminated; ERR_LIMIT when it is longer than any key. */
static enum err
read_line(int fd, const char *path, char *line, struct note *note)
{
    size_t len = 0;
    for (;;) {
        ssize_t got = read(fd, line + len, LINE - 1 - len);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            note_errno(note, path);
            return ERR_IO;
        }
        len += (size_t)got;
        if (got == 0 || len == LINE - 1) {
            line[len] = '\0';
            return len == LINE - 1 ? ERR_LIMIT : OK;
        }
    }
}

/* "PRIVATE+KEY+name+id+base64\n", the line end may be absent. */
static enum err
parse_line(char *line, struct key **ret_key)
{
    size_t len = strcspn(line, "\n");
    if (line[len] != '\0' && line[len + 1] != '\0') {
        return ERR_SYNTAX;
    }
    line[len] = '\0';
    char *name = line + sizeof(HEAD) - 1;
    char *id = text_starts(line, HEAD) ? strchr(name, '+') : NULL;
    char *base64 = id == NULL ? NULL : strchr(id + 1, '+');
    if (base64 == NULL || base64 - id != 1 + 2 * VKEY_ID) {
        return ERR_SYNTAX;
    }
    *id++ = '\0';
    *base64++ = '\0';
    CLEANUP(guarded_free) uint8_t *material = sodium_malloc(MATERIAL);
    if (material == NULL) {
        return ERR_MEMORY;
    }
    size_t got = 0;
    if (base64_decode(base64, strlen(base64), material, MATERIAL, &got) != OK || got != MATERIAL) {
        return ERR_SYNTAX;
    }
    struct key *key = NULL;
    enum err err = from_seed(name, (enum vkey_type)material[0], material + 1, &key);
    if (err != OK) {
        return err == ERR_VALUE ? ERR_SYNTAX : err;
    }
    char expected[2 * VKEY_ID + 1];
    text_hex(expected, key->public.id, VKEY_ID);
    if (!text_equal(expected, id)) {
        key_free(key);
        return ERR_SYNTAX;
    }
    *ret_key = key;
    return OK;
}

enum err
key_read(const char *path, struct key **ret_key, struct note *note)
{
    CLEANUP(guarded_free) char *line = sodium_malloc(LINE);
    CLEANUP(close_descriptor) int fd = -1;
    if (line == NULL) {
        return ERR_MEMORY;
    }
    enum err err = open_private(path, &fd, note);
    if (err == OK) {
        err = read_line(fd, path, line, note);
    }
    if (err == OK) {
        err = parse_line(line, ret_key);
    }
    if (err == ERR_SYNTAX || err == ERR_LIMIT) {
        note_set(note, "%s: is no signing key (one line, PRIVATE+KEY+…)", path);
        err = ERR_SYNTAX;
    }
    return err;
}

static void
format_line(const struct key *key, char *line)
{
    char id[2 * VKEY_ID + 1];
    text_hex(id, key->public.id, VKEY_ID);
    (void)snprintf(line, LINE, HEAD "%s+%s+", key->public.name, id);
    size_t len = strlen(line);
    /* From the guarded seed straight into the guarded line: type and seed are one base64. */
    CLEANUP(guarded_free) uint8_t *material = sodium_malloc(MATERIAL);
    if (material == NULL) {
        line[0] = '\0';
        return;
    }
    material[0] = (uint8_t)key->public.type;
    (void)crypto_sign_ed25519_sk_to_seed(material + 1, key->secret);
    (void)base64_encode(material, MATERIAL, line + len, LINE - len - 1);
    len = strlen(line);
    line[len] = '\n';
    line[len + 1] = '\0';
}

enum err
key_write(const struct key *key, const char *path, struct note *note)
{
    char beside[PATH];
    int len = snprintf(beside, sizeof(beside), "%s.%ld.part", path, (long)getpid());
    if (len < 0 || (size_t)len >= sizeof(beside)) {
        note_set(note, "the key's file name is too long");
        return ERR_LIMIT;
    }
    CLEANUP(guarded_free) char *line = sodium_malloc(LINE);
    if (line == NULL) {
        return ERR_MEMORY;
    }
    format_line(key, line);
    if (line[0] == '\0') {
        return ERR_MEMORY;
    }
    CLEANUP(close_descriptor)
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        note_errno(note, path);
        return ERR_IO;
    }
    /* link(2), because rename(2) would replace a key that is there. */
    bool is_done =
        file_write_all(fd, line, strlen(line)) && fsync(fd) == 0 && link(beside, path) == 0;
    enum err err = is_done ? OK : errno == EEXIST ? ERR_VALUE : ERR_IO;
    if (err == ERR_VALUE) {
        note_set(note, "%s: is there already; a key is never overwritten", path);
    } else if (err != OK) {
        note_errno(note, path);
    }
    (void)unlink(beside);
    if (err == OK && !file_sync_name(path)) {
        note_errno(note, path);
        err = ERR_IO;
    }
    return err;
}

const struct vkey *
key_public(const struct key *key)
{
    return &key->public;
}

void
key_sign(const struct key *key, const void *bytes, size_t len, uint8_t ret_blob[VKEY_BLOB])
{
    (void)crypto_sign_detached(ret_blob, NULL, bytes, len, key->secret);
}
