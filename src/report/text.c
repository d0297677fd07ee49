/* Text for a terminal: the first screen says the grade, why, and what to do. */
#include "base/text.h"
#include "report/marks.h"
#include "report/page.h"
#include "report/report.h"
#include "report/words.h"

#define DEVICE_ROWS ((size_t)64)
#define WHERE_NAMES ((size_t)4)
#define FULL_PLACES ((size_t)50)

static const enum page_style mark_styles[MARK_COUNT] = {
    [MARK_FAIL] = PAGE_BAD,
    [MARK_UNKNOWN] = PAGE_WARN,
    [MARK_WAIVED] = PAGE_DIM,
    [MARK_NOTE] = PAGE_PLAIN,
    [MARK_PASS] = PAGE_GOOD,
    [MARK_NONE] = PAGE_DIM,
};

static void
put_partial(struct page *page, const struct assessment *assessment)
{
    if (!assessment->partial) {
        return;
    }
    page_paint(page, PAGE_BAD, " PARTIAL", 9);
    page_put(page, "The run stopped before its end: ");
    page_put(page,
        text_is_empty(assessment->partial_why) ? "no reason is known" : assessment->partial_why);
    page_put(page, ". What follows is true of what was asked; the rest is not judged.");
    page_flush(page, 9);
    page_line(page);
}

/* "1 device", "1,200 devices". */
static void
put_many(struct page *page, uint64_t count, const char *noun)
{
    char number[WORDS_NUMBER];
    page_put(page, words_count(count, number));
    page_put(page, " ");
    page_put(page, noun);
    page_put(page, count == 1 ? "" : "s");
}

static void
put_run(struct page *page, const struct assessment *assessment)
{
    const struct run_totals *totals = &assessment->totals;
    char number[WORDS_NUMBER];
    if (!text_is_empty(assessment->site)) {
        page_paint(page, PAGE_DIM, " Site", 9);
        page_put(page, assessment->site);
        page_flush(page, 9);
    }
    page_paint(page, PAGE_DIM, " Scope", 9);
    page_put(page, text_is_empty(assessment->scope) ? "none" : assessment->scope);
    page_put(page, text_is_empty(assessment->authorised) ? "" : "; ");
    page_put(page, assessment->authorised);
    page_flush(page, 9);
    page_paint(page, PAGE_DIM, " Run", 9);
    if (totals->hosts_planned == 0) {
        page_put(page, "no packet was sent; ");
        put_many(page, totals->devices, "device");
        page_put(page, " in the files");
        page_flush(page, 9);
        page_line(page);
        return;
    }
    page_format(page, "%s of ", words_count(totals->hosts_asked, number));
    put_many(page, totals->hosts_planned, "host");
    page_put(page, " asked, ");
    put_many(page, totals->devices, "device");
    page_put(page, ", ");
    put_many(page, totals->cameras, "camera");
    page_put(page, ", ");
    put_many(page, totals->logins, "log-in");
    page_put(page, ", ");
    put_many(page, totals->lockouts, "lock-out");
    page_format(page, ", %s packets at up to ", words_count(totals->packets, number));
    page_format(page, "%s/s, ", words_count(assessment->pace, number));
    page_put(page, words_duration(totals->ended - totals->started, number));
    page_flush(page, 9);
    page_line(page);
}

static void
put_grade(struct page *page, const struct assessment *assessment)
{
    bool graded = !text_equal(assessment->grade, "-");
    page_paint(page, PAGE_BOLD, " GRADE", 8);
    page_paint(page, PAGE_BOLD, assessment->grade, 4);
    if (!graded) {
        page_put(page, "too little is known for a grade. ");
        page_put(page, assessment->grade_why);
        page_flush(page, 12);
        page_line(page);
        return;
    }
    page_format(page, "%u of 100", assessment->score);
    if (assessment->cap_why != NULL) {
        page_format(page, "   capped: %s; without that it would be %s (%u)", assessment->cap_why,
            assessment->grade_uncapped, assessment->score_uncapped);
    }
    page_flush(page, 24);
    page_line(page);
}

