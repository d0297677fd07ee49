/* A proof for a terminal. */
#include "base/text.h"
#include "remedy/groups.h"
#include "remedy/proof_parts.h"

#include <stdio.h>

#define END_COLUMNS  13
#define STEP_COLUMNS 6
#define NAMES_MOST   12
#define TEXT_BYTES   ((size_t)256 * 1024)
#define OPEN_MOST    ((size_t)12)

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

/* How a step ended, what was done, and why not more: what is the same is told together. */
static bool
is_alike(const void *context, size_t a, size_t b)
{
    const struct proof *proof = context;
    const struct plan_step *one = &proof->plan->steps[a];
    const struct plan_step *other = &proof->plan->steps[b];
    struct trail_step here = trail_step(proof->journal, one->number);
    struct trail_step there = trail_step(proof->journal, other->number);
    if (proof_is_by_hand(one) || proof_is_by_hand(other) || here.phase != there.phase) {
        return proof_is_by_hand(one) && proof_is_by_hand(other);
    }
    if (here.phase == TRAIL_LEFT) {
        return text_equal(here.why, there.why);
    }
    const json_t *left = json_object_get(here.after, "remarks");
    if (!text_equal(one->kind, other->kind) || !text_equal(one->words, other->words) ||
        left != NULL || json_object_get(there.after, "remarks") != NULL) {
        return false;
    }
    if (here.phase != TRAIL_KEPT) {
        return text_equal(here.why, there.why);
    }
    return text_equal(one->fact, other->fact) && text_equal(one->from, other->from) &&
           text_equal(proof_after(&here, one), proof_after(&there, other));
}

static void
put_line(struct page *page, const char *text)
{
    if (!text_is_empty(text)) {
        page_put(page, text);
        page_indent(page, STEP_COLUMNS);
    }
}

static void
put_group(const struct proof *proof, const struct groups *groups, size_t first, struct page *page)
{
    const struct plan_step *step = &proof->plan->steps[first];
    struct trail_step state = trail_step(proof->journal, step->number);
    const char *after = proof_after(&state, step);
    bool is_left = state.phase == TRAIL_LEFT;
    CLEANUP(buf_release) struct buf text;
    buf_init(&text, TEXT_BYTES);
    page_put(page, "   ");
    page_paint(page, PAGE_BOLD,
        is_left ? text_is_empty(state.why) ? "no reason is known" : state.why : step->words, 0);
    page_flush(page, 3);
    buf_text(&text, groups_steps(groups, first) == 1 ? "step " : "steps ");
    groups_numbers(groups, first, &text);
    buf_text(&text, ": ");
    groups_names(groups, first, NAMES_MOST, &text);
    put_line(page, text.data);
    if (!is_left && after != NULL) {
        page_format(page, "%s: %s \xe2\x86\x92 %s", step->fact,
            text_is_empty(step->from) ? "not known" : step->from, after);
        page_indent(page, STEP_COLUMNS);
    }
    if (!is_left && state.phase != TRAIL_KEPT) {
        put_line(page, state.why);
    }
    const json_t *remarks = json_object_get(state.after, "remarks");
    for (size_t i = 0; i < json_array_size(remarks); i++) {
        put_line(page, json_string_value(json_array_get(remarks, i)));
    }
}

/* One way to end, with all that ended so; what needs a person stands first. */
// clang-format off
static const struct section {
    const char *title;
    enum page_style style;
    unsigned phases; /* bits */
} sections[] = {
    {"LOOK AT THESE: neither kept nor taken back", PAGE_BAD,   1U << TRAIL_STUCK},
    {"UNFINISHED",                                 PAGE_BAD,   1U << TRAIL_TAKEN | 1U << TRAIL_APPLYING |
        1U << TRAIL_PROVING | 1U << TRAIL_KEEPING | 1U << TRAIL_UNDOING},
    {"TAKEN BACK, and proven to be as before",     PAGE_WARN,  1U << TRAIL_UNDONE},
    {"LEFT ALONE: nothing was changed",            PAGE_PLAIN, 1U << TRAIL_LEFT},
    {"NOT BEGUN",                                  PAGE_PLAIN, 1U << TRAIL_WAITING},
    {"DONE AND PROVEN",                            PAGE_GOOD,  1U << TRAIL_KEPT},
};
// clang-format on

static bool
is_of(const struct proof *proof, const struct section *section, size_t at)
{
    const struct plan_step *step = &proof->plan->steps[at];
    return !proof_is_by_hand(step) &&
           (section->phases & 1U << trail_step(proof->journal, step->number).phase) != 0;
}

static void
put_section(const struct proof *proof, const struct groups *groups, const struct section *section,
    struct page *page)
{
    bool any = false;
    for (size_t i = 0; i < proof->plan->step_count; i++) {
        if (!groups_begins(groups, i) || !is_of(proof, section, i)) {
            continue;
        }
        if (!any) {
            page_put(page, " ");
            page_paint(page, section->style, section->title, 0);
            page_end(page);
        }
        any = true;
        put_group(proof, groups, i, page);
    }
    if (any) {
        page_line(page);
    }
}

/* The plan and the page have what each is; here only that it waits. */
static void
put_by_hand(const struct proof *proof, const struct groups *groups, struct page *page)
{
    size_t first = 0;
    while (first < proof->plan->step_count && !proof_is_by_hand(&proof->plan->steps[first])) {
        first++;
    }
    if (first == proof->plan->step_count) {
        return;
    }
    CLEANUP(buf_release) struct buf numbers;
    buf_init(&numbers, TEXT_BYTES);
    groups_numbers(groups, first, &numbers);
    page_heading(page, "BY HAND");
    page_format(page, "%s %s; what to do there is on the page",
        groups_steps(groups, first) == 1 ? "step" : "steps", numbers.data);
    page_indent(page, 3);
    page_line(page);
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
        " %u kept, %u taken back, %u left alone, %u to be looked at, %u by hand; %u log-in%s spent",
        result->kept, result->undone, proof_left(proof), result->stuck, proof_by_hand(proof),
        result->logins, result->logins == 1 ? "" : "s");
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
    struct groups groups;
    put_grades(proof, page);
    if (groups_init(&groups, proof->plan, is_alike, proof) == OK) {
        for (size_t i = 0; i < COUNT(sections); i++) {
            if (i + 1 == COUNT(sections)) {
                put_by_hand(proof, &groups, page);
            }
            put_section(proof, &groups, &sections[i], page);
        }
    }
    groups_release(&groups);
    put_totals(proof, page);
    put_open(proof, page);
}
