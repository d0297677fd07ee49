/*
 * Rules of this file: a password is opened into guarded memory only; what is on disk is whole, old
 * or new; a file whose mark is wrong is not used at all.
 */
#include "store/vault.h"

#include "base/file.h"
#include "base/suggest.h"
#include "base/text.h"
#include "store/vault_key.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK   64 /* passwords are padded to it, so that the file tells no length */
#define PADDED  (VAULT_PASSWORD + BLOCK)
#define CONTEXT "gh-vault"

#define LOCK_MS 30000 /* a person may be at a question of gatehouse secret set */
#define TURN_MS 20

static_assert(PADDED + crypto_aead_xchacha20poly1305_ietf_ABYTES == VAULT_SEALED, "fits");
static_assert(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES == VAULT_NONCE, "nonce");

/* What is derived from the key. */
enum part {
    PART_SEAL = 1,
    PART_MARK,
    PART_ID,
    PART_JOURNAL,
};

struct vault {
    struct buf file, key_file;
    struct vault_image image;
    struct secret *key;
    bool is_credential;
    int lock; /* -1: only read */
};

static enum err
derive(const struct secret *key, enum part part, struct secret **ret_part)
{
    uint8_t bytes[VAULT_KEY];
    (void)crypto_kdf_derive_from_key(
        bytes, sizeof(bytes), (uint64_t)part, CONTEXT, (const uint8_t *)secret_text(key));
    *ret_part = secret_new(bytes, sizeof(bytes));
    sodium_memzero(bytes, sizeof(bytes));
    return *ret_part == NULL ? ERR_MEMORY : OK;
}

/* BLAKE2b of bytes under a key that is derived for it. */
static enum err
mark(const struct secret *key, enum part part, const struct buf *bytes, uint8_t *out, size_t size)
{
    struct secret *under = NULL;
    enum err err = derive(key, part, &under);
    if (err == OK) {
        (void)crypto_generichash(out, size, (const uint8_t *)bytes->data, bytes->len,
            (const uint8_t *)secret_text(under), VAULT_KEY);
        secret_free(under);
    }
    return err;
}

static enum err
key_id(const struct secret *key, uint8_t out[VAULT_KEY_ID])
{
    const struct buf empty = {.data = (char[]){""}};
    return mark(key, PART_ID, &empty, out, VAULT_KEY_ID);
}

static enum err
seal(const struct secret *key, const struct secret *secret, struct vault_entry *entry)
{
    struct secret *under = NULL;
    unsigned char plain[PADDED];
    unsigned long long len = 0;
    size_t padded = 0;
    enum err err = derive(key, PART_SEAL, &under);
    if (err != OK) {
        return err;
    }
    memcpy(plain, secret_text(secret), secret_len(secret));
    bool is_sealed = sodium_pad(&padded, plain, secret_len(secret), BLOCK, sizeof(plain)) == 0;
    if (is_sealed) {
        randombytes_buf(entry->nonce, VAULT_NONCE);
        (void)crypto_aead_xchacha20poly1305_ietf_encrypt(entry->sealed, &len, plain, padded,
            (const uint8_t *)entry->name, strlen(entry->name), NULL, entry->nonce,
            (const uint8_t *)secret_text(under));
        entry->sealed_len = (uint16_t)len;
    }
    sodium_memzero(plain, sizeof(plain));
    secret_free(under);
    return is_sealed ? OK : ERR_LIMIT;
}

static enum err
unseal(const struct secret *key, const struct vault_entry *entry, struct secret **ret_secret)
{
    struct secret *under = NULL;
    unsigned char plain[VAULT_SEALED];
    unsigned long long padded = 0;
    size_t len = 0;
    enum err err = derive(key, PART_SEAL, &under);
    if (err != OK) {
        return err;
    }
    bool is_open = crypto_aead_xchacha20poly1305_ietf_decrypt(plain, &padded, NULL, entry->sealed,
                       entry->sealed_len, (const uint8_t *)entry->name, strlen(entry->name),
                       entry->nonce, (const uint8_t *)secret_text(under)) == 0 &&
                   sodium_unpad(&len, plain, (size_t)padded, BLOCK) == 0;
    struct secret *secret = is_open ? secret_new(plain, len) : NULL;
    sodium_memzero(plain, sizeof(plain));
    secret_free(under);
    if (secret == NULL) {
        return is_open ? ERR_MEMORY : ERR_VALUE;
    }
    *ret_secret = secret;
    return OK;
}

/* Another run may have been stopped between the new file and the new key: "KEY.new" is then right.
 */
