/*
 * How many columns of a terminal UTF-8 text takes, without a locale: East Asian wide and emoji
 * characters take two, combining marks none (Unicode 15, UAX 11).
 */
#pragma once

#include "base/buf.h"

/* Columns of the character at *text; moves *text behind it. A broken byte counts as one. */
size_t width_next(const char **text);
/* Columns of the whole text; NULL has none. */
size_t width_of(const char *text);
/* Bytes from the start of text that fit in columns. */
size_t width_fit(const char *text, size_t columns);

/* Adds text, cut with `more` at its end when it does not fit, and blanks up to columns. */
void width_pad(struct buf *out, const char *text, size_t columns, const char *more);
/* As width_pad without the blanks. */
void width_cut(struct buf *out, const char *text, size_t columns, const char *more);

/*
 * The next line of a paragraph: at most columns wide, broken at a blank where there is one.
 * Returns its bytes and moves *text behind it and the blanks that follow; 0 at the end.
 */
size_t width_line(const char **text, size_t columns);
