/*
 * Passwords of the owner: read from files of their own, or opened from the sealed ones, into
 * guarded memory, and nowhere else. The few bytes that pass the stack are wiped before the function
 * returns.
 */
#include "assess/site.h"

#include "base/file.h"
#include "base/text.h"
#include "codec/snmp.h"
#include "store/keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PASSWORD_LIMIT 256
#define SITE_RING_USER 128

static const char *
reason(void)
{
    return strerrordesc_np(errno);
}

enum err
site_find_file(const struct site *site, const char *written, char *out, size_t size)
{
    const char *slash = strrchr(site->file, '/');
    int len = slash == NULL || written[0] == '/' ? 0 : (int)(slash - site->file) + 1;
    int used = snprintf(out, size, "%.*s%s", len, site->file, written);
    return used < 0 || (size_t)used >= size ? ERR_LIMIT : OK;
}

/* Opens what may be read: an ordinary file that is closed to group and others. */
static enum err
open_file(const char *path, int *ret_fd, struct note *words)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &status) != 0) {
        note_set(words, "%s", reason());
    } else if (!S_ISREG(status.st_mode)) {
        note_set(words, "not an ordinary file");
    } else if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        note_set(words, "mode is %04o, so others than its owner may use it; chmod 600 it",
            (unsigned)(status.st_mode & 07777));
    } else {
        *ret_fd = fd;
        return OK;
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return ERR_VALUE;
}

/* The first line, at most size - 1 bytes of it; -1 when it can't be read. */
static ssize_t
read_line(int fd, char *line, size_t size)
{
    size_t len = 0;
    while (len < size && memchr(line, '\n', len) == NULL) {
        ssize_t got = read(fd, line + len, size - len);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return -1;
        }
        if (got == 0) {
            break;
        }
        len += (size_t)got;
    }
    const char *end = memchr(line, '\n', len);
    len = end == NULL ? len : (size_t)(end - line);
    return (ssize_t)(len > 0 && line[len - 1] == '\r' ? len - 1 : len);
}

static enum err
read_password(const char *path, struct secret **ret_secret, struct note *words)
{
    char line[PASSWORD_LIMIT + 1];
    int fd = -1;
    enum err err = open_file(path, &fd, words);
    if (err != OK) {
        return err;
    }
    ssize_t len = read_line(fd, line, sizeof(line));
    if (len < 0) {
        note_set(words, "%s", reason());
    } else if (len == 0) {
        note_set(words, "its first line is empty");
    } else if (len > PASSWORD_LIMIT) {
        note_set(words, "its first line is longer than %d bytes", PASSWORD_LIMIT);
    } else if (memchr(line, '\0', (size_t)len) != NULL) {
        note_set(words, "its first line holds a NUL character");
    } else {
        *ret_secret = secret_new(line, (size_t)len);
    }
    err = len <= 0 || words->text[0] != '\0' ? ERR_VALUE : *ret_secret == NULL ? ERR_MEMORY : OK;
    explicit_bzero(line, sizeof(line));
    (void)close(fd);
    return err;
}

/* The sealed passwords, opened when the first of them is asked for. */
struct sealed {
    struct vault *vault;
    char file[PATH_MAX], key[PATH_MAX];
};

static enum err
open_sealed(const struct site *site, struct sealed *sealed, struct note *words)
{
    struct vault_place place = {NULL, NULL};
    enum err err = OK;
    if (sealed->vault != NULL) {
        return OK;
    }
    if (site->secrets_file != NULL) {
        err = site_find_file(site, site->secrets_file, sealed->file, sizeof(sealed->file));
        place.file = sealed->file;
    }
    if (err == OK && site->secrets_key != NULL) {
        err = site_find_file(site, site->secrets_key, sealed->key, sizeof(sealed->key));
        place.key = sealed->key;
    }
    return err == OK ? vault_open(&place, false, &sealed->vault, words) : err;
}

/* One row's password, from whichever of the two places it names. */
static enum err
read_row(
    const struct site *site, struct site_device *device, struct sealed *sealed, struct note *words)
{
    char path[PATH_MAX];
    enum err err = OK;
    if (device->password != NULL) {
        return OK;
    }
    if (device->secret != NULL) {
        err = open_sealed(site, sealed, words);
        return err == OK ? vault_get(sealed->vault, device->secret, &device->password, words) : err;
    }
    if (device->password_file != NULL) {
        err = site_find_file(site, device->password_file, path, sizeof(path));
        return err == OK ? read_password(path, &device->password, words) : err;
    }
    return OK;
}

static void
tell(const struct site *site, const struct site_device *device, const char *row, const char *why,
    struct note *note)
{
    if (device->secret != NULL) {
        note_set(note, "%s:%u: %s.secret: %s", file_tail(site->file, 80), device->password_line,
            row, why);
    } else {
        bool is_snmp = device == &site->snmp;
        note_set(note, "%s:%u: %s.%s: %.100s: %s", file_tail(site->file, 80), device->password_line,
            row, is_snmp ? "community_file" : "password_file", device->password_file, why);
    }
}

