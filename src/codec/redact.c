/* Names after which a value is a secret, wherever they stand. */
#include "codec/redact.h"

#include "base/text.h"

#include <string.h>

#define USERINFO_MOST 512

static const char *const names[] = {
    "pwd",
    "password",
    "passwd",
    "pass",
    "pwdold",
    "loginpassword",
    "usr",
    "user",
    "username",
    "token",
    "session",
    "auth",
    "authorization",
    "cookie",
    "response",
    "verificationcode",
    "secret",
    "community",
    "passphrase",
    "psk",
    "apikey",
    "privatekey",
    "sessionid",
    "jwt",
};

static bool
is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

/* "user1_pwd", "PrivateKeyPassword", "i0_pass"; but not "compass". */
static bool
ends_as_secret(const char *word, size_t len)
{
    static const char *const ends[] = {
        "pwd", "password", "passwd", "_pass", "token", "secret", "community", "_key", "passphrase"};
    for (size_t i = 0; i < COUNT(ends); i++) {
        size_t end = strlen(ends[i]);
        if (len > end && text_starts_nocase(word + len - end, ends[i])) {
            return true;
        }
    }
    return false;
}

/* The length of the secret's name at text, 0 when there is none. */
static size_t
name_at(const char *text)
{
    size_t len = 0;
    while (is_word(text[len])) {
        len++;
    }
    for (size_t i = 0; i < COUNT(names); i++) {
        if (strlen(names[i]) == len && text_starts_nocase(text, names[i])) {
            return len;
        }
    }
    return ends_as_secret(text, len) ? len : 0;
}

/* From behind the name to the value's first letter; 0 when no value follows. */
static size_t
gap_at(const char *text)
{
    size_t len = text[0] == '"' ? 1 : 0;
    len += strspn(text + len, " ");
    if (text[len] != '=' && text[len] != ':' && text[len] != '>') {
        return 0;
    }
    len++;
    return len + strspn(text + len, " \"'");
}

/*
 * The length of user and password at text, which stands behind "://"; 0 when there are none. RTSP
 * addresses often hold passwords with a slash in them, unescaped.
 */
static size_t
userinfo_at(const char *text, bool is_rtsp)
{
    const char *ends = is_rtsp ? "\"'<> \r\n\t" : "/?#\"'<> \r\n\t";
    size_t len = 0;
    while (len < USERINFO_MOST && text[len] != '\0' && strchr(ends, text[len]) == NULL) {
        len++;
    }
    while (len != 0 && text[len - 1] != '@') {
        len--;
    }
    return len == 0 ? 0 : len - 1;
}

/* The length of "://" or, in JSON, ":\/\/" at text; else 0. */
static size_t
slashes_at(const char *text)
{
    return text_starts(text, "://") ? 3 : text_starts(text, ":\\/\\/") ? 5 : 0;
}

static bool
is_rtsp(const char *text, const char *colon)
{
    return (colon - text >= 4 && text_starts_nocase(colon - 4, "rtsp")) ||
           (colon - text >= 5 && text_starts_nocase(colon - 5, "rtsps"));
}

/* The length of the value at text: a quoted one ends at its quote, an element's at its tag. */
static size_t
value_at(const char *text, bool header)
{
    size_t len = 0;
    if (header) {
        return strcspn(text, "\r\n");
    }
    if (text[-1] == '>') {
        return strcspn(text, "<");
    }
    if (text[-1] != '"' && text[-1] != '\'') {
        return strcspn(text, "&\"'<>, ;\r\n\t");
    }
    while (text[len] != '\0' && text[len] != text[-1]) {
        len += text[len] == '\\' && text[len + 1] != '\0' ? 2 : 1;
    }
    return len;
}

static void
put(char *out, size_t size, size_t *used, const char *text, size_t len)
{
    for (size_t i = 0; i < len && *used + 1 < size; i++) {
        out[(*used)++] = text[i];
    }
    out[*used] = '\0';
}

void
redact_text(char *out, size_t size, const char *text)
{
    assert(size != 0);
    size_t used = 0;
    out[0] = '\0';
    for (const char *c = text; *c != '\0' && used + 1 < size;) {
        size_t slashes = slashes_at(c);
        size_t userinfo = slashes == 0 ? 0 : userinfo_at(c + slashes, is_rtsp(text, c));
        if (userinfo != 0) {
            put(out, size, &used, c, slashes);
            put(out, size, &used, "***", 3);
            c += slashes + userinfo;
            continue;
        }
        size_t name = is_word(*c) && (c == text || !is_word(c[-1])) ? name_at(c) : 0;
        size_t gap = name == 0 ? 0 : gap_at(c + name);
        if (gap == 0) {
            put(out, size, &used, c, 1);
            c++;
            continue;
        }
        bool header = c[name] == ':' && (c == text || c[-1] == '\n');
        put(out, size, &used, c, name + gap);
        put(out, size, &used, "***", 3);
        c += name + gap;
        c += value_at(c, header);
    }
}
