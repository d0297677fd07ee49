/* The nine controls: verdict, what was found, and how the devices divide. */
#include "report/html/sections.h"

#include <stdio.h>

struct part {
    const char *word;
    enum mark mark;
    size_t count;
};

static void
put_bar(struct buf *out, const struct part *parts, size_t part_count, size_t total)
{
    double x = 0;
    buf_text(out, "<svg class=\"bar\" viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" "
                  "aria-hidden=\"true\"><rect class=\"track\" width=\"100\" height=\"8\"/>");
    for (size_t i = 0; i < part_count; i++) {
        double width = 100.0 * (double)parts[i].count / (double)total;
        if (parts[i].count != 0) {
            buf_format(out, "<rect class=\"b-%s\" x=\"%.2f\" width=\"%.2f\" height=\"8\"/>",
                mark_words[parts[i].mark].id, x, width);
        }
        x += width;
    }
    buf_text(out, "</svg>");
}

static void
put_division(const struct html *html, const struct control_result *result)
{
    const struct part parts[] = {
        {"failed",  MARK_FAIL,    result->failed },
        {"unknown", MARK_UNKNOWN, result->unknown},
        {"waived",  MARK_WAIVED,  result->waived },
        {"passed",  MARK_PASS,    result->passed },
    };
    size_t total = result->failed + result->unknown + result->waived + result->passed;
    if (total == 0) {
        buf_text(html->out, "<span class=\"quiet\">nothing to judge</span>");
        return;
    }
    put_bar(html->out, parts, COUNT(parts), total);
    buf_text(html->out, "<span class=\"parts\">");
    bool first = true;
    for (size_t i = 0; i < COUNT(parts); i++) {
        char number[WORDS_NUMBER];
        if (parts[i].count != 0) {
            HTML(html->out, "{}{}\xc2\xa0{}", first ? "" : ", ",
                words_count(parts[i].count, number), parts[i].word);
            first = false;
        }
    }
    buf_text(html->out, "</span>");
}

static bool
has_findings(const struct assessment *assessment, const struct control *control)
{
    for (size_t i = 0; i < assessment->finding_count; i++) {
        if (assessment->findings[i].control == control) {
            return true;
        }
    }
    return false;
}

static void
put_control(const struct html *html, const struct control_result *result)
{
    struct buf *out = html->out;
    const struct control *control = result->control;
    bool linked = has_findings(html->assessment, control);
    buf_text(out, "<tr><td class=\"verdict\" data-label=\"Verdict\">");
    markup_mark(out, mark_of_verdict(result->verdict));
    buf_text(out, "</td><th scope=\"row\">");
    if (linked) {
        buf_text(out, "<a href=\"#");
        markup_anchor(out, "c-", control->id);
        buf_text(out, "\">");
    }
    HTML(out, "{}", control->title);
    buf_text(out, linked ? "</a>" : "");
    HTML(out, "<span class=\"priority p-{}\">{}</span></th>", priority_name(control->priority),
        priority_name(control->priority));
    HTML(out,
        "<td data-label=\"Found\"><bdi>{}</bdi></td><td class=\"division\" data-label=\"Judged\">",
        result->sentence);
    put_division(html, result);
    buf_text(out, "</td></tr>");
}

void
controls_write(const struct html *html)
{
    buf_text(html->out,
        "<section aria-labelledby=\"controls\"><h2 id=\"controls\">The nine controls</h2>"
        "<table class=\"cards controls\"><thead><tr><th scope=\"col\">Verdict</th>"
        "<th scope=\"col\">Control</th><th scope=\"col\">What was found</th>"
        "<th scope=\"col\">Devices and questions judged</th></tr></thead><tbody>");
    for (size_t i = 0; i < control_count; i++) {
        put_control(html, &html->assessment->controls[i]);
    }
    buf_text(html->out, "</tbody></table><p class=\"quiet\">Unknown and not applicable count "
                        "neither for nor against the grade.</p></section>");
}
