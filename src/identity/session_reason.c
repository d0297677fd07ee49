/* A step-up's reason: what a person wrote, without what hides or reorders text in a log. */
#include "identity/session.h"

#include "base/text.h"

#include <string.h>

#define READ_MOST      ((size_t)8192) /* nobody's reason is longer; the rest is not even read */
#define SIGNS_AT_LEAST 3

struct span {
    uint32_t first, last;
};

static bool
is_in(const struct span *spans, size_t count, uint32_t point)
{
    for (size_t i = 0; i < count; i++) {
        if (point >= spans[i].first && point <= spans[i].last) {
            return true;
        }
    }
    return false;
}

/* Unicode 15, general categories Zs, Zl, Zp and Cc: they part words. */
static bool
is_blank(uint32_t point)
{
    static const struct span spans[] = {
        {0x00,   0x20  },
        {0x7f,   0xa0  },
        {0x1680, 0x1680},
        {0x2000, 0x200a},
        {0x2028, 0x2029},
        {0x202f, 0x202f},
        {0x205f, 0x205f},
        {0x3000, 0x3000},
    };
    return is_in(spans, COUNT(spans), point);
}

/* Unicode 15: format characters (Cf), variation selectors, fillers, private use, no characters. */
static bool
is_hidden(uint32_t point)
{
    static const struct span spans[] = {
        {0xad,    0xad    },
        {0x34f,   0x34f   },
        {0x600,   0x605   },
        {0x61c,   0x61c   },
        {0x6dd,   0x6dd   },
        {0x70f,   0x70f   },
        {0x8e2,   0x8e2   },
        {0x115f,  0x1160  },
        {0x17b4,  0x17b5  },
        {0x180b,  0x180f  },
        {0x200b,  0x200f  },
        {0x202a,  0x202e  },
        {0x2060,  0x206f  },
        {0x2800,  0x2800  },
        {0x3164,  0x3164  },
        {0xd800,  0xf8ff  },
        {0xfdd0,  0xfdef  },
        {0xfe00,  0xfe0f  },
        {0xfeff,  0xfeff  },
        {0xffa0,  0xffa0  },
        {0xfff0,  0xffff  },
        {0x110bd, 0x110cd },
        {0x13430, 0x1343f },
        {0x1bca0, 0x1bca3 },
        {0x1d173, 0x1d17a },
        {0x1fffe, 0x1ffff },
        {0xe0000, 0x10ffff},
    };
    return is_in(spans, COUNT(spans), point);
}

/* Punctuation, symbols and emoji say nothing by themselves; blocks of Unicode 15. */
static bool
is_letter(uint32_t point)
{
    static const struct span spans[] = {
        {0x80,    0xa9   },
        {0xab,    0xb1   },
        {0xb4,    0xb4   },
        {0xb6,    0xb8   },
        {0xbb,    0xbf   },
        {0xd7,    0xd7   },
        {0xf7,    0xf7   },
        {0x2b0,   0x36f  },
        {0x2000,  0x2bff },
        {0x2e00,  0x2e7f },
        {0x3001,  0x3004 },
        {0x3008,  0x3020 },
        {0x302a,  0x3030 },
        {0xfe10,  0xfe6f },
        {0xff01,  0xff0f },
        {0xff1a,  0xff20 },
        {0xff3b,  0xff40 },
        {0xff5b,  0xff65 },
        {0xffe0,  0xffef },
        {0x1cf00, 0x1d7ff},
        {0x1f000, 0x1fbff},
    };
    if (point < 0x80) {
        return (point >= '0' && point <= '9') || (point >= 'a' && point <= 'z') ||
               (point >= 'A' && point <= 'Z');
    }
    return !is_in(spans, COUNT(spans), point);
}

struct cleaned {
    char text[READ_MOST + 1];
    size_t len;
    size_t letters;
};

/* Copies what may stay; a row of blanks becomes one. ERR_VALUE: not UTF-8. */
static enum err
clean(const char *text, size_t len, struct cleaned *out)
{
    bool has_gap = false;
    while (len != 0) {
        uint32_t point = 0;
        size_t size = text_utf8(text, len, &point);
        if (size == 0) {
            return ERR_VALUE;
        }
        if (is_blank(point)) {
            has_gap = out->len != 0;
        } else if (!is_hidden(point)) {
            if (has_gap) {
                out->text[out->len++] = ' ';
                has_gap = false;
            }
            memcpy(out->text + out->len, text, size);
            out->len += size;
            out->letters += is_letter(point) ? 1 : 0;
        }
        text += size;
        len -= size;
    }
    out->text[out->len] = '\0';
    return OK;
}

enum err
session_reason(const char *text, size_t len, char ret_reason[SESSION_REASON], struct note *note)
{
    struct cleaned cleaned = {.len = 0};
    if (len > READ_MOST) {
        note_set(note, "the reason is longer than %d bytes", SESSION_REASON - 1);
        return ERR_VALUE;
    }
    if (clean(text, len, &cleaned) != OK) {
        note_set(note, "the reason is not UTF-8 text");
        return ERR_VALUE;
    }
    if (cleaned.len >= SESSION_REASON) {
        note_set(note, "the reason is longer than %d bytes", SESSION_REASON - 1);
        return ERR_VALUE;
    }
    if (cleaned.letters < SIGNS_AT_LEAST) {
        note_set(note, "say why in words: the reason has fewer than %d letters or digits",
            SIGNS_AT_LEAST);
        return ERR_VALUE;
    }
    memcpy(ret_reason, cleaned.text, cleaned.len + 1);
    return OK;
}