static enum err
finish_rekey(struct vault *vault, const uint8_t id[VAULT_KEY_ID])
{
    CLEANUP(buf_release) struct buf beside;
    uint8_t wanted[VAULT_KEY_ID];
    struct secret *key = NULL;
    struct note unused;
    buf_init(&beside, 4096);
    buf_format(&beside, "%s.new", vault->key_file.data);
    if (vault->is_credential || vault_key_read(beside.data, false, &key, &unused) != OK) {
        return ERR_VALUE;
    }
    enum err err = key_id(key, wanted);
    if (err == OK && sodium_memcmp(wanted, id, VAULT_KEY_ID) != 0) {
        err = ERR_VALUE;
    }
    if (err != OK || rename(beside.data, vault->key_file.data) != 0) {
        secret_free(key);
        return err == OK ? ERR_IO : err;
    }
    secret_free(vault->key);
    vault->key = key;
    return OK;
}

static enum err
check_mark(struct vault *vault, const struct buf *bytes, struct note *note)
{
    uint8_t wanted[VAULT_MARK];
    uint8_t id[VAULT_KEY_ID];
    struct buf before = *bytes;
    before.len -= VAULT_MARK;
    enum err err = key_id(vault->key, id);
    if (err == OK && sodium_memcmp(id, vault->image.key_id, VAULT_KEY_ID) != 0 &&
        finish_rekey(vault, vault->image.key_id) != OK) {
        note_set(note,
            "%.90s: sealed with another key than %.80s; name the right key, or remove "
            "the file and set the passwords anew",
            vault->file.data, vault->key_file.data);
        return ERR_VALUE;
    }
    err = err == OK ? mark(vault->key, PART_MARK, &before, wanted, sizeof(wanted)) : err;
    if (err == OK && sodium_memcmp(wanted, vault->image.mark, VAULT_MARK) != 0) {
        note_set(note,
            "%.120s: it was changed by something else than gatehouse; restore it, or "
            "remove it and set the passwords anew",
            vault->file.data);
        return ERR_VALUE;
    }
    return err;
}

static int
by_name(const void *a, const void *b)
{
    return strcmp(((const struct vault_entry *)a)->name, ((const struct vault_entry *)b)->name);
}

/* The file's bytes; is_there false when there is no file. */
static enum err
read_image(struct vault *vault, struct buf *bytes, bool *ret_is_there, struct note *note)
{
    struct note words = {""};
    struct stat status;
    if (stat(vault->file.data, &status) == 0 && !S_ISREG(status.st_mode)) {
        note_set(note, "%.120s: not an ordinary file", vault->file.data); /* a FIFO would hang */
        return ERR_VALUE;
    }
    enum err err = file_read(vault->file.data, bytes, note);
    *ret_is_there = err != ERR_MISSING;
    if (err == ERR_MISSING) {
        return OK;
    }
    if (err == OK) {
        err = vault_image_read(bytes->data, bytes->len, &vault->image, &words);
        if (err != OK) {
            note_set(note, "%.120s: %s", vault->file.data, words.text);
        }
    }
    return err;
}

static enum err
load(struct vault *vault, bool edits, struct note *note)
{
    CLEANUP(buf_release) struct buf bytes;
    bool is_there = false;
    buf_init(&bytes, VAULT_FILE_MAX);
    enum err err = read_image(vault, &bytes, &is_there, note);
    if (err != OK || (!is_there && !edits)) {
        return err;
    }
    err = vault_key_read(vault->key_file.data, vault->is_credential, &vault->key, note);
    if (err == ERR_MISSING && !is_there) {
        err = vault_key_make(vault->key_file.data, &vault->key, note);
    } else if (err == ERR_MISSING) {
        note_set(note,
            "%.90s: its key %.90s is gone; restore it, or remove both and set the "
            "passwords anew",
            vault->file.data, vault->key_file.data);
    }
    if (err != OK || !is_there) {
        return err;
    }
    return check_mark(vault, &bytes, note);
}

static enum err
find_places(struct vault *vault, const struct vault_place *place, struct note *note)
{
    enum err err = OK;
    if (place->file != NULL) {
        buf_text(&vault->file, place->file);
    } else {
        err = file_xdg("DATA", &vault->file);
        buf_text(&vault->file, "/secrets.sealed");
    }
    if (err != OK) {
        note_set(
            note, "neither HOME nor XDG_DATA_HOME says where the passwords are; name the file");
        return err;
    }
    if (place->key != NULL) {
        buf_text(&vault->key_file, place->key);
    } else {
        err = vault_key_place(&vault->key_file, &vault->is_credential, note);
    }
    if (err == OK && (vault->file.failed || vault->key_file.failed)) {
        note_set(note, "the path of the passwords or of their key is too long");
        err = ERR_LIMIT;
    }
    return err;
}

