/* Words for errors, and notes beside them. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

static const char *const words[] = {
    [OK] = "success",
#define ERROR(name, text) [name] = (text),
#include "base/errors.def"
#undef ERROR
};

const char *
err_words(enum err err)
{
    if ((size_t)err >= COUNT(words)) {
        return "unknown error";
    }
    return words[err];
}

void
note_set(struct note *note, const char *format, ...)
{
    if (note == NULL) {
        return;
    }
    va_list args;
    va_start(args, format);
    (void)vsnprintf(note->text, sizeof(note->text), format, args);
    va_end(args);
}