static const char *
ordinal_title(size_t actions)
{
    static const char *const titles[] = {
        "", " DO THIS FIRST", " DO THESE TWO FIRST", " DO THESE THREE FIRST"};
    return titles[actions < COUNT(titles) ? actions : COUNT(titles) - 1];
}

static void
put_actions(struct page *page, const struct assessment *assessment)
{
    if (assessment->action_count == 0) {
        return;
    }
    page_paint(page, PAGE_BOLD, ordinal_title(assessment->action_count), page->width - 8);
    page_put(page, "after it");
    page_flush(page, 0);
    for (size_t i = 0; i < assessment->action_count; i++) {
        const struct action *action = &assessment->actions[i];
        const char *rest = action->words == NULL ? "" : action->words;
        size_t room = page->width - 16;
        page_format(page, "  %zu  ", i + 1);
        for (bool first = true; first || *rest != '\0'; first = false) {
            const char *line = rest;
            size_t len = width_line(&rest, room);
            if (!first) {
                page_put(page, "     ");
            }
            page_column(page, line, len, room + 2);
            if (first) {
                page_column(page, action->grade_after, SIZE_MAX, 3);
                page_format(page, "%3u", action->score_after);
            }
            page_end(page);
        }
        page_put(page, "     ");
        page_put(page, action->brings == NULL ? "" : action->brings);
        page_end(page);
    }
    page_put(page, "     What of these software can change: gatehouse fix 1");
    for (size_t i = 1; i < assessment->action_count; i++) {
        page_format(page, "%sfix %zu", i + 1 == assessment->action_count ? " or " : ", ", i + 1);
    }
    page_put(page, ", with the same options.");
    page_flush(page, 5);
    page_line(page);
}

static void
put_controls(struct page *page, const struct assessment *assessment)
{
    page_heading(page, "CONTROLS");
    for (size_t i = 0; i < control_count; i++) {
        const struct control_result *result = &assessment->controls[i];
        enum mark mark = mark_of_verdict(result->verdict);
        page_put(page, "  ");
        page_paint(page, mark_styles[mark], mark_words[mark].word, 9);
        page_column(page, priority_name(result->control->priority), SIZE_MAX, 10);
        page_column(page, result->control->title, SIZE_MAX, 25);
        page_put(page, result->sentence);
        page_flush(page, 46);
    }
    page_format(page, "  %zu failed, %zu passed, %zu unknown, %zu not applicable.",
        words_controls(assessment, FAIL), words_controls(assessment, PASS),
        words_controls(assessment, UNKNOWN), words_controls(assessment, NOT_APPLICABLE));
    page_put(page, " Unknown and not applicable count neither for nor against.");
    page_flush(page, 2);
    page_line(page);
}

static void
put_device(struct page *page, const struct marks *marks, size_t device)
{
    const struct subject *subject = marks->assessment->devices[device];
    enum mark mark = marks_worst(marks, device);
    char address[IP_TEXT];
    char product[SUBJECT_TITLE];
    words_product(subject, product);
    words_address(subject, address);
    page_put(page, "  ");
    page_paint(page, mark_styles[mark], mark_words[mark].word, 9);
    page_column(page, address, SIZE_MAX, 16);
    page_column(page, words_name(subject), SIZE_MAX, 16);
    page_column(page, product[0] == '\0' ? kind_name(subject->kind) : product, SIZE_MAX, 23);
    page_column(page, words_version(subject), SIZE_MAX, page->width - 66);
    page_end(page);
    if (width_of(address) > 15) {
        page_format(page, "           %s", address);
        page_flush(page, 11);
    }
    if (!subject->in_scope || subject->trouble != NULL) {
        page_put(page, subject->in_scope ? "could not be asked to the end: "
                                         : "outside the scope: seen, never asked");
        page_put(page, subject->in_scope ? subject->trouble : "");
        page_indent(page, 11);
    }
}

