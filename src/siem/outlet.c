/* What all ways to a receiver share. */
#include "siem/outlet.h"

#include <stdarg.h>
#include <stdio.h>

enum err
siem_outlet_open(struct siem_outlet *outlet, struct note *note)
{
    static const struct siem_outlet_kind *const kinds[] = {
        [SIEM_FILE] = &siem_outlet_file,
        [SIEM_SYSLOG] = &siem_outlet_syslog,
        [SIEM_HTTP] = &siem_outlet_http,
    };
    outlet->kind = kinds[outlet->to->type];
    return outlet->kind->open(outlet, note);
}

void
siem_outlet_close(struct siem_outlet *outlet)
{
    if (outlet->own != NULL) {
        outlet->kind->close(outlet);
        outlet->own = NULL;
    }
}

void
siem_outlet_say(const struct siem_outlet *outlet, const char *format, ...)
{
    char words[512];
    va_list args;
    if (outlet->say == NULL) {
        return;
    }
    va_start(args, format);
    (void)vsnprintf(words, sizeof(words), format, args);
    va_end(args);
    outlet->say(outlet->say_context, words);
}
