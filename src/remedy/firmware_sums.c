/* Compares firmware files with the lists of digests that lie beside them. */
#include "remedy/firmware_sums.h"
#include "remedy/firmware.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIST_MAX ((size_t)256 * 1024)
#define PIECE    ((size_t)256 * 1024)

/* GNU coreutils: sha256sum, md5sum; the names under which makers and distributions publish them. */
static const struct {
    const char *before, *after; /* of the list's name; before NULL: FILE and after */
    const char *digest;         /* as OpenSSL calls it */
    size_t digits;
} lists[] = {
    {"SHA256SUMS",     "",           "SHA256", 64 },
    {"SHA256SUMS.txt", "",           "SHA256", 64 },
    {"sha256sums.txt", "",           "SHA256", 64 },
    {"SHA512SUMS",     "",           "SHA512", 128},
    {"MD5SUMS",        "",           "MD5",    32 },
    {NULL,             ".sha256",    "SHA256", 64 },
    {NULL,             ".sha256sum", "SHA256", 64 },
    {NULL,             ".sha512",    "SHA512", 128},
    {NULL,             ".md5",       "MD5",    32 },
    {NULL,             ".md5sum",    "MD5",    32 },
};

struct line {
    const char *at;
    size_t len;
};

static void
trim(struct line *line)
{
    while (line->len != 0 && strchr(" \t\r", line->at[0]) != NULL) {
        line->at++;
        line->len--;
    }
    while (line->len != 0 && strchr(" \t\r", line->at[line->len - 1]) != NULL) {
        line->len--;
    }
}

static bool
is_digest(const struct line *text, size_t digits)
{
    size_t n = 0;
    while (n < text->len && text_hex_digit(text->at[n]) >= 0) {
        n++;
    }
    return n == digits && n == text->len;
}

/* "name", "*name" and "./name"; a path leads elsewhere. */
static bool
is_named(struct line name, const char *file)
{
    trim(&name);
    if (name.len > 1 && name.at[0] == '*') {
        name.at++;
        name.len--;
    }
    if (name.len > 2 && memcmp(name.at, "./", 2) == 0) {
        name.at += 2;
        name.len -= 2;
    }
    return name.len == strlen(file) && memcmp(name.at, file, name.len) == 0;
}

/* "SHA256 (name) = digest"; false: no such line. */
static bool
split_tagged(const struct line *line, struct line *name, struct line *digest)
{
    const char *open = memchr(line->at, '(', line->len);
    const char *equals = NULL;
    for (size_t i = 0; i + 3 < line->len; i++) {
        equals = memcmp(line->at + i, ") = ", 4) == 0 ? line->at + i : equals;
    }
    if (open == NULL || equals == NULL || open > equals) {
        return false;
    }
    *name = (struct line){open + 1, (size_t)(equals - open - 1)};
    *digest = (struct line){equals + 4, (size_t)(line->at + line->len - equals - 4)};
    return true;
}

/* A line's digest and name; the name is empty where there is none. */
static bool
split(const struct line *line, struct line *name, struct line *digest)
{
    if (split_tagged(line, name, digest)) {
        return true;
    }
    size_t n = 0;
    while (n < line->len && strchr(" \t", line->at[n]) == NULL) {
        n++;
    }
    *digest = (struct line){line->at, n};
    *name = (struct line){line->at + n, line->len - n};
    trim(name);
    return n != 0;
}

static bool
is_about(const struct firmware_sums_ask *ask, const struct line *name)
{
    return ask->is_file_only || is_named(*name, ask->file);
}

/* Takes a digest; false: another one was there. */
static bool
keep(const struct line *digest, char ret_hex[FIRMWARE_SUMS_HEX])
{
    char hex[FIRMWARE_SUMS_HEX];
    for (size_t i = 0; i < digest->len; i++) {
        char c = digest->at[i];
        hex[i] = (char)(c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);
    }
    hex[digest->len] = '\0';
    if (ret_hex[0] != '\0') {
        return text_equal(ret_hex, hex);
    }
    memcpy(ret_hex, hex, digest->len + 1);
    return true;
}

