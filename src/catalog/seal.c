/* Rule of this file: the secret half of a key stays in wiped memory and in its 0600 file. */
#include "catalog/seal.h"

#include "base/file.h"
#include "base/text.h"

#include <sodium.h>
#include <string.h>
#include <sys/stat.h>

#define SEAL_WORD "gatehouse-catalog-1"
#define KEY_WORD  "gatehouse-key-1"
#define VARIANT   sodium_base64_VARIANT_ORIGINAL

const struct seal_key seal_keys[] = {
#define CATALOG_KEY(name, public_key) {name, public_key},
#include "../../catalog/keys.def"
#undef CATALOG_KEY
};
const size_t seal_key_count = COUNT(seal_keys);

struct pair {
    char name[SEAL_NAME];
    unsigned char secret[crypto_sign_SECRETKEYBYTES];
};

static void
pair_wipe(struct pair *pair)
{
    sodium_memzero(pair, sizeof(*pair));
}

static void
buf_wipe(struct buf *buf)
{
    if (buf->size != 0) {
        sodium_memzero(buf->data, buf->size);
    }
    buf_release(buf);
}

static bool
is_name(const char *name)
{
    return !text_is_empty(name) && strlen(name) < SEAL_NAME &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.@") ==
               strlen(name);
}

/* Three words of a line: kind, name, base64. */
struct line {
    char kind[32];
    char name[SEAL_NAME];
    char value[160];
};

static bool
next_word(const char **at, char *out, size_t size)
{
    *at += strspn(*at, " ");
    size_t len = strcspn(*at, " \r\n");
    if (len == 0 || len >= size) {
        return false;
    }
    memcpy(out, *at, len);
    out[len] = '\0';
    *at += len;
    return true;
}

static bool
line_read(const char *text, const char *kind, struct line *ret_line)
{
    return next_word(&text, ret_line->kind, sizeof(ret_line->kind)) &&
           text_equal(ret_line->kind, kind) &&
           next_word(&text, ret_line->name, sizeof(ret_line->name)) && is_name(ret_line->name) &&
           next_word(&text, ret_line->value, sizeof(ret_line->value)) &&
           text[strspn(text, " \r\n")] == '\0';
}

static bool
decode(const char *text, unsigned char *out, size_t size)
{
    size_t len = 0;
    return sodium_base642bin(out, size, text, strlen(text), NULL, &len, NULL, VARIANT) == 0 &&
           len == size;
}

static enum err
make_folder_of(const char *path, struct note *note)
{
    CLEANUP(buf_release) struct buf folder;
    buf_init(&folder, 4096);
    const char *end = strrchr(path, '/');
    if (end == NULL || end == path) {
        return OK;
    }
    buf_add(&folder, path, (size_t)(end - path));
    enum err err = buf_error(&folder);
    return err != OK ? err : file_make_folder(folder.data, note);
}

enum err
seal_generate(const char *path, const char *name, struct note *note)
{
    struct stat status;
    if (!is_name(name)) {
        note_set(note, "%s: a signer's name has letters, digits and -_.@ only", name);
        return ERR_VALUE;
    }
    if (stat(path, &status) == 0) {
        note_set(note, "%s: is there already; a key is never overwritten", path);
        return ERR_VALUE;
    }
    unsigned char public_key[crypto_sign_PUBLICKEYBYTES];
    CLEANUP(pair_wipe) struct pair pair = {0};
    char text[sodium_base64_ENCODED_LEN(crypto_sign_SECRETKEYBYTES, VARIANT)];
    CLEANUP(buf_wipe) struct buf line;
    buf_init(&line, SEAL_LIMIT);
    if (sodium_init() < 0 || crypto_sign_keypair(public_key, pair.secret) != 0) {
        return ERR_SYSTEM;
    }
    (void)sodium_bin2base64(text, sizeof(text), pair.secret, sizeof(pair.secret), VARIANT);
    buf_format(&line, "%s %s %s\n", KEY_WORD, name, text);
    sodium_memzero(text, sizeof(text));
    enum err err = buf_error(&line);
    if (err == OK) {
        err = make_folder_of(path, note);
    }
    return err != OK ? err : file_write(path, line.data, line.len, 0600, note);
}

