/* HTTP Basic and Digest: reading challenges, writing answers. */
#include "codec/httpauth.h"

#include "base/buf.h"
#include "base/text.h"

#include <sodium.h>
#include <string.h>

#define HEADER_VALUE   ((size_t)4096)
#define HEADER_COUNT   8
#define BASIC_TEXT     ((size_t)512)
#define HASHED_TEXT    ((size_t)4096)
#define PARAMETER_NAME 32

/* A challenge while it is being read. */
struct reading {
    struct httpauth_challenge challenge;
    bool usable;    /* scheme and algorithm are known */
    bool too_long;  /* a part did not fit */
    bool qop_given; /* qop was there, whatever it offers */
};

const char *
ask_method(const struct ask *ask)
{
    return ask->method != NULL ? ask->method : ask->body != NULL ? "POST" : "GET";
}

static bool
is_token(char c)
{
    return c != '\0' && (unsigned char)c > ' ' && strchr("()<>@,;:\\\"/[]?={}", c) == NULL;
}

static size_t
blank_at(const char *text)
{
    return strspn(text, " \t");
}

/* A token or quoted string at *cursor; false when it is longer than out. */
static bool
read_value(const char **cursor, char *out, size_t size)
{
    const char *c = *cursor;
    size_t len = 0;
    bool fits = true;
    bool quoted = *c == '"';
    c += quoted ? 1 : 0;
    while (*c != '\0' && (quoted ? *c != '"' : (*c != ',' && *c != ' ' && *c != '\t'))) {
        if (quoted && *c == '\\' && c[1] != '\0') {
            c++;
        }
        if (len + 1 < size) {
            out[len++] = *c;
        } else {
            fits = false;
        }
        c++;
    }
    c += quoted && *c == '"' ? 1 : 0;
    out[len] = '\0';
    *cursor = c;
    return fits;
}

static void
set_algorithm(struct reading *reading, const char *name)
{
    static const struct {
        const char *name;
        enum digest hash;
        bool session;
    } rows[] = {
        {"MD5",          DIGEST_MD5,    false},
        {"MD5-sess",     DIGEST_MD5,    true },
        {"SHA-256",      DIGEST_SHA256, false},
        {"SHA-256-sess", DIGEST_SHA256, true },
    };
    reading->usable = false;
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (text_equal_nocase(name, rows[i].name)) {
            reading->challenge.hash = rows[i].hash;
            reading->challenge.session = rows[i].session;
            reading->challenge.has_algorithm = true;
            reading->usable = true;
        }
    }
}

/* Whether the list of qop values holds "auth" (and not only "auth-int"). */
static bool
offers_auth(const char *list)
{
    while (*list != '\0') {
        list += strspn(list, " ,\t");
        size_t len = strcspn(list, " ,\t");
        if (len == 4 && text_starts_nocase(list, "auth")) {
            return true;
        }
        list += len;
    }
    return false;
}

static void
set_parameter(struct reading *reading, const char *name, const char *value, bool fits)
{
    struct httpauth_challenge *challenge = &reading->challenge;
    bool known = true;
    if (text_equal_nocase(name, "realm")) {
        (void)text_copy(challenge->realm, sizeof(challenge->realm), value);
    } else if (text_equal_nocase(name, "nonce")) {
        (void)text_copy(challenge->nonce, sizeof(challenge->nonce), value);
    } else if (text_equal_nocase(name, "opaque")) {
        (void)text_copy(challenge->opaque, sizeof(challenge->opaque), value);
        challenge->has_opaque = true;
    } else if (text_equal_nocase(name, "algorithm")) {
        set_algorithm(reading, value);
    } else if (text_equal_nocase(name, "qop")) {
        challenge->qop = offers_auth(value);
        reading->qop_given = true;
    } else if (text_equal_nocase(name, "stale")) {
        challenge->stale = text_equal_nocase(value, "true");
    } else {
        known = false;
    }
    reading->too_long = reading->too_long || (known && !fits);
}

