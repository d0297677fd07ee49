/* A proof for a terminal. */
#include "base/text.h"
#include "remedy/proof_parts.h"

#include <stdio.h>

#define END_COLUMNS 13
#define OPEN_MOST   ((size_t)12)

static enum page_style
style_of(enum mark mark)
{
    return mark == MARK_PASS   ? PAGE_GOOD
           : mark == MARK_FAIL ? PAGE_BAD
           : mark == MARK_NOTE ? PAGE_DIM
                               : PAGE_WARN;
}

static void
put_grades(const struct proof *proof, struct page *page)
{
    page_paint(page, PAGE_BOLD, " GRADE", END_COLUMNS);
    page_format(page, "%s  %u of 100", proof->plan->grade, proof->plan->score);
    if (proof->after != NULL) {
        page_format(
            page, "  \xe2\x86\x92  %s  %u of 100", proof->after->grade, proof->after->score);
    } else if (!text_is_empty(proof->why_not)) {
        page_format(page, "; not read again: %s", proof->why_not);
    }
    page_flush(page, END_COLUMNS);
    if (proof->after != NULL && proof->after->cap_why != NULL) {
        page_format(page, "capped: %s", proof->after->cap_why);
        page_indent(page, END_COLUMNS);
    }
    page_line(page);
}

static void
put_step(const struct proof *proof, const struct plan_step *step, struct page *page)
{
    struct trail_step state = trail_step(proof->journal, step->number);
    struct proof_end end = proof_end(step, &state);
    char word[32];
    (void)snprintf(word, sizeof(word), " %s", end.word);
    page_paint(page, style_of(end.mark), word, END_COLUMNS);
    page_format(page, "%u  %s: %s", step->number, proof_target(proof, step)->title, step->words);
    page_flush(page, END_COLUMNS + 3);
    const char *after = proof_after(&state, step);
    if (after != NULL) {
        page_format(page, "%s: %s \xe2\x86\x92 %s", step->fact,
            text_is_empty(step->from) ? "not known" : step->from, after);
        page_indent(page, END_COLUMNS + 3);
    }
    if (!text_is_empty(state.why) && end.mark != MARK_PASS) {
        page_put(page, state.why);
        page_indent(page, END_COLUMNS + 3);
    }
}

static void
put_totals(const struct proof *proof, struct page *page)
{
    const struct apply_result *result = proof->result;
    struct proof_gaps gaps;
    char longest[WORDS_NUMBER];
    char median[WORDS_NUMBER];
    proof_gaps(proof, &gaps);
    page_format(page,
        " %u kept, %u taken back, %u left alone, %u to be looked at; %u log-in%s spent",
        result->kept, result->undone, result->left, result->stuck, result->logins,
        result->logins == 1 ? "" : "s");
    if (gaps.cameras != 0) {
        page_format(page, "; video of %zu camera%s stood still for %s at most (half of them %s)",
            gaps.cameras, gaps.cameras == 1 ? "" : "s", words_duration(gaps.longest, longest),
            words_duration(gaps.median, median));
    }
    page_flush(page, 1);
}

static void
put_open(const struct proof *proof, struct page *page)
{
    size_t shown = 0;
    size_t more = 0;
    for (size_t i = 0; proof->after != NULL && i < proof->after->finding_count; i++) {
        const struct finding *finding = &proof->after->findings[i];
        if (!proof_is_open(finding)) {
            continue;
        }
        if (shown++ == 0) {
            page_line(page);
            page_heading(page, "STILL OPEN");
        }
        if (shown > OPEN_MOST) {
            more++;
            continue;
        }
        page_format(page, "%s", finding->title);
        page_indent(page, 2);
    }
    if (more != 0) {
        page_format(page, "and %zu more; all are on the page", more);
        page_indent(page, 2);
    }
}

void
proof_text(const struct proof *proof, struct page *page)
{
    put_grades(proof, page);
    page_heading(page, "WHAT WAS DONE");
    for (size_t i = 0; i < proof->plan->step_count; i++) {
        put_step(proof, &proof->plan->steps[i], page);
    }
    page_line(page);
    put_totals(proof, page);
    put_open(proof, page);
}
