/* Every device: a plain table that the script can filter. */
#include "base/text.h"
#include "report/html/sections.h"

#include <stdio.h>

#define RULE_WORDS 64
#define FACT_DEVICES                                                                               \
    ((size_t)200) /* with more devices, their facts are in the JSON report only                    \
                   */

static void
put_select(const struct html *html)
{
    bool present[KIND_COUNT] = {false};
    struct buf *out = html->out;
    for (size_t i = 0; i < html->assessment->device_count; i++) {
        present[html->assessment->devices[i]->kind] = true;
    }
    buf_text(out,
        "<form class=\"filter\" id=\"filter\" role=\"search\" aria-label=\"Filter devices\" hidden>"
        "<label>Text <input type=\"search\" id=\"filter-text\" placeholder=\"name, address, "
        "model\u2026\" autocomplete=\"off\"></label><label>Kind <select "
        "id=\"filter-kind\"><option value=\"\">all</option>");
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (present[i]) {
            HTML(out, "<option>{}</option>", kind_name((enum kind)i));
        }
    }
    buf_text(out, "</select></label><label>Verdict <select id=\"filter-verdict\"><option "
                  "value=\"\">all</option>");
    for (size_t i = 0; i < MARK_COUNT; i++) {
        HTML(out, "<option value=\"{}\">{}</option>", mark_words[i].id, mark_words[i].word);
    }
    buf_text(
        out, "</select></label><output id=\"filter-count\" aria-live=\"polite\"></output></form>");
}

static void
put_addresses(struct buf *out, const struct subject *subject)
{
    char text[IP_TEXT];
    for (size_t i = 0; i < subject->address_count; i++) {
        HTML(out, "<code class=\"line\">{}</code>", ip_text(&subject->addresses[i], text));
    }
    if (!mac_is_zero(&subject->mac)) {
        HTML(out, "<code class=\"line quiet\">{}</code>", mac_text(&subject->mac, text));
    }
}

static void
put_ports(struct buf *out, const struct subject *subject)
{
    if (subject->port_count != 0) {
        buf_text(out, "<p class=\"quiet\">Open ports:");
        for (size_t i = 0; i < subject->port_count; i++) {
            buf_format(out, "%s %u", i == 0 ? "" : ",", subject->ports[i].number);
        }
        buf_text(out, ".</p>");
    }
}

static void
put_facts(const struct html *html, const struct subject *subject)
{
    struct buf *out = html->out;
    if (html->assessment->device_count > FACT_DEVICES) {
        return;
    }
    buf_text(out, "<details><summary>What is known</summary><dl class=\"facts\">");
    for (size_t i = 0; i < FACT_COUNT; i++) {
        const struct fact *fact = facts_get(&subject->facts, (enum fact_id)i);
        if (fact != NULL) {
            char sure[16];
            (void)snprintf(sure, sizeof(sure), "%u", fact->confidence);
            HTML(out, "<dt title=\"{}\">{}</dt><dd><bdi>{}</bdi> ", fact_meaning(fact->id),
                fact_name(fact->id), fact->text);
            HTML(out, "<span class=\"quiet\">{}, {}\u00a0% sure</span></dd>",
                fact_witness(fact->witness), sure);
        }
    }
    buf_text(out, "</dl>");
    put_ports(out, subject);
    if (!text_is_empty(subject->seen_by)) {
        HTML(out, "<p class=\"quiet\">Found by {}.</p>", subject->seen_by);
    }
    buf_text(out, "</details>");
}

/* "factory-password" as a person would say it; returns out. */
static const char *
rule_words(const char *rule, char out[RULE_WORDS])
{
    (void)text_copy(out, RULE_WORDS, rule);
    for (char *c = out; *c != '\0'; c++) {
        *c = *c == '-' ? ' ' : *c;
    }
    return out;
}

