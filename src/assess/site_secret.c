/*
 * Passwords of the owner: read from files of their own into guarded memory, and nowhere else. The
 * few bytes that pass the stack are wiped before the function returns.
 */
#include "assess/site.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PASSWORD_LIMIT 256

static const char *
reason(void)
{
    return strerrordesc_np(errno);
}

/* A path without '/' in front starts at the folder of the site file. */
static enum err
find_file(const struct site *site, const char *written, char *out, size_t size)
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

enum err
site_secret_read(struct site *site, struct note *note)
{
    char path[PATH_MAX];
    for (size_t i = 0; i < site->device_count; i++) {
        struct site_device *device = &site->devices[i];
        struct note words = {""};
        if (device->password_file == NULL || device->password != NULL) {
            continue;
        }
        enum err err = find_file(site, device->password_file, path, sizeof(path));
        if (err == OK) {
            err = read_password(path, &device->password, &words);
        }
        if (err != OK) {
            note_set(note, "%.80s:%u: devices[%zu].password_file: %.100s: %s", site->file,
                device->password_line, i, device->password_file,
                words.text[0] == '\0' ? err_words(err) : words.text);
            return err;
        }
    }
    return OK;
}

const struct site_device *
site_secret_device(const struct site *site, const struct subject *subject, bool *ret_is_stranger)
{
    *ret_is_stranger = false;
    for (size_t i = 0; site != NULL && i < site->device_count; i++) {
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
