/*
 * What a reader of a YAML file says when a value is not one of its table's rows: the file, the
 * line, the key, what is wrong and what was expected. The table is the caller's (site.def,
 * settings.def).
 */
#pragma once

#include "codec/outline.h"

#define OUTLINE_ROWS 256 /* of one table */

/* One key that a file may have. */
struct outline_row {
    const char *path; /* a pattern: "vms[].listen" */
    enum outline_shape shape;
    const char *what, *expected; /* "a port", "1 to 65535" */
};

struct outline_table {
    const struct outline_row *rows;
    size_t count;
    const char *manual;   /* "gatehouse.yaml(5)" */
    const char *expected; /* of a file without settings: "keys such as \"host:\"" */
    /* Words for a key that is none on purpose, NULL: it is just unknown; or NULL. */
    const char *(*forbidden)(const char *pattern);
};

/* Where a mistake stands. */
struct outline_place {
    const char *file;
    struct note *note;
};

/* "FILE:LINE: KEY: words" into the place's note; always ERR_VALUE, to be returned. */
enum err outline_tell(
    const struct outline_place *place, const struct outline_node *node, const char *words);
struct outline_bytes {
    const char *bytes;
    size_t len;
};

/* Reads a file whose top are keys of the table; what is wrong is told. */
enum err outline_open(const struct outline_table *table, const struct outline_place *place,
    const struct outline_bytes *file, struct arena *arena, struct outline *ret_outline) MUST_CHECK;
/*
 * The row that takes this value; NULL: there is nothing to take, it is an empty list. An unknown
 * key and a wrong shape are told.
 */
enum err outline_match(const struct outline_table *table, const struct outline_place *place,
    const struct outline_node *node, const struct outline_row **ret_row) MUST_CHECK;
/* What came of taking it: tells `said`, or of ERR_VALUE without words what the row expects. */
enum err outline_taken(const struct outline_row *row, const struct outline_place *place,
    const struct outline_node *node, enum err err, const struct note *said) MUST_CHECK;
/* The row's number, or the table's count. */
size_t outline_row_find(const struct outline_table *table, const char *pattern);
/* An unknown key, with the key of the same place that may have been meant. */
enum err outline_refuse_key(const struct outline_table *table, const struct outline_place *place,
    const struct outline_node *node);
enum err outline_refuse_shape(const struct outline_row *row, const struct outline_place *place,
    const struct outline_node *node);
enum err outline_refuse_value(const struct outline_row *row, const struct outline_place *place,
    const struct outline_node *node);
/* The last part of a pattern: "listen" of "vms[].listen". */
const char *outline_key(const char *pattern);
/* The number-th value of that pattern, from 0; NULL: there is none. */
const struct outline_node *outline_find(
    const struct outline *outline, const char *pattern, size_t number);
