/* Looking up headers in an answer. */
#include "codec/exchange.h"

#include "base/reader.h"
#include "base/text.h"

#include <string.h>

static bool
is_named(const char *line, size_t len, const char *name)
{
    size_t name_len = strlen(name);
    return len > name_len && line[name_len] == ':' &&
           text_find_nocase(line, name_len, name) == line;
}

bool
answer_header(const struct answer *answer, const char *name, size_t n, char *out, size_t size)
{
    struct reader reader;
    const char *line = NULL;
    size_t len = 0;
    reader_init(&reader, answer->headers, answer->headers_len);
    while (reader_line(&reader, &line, &len)) {
        if (!is_named(line, len, name) || n-- != 0) {
            continue;
        }
        const char *value = line + strlen(name) + 1;
        size_t left = len - strlen(name) - 1;
        while (left != 0 && (*value == ' ' || *value == '\t')) {
            value++;
            left--;
        }
        while (left != 0 && (value[left - 1] == ' ' || value[left - 1] == '\t')) {
            left--;
        }
        if (left >= size) {
            return false;
        }
        memcpy(out, value, left);
        out[left] = '\0';
        return true;
    }
    return false;
}
