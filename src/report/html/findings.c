/* The evidence: every finding with what, where, what was seen, why, and how to close it. */
#include "base/text.h"
#include "report/html/sections.h"

#include <stdio.h>

#define OPEN_PLACES ((size_t)4)   /* shown at once */
#define MOST_PLACES ((size_t)200) /* the rest is in the JSON and CSV reports */

static void
put_evidence(struct buf *out, const struct finding_place *place)
{
    const struct evidence *evidence = place->evidence;
    char time[CLOCK_TEXT];
    char machine[CLOCK_TEXT];
    buf_text(out, "<dl class=\"evidence\">");
    if (evidence != NULL) {
        HTML(out, "<dt>Asked</dt><dd><code>{}</code></dd><dt>Answer</dt><dd><code>{}</code></dd>",
            evidence->asked, evidence->answer);
        HTML(out, "<dt>When</dt><dd><time datetime=\"{}\">{}</time></dd>",
            clock_text(evidence->at, machine), words_time(evidence->at, time));
    }
    HTML(out, "<dt>Witness</dt><dd>{}{}</dd></dl>", fact_witness(place->witness),
        evidence == NULL ? ", without a quotation" : "");
}

static void
put_waiver(struct buf *out, const struct waiver *waiver)
{
    char date[CLOCK_TEXT];
    if (waiver == NULL) {
        return;
    }
    HTML(out, "<p class=\"tag\">{} {} by {}: {}</p>",
        waiver->expired ? "The waiver has expired on" : "Waived until",
        clock_date(waiver->expires, date), text_is_empty(waiver->owner) ? "nobody" : waiver->owner,
        text_is_empty(waiver->reason) ? "no reason given" : waiver->reason);
}

static void
put_place(const struct html *html, const struct finding *finding, const struct finding_place *place)
{
    struct buf *out = html->out;
    char title[SUBJECT_TITLE];
    char address[IP_TEXT];
    char number[16];
    const struct subject *subject = place->subject;
    (void)snprintf(number, sizeof(number), "%u", subject->number);
    words_address(subject, address);
    subject_title(subject, title);
    buf_text(out, "<li class=\"place\"><p class=\"where\">");
    if (subject->number != 0) {
        HTML(out, "<a href=\"#d-{}\"><bdi>{}</bdi></a>", number, title);
    } else {
        HTML(out, "<b>{}</b>", title);
    }
    if (address[0] != '\0' && !text_equal(address, title)) {
        HTML(out, " <code>{}</code>", address);
    }
    HTML(out, "</p><p><bdi>{}</bdi></p>", place->sentence);
    if (place->contradicted) {
        HTML(out, "<p class=\"tag\">{}</p>", words_contradicted);
    }
    put_waiver(out, finding->waiver == NULL ? place->waiver : NULL);
    put_evidence(out, place);
    buf_text(out, "</li>");
}

static void
put_places(const struct html *html, const struct finding *finding)
{
    struct buf *out = html->out;
    char number[WORDS_NUMBER];
    size_t shown = finding->place_count < MOST_PLACES ? finding->place_count : MOST_PLACES;
    if (shown == 0) {
        return;
    }
    buf_text(out, "<div class=\"seen\"><h5>Where, and the evidence</h5><ul class=\"places\">");
    for (size_t i = 0; i < shown && i < OPEN_PLACES; i++) {
        put_place(html, finding, &finding->places[i]);
    }
    buf_text(out, "</ul>");
    if (shown > OPEN_PLACES) {
        HTML(out, "<details><summary>{} more</summary><ul class=\"places\">",
            words_count(finding->place_count - OPEN_PLACES, number));
        for (size_t i = OPEN_PLACES; i < shown; i++) {
            put_place(html, finding, &finding->places[i]);
        }
        buf_text(out, "</ul>");
        if (shown < finding->place_count) {
            HTML(out, "<p>and {} more in the JSON and CSV reports.</p>",
                words_count(finding->place_count - shown, number));
        }
        buf_text(out, "</details>");
    }
    buf_text(out, "</div>");
}

static void
put_part(struct buf *out, const char *class, const char *title, const char *words)
{
    if (!text_is_empty(words)) {
        HTML(out, "<div class=\"{}\"><h5>{}</h5>", class, title);
        markup_words(out, words);
        buf_text(out, "</div>");
    }
}

static void
put_body(const struct html *html, const struct finding *finding)
{
    struct buf *out = html->out;
    bool unknown = finding->verdict == UNKNOWN;
    buf_text(out, "<div class=\"body\">");
    put_waiver(out, finding->waiver);
    if (finding->contradicted) {
        HTML(out, "<p class=\"tag\">{}</p>", words_contradicted);
    }
    put_places(html, finding);
    buf_text(out, "<div class=\"words\">");
    put_part(out, "part why", "Why it matters", words_why(finding));
    put_part(out, "part close", unknown ? "What would make it known" : "How to close it",
        words_close(finding));
    put_part(out, "part effect", "What to expect", words_effect(finding));
    put_part(out, "part verify", "How to verify", words_verify(finding));
    buf_text(out, "</div></div>");
}

static void
put_head(struct buf *out, const struct finding *finding)
{
    char number[16];
    (void)snprintf(number, sizeof(number), "%u", finding->fix_number);
    markup_mark(out, mark_of_finding(finding));
    HTML(out, "<h4><bdi>{}</bdi></h4><p class=\"meta\"><code>{}</code>", finding->title,
        finding->id);
    if (finding->fix_number != 0) {
        HTML(out, " <span class=\"fix\">number {} of the first actions</span>", number);
    }
    buf_text(out, "</p>");
}

/* Gaps are open for all to read, also on paper; the rest opens when asked. */
static void
put_finding(const struct html *html, const struct finding *finding)
{
    struct buf *out = html->out;
    bool open = words_is_open(finding);
    HTML(out, "<article class=\"finding m-{}\" id=\"", mark_words[mark_of_finding(finding)].id);
    markup_anchor(out, "f-", finding->id);
    buf_text(out, open ? "\"><header>" : "\"><details class=\"fold\"><summary>");
    put_head(out, finding);
    buf_text(out, open ? "</header>" : "</summary>");
    put_body(html, finding);
    buf_text(out, open ? "</article>" : "</details></article>");
}

static void
put_control(const struct html *html, const struct control_result *result)
{
    const struct assessment *assessment = html->assessment;
    struct buf *out = html->out;
    bool any = false;
    for (size_t i = 0; i < assessment->finding_count; i++) {
        const struct finding *finding = &assessment->findings[i];
        if (finding->control != result->control) {
            continue;
        }
        if (!any) {
            buf_text(out, "<section class=\"control\" id=\"");
            markup_anchor(out, "c-", result->control->id);
            HTML(out, "\"><h3>{}</h3><p class=\"quiet\">{}</p>", result->control->title,
                result->control->demand);
            any = true;
        }
        put_finding(html, finding);
    }
    buf_text(out, any ? "</section>" : "");
}

void
findings_write(const struct html *html)
{
    if (html->assessment->finding_count == 0) {
        return;
    }
    buf_text(html->out, "<section aria-labelledby=\"findings\"><h2 id=\"findings\">Findings and "
                        "evidence</h2>");
    for (size_t i = 0; i < control_count; i++) {
        put_control(html, &html->assessment->controls[i]);
    }
    buf_text(html->out, "</section>");
}
