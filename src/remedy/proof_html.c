/* A proof as a page: the grades, each step with its fact before and after, what remains. */
#include "base/text.h"
#include "remedy/proof_parts.h"
#include "report/html/shell.h"

#include <stdio.h>

static void
put_chip(struct buf *out, const char *grade, unsigned score)
{
    char text[16];
    (void)snprintf(text, sizeof(text), "%u", score);
    HTML(out, "<span class=\"chip g-{}\">{} {}</span>", markup_grade(grade), grade, text);
}

static void
put_grades(const struct proof *proof, struct buf *out)
{
    buf_text(out, "<section aria-labelledby=\"grade\"><h1 id=\"grade\">");
    put_chip(out, proof->plan->grade, proof->plan->score);
    if (proof->after != NULL) {
        buf_text(out, " <span class=\"arrow\" aria-label=\"became\">\xe2\x86\x92</span> ");
        put_chip(out, proof->after->grade, proof->after->score);
    }
    buf_text(out, "</h1>");
    if (proof->after != NULL && proof->after->cap_why != NULL) {
        HTML(out, "<p class=\"cap\"><strong>Capped:</strong> {}.</p>", proof->after->cap_why);
    }
    if (proof->after == NULL && !text_is_empty(proof->why_not)) {
        HTML(out, "<p class=\"banner\" role=\"alert\">The site was not read again: {}.</p>",
            proof->why_not);
    }
}

static void
put_count(struct buf *out, enum mark mark, unsigned count, const char *words)
{
    char number[WORDS_NUMBER];
    if (count != 0) {
        HTML(out, "<li class=\"m-{}\">", mark_words[mark].id);
        markup_sign(out, mark_words[mark].id);
        HTML(out, "<b>{}</b> {}</li>", words_count(count, number), words);
    }
}

static void
put_totals(const struct proof *proof, struct buf *out)
{
    const struct apply_result *result = proof->result;
    struct proof_gaps gaps;
    char texts[4][WORDS_NUMBER];
    proof_gaps(proof, &gaps);
    buf_text(out, "<ul class=\"counts\" aria-label=\"Steps\">");
    put_count(out, MARK_PASS, result->kept, "done and proven");
    put_count(out, MARK_FAIL, result->undone, "taken back");
    put_count(out, MARK_NOTE, proof_left(proof), "left alone");
    put_count(out, MARK_NOTE, proof_by_hand(proof), "by hand");
    put_count(out, MARK_FAIL, result->stuck, "to be looked at");
    HTML(out, "</ul><p class=\"quiet\">{} log-ins were spent.",
        words_count(result->logins, texts[0]));
    if (gaps.cameras != 0) {
        HTML(out,
            " The video of {} cameras was watched: it stood still for {} at most, half of them for "
            "{} or less.",
            words_count(gaps.cameras, texts[1]), words_duration(gaps.longest, texts[2]),
            words_duration(gaps.median, texts[3]));
    }
    buf_text(out, "</p></section>\n");
}

/* Who was told a new password, and what is left to a person. */
static void
put_list(struct buf *out, const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *line = json_string_value(json_array_get(list, i));
        HTML(out, "<span class=\"parts\">{}</span>", line == NULL ? "" : line);
    }
}

static void
put_step(const struct proof *proof, const struct plan_step *step, struct buf *out)
{
    struct trail_step state = trail_step(proof->journal, step->number);
    struct proof_end end = proof_end(step, &state);
    char text[WORDS_NUMBER];
    const char *after = proof_after(&state, step);
    HTML(out, "<tr><td class=\"verdict\" data-label=\"End\"><span class=\"mark m-{}\">",
        mark_words[end.mark].id);
    markup_sign(out, mark_words[end.mark].id);
    HTML(out, " {}</span></td><th scope=\"row\"><bdi>{}</bdi></th><td data-label=\"Step\">{}",
        end.word, proof_target(proof, step)->title, step->words);
    if (!text_is_empty(state.why) && end.mark != MARK_PASS) {
        HTML(out, "<span class=\"parts\">{}</span>", state.why);
    }
    put_list(out, json_object_get(state.after, "consumers"));
    put_list(out, json_object_get(state.after, "remarks"));
    HTML(out,
        "</td><td data-label=\"Before\">{}</td><td data-label=\"After\">{}</td><td "
        "data-label=\"No video for\">",
        step->fact == NULL          ? ""
        : text_is_empty(step->from) ? "not known"
                                    : step->from,
        after == NULL ? "" : after);
    buf_text(out, state.gap_ms == 0                   ? ""
                  : state.gap_ms == TRAIL_GAP_UNKNOWN ? "not known"
                                                      : words_duration(state.gap_ms, text));
    buf_text(out, "</td></tr>\n");
}

static void
put_steps(const struct proof *proof, struct buf *out)
{
    buf_text(out,
        "<section aria-labelledby=\"steps\"><h2 id=\"steps\">What was done</h2><table "
        "class=\"cards\"><thead><tr>"
        "<th scope=\"col\">End</th><th scope=\"col\">Device</th><th scope=\"col\">Step</th>"
        "<th scope=\"col\">Before</th><th scope=\"col\">After</th><th scope=\"col\">No video for"
        "</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < proof->plan->step_count; i++) {
        put_step(proof, &proof->plan->steps[i], out);
    }
    buf_text(out, "</tbody></table></section>\n");
}

static size_t
count_open(const struct proof *proof)
{
    size_t count = 0;
    for (size_t i = 0; proof->after != NULL && i < proof->after->finding_count; i++) {
        count += proof_is_open(&proof->after->findings[i]) ? 1 : 0;
    }
    return count;
}

static void
put_open(const struct proof *proof, struct buf *out)
{
    if (count_open(proof) + proof->plan->left_count == 0) {
        return;
    }
    buf_text(out, "<section aria-labelledby=\"open\"><h2 id=\"open\">What remains</h2><ul>");
    for (size_t i = 0; proof->after != NULL && i < proof->after->finding_count; i++) {
        const struct finding *finding = &proof->after->findings[i];
        if (proof_is_open(finding)) {
            HTML(out, "<li>{} <code>{}</code></li>", finding->title, finding->id);
        }
    }
    for (size_t i = 0; i < proof->plan->left_count; i++) {
        HTML(out, "<li class=\"quiet\">{}</li>", proof->plan->left[i]);
    }
    buf_text(out, "</ul></section>\n");
}

enum err
proof_html(const struct proof *proof, struct buf *out)
{
    char title[320];
    const struct shell_link links[] = {
        {"grade", "Grade",         true                                            },
        {"steps", "What was done", true                                            },
        {"open",  "What remains",  count_open(proof) + proof->plan->left_count != 0},
    };
    (void)snprintf(title, sizeof(title), "%s, fixed",
        text_is_empty(proof->plan->site) ? "Site" : proof->plan->site);
    shell_begin(out, &(struct shell_top){
                         .title = title,
                         .site = proof->plan->site,
                         .what = "what was fixed",
                         .at = proof->ended,
                         .links = links,
                         .link_count = COUNT(links),
                     });
    put_grades(proof, out);
    put_totals(proof, out);
    put_steps(proof, out);
    put_open(proof, out);
    shell_end(out);
    return buf_error(out);
}
