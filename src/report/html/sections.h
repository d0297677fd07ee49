/* The sections of the page, in its order; each is one file. */
#pragma once

#include "report/html/markup.h"

/* What every section of the page gets. */
struct html {
    struct buf *out;
    const struct assessment *assessment;
    const struct report_options *options;
    const struct marks *marks;
};

void grade_write(const struct html *html);
void controls_write(const struct html *html);
void network_write(const struct html *html);
void devices_write(const struct html *html);
void findings_write(const struct html *html);
void run_write(const struct html *html);
/* Why the run is partial; what to try when nothing was found. */
void run_write_partial(const struct html *html);
void run_write_nothing(const struct html *html);
