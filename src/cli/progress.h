/* What a person sees while a run goes on: a bar on a terminal, lines otherwise. */
#pragma once

#include "assess/assess.h"

#include <stdio.h>

struct progress {
    FILE *out;
    bool is_terminal;
    int64_t drawn;           /* when, monotonic ms */
    enum assess_phase phase; /* last shown */
    unsigned quarter;        /* last shown, without a terminal */
    bool is_open;            /* a bar stands on the line */
};

/* out: usually stderr. */
void progress_init(struct progress *progress, FILE *out);
/* An assess_progress_fn; context is the struct progress. */
void progress_show(void *context, const struct assess_progress *state);
/* Ends the line of the bar. */
void progress_end(struct progress *progress);
