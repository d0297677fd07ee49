/* The way of a clip from camera to court as a page: one file, no script, prints. */
#pragma once

#include "evidence/custody.h"

struct custody_page {
    const char *title;  /* the package's name, or the event's id */
    const char *site;   /* NULL: not known */
    const char *reason; /* NULL: there is no package */
    const struct custody *custody;
};
void custody_page(struct buf *out, const struct custody_page *page);