enum err
firmware_sums_find(const char *bytes, size_t len, const struct firmware_sums_ask *ask,
    char ret_hex[FIRMWARE_SUMS_HEX])
{
    char found[FIRMWARE_SUMS_HEX] = "";
    for (size_t pos = 0; pos < len;) {
        struct line name;
        struct line digest;
        const char *end = memchr(bytes + pos, '\n', len - pos);
        struct line line = {
            bytes + pos, end == NULL ? len - pos : (size_t)(end - bytes - (ptrdiff_t)pos)};
        pos += line.len + 1;
        trim(&line);
        if (line.len == 0 || !split(&line, &name, &digest) || !is_digest(&digest, ask->digits) ||
            !is_about(ask, &name)) {
            continue;
        }
        if (!keep(&digest, found)) {
            return ERR_VALUE;
        }
    }
    if (found[0] == '\0') {
        return ERR_MISSING;
    }
    memcpy(ret_hex, found, sizeof(found));
    return OK;
}

enum err
firmware_sums_digest(int fd, const char *name, char ret_hex[FIRMWARE_SUMS_HEX])
{
    uint8_t bytes[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    uint64_t at = 0;
    ssize_t got = 1;
    const EVP_MD *md = EVP_get_digestbyname(name);
    uint8_t *piece = malloc(PIECE);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool is_good =
        md != NULL && piece != NULL && context != NULL && EVP_DigestInit_ex(context, md, NULL) == 1;
    while (is_good && got > 0 && at <= FIRMWARE_BYTES) {
        got = pread(fd, piece, PIECE, (off_t)at);
        is_good = got >= 0 && EVP_DigestUpdate(context, piece, (size_t)got) == 1;
        at += got > 0 ? (uint64_t)got : 0;
    }
    is_good = is_good && EVP_DigestFinal_ex(context, bytes, &len) == 1 &&
              2 * (size_t)len < FIRMWARE_SUMS_HEX;
    if (is_good) {
        text_hex(ret_hex, bytes, len);
    }
    EVP_MD_CTX_free(context);
    free(piece);
    return is_good ? OK : ERR_IO;
}

/* What one list says of the file. */
static enum err
check_list(const struct buf *list, size_t row, const char *list_name, const char *file, int fd,
    struct note *note)
{
    char wanted[FIRMWARE_SUMS_HEX] = "";
    char is[FIRMWARE_SUMS_HEX] = "";
    const struct firmware_sums_ask ask = {file, lists[row].digits, lists[row].before == NULL};
    enum err err = firmware_sums_find(list->data, list->len, &ask, wanted);
    if (err == ERR_MISSING && !ask.is_file_only) {
        return OK; /* it speaks of other files */
    }
    if (err != OK) {
        note_set(note, "%.60s: %.60s holds %s %s digest of it; it is not used", file, list_name,
            err == ERR_MISSING ? "no" : "more than one", lists[row].digest);
        return ERR_VALUE;
    }
    err = firmware_sums_digest(fd, lists[row].digest, is);
    if (err != OK || !text_equal(is, wanted)) {
        note_set(note, "%.60s: its %s is %.16s…, not %.16s… as %.60s says; it is not used", file,
            lists[row].digest, err == OK ? is : "not to be had", wanted, list_name);
        return ERR_VALUE;
    }
    return OK;
}

enum err
firmware_sums_check(const char *folder, const char *file, int fd, struct note *note)
{
    enum err err = OK;
    for (size_t i = 0; i < COUNT(lists) && err == OK; i++) {
        char path[PATH_MAX];
        char name[NAME_MAX + 1];
        CLEANUP(buf_release) struct buf list;
        const char *before = lists[i].before == NULL ? file : lists[i].before;
        buf_init(&list, LIST_MAX);
        int len = snprintf(name, sizeof(name), "%s%s", before, lists[i].after);
        int whole = snprintf(path, sizeof(path), "%s/%s", folder, name);
        if (len < 0 || (size_t)len >= sizeof(name) || whole < 0 || (size_t)whole >= sizeof(path) ||
            (access(path, F_OK) != 0 && errno == ENOENT)) {
            continue;
        }
        err = file_read(path, &list, note);
        err = err == OK ? check_list(&list, i, name, file, fd, note) : err;
    }
    return err;
}
