/* Addresses with an account in them, as configurations hold them. */
#include "remedy/consumer_text.h"

#include "base/text.h"

#include <string.h>

#define SCHEME 2 /* letters at least: not the drive of "C://" */

static bool
is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* What ends an address in every format that is read here. */
static bool
ends_address(char c)
{
    return (unsigned char)c <= ' ' || c == '"' || c == '\'' || c == '<' || c == '>' || c == '`' ||
           c == '\\' || c == 0x7f;
}

static size_t
run_until(const char *bytes, size_t at, size_t end, const char *stops)
{
    while (at < end && strchr(stops, bytes[at]) == NULL) {
        at++;
    }
    return at;
}

/* Length of "host", "[v6]" at this place; 0: none. What follows must be a port or the end. */
static size_t
host_length(const char *bytes, size_t at, size_t end)
{
    size_t stop = at;
    if (stop < end && bytes[stop] == '[') {
        stop = run_until(bytes, stop, end, "]");
        if (stop == end) {
            return 0;
        }
        stop++;
    } else {
        while (stop < end && (is_letter(bytes[stop]) || is_digit(bytes[stop]) ||
                                 strchr("-._", bytes[stop]) != NULL)) {
            stop++;
        }
    }
    size_t rest = stop;
    if (rest < end && bytes[rest] == ':') {
        for (rest++; rest < end && is_digit(bytes[rest]); rest++) {
        }
    }
    bool ends = rest == end || strchr("/?#,;|)]}", bytes[rest]) != NULL;
    return ends ? stop - at : 0;
}

/* Where the '@' before the host stands; end: there is none. */
static size_t
find_at(const char *bytes, size_t start, size_t end)
{
    size_t slash = run_until(bytes, start, end, "/?#");
    for (size_t i = slash; i-- > start;) {
        if (bytes[i] == '@') {
            return i;
        }
    }
    /* A password with '/' in it that nobody encoded: what stands before it is no host. */
    if (host_length(bytes, start, end) != 0) {
        return end;
    }
    for (size_t i = slash; i < end; i++) {
        if (bytes[i] == '@' && host_length(bytes, i + 1, end) != 0) {
            return i;
        }
    }
    return end;
}

static bool
is_named(const char *bytes, size_t len, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strlen(names[i]) == len && text_find_nocase(bytes, len, names[i]) == bytes) {
            return true;
        }
    }
    return false;
}

/* "?user=admin&password=…", as Reolink's and Foscam's addresses have them. */
static bool
read_query(const char *bytes, size_t at, size_t end, struct consumer_url *url)
{
    static const char *const users[] = {"user", "usr", "username", "loginuse", "u"};
    static const char *const passwords[] = {"password", "pwd", "pass", "passwd", "loginpas", "p"};
    bool has_user = false, has_password = false;
    at = run_until(bytes, at, end, "?#");
    while (at < end && (bytes[at] == '?' || bytes[at] == '&')) {
        size_t key = at + 1;
        size_t equal = run_until(bytes, key, end, "=&#");
        at = run_until(bytes, equal, end, "&#");
        if (equal == end || bytes[equal] != '=') {
            continue;
        }
        if (!has_user && is_named(bytes + key, equal - key, users, COUNT(users))) {
            url->user = equal + 1;
            url->user_len = at - equal - 1;
            has_user = true;
        } else if (!has_password &&
                   is_named(bytes + key, equal - key, passwords, COUNT(passwords))) {
            url->password = equal + 1;
            url->password_len = at - equal - 1;
            has_password = true;
        }
    }
    return has_user && has_password;
}

/* Of "user:password@host", from behind "://". */
static bool
read_account(const char *bytes, size_t start, size_t at, size_t end, struct consumer_url *url)
{
    size_t colon = run_until(bytes, start, at, ":");
    url->host = at + 1;
    url->host_len = host_length(bytes, at + 1, end);
    if (colon == at || url->host_len == 0) {
        return false;
    }
    url->user = start;
    url->user_len = colon - start;
    url->password = colon + 1;
    url->password_len = at - colon - 1;
    return true;
}

bool
consumer_url_next(const char *bytes, size_t len, size_t *cursor, struct consumer_url *ret_url)
{
    for (size_t i = *cursor; i + 3 <= len; i++) {
        if (memcmp(bytes + i, "://", 3) != 0 || i < SCHEME || !is_letter(bytes[i - 2])) {
            continue;
        }
        struct consumer_url url = {0};
        size_t start = i + 3, end = start;
        while (end < len && !ends_address(bytes[end])) {
            end++;
        }
        size_t at = find_at(bytes, start, end);
        bool found = false;
        if (at != end) {
            found = read_account(bytes, start, at, end, &url);
        } else {
            url.host = start;
            url.host_len = host_length(bytes, start, end);
            found = url.host_len != 0 && read_query(bytes, start, end, &url);
        }
        if (found) {
            *cursor = url.host + url.host_len;
            *ret_url = url;
            return true;
        }
    }
    *cursor = len;
    return false;
}

const char *
consumer_url_host(struct arena *arena, const char *text)
{
    const char *slashes = strstr(text, "://");
    const char *start = slashes == NULL ? text : slashes + 3;
    size_t len = strlen(start);
    size_t end = 0;
    while (end < len && !ends_address(start[end])) {
        end++;
    }
    size_t at = find_at(start, 0, end);
    size_t from = at == end ? 0 : at + 1;
    size_t host = host_length(start, from, end);
    bool is_v6 = host > 2 && start[from] == '[';
    return host == 0 ? arena_copy(arena, text)
           : is_v6   ? arena_copy_n(arena, start + from + 1, host - 2)
                     : arena_copy_n(arena, start + from, host);
}

const char *
consumer_url_decode(struct arena *arena, const char *bytes, size_t len)
{
    char *out = arena_alloc(arena, len + 1);
    size_t used = 0;
    for (size_t i = 0; out != NULL && i < len; i++) {
        int high = i + 2 < len && bytes[i] == '%' ? text_hex_digit(bytes[i + 1]) : -1;
        int low = high >= 0 ? text_hex_digit(bytes[i + 2]) : -1;
        bool is_code = low >= 0 && (high != 0 || low != 0);
        out[used] = bytes[i];
        if (is_code) {
            out[used] = (char)(high << 4 | low);
            i += 2;
        }
        used++;
    }
    return out;
}
