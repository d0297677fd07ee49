/*
 * A page of text for a terminal: pieces are put on a pending line, which is wrapped at the width
 * with an indent. Nothing put on it can move the cursor or change a colour.
 */
#pragma once

#include "report/report.h"
#include "report/width.h"

enum page_style {
    PAGE_PLAIN,
    PAGE_BOLD,
    PAGE_DIM,
    PAGE_BAD,
    PAGE_WARN,
    PAGE_GOOD,
};

/* Painted heads that one pending line can begin with. */
#define PAGE_SPANS 4

struct page {
    const struct report_options *options;
    struct buf *out;
    struct buf pending;
    size_t width;
    struct {
        size_t start, len; /* bytes of pending */
        enum page_style style;
    } spans[PAGE_SPANS];
    size_t span_count;
};

void page_init(struct page *page, const struct report_options *options, struct buf *out);
void page_release(struct page *page);

/* Adds to the pending line; NULL adds nothing. */
void page_put(struct page *page, const char *text);
void page_format(struct page *page, const char *format, ...) PRINTF(2, 3);
/* Text in a style, padded with blanks to columns. */
void page_paint(struct page *page, enum page_style style, const char *text, size_t columns);
/* At most len bytes of text, cut and padded to columns, the last one blank. */
void page_column(struct page *page, const char *text, size_t len, size_t columns);

/* Ends the pending line as it is, without blanks at its end. */
void page_end(struct page *page);
/* Ends the pending paragraph: wrapped, further lines indented. */
void page_flush(struct page *page, size_t indent);
/* As page_flush, the first line indented too. */
void page_indent(struct page *page, size_t indent);
/* An empty line. */
void page_line(struct page *page);
void page_heading(struct page *page, const char *title);
