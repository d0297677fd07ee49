/* Words that every file uses: counting tables, checked results, cleanup. */
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COUNT(table)     (sizeof(table) / sizeof((table)[0]))
#define MUST_CHECK       __attribute__((warn_unused_result))
#define PRINTF(fmt, arg) __attribute__((format(printf, fmt, arg)))
#define CLEANUP(release) __attribute__((cleanup(release)))
