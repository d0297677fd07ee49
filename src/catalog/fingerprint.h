/*
 * What a banner, header, title or certificate name says about its sender: the Recog fingerprint
 * format (https://github.com/rapid7/recog, "Recog: a recognition framework", file
 * xml/fingerprints.xsd), read natively.
 *
 * Each file belongs to one key, its `matches` attribute ("http_header.server"); a file without it
 * takes its name without ".xml". A text is matched against the fingerprints of one key, in file
 * order; the first match wins. Files of the same key are ordered by their `preference`, highest
 * first, then by the order of loading. Patterns run over bytes, and over characters where a text
 * is UTF-8 beyond ASCII. ^ and $ match at every line, as in Ruby; REG_ICASE ignores ASCII case;
 * REG_DOT_NEWLINE, REG_MULTILINE and REG_LINE_ANY_CRLF let the dot match a line end. Every match is
 * bounded in steps and memory.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

/* A longer text is cut before it is matched. */
#define FINGERPRINT_TEXT_LIMIT ((size_t)8 * 1024)

/* Certainty of a fingerprint that states none. */
#define FINGERPRINT_CERTAINTY 0.85

struct fingerprint_db;

/* Bytes from outside: may hold NUL and broken UTF-8. */
struct fingerprint_text {
    const char *bytes;
    size_t len;
};

/* One fact out of a match: "hw.vendor", "Axis". The value may hold bytes of the banner. */
struct fingerprint_value {
    const char *name;
    const char *value;
};

struct fingerprint_match {
    const char *description;
    const char *path; /* the file of the fingerprint, and its line there */
    unsigned line;
    double certainty; /* 0 to 1 */
    const struct fingerprint_value *values;
    size_t count;
};

struct fingerprint_stats {
    size_t files;
    size_t fingerprints;
    size_t bytes;       /* memory of patterns, compiled ones included */
    size_t limited;     /* patterns that hit a limit and were taken as "no match" */
    size_t texts_cut;   /* texts longer than FINGERPRINT_TEXT_LIMIT */
    size_t texts_ended; /* texts given up after too many patterns hit their limit */
};

enum err fingerprint_db_new(struct fingerprint_db **ret_db) MUST_CHECK;
void fingerprint_db_free(struct fingerprint_db *db);

/* Adds one file, whole or not at all. The note names file and line of what is wrong. */
enum err fingerprint_db_load(
    struct fingerprint_db *db, const char *path, struct note *note) MUST_CHECK;

/* Adds every *.xml of a folder, by name. ERR_MISSING when there is none. */
enum err fingerprint_db_load_folder(
    struct fingerprint_db *db, const char *path, struct note *note) MUST_CHECK;

/* True when some loaded file serves the key. */
bool fingerprint_db_has(const struct fingerprint_db *db, const char *key);

/*
 * The first fingerprint of the key that matches. Names and constants live as long as db, the rest
 * in the arena. ERR_MISSING when nothing matches, ERR_MEMORY when the arena is full. Not for two
 * threads at once: patterns are compiled to machine code when first needed.
 */
enum err fingerprint_db_match(struct fingerprint_db *db, const char *key,
    struct fingerprint_text text, struct arena *arena,
    struct fingerprint_match *ret_match) MUST_CHECK;

struct fingerprint_stats fingerprint_db_stats(const struct fingerprint_db *db);

/* The value of a name, or NULL. */
const char *fingerprint_match_value(const struct fingerprint_match *match, const char *name);
