/*
 * Reports: one assessment, written in one of the formats of formats.def. Writers are pure: an
 * assessment and options in, bytes out. Text from devices was cleaned when it became a fact; each
 * writer escapes it again for its own format.
 */
#pragma once

#include "assess/assessment.h"
#include "base/buf.h"

#define REPORT_WIDTH 80
#define REPORT_MAX   ((size_t)512 * 1024 * 1024)

struct report_options {
    bool colour;    /* text: ANSI colours; they carry no meaning of their own */
    bool ascii;     /* text: for terminals without UTF-8 */
    bool full;      /* text: every gap with its evidence and the steps to close it */
    unsigned width; /* text: columns; 0: REPORT_WIDTH */
    int64_t now;    /* wall ms: when the report is made */
};

struct report_format {
    const char *name;      /* as in formats.def */
    const char *extension; /* without the dot */
    const char *title;
    /* Appends to out; ERR_LIMIT when out's maximum is reached, ERR_MEMORY. */
    enum err (*write)(const struct assessment *assessment, const struct report_options *options,
        struct buf *out) MUST_CHECK;
};

/* All of them, in the order of formats.def. */
extern const struct report_format *const report_formats[];
extern const size_t report_format_count;

/* NULL when there is none of that name. */
const struct report_format *report_by_name(const char *name);

/* Writes the whole file or leaves the old one; only its owner may read it. */
enum err report_write_file(const struct report_format *format, const struct assessment *assessment,
    const struct report_options *options, const char *path, struct note *note) MUST_CHECK;
