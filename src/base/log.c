/* One line per message; control characters from outside never reach the terminal. */
#include "base/log.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static enum log_level limit = LOG_WARN;

void
log_set_level(enum log_level level)
{
    limit = level;
}

static void print(enum log_level level, const char *format, va_list args) PRINTF(2, 0);

static void
print(enum log_level level, const char *format, va_list args)
{
    static const char *const names[] = {"error", "warning", "info", "debug"};
    char raw[1024];
    char clean[sizeof(raw)];
    if (level > limit) {
        return;
    }
    (void)vsnprintf(raw, sizeof(raw), format, args);
    text_clean(clean, sizeof(clean), raw, strlen(raw));
    (void)fprintf(stderr, "gatehouse: %s: %s\n", names[level], clean);
}

#define LOG_FUNCTION(name, level)                                                                  \
    void name(const char *format, ...)                                                             \
    {                                                                                              \
        va_list args;                                                                              \
        va_start(args, format);                                                                    \
        print(level, format, args);                                                                \
        va_end(args);                                                                              \
    }

LOG_FUNCTION(log_error, LOG_ERROR)
LOG_FUNCTION(log_warn, LOG_WARN)
LOG_FUNCTION(log_info, LOG_INFO)
LOG_FUNCTION(log_debug, LOG_DEBUG)