/* Every log-in of the site file, one after the other, with what it is called there. */
static struct site_device *
row_at(struct site *site, size_t i, char *name, size_t size)
{
    if (i < site->device_count) {
        (void)snprintf(name, size, "devices[%zu]", i);
        return &site->devices[i];
    }
    i -= site->device_count;
    if (i < site->consumer_count) {
        (void)snprintf(name, size, "consumers[%zu]", i);
        return &site->consumers[i].login;
    }
    bool is_snmp = i == site->consumer_count;
    (void)text_copy(name, size, is_snmp ? "snmp" : "logins");
    return is_snmp ? &site->snmp : &site->others;
}

enum err
site_secret_read(struct site *site, struct note *note)
{
    struct sealed sealed = {.vault = NULL};
    enum err err = OK;
    for (size_t i = 0; i < site->device_count + site->consumer_count + 2 && err == OK; i++) {
        struct note words = {""};
        char row[32];
        struct site_device *device = row_at(site, i, row, sizeof(row));
        bool is_snmp = device == &site->snmp;
        err = read_row(site, device, &sealed, &words);
        if (err == OK && is_snmp && device->password != NULL &&
            secret_len(device->password) > SNMP_COMMUNITY) {
            note_set(&words, "a community has at most %d bytes", SNMP_COMMUNITY);
            err = ERR_VALUE;
        }
        if (err != OK) {
            tell(site, device, row, words.text[0] == '\0' ? err_words(err) : words.text, note);
        }
    }
    vault_close(sealed.vault);
    return err;
}

const char *
site_secret_words(const struct site_device *device, struct arena *arena)
{
    return device->secret != NULL ? arena_format(arena, "the secret %s", device->secret)
           : device->password_file != NULL
               ? arena_format(arena, "the password in %s", device->password_file)
               : "the password that Gatehouse set";
}

enum err
site_secret_place(const struct site *site, struct arena *arena, struct vault_place *ret_place)
{
    char path[PATH_MAX];
    struct vault_place place = {NULL, NULL};
    enum err err = OK;
    if (site != NULL && site->secrets_file != NULL) {
        err = site_find_file(site, site->secrets_file, path, sizeof(path));
        place.file = err == OK ? arena_copy(arena, path) : NULL;
        err = err == OK && place.file == NULL ? ERR_LIMIT : err;
    }
    if (err == OK && site != NULL && site->secrets_key != NULL) {
        err = site_find_file(site, site->secrets_key, path, sizeof(path));
        place.key = err == OK ? arena_copy(arena, path) : NULL;
        err = err == OK && place.key == NULL ? ERR_LIMIT : err;
    }
    if (err == OK) {
        *ret_place = place;
    }
    return err;
}

enum err
site_secret_ring(const struct vault *keyring, const struct subject *subject, struct arena *arena,
    struct site_device *ret_row)
{
    char key[SUBJECT_KEY];
    char user[SITE_RING_USER];
    struct note note = {""};
    struct secret *password = NULL;
    if (keyring == NULL) {
        return ERR_MISSING;
    }
    const struct keyring_name name = {subject_key(subject, key), user};
    enum err err = keyring_account(keyring, name.device, user, sizeof(user));
    err = err == OK ? keyring_get(keyring, &name, &password, &note) : err;
    if (err != OK) {
        return err;
    }
    *ret_row = (struct site_device){.user = arena_copy(arena, user), .password = password};
    if (ret_row->user == NULL) {
        secret_free(password);
        return ERR_LIMIT;
    }
    return OK;
}

/* The row of this device itself. */
static const struct site_device *
own_row(const struct site *site, const struct subject *subject, bool *ret_is_stranger)
{
    for (size_t i = 0; i < site->device_count; i++) {
        const struct site_device *device = &site->devices[i];
        bool by_ip = device->ip.family != 0 && subject_has_address(subject, &device->ip);
        bool knows_mac = !mac_is_zero(&device->mac) && !mac_is_zero(&subject->mac);
        bool by_mac = knows_mac && mac_equal(&device->mac, &subject->mac);
        if (device->password == NULL || (!by_ip && !by_mac)) {
            continue;
        }
        if (!knows_mac || by_mac) {
            return device;
        }
        *ret_is_stranger = true;
    }
    return NULL;
}

const struct site_device *
site_secret_device(const struct site *site, const struct subject *subject, bool *ret_is_stranger)
{
    *ret_is_stranger = false;
    if (site == NULL) {
        return NULL;
    }
    const struct site_device *row = own_row(site, subject, ret_is_stranger);
    bool is_video = ((1U << subject->kind) & KINDS_VIDEO) != 0;
    if (row != NULL || *ret_is_stranger || !is_video || site->others.password == NULL) {
        return row;
    }
    return &site->others;
}