static void
put_findings(const struct html *html, size_t device)
{
    char words[RULE_WORDS];
    size_t count = 0;
    const struct mark_place *places = marks_of(html->marks, device, &count);
    struct buf *out = html->out;
    if (count == 0) {
        buf_text(out, "<span class=\"quiet\">none</span>");
        return;
    }
    buf_text(out, "<ul class=\"links\">");
    for (size_t i = 0; i < count; i++) {
        enum mark mark = mark_of_place(places[i].finding, places[i].place);
        if (i != 0 && places[i].finding == places[i - 1].finding) {
            continue;
        }
        HTML(out, "<li class=\"m-{}\">", mark_words[mark].id);
        markup_sign(out, mark_words[mark].id);
        HTML(out, "<span class=\"sr\">{}: </span><a href=\"#", mark_words[mark].word);
        markup_anchor(out, "f-", places[i].finding->id);
        HTML(out, "\" title=\"{}\">{}</a></li>", places[i].place->sentence,
            rule_words(places[i].finding->rule, words));
    }
    buf_text(out, "</ul>");
}

static void
put_product(struct buf *out, const struct subject *subject)
{
    const char *maker = facts_text(&subject->facts, FACT_DEVICE_VENDOR);
    const char *vendor = words_vendor(subject);
    const char *model = words_model(subject);
    char product[SUBJECT_TITLE];
    char sure[16];
    (void)snprintf(sure, sizeof(sure), "%u", subject->confidence);
    HTML(out, "<bdi>{}</bdi>", words_product(subject, product));
    if (vendor == NULL && model == NULL) {
        buf_text(out, "<span class=\"quiet\">not known</span>");
    } else {
        if (!text_is_empty(maker) && !text_equal_nocase(maker, vendor)) {
            HTML(out, "<span class=\"line quiet\">made by <bdi>{}</bdi></span>", maker);
        }
        HTML(out, "<span class=\"line quiet\">{}\u00a0% sure</span>", sure);
    }
}

static void
put_device(const struct html *html, size_t device)
{
    const struct subject *subject = html->assessment->devices[device];
    enum mark mark = marks_worst(html->marks, device);
    struct buf *out = html->out;
    char title[SUBJECT_TITLE];
    char number[16];
    (void)snprintf(number, sizeof(number), "%u", subject->number);
    HTML(out, "<tr id=\"d-{}\" data-kind=\"{}\" data-verdict=\"{}\">", number,
        kind_name(subject->kind), mark_words[mark].id);
    buf_text(out, "<td class=\"verdict\" data-label=\"Verdict\">");
    markup_mark(out, mark);
    HTML(out, "</td><th scope=\"row\"><bdi>{}</bdi><span class=\"line quiet\">{}</span>",
        subject_title(subject, title), kind_name(subject->kind));
    if (!subject->in_scope) {
        buf_text(out, "<span class=\"line tag\">outside the scope: seen, never asked</span>");
    }
    if (subject->trouble != NULL) {
        HTML(out, "<span class=\"line tag\">not asked to the end: <bdi>{}</bdi></span>",
            subject->trouble);
    }
    put_facts(html, subject);
    buf_text(out, "</th><td data-label=\"Address\">");
    put_addresses(out, subject);
    buf_text(out, "</td><td data-label=\"Product\">");
    put_product(out, subject);
    HTML(out, "</td><td data-label=\"Version\"><bdi>{}</bdi>", words_version(subject));
    buf_text(out, words_version(subject) == NULL ? "<span class=\"quiet\">not known</span>" : "");
    buf_text(out, "</td><td data-label=\"Findings\">");
    put_findings(html, device);
    buf_text(out, "</td></tr>\n");
}

void
devices_write(const struct html *html)
{
    char number[WORDS_NUMBER];
    HTML(html->out,
        "<section aria-labelledby=\"devices\"><h2 id=\"devices\">Devices <span "
        "class=\"count\">{}</span></h2>",
        words_count(html->assessment->device_count, number));
    put_select(html);
    buf_text(html->out,
        "<table class=\"cards devices\" id=\"device-table\"><thead><tr><th "
        "scope=\"col\">Verdict</th>"
        "<th scope=\"col\">Device</th><th scope=\"col\">Address</th><th scope=\"col\">Product</th>"
        "<th scope=\"col\">Version</th><th scope=\"col\">Findings</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < html->assessment->device_count; i++) {
        put_device(html, i);
    }
    buf_text(html->out, "</tbody></table><p class=\"empty\" id=\"filter-none\" hidden>No device "
                        "matches the filter.</p></section>");
}
