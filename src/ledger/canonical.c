/* Walks over canonical JSON (RFC 8785). */
#include "ledger/canonical.h"
#include "base/text.h"

#include <endian.h>
#include <string.h>

#define EVERY(byte) (UINT64_C(0x0101010101010101) * (byte))

void
canonical_init(struct canonical *json, const void *bytes, size_t len)
{
    *json = (struct canonical){.at = bytes, .end = (const uint8_t *)bytes + len, .trouble = ""};
}

static enum err
trouble(struct canonical *json, const char *words)
{
    json->trouble = words;
    return ERR_SYNTAX;
}

static bool
is_plain(uint8_t byte)
{
    return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

/* Past the bytes that stand for themselves, eight at a time. */
static void
skip_plain(struct canonical *json)
{
    const uint8_t *at = json->at;
    while (json->end - at >= 8) {
        uint64_t word = 0;
        memcpy(&word, at, sizeof(word));
        word = le64toh(word);
        uint64_t quote = word ^ EVERY('"');
        uint64_t backslash = word ^ EVERY('\\');
        uint64_t special = word | ((word - EVERY(0x20)) & ~word) | ((quote - EVERY(1)) & ~quote) |
                           ((backslash - EVERY(1)) & ~backslash);
        special &= EVERY(0x80); /* the lowest bit is exact, those above it may be a borrow's */
        if (special != 0) {
            json->at = at + __builtin_ctzll(special) / 8;
            return;
        }
        at += 8;
    }
    while (at < json->end && is_plain(*at)) {
        at++;
    }
    json->at = at;
}

/* Value of a lower-case hexadecimal digit, or 16. */
static unsigned
hex_value(uint8_t digit)
{
    if (digit >= '0' && digit <= '9') {
        return (unsigned)(digit - '0');
    }
    return digit >= 'a' && digit <= 'f' ? (unsigned)(digit - 'a' + 10) : 16;
}

/* The short escape of a control character, or 0. */
static char
short_escape(uint32_t point)
{
    static const char names[] = "btn\0fr"; /* U+0008 on */
    return point >= 8 && point - 8 < sizeof(names) - 1 ? names[point - 8] : '\0';
}

/* RFC 8785 section 3.2.2.2: the shortest form, and only for what must be escaped. */
static enum err
take_escape(struct canonical *json)
{
    const uint8_t *at = json->at + 1;
    size_t left = (size_t)(json->end - at);
    if (left != 0 && *at != 0 && strchr("\"\\bfnrt", *at) != NULL) {
        json->at = at + 1;
        return OK;
    }
    if (left < 5 || memcmp(at, "u00", 3) != 0 || hex_value(at[3]) > 1 || hex_value(at[4]) > 15 ||
        short_escape(hex_value(at[3]) << 4 | hex_value(at[4])) != '\0') {
        return trouble(json, "an escape that is not the shortest form");
    }
    json->has_nul |= at[3] == '0' && at[4] == '0';
    json->at = at + 5;
    return OK;
}

enum err
canonical_string(struct canonical *json, struct canonical_text *ret_text)
{
    struct canonical_text text = {.bytes = NULL};
    if (!canonical_take(json, '"')) {
        return trouble(json, "a text was expected");
    }
    text.bytes = (const char *)json->at;
    for (;;) {
        skip_plain(json);
        size_t left = (size_t)(json->end - json->at);
        uint32_t point = 0;
        if (left == 0) {
            return trouble(json, "a text has no end");
        }
        if (*json->at == '"') {
            break;
        }
        if (*json->at == '\\') {
            text.is_escaped = true;
            if (take_escape(json) != OK) {
                return ERR_SYNTAX;
            }
            continue;
        }
        if (*json->at < 0x20) {
            return trouble(json, "a control character that is not escaped");
        }
        size_t step = text_utf8((const char *)json->at, left, &point);
        if (step == 0) {
            return trouble(json, "not UTF-8");
        }
        text.is_wide = true;
        json->at += step;
    }
    text.len = (size_t)(json->at - (const uint8_t *)text.bytes);
    json->at++;
    *ret_text = text;
    return OK;
}

enum err
canonical_integer(struct canonical *json, int64_t *ret_value)
{
    bool is_negative = canonical_take(json, '-');
    const uint8_t *begin = json->at;
    int64_t value = 0;
    while (json->at < json->end && *json->at >= '0' && *json->at <= '9') {
        value = value * 10 + (*json->at - '0');
        if (value > CANONICAL_INTEGER) {
            return trouble(json, "an integer beyond 9007199254740991");
        }
        json->at++;
    }
    uint8_t next = canonical_peek(json);
    if (next == '.' || next == 'e' || next == 'E') {
        return trouble(json, "a number that is not an integer");
    }
    if (json->at == begin) {
        return trouble(json, "a value was expected");
    }
    if (*begin == '0' && (is_negative || json->at - begin > 1)) {
        return trouble(json, "a number with a needless zero or sign");
    }
    *ret_value = is_negative ? -value : value;
    return OK;
}

bool
canonical_next(struct canonical_text *text, uint32_t *ret_point)
{
    if (text->len == 0) {
        return false;
    }
    const char *bytes = text->bytes;
    size_t step = 1;
    uint32_t point = (uint8_t)bytes[0];
    if (text->is_escaped && bytes[0] == '\\') {
        static const char names[] = "\"\\bfnrt";
        static const char points[] = "\"\\\b\f\n\r\t";
        const char *name = strchr(names, bytes[1]);
        step = name == NULL ? 6 : 2;
        point = name == NULL ? hex_value((uint8_t)bytes[4]) << 4 | hex_value((uint8_t)bytes[5])
                             : (uint8_t)points[name - names];
    } else if (point >= 0x80) {
        step = text_utf8(bytes, text->len, &point);
    }
    assert(step != 0 && step <= text->len);
    text->bytes += step;
    text->len -= step;
    *ret_point = point;
    return true;
}

/* Where a character stands among UTF-16 code units: those of two units before U+E000. */
static uint32_t
rank(uint32_t point)
{
    return point >= 0xe000 && point < 0x10000 ? point + 0x110000 : point;
}

static int
compare_bytes(const struct canonical_text *a, const struct canonical_text *b)
{
    size_t len = a->len < b->len ? a->len : b->len;
    int order = memcmp(a->bytes, b->bytes, len);
    return order != 0 || a->len == b->len ? order : a->len < b->len ? -1 : 1;
}

int
canonical_compare(const struct canonical_text *a, const struct canonical_text *b)
{
    if (!a->is_escaped && !b->is_escaped && !a->is_wide && !b->is_wide) {
        return compare_bytes(a, b);
    }
    struct canonical_text left = *a;
    struct canonical_text right = *b;
    for (;;) {
        uint32_t x = 0;
        uint32_t y = 0;
        bool has_left = canonical_next(&left, &x);
        bool has_right = canonical_next(&right, &y);
        if (!has_left || !has_right) {
            return (int)has_left - (int)has_right;
        }
        if (x != y) {
            return rank(x) < rank(y) ? -1 : 1;
        }
    }
}

static enum err
take_word(struct canonical *json, const char *word)
{
    size_t len = strlen(word);
    if ((size_t)(json->end - json->at) < len || memcmp(json->at, word, len) != 0) {
        return trouble(json, "a value was expected");
    }
    json->at += len;
    return OK;
}

static enum err
take_array(struct canonical *json, unsigned depth)
{
    json->at++;
    if (canonical_take(json, ']')) {
        return OK;
    }
    enum err err = OK;
    do {
        err = canonical_value(json, depth);
    } while (err == OK && canonical_take(json, ','));
    if (err == OK && !canonical_take(json, ']')) {
        err = trouble(json, "',' or ']' was expected");
    }
    return err;
}

static enum err
take_object(struct canonical *json, unsigned depth)
{
    struct canonical_text name = {.bytes = ""};
    bool is_first = true;
    json->at++;
    if (canonical_take(json, '}')) {
        return OK;
    }
    do {
        struct canonical_text last = name;
        const uint8_t *place = json->at;
        enum err err = canonical_string(json, &name);
        if (err != OK) {
            return err;
        }
        if (!is_first && canonical_compare(&last, &name) >= 0) {
            json->at = place;
            return trouble(json, "a member that is there twice or not in order");
        }
        is_first = false;
        if (!canonical_take(json, ':')) {
            return trouble(json, "':' was expected");
        }
        err = canonical_value(json, depth);
        if (err != OK) {
            return err;
        }
    } while (canonical_take(json, ','));
    return canonical_take(json, '}') ? OK : trouble(json, "',' or '}' was expected");
}

enum err
canonical_value(struct canonical *json, unsigned depth)
{
    struct canonical_text text;
    int64_t value = 0;
    switch (canonical_peek(json)) {
    case '{':
    case '[':
        if (depth == 0) {
            return trouble(json, "nested too deeply");
        }
        return *json->at == '{' ? take_object(json, depth - 1) : take_array(json, depth - 1);
    case '"':
        return canonical_string(json, &text);
    case 't':
        return take_word(json, "true");
    case 'f':
        return take_word(json, "false");
    case 'n':
        return take_word(json, "null");
    default:
        return canonical_integer(json, &value);
    }
}
