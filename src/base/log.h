/* Messages to standard error. Libraries log at debug only; programs decide what a person sees. */
#pragma once

#include "base/base.h"

enum log_level {
    LOG_ERROR,
    LOG_WARN,
    LOG_INFO,
    LOG_DEBUG,
};

/* Messages above the level are dropped; LOG_WARN at start. */
void log_set_level(enum log_level level);
void log_error(const char *format, ...) PRINTF(1, 2);
void log_warn(const char *format, ...) PRINTF(1, 2);
void log_info(const char *format, ...) PRINTF(1, 2);
void log_debug(const char *format, ...) PRINTF(1, 2);