static void
put_devices(struct page *page, const struct marks *marks)
{
    const struct assessment *assessment = marks->assessment;
    size_t shown = 0;
    char number[WORDS_NUMBER];
    page_heading(page, "DEVICES");
    /* Where not all fit, the worst are shown. */
    bool all = assessment->device_count <= DEVICE_ROWS;
    for (enum mark wanted = MARK_FAIL; wanted < MARK_COUNT; wanted++) {
        for (size_t i = 0; i < assessment->device_count && shown < DEVICE_ROWS; i++) {
            if (all || marks_worst(marks, i) == wanted) {
                put_device(page, marks, i);
                shown++;
            }
        }
        if (all) {
            break;
        }
    }
    if (shown < assessment->device_count) {
        page_format(page, "  and %s more: they are in the web page and the JSON report",
            words_count(assessment->device_count - shown, number));
        page_flush(page, 2);
    }
    page_line(page);
}

static void
put_nothing(struct page *page, const struct assessment *assessment)
{
    char number[WORDS_NUMBER];
    page_heading(page, "NO DEVICES FOUND");
    if (assessment->totals.hosts_planned == 0) {
        page_put(page, "  No VMS was found in the configuration files.");
        page_flush(page, 2);
        page_line(page);
        return;
    }
    page_format(
        page, "%s hosts were asked in ", words_count(assessment->totals.hosts_asked, number));
    page_put(page, text_is_empty(assessment->scope) ? "an empty scope" : assessment->scope);
    page_put(page, "; nothing answered. What to try next:");
    page_indent(page, 2);
    for (size_t i = 0; i < WORDS_HINTS; i++) {
        page_put(page, "  - ");
        page_put(page, words_hints[i]);
        page_flush(page, 4);
    }
    page_line(page);
}

static void
put_labelled(struct page *page, const char *label, const char *text)
{
    if (text_is_empty(text)) {
        return;
    }
    page_put(page, "           ");
    page_paint(page, PAGE_DIM, label, 9);
    page_put(page, text);
    page_flush(page, 20);
}

static void
put_where(struct page *page, const struct finding *finding)
{
    if (finding->place_count == 0) {
        return;
    }
    char number[WORDS_NUMBER];
    page_put(page, "           ");
    page_paint(page, PAGE_DIM, "where", 9);
    for (size_t i = 0; i < finding->place_count && i < WHERE_NAMES; i++) {
        char address[IP_TEXT];
        char title[SUBJECT_TITLE];
        const struct subject *subject = finding->places[i].subject;
        words_address(subject, address);
        subject_title(subject, title);
        page_format(page, "%s%s", i == 0 ? "" : ", ", title);
        if (address[0] != '\0' && !text_equal(address, title)) {
            page_format(page, " (%s)", address);
        }
    }
    if (finding->place_count > WHERE_NAMES) {
        page_format(page, " and %s more", words_count(finding->place_count - WHERE_NAMES, number));
    }
    page_flush(page, 20);
}

static void
put_evidence(struct page *page, const struct finding *finding)
{
    char time[CLOCK_TEXT];
    char number[WORDS_NUMBER];
    for (size_t i = 0; i < finding->place_count && i < FULL_PLACES; i++) {
        const struct finding_place *place = &finding->places[i];
        char title[SUBJECT_TITLE];
        page_line(page);
        put_labelled(page, "where", subject_title(place->subject, title));
        for (size_t j = 0; j < place->subject->address_count; j++) {
            char address[IP_TEXT];
            put_labelled(page, "", ip_text(&place->subject->addresses[j], address));
        }
        put_labelled(page, "found", place->sentence);
        put_labelled(page, "witness", fact_witness(place->witness));
        put_labelled(page, "", place->contradicted ? words_contradicted : NULL);
        put_labelled(page, "waived", place->waiver == NULL ? NULL : place->waiver->reason);
        if (place->evidence != NULL) {
            put_labelled(page, "asked", place->evidence->asked);
            put_labelled(page, "answer", place->evidence->answer);
            put_labelled(page, "at", words_time(place->evidence->at, time));
        }
    }
    if (finding->place_count > FULL_PLACES) {
        page_format(page, "           and %s more places",
            words_count(finding->place_count - FULL_PLACES, number));
        page_flush(page, 11);
    }
}

