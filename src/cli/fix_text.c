/* A plan for a terminal, and what stands differently now than when it was made. */
#include "base/clock.h"
#include "base/text.h"
#include "cli/fix.h"
#include "report/page.h"

#include <langinfo.h>
#include <stdio.h>

#define COLUMNS 19

static void
put_row(struct page *page, const char *name, const char *text)
{
    if (!text_is_empty(text)) {
        page_put(page, "      ");
        page_column(page, name, COLUMNS, COLUMNS - 6);
        page_put(page, text);
        page_flush(page, COLUMNS);
    }
}

static void
put_rules(struct page *page, const struct plan_step *step)
{
    if (step->rule_count != 0) {
        page_put(page, "      ");
        page_column(page, "closes", COLUMNS, COLUMNS - 6);
        for (size_t i = 0; i < step->rule_count; i++) {
            page_format(page, "%s%s", i == 0 ? "" : ", ", step->rules[i]);
        }
        page_flush(page, COLUMNS);
    }
}

static void
put_waits(struct page *page, const struct plan_step *step)
{
    for (size_t i = 0; i < PLAN_AFTER; i++) {
        if (step->after[i] != 0) {
            char text[32];
            (void)snprintf(text, sizeof(text), "step %zu", step->after[i]);
            put_row(page, "only after", text);
        }
    }
}

static void
put_step(struct page *page, const struct plan *plan, const struct plan_step *step)
{
    const struct plan_target *target = &plan->targets[step->target];
    char number[16], gap[64];
    (void)snprintf(number, sizeof(number), " %3u  ", step->number);
    (void)snprintf(gap, sizeof(gap), "may stand still for %u s at most", step->gap_s);
    page_paint(page, PAGE_BOLD, number, 6);
    page_format(page, "%s: %s", target->title, step->words);
    page_flush(page, 6);
    put_row(page, "changes", step->changes);
    put_rules(page, step);
    if (step->by_hand) {
        put_row(page, "by hand", "Gatehouse can't do this; it is not run");
    } else {
        put_row(page, "who notices", step->notices == NULL ? "nobody should" : step->notices);
        put_row(page, "recording", step->gap_s == 0 ? "goes on" : gap);
        put_row(page, "way back", step->is_reversible ? "yes" : "NONE: it can't be taken back");
    }
    put_row(page, "not touched", step->untouched);
    put_waits(page, step);
}

static void
put_head(const struct fix *fix, const struct plan *plan, struct page *page)
{
    char digest[PLAN_DIGEST] = "", made[CLOCK_TEXT];
    size_t by_hand = 0;
    for (size_t i = 0; i < plan->step_count; i++) {
        by_hand += plan->steps[i].by_hand;
    }
    page_line(page);
    page_paint(page, PAGE_BOLD, " PLAN", 7);
    page_format(page, "%s, made %s for %s", plan->id, clock_text(plan->made, made),
        plan->site[0] == '\0' ? "this site" : plan->site);
    if (plan->scope[0] != '\0') {
        page_format(page, " (%s)", plan->scope);
    }
    page_flush(page, 7);
    page_format(page, "grade %s, %u of 100; %zu step%s, %zu of them by hand; %zu gap%s no step",
        plan->grade, plan->score, plan->step_count, plan->step_count == 1 ? "" : "s", by_hand,
        plan->left_count, plan->left_count == 1 ? " has" : "s have");
    page_indent(page, 7);
    if (fix->plan_out != NULL || fix->plan_in != NULL) {
        if (plan_digest(plan, digest) == OK) {
            page_format(page, "SHA-256 %s", digest);
            page_indent(page, 7);
        }
    }
    page_line(page);
}

static void
put_left(const struct plan *plan, struct page *page)
{
    if (plan->left_count != 0) {
        page_heading(page, "STAYS OPEN");
        for (size_t i = 0; i < plan->left_count; i++) {
            page_put(page, "  ");
            page_put(page, plan->left[i]);
            page_flush(page, 6);
        }
        page_line(page);
    }
}

void
fix_print_plan(const struct fix *fix, const struct plan *plan)
{
    CLEANUP(buf_release) struct buf out;
    struct page page;
    const struct report_options look = {
        .colour = cli_colour(stdout),
        .ascii = !text_equal_nocase(nl_langinfo(CODESET), "UTF-8"),
        .now = clock_wall(),
    };
    buf_init(&out, REPORT_MAX);
    page_init(&page, &look, &out);
    put_head(fix, plan, &page);
    for (size_t i = 0; i < plan->step_count; i++) {
        put_step(&page, plan, &plan->steps[i]);
        page_line(&page);
    }
    if (plan->step_count == 0) {
        page_put(&page, " Nothing that is open here can be closed by a step of Gatehouse.");
        page_flush(&page, 1);
        page_line(&page);
    }
    put_left(plan, &page);
    page_release(&page);
    (void)fwrite(out.data, 1, out.len, stdout);
    (void)fflush(stdout);
}

static const struct subject *
find_subject(const struct assessment *now, const struct plan_target *target)
{
    char key[SUBJECT_KEY];
    if (text_equal(target->key, "site")) {
        return now->whole;
    }
    for (size_t i = 0; i < now->device_count; i++) {
        if (text_equal(subject_key(now->devices[i], key), target->key)) {
            return now->devices[i];
        }
    }
    return NULL;
}

static bool
shares_address(const struct subject *a, const struct subject *b)
{
    for (size_t i = 0; i < a->address_count; i++) {
        if (subject_has_address(b, &a->addresses[i])) {
            return true;
        }
    }
    return a->address_count == 0;
}

const char *
fix_differs(const struct plan *plan, const struct plan_step *step, const struct assessment *now,
    struct note *words)
{
    const struct plan_target *target = &plan->targets[step->target];
    const struct subject *subject = find_subject(now, target);
    if (subject == NULL) {
        note_set(words, "not as planned any more: the device was not found");
        return words->text;
    }
    if (!shares_address(target->subject, subject)) {
        note_set(words, "not as planned any more: the device has another address");
        return words->text;
    }
    if (!text_equal(target->subject->driver, subject->driver)) {
        note_set(words, "not as planned any more: another device answers there");
        return words->text;
    }
    enum fact_id fact = step->fact == NULL ? FACT_COUNT : fact_by_name(step->fact);
    const char *text = fact == FACT_COUNT ? NULL : facts_text(&subject->facts, fact);
    if (fact != FACT_COUNT && step->from != NULL && !text_equal(text, step->from)) {
        note_set(words, "not as planned any more: %s is %.60s, it was %.60s", step->fact,
            text == NULL ? "not known" : text, step->from);
        return words->text;
    }
    return NULL;
}
