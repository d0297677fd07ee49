/*
 * What a plan came to: each fact before and after, the grade before and after, how long each camera
 * was not seen, the log-ins that it took, what remains and why. Written for a terminal, as JSON
 * (doc/schema/proof-1.json) and as a page.
 */
#pragma once

#include "remedy/apply.h"
#include "report/page.h"

struct proof {
    const struct plan *plan;
    const struct trail *journal;
    const struct apply_result *result;
    const struct assessment *after; /* NULL: the site was not read again, why_not says why */
    const char *why_not;
    int64_t began, ended; /* wall ms */
};

/* How long recording may have stood still, over the cameras with video. */
struct proof_gaps {
    size_t cameras;       /* of which it is known */
    unsigned median, p99; /* ms */
    unsigned longest;
};
void proof_gaps(const struct proof *proof, struct proof_gaps *ret_gaps);

/* NULL when memory is out. */
json_t *proof_json(const struct proof *proof);
void proof_text(const struct proof *proof, struct page *page);
enum err proof_html(const struct proof *proof, struct buf *out) MUST_CHECK;
/*
 * Writes fix.html and fix.json into the folder and fix.json into the journal's; `digest` is the
 * SHA-256 of that JSON in hex, for the ledger.
 */
enum err proof_save(const struct proof *proof, const char *folder, char digest[PLAN_DIGEST],
    struct note *note) MUST_CHECK;
