/* Columns of UTF-8 text, cutting and wrapping. */
#include "report/width.h"

#include <string.h>

struct range {
    uint32_t first, last;
};

/* Combining marks, joiners and variation selectors (general categories Mn, Me, Cf). */
static const struct range none[] = {
    {0x0300,  0x036f },
    {0x0483,  0x0489 },
    {0x0591,  0x05bd },
    {0x05bf,  0x05bf },
    {0x05c1,  0x05c7 },
    {0x0610,  0x061a },
    {0x064b,  0x065f },
    {0x0670,  0x0670 },
    {0x06d6,  0x06dc },
    {0x06df,  0x06e4 },
    {0x06e7,  0x06ed },
    {0x0900,  0x0902 },
    {0x093c,  0x093c },
    {0x0941,  0x0948 },
    {0x094d,  0x094d },
    {0x0e31,  0x0e31 },
    {0x0e34,  0x0e3a },
    {0x0e47,  0x0e4e },
    {0x1ab0,  0x1ace },
    {0x1dc0,  0x1dff },
    {0x200b,  0x200f },
    {0x20d0,  0x20f0 },
    {0x302a,  0x302d },
    {0xfe00,  0xfe0f },
    {0xfe20,  0xfe2f },
    {0xe0100, 0xe01ef},
};

/* East Asian Width W and F, and what terminals show as emoji. */
static const struct range wide[] = {
    {0x1100,  0x115f },
    {0x231a,  0x231b },
    {0x2329,  0x232a },
    {0x23e9,  0x23f3 },
    {0x25fd,  0x25fe },
    {0x2614,  0x2615 },
    {0x2648,  0x2653 },
    {0x267f,  0x267f },
    {0x2693,  0x2693 },
    {0x26a1,  0x26a1 },
    {0x26aa,  0x26ab },
    {0x26bd,  0x26be },
    {0x26c4,  0x26c5 },
    {0x26ce,  0x26ce },
    {0x26d4,  0x26d4 },
    {0x26ea,  0x26ea },
    {0x26f2,  0x26f5 },
    {0x26fa,  0x26fd },
    {0x2705,  0x2705 },
    {0x270a,  0x270b },
    {0x2728,  0x2728 },
    {0x274c,  0x274e },
    {0x2753,  0x2757 },
    {0x2795,  0x2797 },
    {0x27b0,  0x27bf },
    {0x2b1b,  0x2b1c },
    {0x2b50,  0x2b55 },
    {0x2e80,  0x303e },
    {0x3041,  0x33ff },
    {0x3400,  0x4dbf },
    {0x4dc0,  0x4dff },
    {0x4e00,  0xa4cf },
    {0xa960,  0xa97c },
    {0xac00,  0xd7a3 },
    {0xf900,  0xfaff },
    {0xfe10,  0xfe19 },
    {0xfe30,  0xfe6f },
    {0xff01,  0xff60 },
    {0xffe0,  0xffe6 },
    {0x16fe0, 0x18cff},
    {0x1aff0, 0x1b2ff},
    {0x1f004, 0x1f004},
    {0x1f0cf, 0x1f0cf},
    {0x1f18e, 0x1f19a},
    {0x1f1e6, 0x1f64f},
    {0x1f680, 0x1f6ff},
    {0x1f7e0, 0x1f7f0},
    {0x1f900, 0x1faff},
    {0x20000, 0x3fffd},
};

static bool
is_in(const struct range *ranges, size_t count, uint32_t point)
{
    size_t low = 0;
    for (size_t high = count; low < high;) {
        size_t middle = (low + high) / 2;
        if (ranges[middle].last < point) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < count && ranges[low].first <= point;
}

/* The code point at text; a broken byte is itself, one byte long. Never passes the terminator. */
static uint32_t
point_at(const char *text, size_t *ret_len)
{
    uint8_t first = (uint8_t)text[0];
    size_t len = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    uint32_t point = len == 1 ? first : first & (0xffU >> (len + 1));
    *ret_len = 1;
    for (size_t i = 1; i < len; i++) {
        if (((uint8_t)text[i] & 0xc0) != 0x80) {
            return first;
        }
        point = point << 6 | ((uint8_t)text[i] & 0x3f);
    }
    *ret_len = len;
    return point;
}

size_t
width_next(const char **text)
{
    size_t len = 0;
    uint32_t point = point_at(*text, &len);
    *text += len;
    if (is_in(none, COUNT(none), point)) {
        return 0;
    }
    return is_in(wide, COUNT(wide), point) ? 2 : 1;
}

size_t
width_of(const char *text)
{
    size_t columns = 0;
    while (text != NULL && *text != '\0') {
        columns += width_next(&text);
    }
    return columns;
}

size_t
width_fit(const char *text, size_t columns)
{
    const char *end = text;
    size_t used = 0;
    while (*end != '\0') {
        const char *next = end;
        used += width_next(&next);
        if (used > columns) {
            break;
        }
        end = next;
    }
    return (size_t)(end - text);
}

void
width_cut(struct buf *out, const char *text, size_t columns, const char *more)
{
    if (text == NULL) {
        return;
    }
    if (width_of(text) <= columns) {
        buf_text(out, text);
        return;
    }
    size_t mark = width_of(more);
    buf_add(out, text, width_fit(text, columns > mark ? columns - mark : 0));
    buf_text(out, columns >= mark ? more : "");
}

void
width_pad(struct buf *out, const char *text, size_t columns, const char *more)
{
    size_t start = out->len;
    width_cut(out, text, columns, more);
    for (size_t used = width_of(out->data + start); used < columns && !out->failed; used++) {
        buf_byte(out, ' ');
    }
}

size_t
width_line(const char **text, size_t columns)
{
    const char *start = *text;
    size_t len = width_fit(start, columns);
    const char *newline = memchr(start, '\n', len);
    if (newline != NULL) {
        len = (size_t)(newline - start);
    } else if (start[len] != '\0' && start[len] != ' ' && start[len] != '\n') {
        size_t blank = len;
        while (blank != 0 && start[blank - 1] != ' ') {
            blank--;
        }
        /* A quotation without blanks begins where it can; a word goes to the next line. */
        bool quotation = blank < len / 2 && strcspn(start + blank, " \n") > columns / 2;
        len = blank != 0 && !quotation ? blank : len;
    }
    if (len == 0 && *start != '\0' && *start != '\n' && *start != ' ') {
        width_next(text); /* one character is wider than the line */
        len = (size_t)(*text - start);
    }
    *text = start + len;
    while (**text == ' ') {
        (*text)++;
    }
    *text += **text == '\n';
    while (len != 0 && start[len - 1] == ' ') {
        len--;
    }
    return len;
}
