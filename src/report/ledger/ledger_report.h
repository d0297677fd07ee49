/* A report over the ledger, for its writers: a page of one file, and JSON (doc/schema). Pure. */
#pragma once

#include "report/ledger/hits.h"

#include "base/buf.h"

#define LEDGER_REPORT_MAX ((size_t)64 * 1024 * 1024)

struct ledger_report {
    const struct tally *tally;
    const struct hits *hits;
    int64_t now;
    const char *folder; /* of the ledger, as it was asked for */
    bool is_week;       /* one whole week, as --week asks */
};

/* Both append; ERR_LIMIT, ERR_MEMORY. */
enum err ledger_json_write(const struct ledger_report *report, struct buf *out) MUST_CHECK;
enum err ledger_page_write(const struct ledger_report *report, struct buf *out) MUST_CHECK;
