/* The pictures of the page: SVG without script, each with its numbers as text. */
#pragma once

#include "report/ledger/ledger_report.h"

/* Hour of the day by day of the week: how long was watched. */
void ledger_pictures_heat(struct buf *out, const struct tally *tally);
/* What was watched and taken, time by time up to this one. */
void ledger_pictures_line(struct buf *out, const struct tally *tally, enum tally_sum sum);
/* The longest bars of rows that lie `stride` bytes apart, with a tick at what is usual. */
struct ledger_bars {
    const struct tally *tally;
    const struct tally_row *rows;
    size_t count, stride;
    enum tally_sum sum;
    const char *label;
};
void ledger_pictures_bars(struct buf *out, const struct ledger_bars *bars);
/* A sum as people read it: "3.5 h", "1,204", "5.1 GB". */
#define LEDGER_NUMBER 40
const char *ledger_pictures_number(enum tally_sum sum, int64_t value, char out[LEDGER_NUMBER]);