static void
begin(struct reading *reading, const char *scheme)
{
    *reading = (struct reading){.challenge.hash = DIGEST_MD5};
    reading->challenge.scheme = text_equal_nocase(scheme, "Digest")  ? HTTPAUTH_DIGEST
                                : text_equal_nocase(scheme, "Basic") ? HTTPAUTH_BASIC
                                                                     : HTTPAUTH_NONE;
    reading->usable = reading->challenge.scheme != HTTPAUTH_NONE;
}

static int
strength(const struct httpauth_challenge *challenge)
{
    return 2 * (int)challenge->scheme + (challenge->hash == DIGEST_SHA256 ? 1 : 0);
}

/* Takes the challenge that was read when it is the strongest so far. */
static void
finish(const struct reading *reading, struct httpauth_challenge *best, bool *too_long)
{
    const struct httpauth_challenge *challenge = &reading->challenge;
    bool digest = challenge->scheme == HTTPAUTH_DIGEST;
    if (!reading->usable || (digest && reading->qop_given && !challenge->qop) ||
        (digest && !reading->too_long && challenge->nonce[0] == '\0')) {
        return;
    }
    if (reading->too_long) {
        *too_long = true;
    } else if (strength(challenge) > strength(best)) {
        *best = *challenge;
    }
}

enum err
httpauth_parse(const char *value, struct httpauth_challenge *ret_challenge)
{
    struct httpauth_challenge best = {.scheme = HTTPAUTH_NONE};
    struct reading reading = {.usable = false};
    bool too_long = false;
    const char *c = value;
    for (c += strspn(c, " \t,"); *c != '\0'; c += strspn(c, " \t,")) {
        char name[PARAMETER_NAME];
        size_t len = 0;
        while (is_token(c[len])) {
            len++;
        }
        if (len == 0) {
            c++;
            continue;
        }
        size_t take = len < sizeof(name) ? len : 0;
        memcpy(name, c, take);
        name[take] = '\0';
        c += len;
        const char *after = c + blank_at(c);
        if (*after != '=') {
            finish(&reading, &best, &too_long);
            begin(&reading, name);
            continue;
        }
        char text[HTTPAUTH_TEXT];
        c = after + 1 + blank_at(after + 1);
        bool fits = read_value(&c, text, sizeof(text));
        set_parameter(&reading, name, text, fits);
    }
    finish(&reading, &best, &too_long);
    if (best.scheme == HTTPAUTH_NONE) {
        return too_long ? ERR_LIMIT : ERR_MISSING;
    }
    *ret_challenge = best;
    return OK;
}

enum err
httpauth_challenge(const struct answer *answer, struct httpauth_challenge *ret_challenge)
{
    struct httpauth_challenge best = {.scheme = HTTPAUTH_NONE};
    enum err err = ERR_MISSING;
    for (size_t n = 0; n < HEADER_COUNT; n++) {
        char value[HEADER_VALUE];
        struct httpauth_challenge challenge;
        if (!answer_header(answer, "WWW-Authenticate", n, value, sizeof(value))) {
            continue;
        }
        enum err one = httpauth_parse(value, &challenge);
        if (one == OK && strength(&challenge) > strength(&best)) {
            best = challenge;
        } else if (one == ERR_LIMIT) {
            err = ERR_LIMIT;
        }
    }
    if (best.scheme == HTTPAUTH_NONE) {
        return err;
    }
    *ret_challenge = best;
    return OK;
}

static void
release_wiped(struct buf *buf)
{
    sodium_memzero(buf->data, buf->len);
    buf_release(buf);
}

static enum err
hash_of(const struct httpauth_challenge *challenge, struct buf *text, char ret_hex[DIGEST_HEX])
{
    enum err err = buf_error(text);
    if (err == OK) {
        err = digest_hex(challenge->hash, text->data, text->len, ret_hex);
    }
    sodium_memzero(text->data, text->len);
    buf_clear(text);
    return err;
}

