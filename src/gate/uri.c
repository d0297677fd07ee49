/*
 * The one form of a request target. Rule: what a server, a proxy or a language behind it might read
 * in two ways is refused, never repaired; only "//" is, because nginx and the VMS agree on it.
 */
#include "gate/uri.h"

#include "base/buf.h"
#include "base/text.h"

#include <string.h>

#define URI_LIMIT 8192

/* RFC 3986 3.3: pchar and '/', without ';', which some servers cut a segment at. */
#define SPAN(first, last) (((UINT64_C(2) << ((last) - (first))) - 1) << (first) % 64)
static const uint64_t plain[4] = {
    SPAN('!', '!') | SPAN('$', '$') | SPAN('&', ':') | SPAN('=', '='),
    SPAN('@', 'Z') | SPAN('_', '_') | SPAN('a', 'z') | SPAN('~', '~'),
};

static bool
is_plain(uint8_t byte)
{
    return (plain[byte / 64] >> byte % 64 & 1U) != 0;
}

static enum err
refuse(struct note *note, const char *why)
{
    note_set(note, "%s", why);
    return ERR_VALUE;
}

/* The byte that "%XX" at text stands for, or -1. */
static int
decode(const char *text, size_t left)
{
    if (left < 3 || text_hex_digit(text[1]) < 0 || text_hex_digit(text[2]) < 0) {
        return -1;
    }
    return text_hex_digit(text[1]) * 16 + text_hex_digit(text[2]);
}

static enum err
check_raw(const char *target, size_t len, struct note *note)
{
    if (len > URI_LIMIT) {
        note_set(note, "the address is longer than %d bytes", URI_LIMIT);
        return ERR_LIMIT;
    }
    for (size_t i = 0; i < len; i++) {
        uint8_t byte = (uint8_t)target[i];
        if (is_plain(byte)) {
            continue;
        }
        if (byte <= ' ' || byte > '~') {
            return refuse(note, "the address has a raw control or 8-bit character");
        }
        if (byte == '#') {
            return refuse(note, "the address has a '#'");
        }
        if (byte == '%' && decode(target + i, len - i) < 0) {
            return refuse(note, "the address has a bad percent sequence");
        }
    }
    return OK;
}

static bool
is_host(const char *authority, size_t len, const char *host)
{
    size_t host_len = host != NULL ? strlen(host) : 0;
    if (host_len == 0 || len < host_len ||
        text_find_nocase(authority, host_len, host) != authority) {
        return false;
    }
    if (len == host_len) {
        return true;
    }
    /* A port behind it: only where the host was given without one. */
    const char *bracket = strrchr(host, ']');
    bool has_port = strchr(bracket != NULL ? bracket : host, ':') != NULL;
    if (has_port || authority[host_len] != ':' || len == host_len + 1) {
        return false;
    }
    for (size_t i = host_len + 1; i < len; i++) {
        if (authority[i] < '0' || authority[i] > '9') {
            return false;
        }
    }
    return true;
}

/* Cuts "http://host" off an absolute form. */
static enum err
skip_host(const char **target, size_t *len, const char *host, struct note *note)
{
    static const char *const schemes[] = {"http://", "https://"};
    if (*len > 0 && **target == '/') {
        return OK;
    }
    for (size_t i = 0; i < COUNT(schemes); i++) {
        size_t skip = strlen(schemes[i]);
        if (*len < skip || text_find_nocase(*target, skip, schemes[i]) != *target) {
            continue;
        }
        size_t end = skip;
        while (end < *len && (*target)[end] != '/' && (*target)[end] != '?') {
            end++;
        }
        if (!is_host(*target + skip, end - skip, host)) {
            return refuse(note, "the address names another host");
        }
        *target += end;
        *len -= end;
        return OK;
    }
    return refuse(note, "the address does not begin with '/'");
}

/* What may not be in a path, raw or encoded. */
static const char *
trouble_of(uint8_t byte, bool was_encoded)
{
    if (byte < ' ' || byte == 0x7f) {
        return "the path has an encoded control character";
    }
    if (byte == '\\') {
        return "the path has a backslash";
    }
    if (byte == ';' || byte == '#') {
        return "the path has a ';' or '#'";
    }
    return byte == '/' && was_encoded ? "the path has an encoded slash" : NULL;
}

/* Decoded, "//" merged; out has room for len bytes and the terminator. */
static enum err
decode_path(const char *bytes, size_t len, char *out, size_t *ret_len, struct note *note)
{
    size_t used = 0;
    for (size_t i = 0; i < len; i++) {
        bool is_encoded = bytes[i] == '%';
        uint8_t byte = (uint8_t)(is_encoded ? decode(bytes + i, len - i) : bytes[i]);
        const char *trouble = trouble_of(byte, is_encoded);
        if (trouble != NULL) {
            return refuse(note, trouble);
        }
        i += is_encoded ? 2 : 0;
        if (byte != '/' || used == 0 || out[used - 1] != '/') {
            out[used++] = (char)byte;
        }
    }
    out[used] = '\0';
    *ret_len = used;
    return OK;
}

