/* What makes a piece of a line secret: its name, its place in an address, or its looks. */
#include "audit/quote.h"

#include "base/text.h"

#include <string.h>

#define RANDOM_LEN 20 /* letters and digits mixed: a key or a hash */

static const char *const secret_names[] = {"pass", "pwd", "secret", "token", "key", "cred", "psk",
    "salt", "hash", "private", "authorization", "cookie_value", "pincode"};

/* Keys that hold such a word and no secret. */
static const char *const plain_names[] = {"key_file", "keyfile", "passwordtype", "password_file",
    "public_key", "publickey", "keycode", "keyframe", "passthrough", "pass_through", "proxy_pass",
    "bypass", "keepalive", "hash_iterations", "hash_ips", "hash_ttl", "hash_logins", "keyboard",
    "cookie_secure", "reset_admin_password", "passive", "compass", "ssl_certificate_key",
    "auth-user-pass-verify", "auth-user-pass-optional", "proxy_pass_header",
    "proxy_pass_request_headers"};

static const char *const plain_values[] = {
    "true", "false", "yes", "no", "on", "off", "null", "none", "~", "required", "optional"};

static bool
is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

static bool
is_listed(const char *const *list, size_t count, const char *text, size_t len)
{
    for (size_t i = 0; i < count; i++) {
        if (strlen(list[i]) == len && strncasecmp(list[i], text, len) == 0) {
            return true;
        }
    }
    return false;
}

static bool
is_secret_word(const char *name, size_t len)
{
    if (is_listed(plain_names, COUNT(plain_names), name, len)) {
        return false;
    }
    for (size_t i = 0; i < COUNT(secret_names); i++) {
        if (text_find_nocase(name, len, secret_names[i]) != NULL) {
            return true;
        }
    }
    return false;
}

bool
quote_is_secret_name(const char *name)
{
    return is_secret_word(name, strlen(name));
}

const char *
quote_password_of_address(const char *text, size_t *ret_len)
{
    const char *start = text == NULL ? NULL : strstr(text, "://");
    if (start == NULL) {
        return NULL;
    }
    start += 3;
    size_t len = strcspn(start, " \t\"'<>,;");
    const char *at = memrchr(start, '@', len);
    const char *colon = at == NULL ? NULL : memchr(start, ':', (size_t)(at - start));
    const char *slash = at == NULL ? NULL : memchr(start, '/', (size_t)(at - start));
    if (colon == NULL || (slash != NULL && slash < colon)) {
        return NULL;
    }
    *ret_len = (size_t)(at - colon) - 1;
    return colon + 1;
}

struct writer {
    char *out;
    size_t size, used;
};

static void
put(struct writer *writer, const char *text, size_t len)
{
    for (size_t i = 0; i < len && writer->used + 1 < writer->size; i++) {
        writer->out[writer->used++] = text[i];
    }
    writer->out[writer->used] = '\0';
}

/* From behind a secret's name: the length of what stands before its value; 0: no value follows. */
static size_t
gap_after(const char *text)
{
    size_t len = strspn(text, "\"'])");
    size_t blanks = strspn(text + len, " \t");
    if (text[len + blanks] == ':' || text[len + blanks] == '=') {
        len += blanks + 1;
        len += strspn(text + len, " \t=");
    } else if (blanks != 0) {
        len += blanks;
    } else {
        return 0;
    }
    return text[len] == '\0' ? 0 : len;
}

static bool
is_plain_value(const char *text)
{
    text += strspn(text, "\"'");
    size_t len = strcspn(text, "\"', \t;}");
    return is_listed(plain_values, COUNT(plain_values), text, len);
}

/* A secret's name at text: writes name and "***"; returns how much of text is done, or 0. */
static size_t
take_named(struct writer *writer, const char *text)
{
    size_t name = 0;
    while (is_word(text[name])) {
        name++;
    }
    size_t gap = is_secret_word(text, name) ? gap_after(text + name) : 0;
    if (gap == 0 || is_plain_value(text + name + gap)) {
        return 0;
    }
    put(writer, text, name + gap);
    put(writer, "***", 3);
    return strlen(text); /* where its value ends is the writer's affair: nothing more is shown */
}

/* "scheme://" at text: writes the address without what stands before the "@". */
static size_t
take_address(struct writer *writer, const char *text)
{
    if (!text_starts(text, "://")) {
        return 0;
    }
    size_t len = 3 + strcspn(text + 3, " \t\"'<>,");
    const char *at = memrchr(text, '@', len);
    const char *query = memchr(text, '?', len);
    put(writer, "://", 3);
    if (at != NULL) {
        put(writer, "***@", 4);
    }
    const char *host = at == NULL ? text + 3 : at + 1;
    const char *end = query != NULL && query > host ? query : text + len;
    put(writer, host, (size_t)(end - host));
    if (end != text + len) {
        put(writer, "?***", 4);
    }
    return len;
}

/* "Basic dXNlcg==", "Bearer …" */
static size_t
take_scheme(struct writer *writer, const char *text)
{
    static const char *const schemes[] = {"Basic ", "Bearer ", "Digest "};
    for (size_t i = 0; i < COUNT(schemes); i++) {
        size_t len = strlen(schemes[i]);
        size_t value = text_starts_nocase(text, schemes[i]) ? strcspn(text + len, " \t\"';") : 0;
        if (value >= 6) {
            put(writer, text, len);
            put(writer, "***", 3);
            return len + value;
        }
    }
    return 0;
}

/* A long run of letters and digits without a pause is a key. */
static size_t
take_random(struct writer *writer, const char *text)
{
    size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+=$");
    bool digit = false;
    for (size_t i = 0; i < len; i++) {
        digit = digit || (text[i] >= '0' && text[i] <= '9') || text[i] == '+';
    }
    if (len < RANDOM_LEN || !digit) {
        return 0;
    }
    put(writer, "***", 3);
    return len;
}

void
quote_line(char *out, size_t size, const char *line, size_t len)
{
    char clean[512];
    struct writer writer = {out, size, 0};
    assert(size != 0);
    out[0] = '\0';
    text_clean(clean, sizeof(clean), line, len);
    for (const char *c = text_trim(clean); *c != '\0';) {
        bool starts = c == clean || !is_word(c[-1]);
        size_t done = take_address(&writer, c);
        if (done == 0 && starts) {
            done = take_scheme(&writer, c);
            done = done == 0 ? take_named(&writer, c) : done;
            done = done == 0 ? take_random(&writer, c) : done;
        }
        if (done == 0) {
            put(&writer, c, 1);
            done = 1;
        }
        c += done;
    }
}