/* One at a time: the next reads what the one before has written. */
static enum err
lock_file(struct vault *vault, struct note *note)
{
    CLEANUP(buf_release) struct buf path;
    buf_init(&path, 4096);
    const char *slash = strrchr(vault->file.data, '/');
    if (slash != NULL && slash != vault->file.data) {
        buf_add(&path, vault->file.data, (size_t)(slash - vault->file.data));
        enum err err = file_make_folder(path.data, note);
        if (err != OK) {
            return err;
        }
        buf_clear(&path);
    }
    buf_format(&path, "%s.lock", vault->file.data);
    vault->lock = open(path.data, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool is_mine = vault->lock >= 0 && flock(vault->lock, LOCK_EX | LOCK_NB) == 0;
    for (unsigned ms = 0; vault->lock >= 0 && !is_mine && ms < LOCK_MS; ms += TURN_MS) {
        if (errno != EWOULDBLOCK && errno != EINTR) {
            break;
        }
        (void)poll(NULL, 0, TURN_MS);
        is_mine = flock(vault->lock, LOCK_EX | LOCK_NB) == 0;
    }
    if (vault->lock >= 0 && !is_mine && errno == EWOULDBLOCK) {
        note_set(note, "%.120s: another gatehouse changes the passwords; let it end first",
            vault->file.data);
        return ERR_IO;
    }
    if (!is_mine) {
        note_set(note, "%.160s: %s", path.data, strerrordesc_np(errno));
        return ERR_IO;
    }
    return OK;
}

enum err
vault_open(const struct vault_place *place, bool edits, struct vault **ret_vault, struct note *note)
{
    struct vault *vault = calloc(1, sizeof(*vault));
    if (vault == NULL) {
        return ERR_MEMORY;
    }
    vault->lock = -1;
    buf_init(&vault->file, 4096);
    buf_init(&vault->key_file, 4096);
    enum err err = find_places(vault, place, note);
    if (err == OK && edits) {
        err = lock_file(vault, note);
    }
    if (err == OK) {
        err = load(vault, edits, note);
    }
    if (err != OK) {
        vault_close(vault);
        return err;
    }
    *ret_vault = vault;
    return OK;
}

void
vault_close(struct vault *vault)
{
    if (vault != NULL) {
        if (vault->lock >= 0) {
            (void)close(vault->lock);
        }
        secret_free(vault->key);
        vault_image_release(&vault->image);
        buf_release(&vault->file);
        buf_release(&vault->key_file);
        free(vault);
    }
}

size_t
vault_count(const struct vault *vault)
{
    return vault->image.count;
}

const char *
vault_name(const struct vault *vault, size_t i)
{
    return vault->image.entries[i].name;
}

const char *
vault_file(const struct vault *vault)
{
    return vault->file.data;
}

const char *
vault_key_file(const struct vault *vault)
{
    return vault->key_file.data;
}

static struct vault_entry *
find(const struct vault *vault, const char *name)
{
    for (size_t i = 0; i < vault->image.count; i++) {
        if (strcmp(vault->image.entries[i].name, name) == 0) {
            return &vault->image.entries[i];
        }
    }
    return NULL;
}

static enum err
tell_missing(const struct vault *vault, const char *name, struct note *note)
{
    const char *names[VAULT_SECRETS];
    char shown[VAULT_NAME + 1];
    size_t count = 0;
    for (size_t i = 0; i < vault->image.count; i++) {
        if (!vault_name_is_device(vault->image.entries[i].name)) {
            names[count++] = vault->image.entries[i].name;
        }
    }
    const char *nearest = suggest_nearest(name, names, count);
    text_clean(shown, sizeof(shown), name, strlen(name));
    if (nearest != NULL) {
        note_set(note, "no password is called \"%s\"; did you mean %s?", shown, nearest);
    } else {
        note_set(note, "no password is called \"%s\"; gatehouse secret set adds one", shown);
    }
    return ERR_MISSING;
}

enum err
vault_get(
    const struct vault *vault, const char *name, struct secret **ret_secret, struct note *note)
{
    const struct vault_entry *entry = find(vault, name);
    if (entry == NULL) {
        return tell_missing(vault, name, note);
    }
    enum err err = unseal(vault->key, entry, ret_secret);
    if (err != OK) {
        note_set(note, "%.120s: \"%s\" can't be opened", vault->file.data, entry->name);
    }
    return err;
}

/* Room for one more; the file holds few. */
static struct vault_entry *
add_entry(struct vault *vault, const char *name)
{
    struct vault_image *image = &vault->image;
    struct vault_entry *more =
        reallocarray(image->entries, image->count + 2, sizeof(*image->entries));
    if (more == NULL) {
        return NULL;
    }
    image->entries = more;
    more[image->count] = (struct vault_entry){0};
    (void)text_copy(more[image->count].name, sizeof(more->name), name);
    return &more[image->count++];
}

enum err
vault_set(struct vault *vault, const char *name, const struct secret *secret, struct note *note)
{
    struct vault_entry sealed = {0};
    if (!vault_name_is_valid(name) && !vault_name_is_device(name)) {
        note_set(note,
            "a name is 1 to %d of a-z, 0-9, '.', '_' and '-', and starts with a letter "
            "or digit, such as front-door",
            VAULT_NAME);
        return ERR_VALUE;
    }
    if (secret_len(secret) == 0 || secret_len(secret) > VAULT_PASSWORD) {
        note_set(note, "a password has 1 to %d bytes", VAULT_PASSWORD);
        return ERR_VALUE;
    }
    struct vault_entry *entry = find(vault, name);
    if (entry == NULL && vault->image.count == VAULT_SECRETS) {
        note_set(note, "%d passwords are the most; remove one first", VAULT_SECRETS);
        return ERR_LIMIT;
    }
    (void)text_copy(sealed.name, sizeof(sealed.name), name);
    enum err err = seal(vault->key, secret, &sealed);
    if (err == OK) {
        entry = entry == NULL ? add_entry(vault, name) : entry;
        err = entry == NULL ? ERR_MEMORY : OK;
    }
    if (err == OK) {
        *entry = sealed;
        qsort(vault->image.entries, vault->image.count, sizeof(*entry), by_name);
    }
    return err;
}

enum err
vault_remove(struct vault *vault, const char *name, struct note *note)
{
    struct vault_entry *entry = find(vault, name);
    if (entry == NULL) {
        return tell_missing(vault, name, note);
    }
    size_t i = (size_t)(entry - vault->image.entries);
    memmove(entry, entry + 1, (vault->image.count - i - 1) * sizeof(*entry));
    vault->image.count--;
    return OK;
}

static enum err
sync_name(const char *path, struct note *note)
{
    if (!file_sync_name(path)) {
        note_set(note, "the folder of %.150s: %s", path, strerrordesc_np(errno));
        return ERR_IO;
    }
    return OK;
}

enum err
vault_save(struct vault *vault, struct note *note)
{
    CLEANUP(buf_release) struct buf bytes;
    buf_init(&bytes, VAULT_FILE_MAX);
    enum err err = key_id(vault->key, vault->image.key_id);
    if (err == OK) {
        vault_image_write(&vault->image, &bytes);
        err = mark(vault->key, PART_MARK, &bytes, vault->image.mark, VAULT_MARK);
    }
    if (err == OK) {
        buf_add(&bytes, vault->image.mark, VAULT_MARK);
        err = buf_error(&bytes);
    }
    err = err == OK ? file_write(vault->file.data, bytes.data, bytes.len, 0600, note) : err;
    err = err == OK ? sync_name(vault->file.data, note) : err;
    return err == OK && !vault->is_credential ? sync_name(vault->key_file.data, note) : err;
}

static enum err
seal_again(struct vault *vault, const struct secret *key)
{
    enum err err = OK;
    for (size_t i = 0; i < vault->image.count && err == OK; i++) {
        struct secret *secret = NULL;
        err = unseal(vault->key, &vault->image.entries[i], &secret);
        if (err == OK) {
            err = seal(key, secret, &vault->image.entries[i]);
            secret_free(secret);
        }
    }
    return err;
}

enum err
vault_rekey(struct vault *vault, const char *new_key, struct note *note)
{
    CLEANUP(buf_release) struct buf beside;
    struct secret *key = NULL;
    buf_init(&beside, 4096);
    if (new_key == NULL && vault->is_credential) {
        note_set(note, "the key is a credential of systemd, which is not written here; have the "
                       "new one made with --new-key FILE, then encrypt that with systemd-creds");
        return ERR_UNSUPPORTED;
    }
    buf_format(&beside, "%s%s", new_key == NULL ? vault->key_file.data : new_key,
        new_key == NULL ? ".new" : "");
    if (new_key == NULL) {
        (void)unlink(beside.data); /* vault_open() has used it if it was of use */
    }
    enum err err = vault_key_make(beside.data, &key, note);
    err = err == OK ? seal_again(vault, key) : err;
    if (err != OK) {
        secret_free(key);
        return err;
    }
    secret_free(vault->key);
    vault->key = key;
    err = vault_save(vault, note);
    /* Gone: another run has put it in its place, in finish_rekey(). */
    if (err == OK && new_key == NULL && rename(beside.data, vault->key_file.data) != 0 &&
        errno != ENOENT) {
        note_set(note, "%.120s: %s", vault->key_file.data, strerrordesc_np(errno));
        err = ERR_IO;
    }
    return err;
}

enum err
vault_journal_key(const struct vault_place *place, struct secret **ret_key, struct note *note)
{
    struct vault *vault = NULL;
    enum err err = vault_open(place, true, &vault, note);
    if (err == OK) {
        err = derive(vault->key, PART_JOURNAL, ret_key);
        vault_close(vault);
    }
    return err;
}
