/* Text without a locale. */
#include "base/text.h"

#include <string.h>
#include <strings.h>

static const char *
or_empty(const char *text)
{
    return text == NULL ? "" : text;
}

static char
lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool
same_nocase(const char *a, const char *b, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (lower(a[i]) != lower(b[i])) {
            return false;
        }
    }
    return true;
}

bool
text_equal(const char *a, const char *b)
{
    return strcmp(or_empty(a), or_empty(b)) == 0;
}

bool
text_equal_nocase(const char *a, const char *b)
{
    size_t len = strlen(or_empty(a));
    return len == strlen(or_empty(b)) && same_nocase(or_empty(a), or_empty(b), len);
}

bool
text_starts(const char *text, const char *prefix)
{
    return strncmp(or_empty(text), prefix, strlen(prefix)) == 0;
}

bool
text_starts_nocase(const char *text, const char *prefix)
{
    size_t len = strlen(prefix);
    return strlen(or_empty(text)) >= len && same_nocase(or_empty(text), prefix, len);
}

bool
text_ends(const char *text, const char *suffix)
{
    size_t len = strlen(or_empty(text));
    size_t end = strlen(suffix);
    return len >= end && strcmp(text + len - end, suffix) == 0;
}

bool
text_contains(const char *text, const char *part)
{
    return strstr(or_empty(text), part) != NULL;
}

bool
text_contains_nocase(const char *text, const char *part)
{
    return text_find_nocase(or_empty(text), strlen(or_empty(text)), part) != NULL;
}

bool
text_is_empty(const char *text)
{
    return text == NULL || text[0] == '\0';
}

const char *
text_find_nocase(const char *bytes, size_t len, const char *part)
{
    size_t part_len = strlen(part);
    for (size_t i = 0; i + part_len <= len; i++) {
        if (same_nocase(bytes + i, part, part_len)) {
            return bytes + i;
        }
    }
    return NULL;
}

enum err
text_to_u64(const char *text, uint64_t max, uint64_t *ret_value)
{
    uint64_t value = 0;
    if (text_is_empty(text)) {
        return ERR_VALUE;
    }
    for (const char *c = text; *c != '\0'; c++) {
        if (*c < '0' || *c > '9') {
            return ERR_VALUE;
        }
        uint64_t digit = (uint64_t)(*c - '0');
        if (digit > max || value > (max - digit) / 10) {
            return ERR_VALUE;
        }
        value = value * 10 + digit;
    }
    *ret_value = value;
    return OK;
}

enum err
text_to_bool(const char *text, bool *ret_value)
{
    /* "flase": misspelt by real SADP answers (UniversalScanner Hikvision.selftest). */
    static const char *const yes[] = {"true", "yes", "on", "1", "enabled", "enable", "open"};
    static const char *const no[] = {
        "false", "flase", "no", "off", "0", "disabled", "disable", "close"};
    for (size_t i = 0; i < COUNT(yes); i++) {
        if (text_equal_nocase(text, yes[i])) {
            *ret_value = true;
            return OK;
        }
    }
    for (size_t i = 0; i < COUNT(no); i++) {
        if (text_equal_nocase(text, no[i])) {
            *ret_value = false;
            return OK;
        }
    }
    return ERR_VALUE;
}

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

char *
text_trim(char *text)
{
    while (is_blank(*text)) {
        text++;
    }
    size_t len = strlen(text);
    while (len != 0 && is_blank(text[len - 1])) {
        len--;
    }
    text[len] = '\0';
    return text;
}

size_t
text_utf8(const char *text, size_t left, uint32_t *ret_point)
{
    const uint8_t *bytes = (const uint8_t *)text;
    if (left == 0) {
        return 0;
    }
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t first = bytes[0];
    size_t len = first < 0x80       ? 1
                 : first >> 5 == 6  ? 2
                 : first >> 4 == 14 ? 3
                 : first >> 3 == 30 ? 4
                                    : 0;
    if (len == 0 || len > left) {
        return 0;
    }
    uint32_t point = len == 1 ? first : first & (0xffU >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        if (bytes[i] >> 6 != 2) {
            return 0;
        }
        point = point << 6 | (bytes[i] & 0x3f);
    }
    if (point < smallest[len] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) {
        return 0;
    }
    *ret_point = point;
    return len;
}

static bool
is_deceptive(uint32_t point)
{
    return point < 0x20 || (point >= 0x7f && point < 0xa0) ||
           (point >= 0x200b && point <= 0x200f) || (point >= 0x2028 && point <= 0x202e) ||
           (point >= 0x2060 && point <= 0x206f) || point == 0xfeff ||
           (point >= 0xfff9 && point <= 0xfffb);
}

void
text_clean(char *out, size_t size, const char *bytes, size_t len)
{
    assert(size != 0);
    size_t used = 0;
    for (size_t i = 0; i < len;) {
        uint32_t point = 0;
        size_t step = text_utf8(bytes + i, len - i, &point);
        bool keep = step != 0 && !is_deceptive(point);
        size_t width = keep ? step : 1;
        if (used + width >= size) {
            break;
        }
        if (keep) {
            memcpy(out + used, bytes + i, step);
        } else {
            out[used] = point == '\t' || point == '\n' || point == '\r' ? ' ' : '?';
        }
        used += width;
        i += step == 0 ? 1 : step;
    }
    out[used] = '\0';
}

bool
text_copy(char *out, size_t size, const char *text)
{
    assert(size != 0);
    size_t len = strlen(or_empty(text));
    bool fits = len < size;
    size_t take = fits ? len : size - 1;
    if (take != 0) {
        memcpy(out, text, take);
    }
    out[take] = '\0';
    return fits;
}

int
text_hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

bool
text_unhex(const char *text, uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        int high = text_hex_digit(text[2 * i]);
        int low = high < 0 ? -1 : text_hex_digit(text[2 * i + 1]);
        if (low < 0) {
            return false;
        }
        out[i] = (uint8_t)(high * 16 + low);
    }
    return true;
}

void
text_hex(char *out, const uint8_t *bytes, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * len] = '\0';
}