static enum err
pair_load(const char *path, struct pair *ret_pair, struct note *note)
{
    struct stat status;
    CLEANUP(buf_wipe) struct buf text;
    buf_init(&text, SEAL_LIMIT);
    enum err err = file_read(path, &text, note);
    if (err != OK) {
        return err;
    }
    if (stat(path, &status) != 0 || (status.st_mode & 077) != 0) {
        note_set(note, "%s: others can read this key; say: chmod 600 %s", path, path);
        return ERR_VALUE;
    }
    struct line line;
    bool good = sodium_init() >= 0 && line_read(text.data, KEY_WORD, &line) &&
                decode(line.value, ret_pair->secret, sizeof(ret_pair->secret));
    (void)text_copy(ret_pair->name, sizeof(ret_pair->name), good ? line.name : "");
    sodium_memzero(&line, sizeof(line));
    if (!good) {
        note_set(note, "%s: is no key of gatehouse catalog keygen", path);
        return ERR_SYNTAX;
    }
    return OK;
}

enum err
seal_identify(const char *path, struct seal_identity *ret_identity, struct note *note)
{
    CLEANUP(pair_wipe) struct pair pair = {0};
    unsigned char public_key[crypto_sign_PUBLICKEYBYTES];
    enum err err = pair_load(path, &pair, note);
    if (err != OK) {
        return err;
    }
    (void)crypto_sign_ed25519_sk_to_pk(public_key, pair.secret);
    (void)text_copy(ret_identity->name, SEAL_NAME, pair.name);
    (void)sodium_bin2base64(
        ret_identity->public_key, SEAL_PUBLIC, public_key, sizeof(public_key), VARIANT);
    return OK;
}

/* What is signed begins with its purpose, so that no signature serves another one. */
static void
digest(const void *bytes, size_t len, crypto_sign_state *ret_state)
{
    (void)crypto_sign_init(ret_state);
    (void)crypto_sign_update(ret_state, (const unsigned char *)SEAL_WORD, sizeof(SEAL_WORD));
    (void)crypto_sign_update(ret_state, bytes, len);
}

enum err
seal_sign(const char *path, const void *bytes, size_t len, struct buf *ret_seal, struct note *note)
{
    CLEANUP(pair_wipe) struct pair pair = {0};
    crypto_sign_state state;
    unsigned char signature[crypto_sign_BYTES];
    char text[sodium_base64_ENCODED_LEN(crypto_sign_BYTES, VARIANT)];
    enum err err = pair_load(path, &pair, note);
    if (err != OK) {
        return err;
    }
    digest(bytes, len, &state);
    (void)crypto_sign_final_create(&state, signature, NULL, pair.secret);
    (void)sodium_bin2base64(text, sizeof(text), signature, sizeof(signature), VARIANT);
    buf_format(ret_seal, "%s %s %s\n", SEAL_WORD, pair.name, text);
    return buf_error(ret_seal);
}

static bool
is_by(const struct seal_key *key, const struct buf *bytes, const unsigned char *signature)
{
    crypto_sign_state state;
    unsigned char public_key[crypto_sign_PUBLICKEYBYTES];
    if (!decode(key->public_key, public_key, sizeof(public_key))) {
        return false;
    }
    digest(bytes->data, bytes->len, &state);
    return crypto_sign_final_verify(&state, signature, public_key) == 0;
}

enum err
seal_verify(const struct buf *bytes, const char *seal, const struct seal_ring *ring,
    const char **ret_signer, struct note *note)
{
    struct line line;
    unsigned char signature[crypto_sign_BYTES];
    if (sodium_init() < 0) {
        return ERR_SYSTEM;
    }
    if (!line_read(seal, SEAL_WORD, &line) || !decode(line.value, signature, sizeof(signature))) {
        note_set(note, "its signature is not well-formed");
        return ERR_SYNTAX;
    }
    for (size_t i = 0; i < ring->count; i++) {
        if (text_equal(ring->keys[i].name, line.name) && is_by(&ring->keys[i], bytes, signature)) {
            *ret_signer = ring->keys[i].name;
            return OK;
        }
    }
    note_set(note, "its signature by %s does not match, or %s is no signer that is believed",
        line.name, line.name);
    return ERR_VALUE;
}
