/* Words, versions and dates of a record's text, one after the other (prose.c reads sense into
 * them). */
#pragma once

#include "catalog/prose.h"

enum prose_token_kind {
    PROSE_END,
    PROSE_VERSION,   /* with its build: "5.4.0 build 160530" */
    PROSE_DATE,      /* YYYY-MM-DD */
    PROSE_OPERATOR,  /* < <= > >= = */
    PROSE_DIRECTION, /* before, earlier, later, … */
    PROSE_BETWEEN,   /* between A and B */
    PROSE_RANGE,     /* "-" between blanks, to, through */
    PROSE_BUILD,     /* build time, buildtime, build date */
    PROSE_WITH,      /* including */
    PROSE_WITHOUT,   /* not including, excluding */
    PROSE_APART,     /* ; | line end */
    PROSE_COMMA,
    PROSE_BRACKET,
    PROSE_ALL,
    PROSE_MODEL,  /* IPC-HX3XXX */
    PROSE_DANGER, /* fixed, except, hotfix: may turn the meaning */
    PROSE_FILLER,
    PROSE_UNKNOWN,
};

struct prose_token {
    enum prose_token_kind kind;
    enum prose_kind direction; /* in front of a value */
    enum prose_kind backward;  /* behind a value */
    bool is_track;
    char text[PROSE_VALUE];
};

struct prose_cursor {
    const char *at;
    bool is_alone; /* the text is one word */
};

void prose_cursor_init(struct prose_cursor *cursor, const char *text);
void prose_next(struct prose_cursor *cursor, struct prose_token *ret_token);
