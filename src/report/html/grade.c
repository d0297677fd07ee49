/* The first screen of the page: the grade, why, and the first actions with what each brings. */
#include "base/text.h"
#include "report/html/sections.h"

#include <stdio.h>

#define RING 439.823 /* circumference of the gauge, radius 70 */

static bool
is_graded(const struct assessment *assessment)
{
    return markup_grade(assessment->grade)[1] == '\0';
}

static void
put_arc(struct buf *out, const char *class, unsigned from, unsigned to)
{
    if (to > from) {
        buf_format(out,
            "<circle class=\"%s\" cx=\"90\" cy=\"90\" r=\"70\" fill=\"none\" stroke-width=\"14\" "
            "stroke-dasharray=\"%.2f %.2f\" stroke-dashoffset=\"%.2f\" "
            "transform=\"rotate(-90 90 90)\"/>",
            class, RING * (to - from) / 100, RING, -RING * from / 100);
    }
}

static void
put_gauge(const struct html *html)
{
    const struct assessment *assessment = html->assessment;
    struct buf *out = html->out;
    char score[16];
    bool graded = is_graded(assessment);
    (void)snprintf(score, sizeof(score), "%u", assessment->score);
    HTML(out,
        "<svg class=\"gauge g-{}\" viewBox=\"0 0 180 180\" role=\"img\" aria-label=\"Grade {}, "
        "{} of 100\"><circle class=\"track\" cx=\"90\" cy=\"90\" r=\"70\" fill=\"none\" "
        "stroke-width=\"14\"/>",
        markup_grade(assessment->grade), graded ? assessment->grade : "none", score);
    if (graded) {
        put_arc(out, "held", assessment->score, assessment->score_uncapped);
        put_arc(out, "arc", 0, assessment->score);
    }
    HTML(out,
        "<text class=\"letter\" x=\"90\" y=\"100\" text-anchor=\"middle\">{}</text>"
        "<text class=\"score\" x=\"90\" y=\"126\" text-anchor=\"middle\">{}</text></svg>",
        graded ? assessment->grade : "\xe2\x80\x93", graded ? score : "no grade");
}

static void
put_why(const struct html *html)
{
    const struct assessment *assessment = html->assessment;
    struct buf *out = html->out;
    char score[16];
    char uncapped[16];
    (void)snprintf(score, sizeof(score), "%u", assessment->score);
    (void)snprintf(uncapped, sizeof(uncapped), "%u", assessment->score_uncapped);
    if (is_graded(assessment)) {
        HTML(out, "<h1 id=\"grade\">Grade {}, {} of 100</h1>", assessment->grade, score);
    } else {
        buf_text(out, "<h1 id=\"grade\">Too little is known for a grade</h1>");
    }
    if (assessment->cap_why != NULL) {
        HTML(out, "<p class=\"cap\"><strong>Capped:</strong> {}. Without that it would be ",
            assessment->cap_why);
        HTML(out, "<strong>{} ({})</strong>.</p>", assessment->grade_uncapped, uncapped);
    }
    if (!text_is_empty(assessment->grade_why)) {
        buf_text(out, "<div class=\"why\">");
        markup_words(out, assessment->grade_why);
        buf_text(out, "</div>");
    }
}

/* How many controls stand where; the eye's summary of the table below. */
static void
put_counts(const struct html *html)
{
    static const enum verdict verdicts[] = {FAIL, UNKNOWN, PASS, NOT_APPLICABLE};
    static const char *const words[] = {"failed", "not known", "passed", "not applicable"};
    buf_text(html->out, "<ul class=\"counts\" aria-label=\"The nine controls\">");
    for (size_t i = 0; i < COUNT(verdicts); i++) {
        char number[WORDS_NUMBER];
        size_t count = words_controls(html->assessment, verdicts[i]);
        if (count != 0) {
            HTML(html->out, "<li class=\"m-{}\">", mark_words[mark_of_verdict(verdicts[i])].id);
            markup_sign(html->out, mark_words[mark_of_verdict(verdicts[i])].id);
            HTML(html->out, "<b>{}</b> {}</li>", words_count(count, number), words[i]);
        }
    }
    buf_text(html->out, "</ul>");
}

/* A bar from 0 to 100: what there was, and what the action adds. */
static void
put_gain(struct buf *out, unsigned before, unsigned after)
{
    unsigned gain = after > before ? after - before : 0;
    buf_format(out,
        "<svg class=\"gain\" viewBox=\"0 0 100 6\" preserveAspectRatio=\"none\" "
        "aria-hidden=\"true\"><rect class=\"track\" width=\"100\" height=\"6\"/>"
        "<rect class=\"had\" width=\"%u\" height=\"6\"/>"
        "<rect class=\"more\" x=\"%u\" width=\"%u\" height=\"6\"/></svg>",
        before, before, gain);
}

static void
put_action(const struct html *html, size_t index)
{
    const struct action *action = &html->assessment->actions[index];
    const char *grade_before =
        index == 0 ? html->assessment->grade : html->assessment->actions[index - 1].grade_after;
    unsigned before =
        index == 0 ? html->assessment->score : html->assessment->actions[index - 1].score_after;
    struct buf *out = html->out;
    char number[WORDS_NUMBER];
    char from[16];
    char to[16];
    (void)snprintf(number, sizeof(number), "%zu", index + 1);
    (void)snprintf(from, sizeof(from), "%u", before);
    (void)snprintf(to, sizeof(to), "%u", action->score_after);
    HTML(out, "<li class=\"action\"><span class=\"number\" aria-hidden=\"true\">{}</span>", number);
    buf_text(out, "<div class=\"what\"><a href=\"#");
    markup_anchor(out, "f-", action->finding->id);
    HTML(out, "\"><bdi>{}</bdi></a><p class=\"meta\">{}, {}; {}</p></div>", action->words,
        action->finding->control->title, priority_name(action->finding->control->priority),
        action->brings == NULL ? "" : action->brings);
    buf_text(out, "<div class=\"brings\">");
    HTML(out,
        "<p><span class=\"sr\">Grade goes from</span> <span class=\"from\">{} {}</span> "
        "<span class=\"arrow\" aria-hidden=\"true\">\xe2\x86\x92</span> <span "
        "class=\"sr\">to</span> ",
        grade_before, from);
    HTML(out, "<strong class=\"chip g-{}\">{} {}</strong></p>", markup_grade(action->grade_after),
        action->grade_after, to);
    put_gain(out, before, action->score_after);
    buf_text(out, "</div></li>");
}

static void
put_actions(const struct html *html)
{
    static const char *const titles[] = {
        "Nothing to do first", "Do this first", "Do these two first", "Do these three first"};
    size_t count = html->assessment->action_count;
    if (count == 0) {
        return;
    }
    buf_text(html->out, "<section class=\"actions\" aria-labelledby=\"first\">");
    HTML(html->out, "<h2 id=\"first\">{}</h2><ol>", titles[count < COUNT(titles) ? count : 3]);
    for (size_t i = 0; i < count; i++) {
        put_action(html, i);
    }
    buf_text(html->out, "</ol></section>");
}

void
grade_write(const struct html *html)
{
    buf_text(html->out, "<section class=\"grade\" aria-labelledby=\"grade\">");
    put_gauge(html);
    buf_text(html->out, "<div>");
    put_why(html);
    put_counts(html);
    buf_text(html->out, "</div></section>");
    put_actions(html);
}
