/* Rule of this file: the key is on the stack only between the file and guarded memory, and wiped.
 */
#include "store/vault_key.h"

#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIGITS ((size_t)2 * VAULT_KEY)

enum err
vault_key_place(struct buf *ret_path, bool *ret_is_credential, struct note *note)
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY"); // NOLINT(concurrency-mt-unsafe)
    *ret_is_credential = false;
    if (!text_is_empty(folder)) {
        buf_format(ret_path, "%s/" VAULT_CREDENTIAL, folder);
        *ret_is_credential = access(ret_path->data, F_OK) == 0;
        if (*ret_is_credential) {
            return buf_error(ret_path);
        }
        buf_clear(ret_path);
    }
    enum err err = file_xdg("STATE", ret_path);
    if (err != OK) {
        note_set(note, "neither HOME nor XDG_STATE_HOME says where the key is; name its file");
        return err;
    }
    buf_text(ret_path, "/secrets.key");
    return buf_error(ret_path);
}

/* systemd grants its service user by an access list, which shows as a right of the group. */
static bool
is_private(const char *path, int fd, bool is_credential, struct note *note)
{
    struct stat status;
    mode_t others = is_credential ? S_IRWXO : S_IRWXG | S_IRWXO;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        note_set(note, "%.120s: the key is no ordinary file", path);
    } else if ((status.st_mode & others) != 0) {
        note_set(note,
            "%.120s: the key's mode is %04o, so others than its owner may use it; "
            "chmod 600 it, then gatehouse secret rekey",
            path, (unsigned)(status.st_mode & 07777));
    } else if (!is_credential && status.st_uid != geteuid()) {
        note_set(note,
            "%.120s: the key belongs to another user; run as that user, or name a key "
            "of your own",
            path);
    } else {
        return true;
    }
    return false;
}

static enum err
read_digits(const char *path, int fd, struct secret **ret_key, struct note *note)
{
    char digits[DIGITS + 2];
    uint8_t key[VAULT_KEY];
    size_t len = 0;
    ssize_t got = 1;
    while (got > 0 && len < sizeof(digits)) {
        got = read(fd, digits + len, sizeof(digits) - len);
        len += got > 0 ? (size_t)got : 0;
    }
    bool is_right = got >= 0 && (len == DIGITS || (len == DIGITS + 1 && digits[DIGITS] == '\n'));
    is_right = is_right &&
               sodium_hex2bin(key, sizeof(key), digits, DIGITS, NULL, &len, NULL) == 0 &&
               len == VAULT_KEY;
    *ret_key = is_right ? secret_new(key, sizeof(key)) : NULL;
    sodium_memzero(digits, sizeof(digits));
    sodium_memzero(key, sizeof(key));
    if (!is_right) {
        note_set(note, "%.120s: it is no key; expected %zu hexadecimal digits", path, DIGITS);
        return ERR_VALUE;
    }
    return *ret_key == NULL ? ERR_MEMORY : OK;
}

enum err
vault_key_read(const char *path, bool is_credential, struct secret **ret_key, struct note *note)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        bool is_missing = errno == ENOENT;
        note_set(note, "%.120s: %s", path, strerrordesc_np(errno));
        return is_missing ? ERR_MISSING : ERR_IO;
    }
    enum err err = is_private(path, fd, is_credential, note) ? read_digits(path, fd, ret_key, note)
                                                             : ERR_VALUE;
    (void)close(fd);
    return err;
}

/* The folder of the key, for which nobody but its owner has a use. */
static enum err
make_folder(const char *path, struct note *note)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL || slash == path) {
        return OK;
    }
    CLEANUP(buf_release) struct buf folder;
    buf_init(&folder, 4096);
    buf_add(&folder, path, (size_t)(slash - path));
    return file_make_folder(folder.data, note);
}

enum err
vault_key_make(const char *path, struct secret **ret_key, struct note *note)
{
    uint8_t key[VAULT_KEY];
    char digits[DIGITS + 1];
    enum err err = make_folder(path, note);
    if (err != OK) {
        return err;
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        note_set(note, "%.120s: %s", path, strerrordesc_np(errno));
        return ERR_IO;
    }
    randombytes_buf(key, sizeof(key));
    (void)sodium_bin2hex(digits, sizeof(digits), key, sizeof(key));
    digits[DIGITS] = '\n';
    bool is_written = file_write_all(fd, digits, DIGITS + 1) && fsync(fd) == 0;
    int reason = errno;
    struct secret *made = is_written ? secret_new(key, sizeof(key)) : NULL;
    sodium_memzero(key, sizeof(key));
    sodium_memzero(digits, sizeof(digits));
    (void)close(fd);
    if (made == NULL) {
        (void)unlink(path);
        note_set(
            note, "%.120s: %s", path, is_written ? err_words(ERR_MEMORY) : strerrordesc_np(reason));
        return is_written ? ERR_MEMORY : ERR_IO;
    }
    *ret_key = made;
    return OK;
}