static bool
is_dots(const char *segment, size_t len)
{
    return (len == 1 && segment[0] == '.') || (len == 2 && segment[0] == '.' && segment[1] == '.');
}

static enum err
check_segments(const char *path, struct note *note)
{
    while (*path != '\0') {
        size_t len = strcspn(path, "/");
        if (is_dots(path, len)) {
            return refuse(note, "the path has a dot segment");
        }
        path += len + (path[len] == '/' ? 1 : 0);
    }
    return OK;
}

/* Overlong forms are not UTF-8, and what would be decoded a second time is not sent. */
static enum err
check_text(const char *path, size_t len, struct note *note)
{
    for (size_t i = 0; i < len;) {
        uint32_t point = 0;
        size_t step = text_utf8(path + i, len - i, &point);
        if (step == 0 || (point >= 0x7f && point < 0xa0)) {
            return refuse(note, "the path has bytes that are not UTF-8 text");
        }
        if (path[i] == '%' && decode(path + i, len - i) >= 0) {
            return refuse(note, "the path is encoded twice");
        }
        i += step;
    }
    return OK;
}

static void
put_path(struct buf *out, const char *path)
{
    for (; *path != '\0'; path++) {
        if (is_plain((uint8_t)*path)) {
            buf_byte(out, (uint8_t)*path);
        } else {
            buf_format(out, "%%%02X", (unsigned)(uint8_t)*path);
        }
    }
}

static enum err
put(const char *path, const char *query, size_t query_len, struct arena *arena, struct uri *ret_uri)
{
    struct buf CLEANUP(buf_release) sent;
    buf_init(&sent, URI_LIMIT);
    put_path(&sent, path);
    if (query != NULL) {
        buf_byte(&sent, '?');
        buf_add(&sent, query, query_len);
    }
    if (buf_error(&sent) != OK) {
        return ERR_LIMIT;
    }
    *ret_uri = (struct uri){
        .sent = arena_copy_n(arena, sent.data, sent.len),
        .path = path,
        .query = query != NULL ? arena_copy_n(arena, query, query_len) : "",
    };
    return ret_uri->sent != NULL && ret_uri->query != NULL ? OK : ERR_MEMORY;
}

/*
 * Nearly every request: nothing to decode, merge or refuse in the path, so it is sent as it came.
 * Its length, or 0.
 */
static size_t
canonical_path(const char *target, size_t len)
{
    bool after_slash = false;
    size_t i = 0;
    if (len == 0 || len > URI_LIMIT || target[0] != '/') {
        return 0;
    }
    for (; i < len && target[i] != '?'; i++) {
        uint8_t byte = (uint8_t)target[i];
        if (!is_plain(byte) || (after_slash && (byte == '/' || byte == '.'))) {
            return 0;
        }
        after_slash = byte == '/';
    }
    return i;
}

static enum err
copy(const char *target, size_t len, size_t path_len, struct arena *arena, struct uri *ret_uri)
{
    char *sent = arena_copy_n(arena, target, len);
    char *path = path_len == len ? sent : arena_copy_n(arena, target, path_len);
    if (sent == NULL || path == NULL) {
        return ERR_MEMORY;
    }
    *ret_uri = (struct uri){sent, path, path_len == len ? "" : sent + path_len + 1};
    return OK;
}

enum err
uri_canonical(const char *target, size_t len, const char *host, struct arena *arena,
    struct uri *ret_uri, struct note *note)
{
    size_t canonical = canonical_path(target, len);
    enum err err = check_raw(target + canonical, len - canonical, note);
    if (err == OK && canonical != 0) {
        return copy(target, len, canonical, arena, ret_uri);
    }
    if (err == OK) {
        err = skip_host(&target, &len, host, note);
    }
    if (err != OK) {
        return err;
    }
    const char *mark = len > 0 ? memchr(target, '?', len) : NULL;
    size_t path_len = mark != NULL ? (size_t)(mark - target) : len;
    size_t query_len = mark != NULL ? len - path_len - 1 : 0;
    char *path = arena_alloc(arena, path_len + 2);
    if (path == NULL) {
        return ERR_MEMORY;
    }
    if (path_len == 0) {
        target = "/"; /* "http://host" asks for the root */
        path_len = 1;
    }
    size_t decoded = 0;
    err = decode_path(target, path_len, path, &decoded, note);
    if (err == OK) {
        err = check_segments(path, note);
    }
    if (err == OK) {
        err = check_text(path, decoded, note);
    }
    if (err != OK) {
        return err;
    }
    err = put(path, mark != NULL ? mark + 1 : NULL, query_len, arena, ret_uri);
    if (err == ERR_LIMIT) {
        note_set(note, "the address is longer than %d bytes", URI_LIMIT);
    }
    return err;
}
