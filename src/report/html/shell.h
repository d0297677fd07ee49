/*
 * What every page has: a head whose policy lets nothing but its own style sheet and script run, the
 * line on top, the foot. A page is one file and needs no network.
 */
#pragma once

#include "report/html/markup.h"

struct shell_link {
    const char *anchor, *title;
    bool is_there;
};

/* What stands on top: the site, what the page is, and of when. */
struct shell_top {
    const char *title; /* of the window; the program's name is added */
    const char *site;  /* NULL or "": the program's name */
    const char *what;  /* "security assessment" */
    int64_t at;        /* wall ms */
    const struct shell_link *links;
    size_t link_count;
    bool is_still; /* no script: nothing to filter, and a court's browser shows it as it is */
};

/* Up to the begin of the main part, and from its end on; the second of a page that is still. */
void shell_begin(struct buf *out, const struct shell_top *top);
void shell_end(struct buf *out);
void shell_end_still(struct buf *out);
