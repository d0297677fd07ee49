/* Recog XML to rows; nothing is compiled or matched here. */
#pragma once

#include "base/arena.h"
#include "catalog/fingerprint.h"

#define FINGERPRINT_FILE_LIMIT    ((size_t)16 * 1024 * 1024)
#define FINGERPRINT_PATTERN_LIMIT ((size_t)4096)

enum fingerprint_flag {
    FINGERPRINT_ICASE = 1,
    FINGERPRINT_DOT_NEWLINE = 2,
};

/* <param>: a constant (pos 0) or what a group captured. */
struct fingerprint_param {
    const char *name;
    const char *value; /* NULL unless pos is 0 */
    unsigned pos;
};

/* <example>: a text and the values that it must give. */
struct fingerprint_example {
    struct fingerprint_text text;
    const struct fingerprint_value *expected;
    size_t expected_count;
    unsigned line;
};

/* <fingerprint>. */
struct fingerprint_row {
    const char *pattern;
    const char *description;
    unsigned flags; /* of enum fingerprint_flag */
    unsigned line;
    double certainty;
    const struct fingerprint_param *params;
    size_t param_count;
    const struct fingerprint_example *examples; /* only when they were asked for */
    size_t example_count;
};

/* <fingerprints>. */
struct fingerprint_file {
    const char *path;
    const char *key;
    const char *protocol; /* NULL when the file names none */
    double preference;
    const struct fingerprint_row *rows;
    size_t row_count;
};

/*
 * Reads one file (fingerprint_xml_read) or its bytes; everything lives in the arena. A document
 * type, an entity, an unknown element or flag, a param without its value are errors; the note
 * names file and line.
 */
enum err fingerprint_xml_read(const char *path, bool with_examples, struct arena *arena,
    struct fingerprint_file *ret_file, struct note *note) MUST_CHECK;

struct fingerprint_xml_source {
    const char *path; /* for notes and the key; example files are looked for beside it */
    const char *bytes;
    size_t len;
    bool with_examples;
};
enum err fingerprint_xml_parse(const struct fingerprint_xml_source *source, struct arena *arena,
    struct fingerprint_file *ret_file, struct note *note) MUST_CHECK;
