/* CSV cells. */
#include "codec/csv.h"

#include <string.h>

/* OWASP "CSV Injection": what a spreadsheet may take for the start of a formula. */
static bool
is_formula(const char *text, size_t len)
{
    static const char *const starts[] = {"=", "+", "-", "@", "\t", "\r", "\n", "\xef\xbc\x9d",
        "\xef\xbc\x8b", "\xef\xbc\x8d", "\xef\xbc\xa0"};
    for (; len != 0 && *text == ' '; len--) {
        text++;
    }
    for (size_t i = 0; i < COUNT(starts); i++) {
        size_t size = strlen(starts[i]);
        if (size <= len && memcmp(text, starts[i], size) == 0) {
            return true;
        }
    }
    return false;
}

static bool
must_quote(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] == ',' || text[i] == '"' || text[i] == '\r' || text[i] == '\n') {
            return true;
        }
    }
    return len != 0 && text[0] == ' ';
}

void
csv_cell(struct buf *out, const char *text, size_t len)
{
    bool quoted = must_quote(text, len);
    buf_text(out, quoted ? "\"" : "");
    buf_text(out, is_formula(text, len) ? "'" : "");
    size_t start = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '"' || text[i] == '\0') {
            buf_add(out, text + start, i - start);
            buf_text(
                out, text[i] == '"' ? "\"\"" : "\xef\xbf\xbd"); /* no reader of CSV takes NUL */
            start = i + 1;
        }
    }
    buf_add(out, text + start, len - start);
    buf_text(out, quoted ? "\"" : "");
}

void
csv_text(struct buf *out, const char *text)
{
    if (text != NULL) {
        csv_cell(out, text, strlen(text));
    }
}
