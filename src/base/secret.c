/* Rule of this file: no byte of a secret leaves guarded memory but through secret_text(). */
#include "base/secret.h"

#include <sodium.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

struct secret {
    size_t len;
    char text[];
};

static uint8_t mark_key[crypto_generichash_KEYBYTES];

enum err
secret_start(void)
{
    const struct rlimit none = {0, 0};
    if (sodium_init() < 0 || setrlimit(RLIMIT_CORE, &none) != 0) {
        return ERR_SYSTEM;
    }
    randombytes_buf(mark_key, sizeof(mark_key));
    return OK;
}

enum err
secret_guard(void)
{
#ifdef __SANITIZE_ADDRESS__
    return OK; /* its search for leaks traces the process */
#else
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 ? OK : ERR_SYSTEM;
#endif
}

struct secret *
secret_new(const void *bytes, size_t len)
{
    /* libsodium puts the end, not the start, at a boundary: only whole words are aligned. */
    const size_t word = _Alignof(struct secret);
    size_t size = (sizeof(struct secret) + len + word) / word * word;
    struct secret *secret = sodium_malloc(size);
    if (secret == NULL) {
        return NULL;
    }
    secret->len = len;
    if (len != 0) {
        memcpy(secret->text, bytes, len);
    }
    secret->text[len] = '\0';
    (void)sodium_mprotect_readonly(secret);
    return secret;
}

struct secret *
secret_new_text(const char *text)
{
    return secret_new(text, strlen(text));
}

struct secret *
secret_new_random(size_t len)
{
    static const char letters[] = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
    char text[128];
    assert(len <= sizeof(text));
    for (size_t i = 0; i < len; i++) {
        text[i] = letters[randombytes_uniform((uint32_t)sizeof(letters) - 1)];
    }
    struct secret *secret = secret_new(text, len);
    sodium_memzero(text, sizeof(text));
    return secret;
}

void
secret_free(struct secret *secret)
{
    sodium_free(secret);
}

const char *
secret_text(const struct secret *secret)
{
    return secret->text;
}

size_t
secret_len(const struct secret *secret)
{
    return secret->len;
}

bool
secret_equal(const struct secret *a, const struct secret *b)
{
    return a->len == b->len && sodium_memcmp(a->text, b->text, a->len) == 0;
}

void
secret_mark(const struct secret *secret, uint8_t out[SECRET_MARK])
{
    (void)crypto_generichash(
        out, SECRET_MARK, (const uint8_t *)secret->text, secret->len, mark_key, sizeof(mark_key));
}
