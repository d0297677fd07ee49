/*
 * Rule of this file: identity.key and what it opens are in guarded memory only; a message names
 * files, never bytes of them.
 */
#include "identity/identity_inside.h"

#include "store/vault_key.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NONCE   crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG     crypto_aead_xchacha20poly1305_ietf_ABYTES
#define CONTEXT "GHidenty"

static_assert(VAULT_KEY == crypto_kdf_KEYBYTES, "one size of key for every purpose");
static_assert(sizeof(CONTEXT) - 1 == crypto_kdf_CONTEXTBYTES, "libsodium's size of a context");
static_assert(IDENTITY_PLAIN + NONCE + TAG <= IDENTITY_BOX, "what may be sealed fits");

/* In our words, as those of the vault name the way out of another file. */
static enum err
check_file(const char *path, struct note *note)
{
    struct stat status;
    if (lstat(path, &status) != 0) {
        bool is_missing = errno == ENOENT;
        note_set(note, "%.120s: %s", path, strerrordesc_np(errno));
        return is_missing ? ERR_MISSING : ERR_IO;
    }
    if (!S_ISREG(status.st_mode)) {
        note_set(note, "%.120s: the key is no ordinary file", path);
        return ERR_VALUE;
    }
    if (status.st_uid != geteuid()) {
        note_set(note, "%.120s belongs to user number %u; run this as that user", path,
            (unsigned)status.st_uid);
        return ERR_VALUE;
    }
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        note_set(note,
            "%.100s has mode %04o, so others may read it; chmod 600 it, and reset the accounts if "
            "somebody else could log in to this machine",
            path, (unsigned)(status.st_mode & 07777));
        return ERR_VALUE;
    }
    return OK;
}

static struct secret *
subkey(const struct secret *master, uint64_t number)
{
    uint8_t bytes[crypto_kdf_KEYBYTES];
    (void)crypto_kdf_derive_from_key(
        bytes, sizeof(bytes), number, CONTEXT, (const uint8_t *)secret_text(master));
    struct secret *key = secret_new(bytes, sizeof(bytes));
    sodium_memzero(bytes, sizeof(bytes));
    return key;
}

enum err
identity_key_load(
    struct identity *identity, bool may_make, uint8_t ret_id[IDENTITY_SHA256], struct note *note)
{
    struct secret *master = NULL;
    enum err err = check_file(identity->key_path, note);
    if (err == OK) {
        err = vault_key_read(identity->key_path, false, &master, note);
    } else if (err == ERR_MISSING && may_make) {
        note->text[0] = '\0';
        err = vault_key_make(identity->key_path, &master, note);
    } else if (err == ERR_MISSING) {
        note_set(note, "%.120s is missing; restore it from the backup of its database",
            identity->key_path);
    }
    if (err != OK) {
        return err;
    }
    struct secret *id = subkey(master, 1);
    identity->seal_key = subkey(master, 2);
    identity->code_key = subkey(master, 3);
    secret_free(master);
    bool is_whole = id != NULL && identity->seal_key != NULL && identity->code_key != NULL;
    if (is_whole) {
        memcpy(ret_id, secret_text(id), IDENTITY_SHA256);
    }
    secret_free(id);
    return is_whole ? OK : ERR_MEMORY;
}

enum err
identity_box_close(const struct identity *identity, const char *label, const struct secret *secret,
    struct identity_box *ret_box)
{
    unsigned long long len = 0;
    if (secret_len(secret) > IDENTITY_PLAIN) {
        return ERR_LIMIT;
    }
    randombytes_buf(ret_box->bytes, NONCE);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(ret_box->bytes + NONCE, &len,
        (const uint8_t *)secret_text(secret), secret_len(secret), (const uint8_t *)label,
        strlen(label), NULL, ret_box->bytes, (const uint8_t *)secret_text(identity->seal_key));
    ret_box->len = NONCE + (size_t)len;
    return OK;
}

enum err
identity_box_open(const struct identity *identity, const char *label, const void *bytes, size_t len,
    struct secret **ret_secret)
{
    uint8_t plain[IDENTITY_PLAIN];
    unsigned long long plain_len = 0;
    const uint8_t *box = bytes;
    if (box == NULL || len < NONCE + TAG || len > NONCE + TAG + sizeof(plain) ||
        crypto_aead_xchacha20poly1305_ietf_decrypt(plain, &plain_len, NULL, box + NONCE,
            len - NONCE, (const uint8_t *)label, strlen(label), box,
            (const uint8_t *)secret_text(identity->seal_key)) != 0) {
        return ERR_VALUE;
    }
    struct secret *secret = secret_new(plain, (size_t)plain_len);
    sodium_memzero(plain, sizeof(plain));
    if (secret == NULL) {
        return ERR_MEMORY;
    }
    *ret_secret = secret;
    return OK;
}

void
identity_new_id(char ret_id[IDENTITY_ID])
{
    uint8_t bytes[10]; /* in hexadecimal, as a command takes "-x" for an option */
    randombytes_buf(bytes, sizeof(bytes));
    (void)sodium_bin2hex(ret_id, IDENTITY_ID, bytes, sizeof(bytes));
}

void
identity_new_token(char ret_token[USER_TOKEN])
{
    uint8_t bytes[32];
    randombytes_buf(bytes, sizeof(bytes));
    (void)sodium_bin2base64(
        ret_token, USER_TOKEN, bytes, sizeof(bytes), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_memzero(bytes, sizeof(bytes));
}

void
identity_hash(const char *text, uint8_t ret_hash[IDENTITY_SHA256])
{
    (void)crypto_hash_sha256(ret_hash, (const uint8_t *)text, strlen(text));
}