static void
put_finding(struct page *page, const struct finding *finding)
{
    enum mark mark = mark_of_finding(finding);
    page_put(page, "  ");
    page_paint(page, mark_styles[mark], mark_words[mark].word, 9);
    page_put(page, finding->title);
    page_flush(page, 11);
    if (!page->options->full) {
        put_labelled(page, "!", finding->contradicted ? words_contradicted : NULL);
        if (finding->verdict == FAIL) {
            put_where(page, finding);
        }
        return;
    }
    page_put(page, "           ");
    page_paint(page, PAGE_DIM, finding->id, width_of(finding->id));
    page_format(page, ", %s", priority_name(finding->control->priority));
    if (finding->fix_number != 0) {
        page_format(page, ", number %u of the first actions", finding->fix_number);
    }
    page_flush(page, 11);
    put_labelled(page, "!", finding->contradicted ? words_contradicted : NULL);
    put_evidence(page, finding);
    page_line(page);
    put_labelled(page, "why", words_why(finding));
    put_labelled(page, finding->verdict == UNKNOWN ? "to know" : "close", words_close(finding));
    put_labelled(page, "effect", words_effect(finding));
    put_labelled(page, "verify", words_verify(finding));
    page_line(page);
}

static void
put_findings(
    struct page *page, const struct assessment *assessment, const char *title, enum mark mark)
{
    bool any = false;
    for (size_t i = 0; i < assessment->finding_count; i++) {
        if (mark_of_finding(&assessment->findings[i]) != mark) {
            continue;
        }
        if (!any) {
            page_heading(page, title);
            any = true;
        }
        put_finding(page, &assessment->findings[i]);
    }
    if (any && !page->options->full) {
        page_line(page);
    }
}

static void
put_waivers(struct page *page, const struct assessment *assessment)
{
    if (assessment->waiver_count == 0) {
        return;
    }
    page_heading(page, "WAIVERS");
    for (size_t i = 0; i < assessment->waiver_count; i++) {
        const struct waiver *waiver = &assessment->waivers[i];
        char date[CLOCK_TEXT];
        page_put(page, "  ");
        page_paint(
            page, waiver->expired ? PAGE_BAD : PAGE_DIM, waiver->expired ? "EXPIRED" : "until", 9);
        page_format(page, "%s  %s on %s, by %s: %s", clock_date(waiver->expires, date),
            waiver->finding, text_is_empty(waiver->device) ? "all devices" : waiver->device,
            text_is_empty(waiver->owner) ? "nobody" : waiver->owner,
            text_is_empty(waiver->reason) ? "no reason given" : waiver->reason);
        page_flush(page, 11);
    }
    page_line(page);
}

static void
put_end(struct page *page, const struct assessment *assessment)
{
    page_format(page, "Scoring rules %d", SCORE_RULES_VERSION);
    if (!text_is_empty(assessment->catalog_date)) {
        page_format(page, ", advisories of %s", assessment->catalog_date);
    }
    page_format(page, ", run %s, gatehouse " GATEHOUSE_VERSION ".", assessment->id);
    page_indent(page, 1);
    if (page->options->full && !text_equal(assessment->grade, "-")) {
        page_put(page, assessment->grade_why);
        page_indent(page, 1);
    }
}

static enum err
text_write(
    const struct assessment *assessment, const struct report_options *options, struct buf *out)
{
    struct marks marks CLEANUP(marks_release);
    enum err err = marks_init(&marks, assessment);
    if (err != OK) {
        return err;
    }
    struct page page CLEANUP(page_release);
    page_init(&page, options, out);
    put_partial(&page, assessment);
    put_run(&page, assessment);
    put_grade(&page, assessment);
    put_actions(&page, assessment);
    put_controls(&page, assessment);
    if (assessment->device_count == 0) {
        put_nothing(&page, assessment);
    } else {
        put_devices(&page, &marks);
    }
    put_findings(&page, assessment, "GAPS", MARK_FAIL);
    put_findings(&page, assessment, "NOT KNOWN", MARK_UNKNOWN);
    put_findings(&page, assessment, "WAIVED", MARK_WAIVED);
    put_findings(&page, assessment, "NOTES", MARK_NOTE);
    put_waivers(&page, assessment);
    put_end(&page, assessment);
    return buf_error(out);
}

const struct report_format report_text = {
    .name = "text",
    .extension = "txt",
    .title = "text for a terminal",
    .write = text_write,
};
