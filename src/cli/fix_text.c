/* A plan for a terminal, and what stands differently now than when it was made. */
#include "assess/score.h"
#include "base/clock.h"
#include "base/text.h"
#include "cli/fix.h"
#include "remedy/groups.h"
#include "report/page.h"

#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INDENT      6
#define COLUMNS     19
#define NAMES_MOST  6
#define CHANGE_ROWS 3
#define TEXT_BYTES  ((size_t)256 * 1024)

/* What a plan is told from. */
struct telling {
    const struct fix *fix;
    const struct plan *plan;
    const struct assessment *now;
    struct page *page;
    struct groups groups;
};

static void
put_row(struct page *page, const char *name, const char *text)
{
    if (!text_is_empty(text)) {
        page_put(page, "      ");
        page_column(page, name, SIZE_MAX, COLUMNS - INDENT);
        page_put(page, text);
        page_flush(page, COLUMNS);
    }
}

/* With --full nothing is told together. */
static bool
is_alone(const void *context, size_t a, size_t b)
{
    (void)context;
    return a == b;
}

static bool
is_alike(const void *context, size_t a, size_t b)
{
    const struct plan *plan = context;
    const struct plan_step *one = &plan->steps[a];
    const struct plan_step *other = &plan->steps[b];
    return one->by_hand == other->by_hand && text_equal(one->kind, other->kind) &&
           text_equal(one->words, other->words) && text_equal(one->notices, other->notices) &&
           one->is_reversible == other->is_reversible && one->gap_s == other->gap_s;
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

/* A step before this one in the group has already said it. */
static bool
is_said(const struct groups *groups, size_t first, size_t step)
{
    const struct plan_step *steps = groups->plan->steps;
    for (size_t i = first; i < step; i++) {
        if (groups->first[i] == first && text_equal(steps[i].changes, steps[step].changes)) {
            return true;
        }
    }
    return false;
}

static void
put_changes(const struct telling *telling, size_t first)
{
    size_t rows = 0;
    size_t more = 0;
    for (size_t i = first; i < telling->plan->step_count; i++) {
        if (telling->groups.first[i] == first && !is_said(&telling->groups, first, i)) {
            if (rows < CHANGE_ROWS || telling->plan->steps[i].by_hand) {
                put_row(
                    telling->page, rows == 0 ? "changes" : "or", telling->plan->steps[i].changes);
            } else {
                more++;
            }
            rows++;
        }
    }
    if (more != 0) {
        char text[64];
        (void)snprintf(text, sizeof(text), "%zu more; --full has each", more);
        put_row(telling->page, "", text);
    }
}

/* A step before this one in the group closes it too. */
static bool
is_listed(const struct groups *groups, size_t first, size_t step, const char *rule)
{
    for (size_t i = first; i < step; i++) {
        const struct plan_step *before = &groups->plan->steps[i];
        for (size_t k = 0; groups->first[i] == first && k < before->rule_count; k++) {
            if (text_equal(before->rules[k], rule)) {
                return true;
            }
        }
    }
    return false;
}

static void
put_rules(const struct telling *telling, size_t first)
{
    CLEANUP(buf_release) struct buf rules;
    buf_init(&rules, TEXT_BYTES);
    for (size_t i = first; i < telling->plan->step_count; i++) {
        const struct plan_step *step = &telling->plan->steps[i];
        for (size_t k = 0; telling->groups.first[i] == first && k < step->rule_count; k++) {
            if (!is_listed(&telling->groups, first, i, step->rules[k])) {
                buf_format(&rules, "%s%s", rules.len == 0 ? "" : ", ", step->rules[k]);
            }
        }
    }
    put_row(telling->page, "closes", rules.data);
}

static void
put_where(const struct telling *telling, size_t first)
{
    size_t places = groups_places(&telling->groups, first);
    CLEANUP(buf_release) struct buf names;
    CLEANUP(buf_release) struct buf numbers;
    buf_init(&names, TEXT_BYTES);
    buf_init(&numbers, TEXT_BYTES);
    if (places > 1) {
        buf_format(&names, "%zu devices: ", places);
    }
    groups_names(&telling->groups, first, NAMES_MOST, &names);
    groups_numbers(&telling->groups, first, &numbers);
    put_row(telling->page, "where", names.data);
    put_row(
        telling->page, groups_steps(&telling->groups, first) == 1 ? "step" : "steps", numbers.data);
}

static void
put_group(const struct telling *telling, size_t first)
{
    const struct plan_step *step = &telling->plan->steps[first];
    struct page *page = telling->page;
    char gap[64];
    page_put(page, "   ");
    page_paint(page, PAGE_BOLD, step->words, 0);
    page_flush(page, 3);
    put_where(telling, first);
    put_changes(telling, first);
    put_rules(telling, first);
    put_row(page, "who notices", step->notices);
    if (!step->by_hand && step->gap_s != 0) {
        (void)snprintf(gap, sizeof(gap), "may stand still for %u s at most", step->gap_s);
        put_row(page, "recording", gap);
    }
    if (!step->by_hand && !step->is_reversible) {
        put_row(page, "way back", "NONE: it can't be taken back");
    }
    if (telling->fix->order.full) {
        put_row(page, "not touched", step->untouched);
        put_waits(page, step);
    }
    page_line(page);
}

static void
put_groups(const struct telling *telling, bool by_hand, const char *heading)
{
    bool any = false;
    for (size_t i = 0; i < telling->plan->step_count; i++) {
        if (telling->plan->steps[i].by_hand == by_hand && groups_begins(&telling->groups, i)) {
            if (!any) {
                page_heading(telling->page, heading);
                page_line(telling->page);
            }
            any = true;
            put_group(telling, i);
        }
    }
}

/* All open places of the finding are closed by steps that Gatehouse runs. */
static bool
is_closed(const struct plan *plan, const struct finding *finding)
{
    for (size_t i = 0; i < finding->place_count; i++) {
        const struct finding_place *place = &finding->places[i];
        if (place->waiver == NULL && !plan_closes_at(plan, finding, place)) {
            return false;
        }
    }
    return finding->place_count != 0;
}

/* What the grade would be at least: a gap that is closed at some of its places counts as open. */
static bool
would_be(const struct telling *telling, unsigned *ret_score)
{
    const struct assessment *now = telling->now;
    bool *closed = calloc(now->finding_count + 1, sizeof(*closed));
    for (size_t i = 0; closed != NULL && i < now->finding_count; i++) {
        closed[i] = is_closed(telling->plan, &now->findings[i]);
    }
    enum err err = closed == NULL ? ERR_MEMORY : score_without(now, closed, ret_score);
    free(closed);
    return err == OK;
}

static void
put_name(const struct telling *telling)
{
    const struct plan *plan = telling->plan;
    struct page *page = telling->page;
    char digest[PLAN_DIGEST] = "";
    page_line(page);
    page_paint(page, PAGE_BOLD, " PLAN", 8);
    page_format(page, "%s for %s", plan->id, plan->site[0] == '\0' ? "this site" : plan->site);
    if (plan->scope[0] != '\0') {
        page_format(page, " (%s)", plan->scope);
    }
    page_flush(page, 8);
    if ((telling->fix->plan_out != NULL || telling->fix->plan_in != NULL) &&
        plan_digest(plan, digest) == OK) {
        page_format(page, "SHA-256 %s", plan->agreed == NULL ? digest : plan->agreed);
        page_indent(page, 8);
    }
    page_paint(page, PAGE_BOLD, " GRADE", 8);
    page_format(page, "%s, %u of 100", plan->grade, plan->score);
    unsigned score = 0;
    if (plan->step_count != 0 && !text_equal(plan->grade, "-") && would_be(telling, &score)) {
        page_format(page, "; %s, %u or better when all that Gatehouse does here is kept",
            score_grade(score), score);
    }
    page_flush(page, 8);
    page_line(page);
}

/* What the whole plan may cost. */
struct cost {
    size_t runs, by_hand, one_way;
    size_t with_gap; /* places where recording may stand still */
    size_t places;
    unsigned gap_s;
};

static struct cost
cost_of(const struct plan *plan)
{
    struct cost cost = {.runs = 0};
    for (size_t target = 0; target < plan->target_count; target++) {
        bool has_step = false;
        bool has_gap = false;
        for (size_t i = 0; i < plan->step_count; i++) {
            const struct plan_step *step = &plan->steps[i];
            if (step->target == target && !step->by_hand) {
                has_step = true;
                has_gap = has_gap || step->gap_s != 0;
                cost.runs++;
                cost.one_way += step->is_reversible ? 0 : 1;
                cost.gap_s = step->gap_s > cost.gap_s ? step->gap_s : cost.gap_s;
            }
        }
        cost.places += has_step ? 1 : 0;
        cost.with_gap += has_gap ? 1 : 0;
    }
    cost.by_hand = plan->step_count - cost.runs;
    return cost;
}

static void
put_cost(const struct telling *telling)
{
    const struct plan *plan = telling->plan;
    struct page *page = telling->page;
    struct cost cost = cost_of(plan);
    char text[160];
    page_format(page, " %zu step%s on %zu device%s; %zu more by hand; %zu gap%s no step", cost.runs,
        cost.runs == 1 ? "" : "s", cost.places, cost.places == 1 ? "" : "s", cost.by_hand,
        plan->left_count, plan->left_count == 1 ? " has" : "s have");
    page_flush(page, 1);
    page_line(page);
    if (cost.runs == 0) {
        return;
    }
    if (cost.with_gap == 0) {
        (void)snprintf(text, sizeof(text), "goes on");
    } else {
        (void)snprintf(text, sizeof(text),
            "may stand still for %u s at most at %zu device%s; elsewhere it goes on", cost.gap_s,
            cost.with_gap, cost.with_gap == 1 ? "" : "s");
    }
    put_row(page, "recording", text);
    put_row(page, "log-ins", "within the lock-out budget of each device");
    (void)snprintf(text, sizeof(text), "%zu step%s NONE, and say%s so", cost.one_way,
        cost.one_way == 1 ? " has" : "s have", cost.one_way == 1 ? "s" : "");
    put_row(page, "way back", cost.one_way == 0 ? "every step has one" : text);
    bool is_minutes = plan->dead_man_s % 60 == 0;
    (void)snprintf(text, sizeof(text), "what is unfinished after %u %s is taken back",
        is_minutes ? plan->dead_man_s / 60 : plan->dead_man_s, is_minutes ? "min" : "s");
    put_row(page, "time", text);
    page_line(page);
}

static void
put_left(const struct plan *plan, struct page *page)
{
    if (plan->left_count != 0) {
        page_heading(page, "STAYS OPEN");
        page_line(page);
        for (size_t i = 0; i < plan->left_count; i++) {
            page_put(page, "      ");
            page_put(page, plan->left[i]);
            page_flush(page, 8);
        }
        page_line(page);
    }
}

static void
put_plan(const struct telling *telling)
{
    const struct plan *plan = telling->plan;
    put_name(telling);
    if (plan->step_count == 0) {
        page_put(telling->page, plan->left_count == 0
                                    ? " Nothing is open here that a step could close."
                                    : " Nothing that is open here can be closed by a step of "
                                      "Gatehouse.");
        page_flush(telling->page, 1);
        page_line(telling->page);
    } else {
        put_cost(telling);
    }
    put_groups(telling, false, "WHAT GATEHOUSE DOES");
    put_groups(telling, true, "BY HAND (Gatehouse can't; these are not run)");
    put_left(plan, telling->page);
}

void
fix_print_plan(const struct fix *fix, const struct plan *plan, const struct assessment *now)
{
    CLEANUP(buf_release) struct buf out;
    struct page page;
    const struct report_options look = {
        .colour = cli_colour(stdout),
        .ascii = !text_equal_nocase(nl_langinfo(CODESET), "UTF-8"),
        .now = clock_wall(),
    };
    struct telling telling = {.fix = fix, .plan = plan, .now = now, .page = &page};
    buf_init(&out, REPORT_MAX);
    page_init(&page, &look, &out);
    if (groups_init(&telling.groups, plan, fix->order.full ? is_alone : is_alike, plan) == OK) {
        put_plan(&telling);
    }
    groups_release(&telling.groups);
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
        char from[80];
        text_clean(from, sizeof(from), step->from, strlen(step->from));
        note_set(words, "not as planned any more: %s is %.60s, it was %.60s", fact_name(fact),
            text == NULL ? "not known" : text, from);
        return words->text;
    }
    return step->is_strange
               ? "Gatehouse itself would not plan it now; a plan needs the options that it was "
                 "made with (--ntp, --firmware, --even-unknown)"
               : NULL;
}