/* The response of RFC 7616 section 3.4.1 (2069: without qop). */
static enum err
response(const struct httpauth_challenge *challenge, const struct httpauth_user *user,
    const struct ask *ask, char ret_hex[DIGEST_HEX])
{
    CLEANUP(release_wiped) struct buf text;
    char secret[DIGEST_HEX];
    char request[DIGEST_HEX];
    buf_init(&text, HASHED_TEXT);
    buf_format(&text, "%s:%s:%s", user->user, challenge->realm, user->password);
    enum err err = hash_of(challenge, &text, secret);
    if (err == OK && challenge->session) {
        buf_format(&text, "%s:%s:%s", secret, challenge->nonce, user->cnonce);
        err = hash_of(challenge, &text, secret);
    }
    if (err == OK) {
        buf_format(&text, "%s:%s", ask_method(ask), ask->path);
        err = hash_of(challenge, &text, request);
    }
    if (err != OK) {
        return err;
    }
    if (challenge->qop) {
        buf_format(&text, "%s:%s:%08x:%s:auth:%s", secret, challenge->nonce, user->count,
            user->cnonce, request);
    } else {
        buf_format(&text, "%s:%s:%s", secret, challenge->nonce, request);
    }
    return hash_of(challenge, &text, ret_hex);
}

static void
add_quoted(struct buf *out, const char *name, const char *value)
{
    buf_format(out, ", %s=\"", name);
    for (; *value != '\0'; value++) {
        if (*value == '"' || *value == '\\') {
            buf_byte(out, '\\');
        }
        buf_byte(out, (uint8_t)*value);
    }
    buf_text(out, "\"");
}

static enum err
answer_digest(const struct httpauth_challenge *challenge, const struct httpauth_user *user,
    const struct ask *ask, struct buf *out)
{
    char hex[DIGEST_HEX];
    enum err err = response(challenge, user, ask, hex);
    if (err != OK) {
        return err;
    }
    buf_text(out, "Digest username=\"");
    buf_text(out, user->user);
    buf_text(out, "\"");
    add_quoted(out, "realm", challenge->realm);
    add_quoted(out, "nonce", challenge->nonce);
    add_quoted(out, "uri", ask->path);
    add_quoted(out, "response", hex);
    if (challenge->has_algorithm) {
        buf_format(out, ", algorithm=%s%s", challenge->hash == DIGEST_MD5 ? "MD5" : "SHA-256",
            challenge->session ? "-sess" : "");
    }
    if (challenge->qop) {
        buf_format(out, ", qop=auth, nc=%08x", user->count);
    }
    if (challenge->qop || challenge->session) {
        add_quoted(out, "cnonce", user->cnonce);
    }
    if (challenge->has_opaque) {
        add_quoted(out, "opaque", challenge->opaque);
    }
    return buf_error(out);
}

static enum err
answer_basic(const struct httpauth_user *user, struct buf *out)
{
    CLEANUP(release_wiped) struct buf text;
    char base64[2 * BASIC_TEXT];
    buf_init(&text, BASIC_TEXT);
    buf_format(&text, "%s:%s", user->user, user->password);
    enum err err = buf_error(&text);
    if (err == OK) {
        err = digest_base64(text.data, text.len, base64, sizeof(base64));
    }
    if (err == OK) {
        buf_format(out, "Basic %s", base64);
        err = buf_error(out);
        sodium_memzero(base64, sizeof(base64));
    }
    return err;
}

enum err
httpauth_answer(const struct httpauth_challenge *challenge, const struct httpauth_user *user,
    const struct ask *ask, struct arena *arena, const char **ret_value)
{
    /* A user name with a quote or control character could break out of the header. */
    if (user->user[strcspn(user->user, "\"\\\r\n:")] != '\0') {
        return ERR_VALUE;
    }
    CLEANUP(release_wiped) struct buf out;
    buf_init(&out, HEADER_VALUE);
    enum err err = challenge->scheme == HTTPAUTH_DIGEST  ? answer_digest(challenge, user, ask, &out)
                   : challenge->scheme == HTTPAUTH_BASIC ? answer_basic(user, &out)
                                                         : ERR_UNSUPPORTED;
    const char *value = err == OK ? arena_copy(arena, out.data) : NULL;
    if (value == NULL) {
        return err == OK ? ERR_LIMIT : err;
    }
    *ret_value = value;
    return OK;
}

void
httpauth_cnonce(char ret_cnonce[HTTPAUTH_CNONCE])
{
    uint8_t bytes[(HTTPAUTH_CNONCE - 1) / 2];
    randombytes_buf(bytes, sizeof(bytes));
    text_hex(ret_cnonce, bytes, sizeof(bytes));
}
