/*
 * Markup with holes: HTML(out, "<p>{}</p>", name) writes each text into its {} escaped, so that
 * what a device says can't become markup. NULL is an empty text.
 */
#pragma once

#include "report/marks.h"
#include "report/report.h"
#include "report/words.h"

#define HTML(out, template, ...)                                                                   \
    markup_add(out, template, (const char *const[]){__VA_ARGS__},                                  \
        sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

/* As many texts as the template has {}. */
void markup_add(struct buf *out, const char *template, const char *const *texts, size_t text_count);

/* Escaped for content and quoted attributes. */
void markup_escape(struct buf *out, const char *text);
/* Escaped; `code` in backticks becomes <code>, each line a step of a list when there are several.
 */
void markup_words(struct buf *out, const char *text);
/* A stable identifier for anchors: letters, digits, '-' and '_'; the rest becomes '-'. */
void markup_anchor(struct buf *out, const char *prefix, const char *id);

/* The end of a grade's class, "a" to "f"; "none" for no grade. */
const char *markup_grade(const char *grade);

/* The sign of a mark with its word: a shape, hidden from screen readers, and text. */
void markup_mark(struct buf *out, enum mark mark);
/* A use of one drawing of marks.svg. */
void markup_sign(struct buf *out, const char *name);
