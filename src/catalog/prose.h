/*
 * Version ranges as people write them into records: "Versions below V2.5.1 (including V2.5.1)",
 * "AXIS OS 10.5 – 11.5", "Build time before 2023/12/13", "3.05.62 and prior versions", and vers:
 * ranges. Reads bounds out of the words, and says how far the words were understood.
 */
#pragma once

#include "base/buf.h"

#define PROSE_BOUNDS 24
#define PROSE_VALUE  100

enum prose_kind {
    PROSE_EXACT,
    PROSE_FROM,   /* >= */
    PROSE_AFTER,  /* > */
    PROSE_UP_TO,  /* <= */
    PROSE_BEFORE, /* < */
};

struct prose_bound {
    enum prose_kind kind;
    bool is_date;  /* value is YYYY-MM-DD, a build date */
    bool is_track; /* 1.37.* */
    bool joins;    /* holds together with the bound before it */
    char value[PROSE_VALUE];
};

enum prose_trust {
    PROSE_CLEAR,  /* every word was understood */
    PROSE_WORDY,  /* the bounds are, but there are words beside them */
    PROSE_OPAQUE, /* nothing that limits the range may be taken from it */
};

struct prose {
    struct prose_bound bounds[PROSE_BOUNDS];
    size_t count;
    bool is_all;    /* "all versions" */
    bool is_empty;  /* "n/a", "unspecified": no information */
    bool has_model; /* model names stand among the words */
    enum prose_trust trust;
};

/* Makes one printable ASCII-like form of a record's text: full-width letters, dashes, blanks, ≤. */
void prose_clean(const char *text, struct buf *ret_text);

/* Reads cleaned text of any length; never fails. */
void prose_read(const char *text, struct prose *ret_prose);

/* Whether the text is nothing but a version ("V3.4.106"). */
bool prose_is_version(const char *text);
