/*
 * A small YAML file as a flat outline: every value with its path and its line, in the order of the
 * file, parents before children. Read with libyaml, because a mistake that is found later (a date
 * that is none) must still name its line, and a key that is given twice must not pass. Anchors,
 * aliases and tags are refused, so that a small file can't become a large one.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

#define OUTLINE_BYTES 1048576 /* of the file */
#define OUTLINE_NODES 10000
#define OUTLINE_DEPTH 8
#define OUTLINE_KEYS  64 /* in one mapping */
#define OUTLINE_KEY   64 /* bytes of one key */

enum outline_shape {
    OUTLINE_TEXT,
    OUTLINE_LIST,
    OUTLINE_MAP,
    OUTLINE_EMPTY, /* a key without a value */
};

struct outline_node {
    enum outline_shape shape;
    unsigned line;
    const char *path;    /* "waivers[0].expires"; "" is the whole file */
    const char *pattern; /* "waivers[].expires" */
    const char *text;    /* OUTLINE_TEXT, else "" */
};

struct outline {
    struct outline_node *nodes;
    size_t count;
};

/* What is wrong with the file, and where. */
struct outline_mistake {
    unsigned line;
    struct note note;
};

/* Reads into the arena; on an error the mistake is told. */
enum err outline_read(const char *bytes, size_t len, struct arena *arena,
    struct outline *ret_outline, struct outline_mistake *mistake) MUST_CHECK;
