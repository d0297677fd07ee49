/* WS-UsernameToken: the digest and the Security header. */
#include "codec/wsse.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"
#include "codec/digest.h"

#include <sodium.h>
#include <string.h>

#define ENVELOPE_MAX ((size_t)16 * 1024)
#define HASHED_MAX   ((size_t)512)
#define BASE64_MAX   64

#define WSS      "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
#define SECEXT   WSS "wssecurity-secext-1.0.xsd"
#define UTILITY  WSS "wssecurity-utility-1.0.xsd"
#define PASSWORD WSS "username-token-profile-1.0#PasswordDigest"
#define ENCODING WSS "soap-message-security-1.0#Base64Binary"

enum err
wsse_digest(const struct wsse_user *user, const char *created, char *out, size_t size)
{
    struct buf text;
    uint8_t hash[DIGEST_SIZE];
    size_t len = 0;
    buf_init(&text, HASHED_MAX);
    buf_add(&text, user->nonce, sizeof(user->nonce));
    buf_text(&text, created);
    buf_text(&text, user->password);
    enum err err = buf_error(&text);
    if (err == OK) {
        err = digest_bytes(DIGEST_SHA1, text.data, text.len, hash, &len);
    }
    sodium_memzero(text.data, text.len);
    buf_release(&text);
    return err == OK ? digest_base64(hash, len, out, size) : err;
}

static void
add_escaped(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '<':
            buf_text(out, "&lt;");
            break;
        case '>':
            buf_text(out, "&gt;");
            break;
        case '&':
            buf_text(out, "&amp;");
            break;
        default:
            buf_byte(out, (uint8_t)*text);
            break;
        }
    }
}

static void
add_header(struct buf *out, const struct wsse_user *user, const char *digest, const char *created)
{
    char nonce[BASE64_MAX];
    if (digest_base64(user->nonce, sizeof(user->nonce), nonce, sizeof(nonce)) != OK) {
        out->failed = true;
        return;
    }
    buf_text(out, "<s:Header><Security s:mustUnderstand=\"1\" xmlns=\"" SECEXT "\">"
                  "<UsernameToken><Username>");
    add_escaped(out, user->user);
    buf_format(out,
        "</Username><Password Type=\"" PASSWORD "\">%s</Password>"
        "<Nonce EncodingType=\"" ENCODING "\">%s</Nonce>"
        "<Created xmlns=\"" UTILITY "\">%s</Created></UsernameToken></Security></s:Header>",
        digest, nonce, created);
}

enum err
wsse_dress(const char *envelope, const struct wsse_user *user, struct arena *arena,
    const char **ret_envelope)
{
    const char *body = envelope == NULL ? NULL : strstr(envelope, "<s:Body");
    if (body == NULL || strstr(envelope, "<s:Header") != NULL) {
        return ERR_SYNTAX;
    }
    char created[CLOCK_TEXT];
    char digest[BASE64_MAX];
    (void)clock_text(user->created, created);
    enum err err = wsse_digest(user, created, digest, sizeof(digest));
    if (err != OK) {
        return err;
    }
    struct buf out;
    buf_init(&out, ENVELOPE_MAX);
    buf_add(&out, envelope, (size_t)(body - envelope));
    add_header(&out, user, digest, created);
    buf_text(&out, body);
    err = buf_error(&out);
    const char *dressed = err == OK ? arena_copy(arena, out.data) : NULL;
    buf_release(&out);
    if (dressed == NULL) {
        return ERR_LIMIT;
    }
    *ret_envelope = dressed;
    return OK;
}

void
wsse_nonce(uint8_t ret_nonce[WSSE_NONCE])
{
    randombytes_buf(ret_nonce, WSSE_NONCE);
}
