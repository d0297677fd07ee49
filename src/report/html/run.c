/* About the run: what was asked, with what, and the rules of the grade. */
#include "base/text.h"
#include "report/html/sections.h"

#include <stdio.h>

void
run_write_partial(const struct html *html)
{
    const struct assessment *assessment = html->assessment;
    if (assessment->partial) {
        HTML(html->out,
            "<p class=\"banner\" role=\"alert\"><strong>PARTIAL.</strong> The run stopped before "
            "its end: {}. What follows is true of what was asked; the rest is not judged.</p>",
            text_is_empty(assessment->partial_why) ? "no reason is known"
                                                   : assessment->partial_why);
    }
}

void
run_write_nothing(const struct html *html)
{
    char number[WORDS_NUMBER];
    if (html->assessment->totals.hosts_planned == 0) {
        buf_text(html->out,
            "<section class=\"nothing\" aria-labelledby=\"nothing\"><h2 id=\"nothing\">No devices "
            "found</h2><p>No VMS was found in the configuration files.</p></section>");
        return;
    }
    HTML(html->out,
        "<section class=\"nothing\" aria-labelledby=\"nothing\"><h2 id=\"nothing\">No devices "
        "found</h2><p>{} hosts were asked in {}; nothing answered. What to try next:</p><ul>",
        words_count(html->assessment->totals.hosts_asked, number),
        text_is_empty(html->assessment->scope) ? "an empty scope" : html->assessment->scope);
    for (size_t i = 0; i < WORDS_HINTS; i++) {
        HTML(html->out, "<li>{}</li>", words_hints[i]);
    }
    buf_text(html->out, "</ul></section>");
}

static void
put_row(struct buf *out, const char *name, const char *value)
{
    if (!text_is_empty(value)) {
        HTML(out, "<dt>{}</dt><dd>{}</dd>", name, value);
    }
}

static void
put_number(struct buf *out, const char *name, uint64_t value)
{
    char number[WORDS_NUMBER];
    put_row(out, name, words_count(value, number));
}

static void
put_waivers(const struct html *html)
{
    const struct assessment *assessment = html->assessment;
    struct buf *out = html->out;
    if (assessment->waiver_count == 0) {
        return;
    }
    buf_text(out, "<section aria-labelledby=\"waivers\"><h2 id=\"waivers\">Waivers</h2>"
                  "<table class=\"cards\"><thead><tr><th scope=\"col\">Finding</th><th "
                  "scope=\"col\">Devices</th><th scope=\"col\">Owner</th><th "
                  "scope=\"col\">Reason</th><th scope=\"col\">Until</th></tr></thead><tbody>");
    for (size_t i = 0; i < assessment->waiver_count; i++) {
        const struct waiver *waiver = &assessment->waivers[i];
        char date[CLOCK_TEXT];
        HTML(out,
            "<tr><th scope=\"row\"><code>{}</code></th><td data-label=\"Devices\">{}</td><td "
            "data-label=\"Owner\">{}</td><td data-label=\"Reason\">{}</td>",
            waiver->finding, text_is_empty(waiver->device) ? "all" : waiver->device, waiver->owner,
            waiver->reason);
        HTML(out, "<td data-label=\"Until\">{}{}</td></tr>", clock_date(waiver->expires, date),
            waiver->expired ? ", EXPIRED: open again" : "");
    }
    buf_text(out, "</tbody></table></section>");
}

static void
put_rules(struct buf *out)
{
    char rules[16];
    (void)snprintf(rules, sizeof(rules), "%d", SCORE_RULES_VERSION);
    HTML(out,
        "<section aria-labelledby=\"rules\"><h2 id=\"rules\">How the grade is made</h2><p>Scoring "
        "rules, version {}. A control's value is the share of its judged devices that fail none of "
        "its questions; the score is the mean of the values, critical controls counting 4, high 3 "
        "and medium 2. Unknown and not applicable count neither for nor against, and are shown. "
        "A is 90 or more, B 75, C 50, D 25, F less. While a gap is open that lets a stranger in by "
        "itself, such as a factory password or a port open to the internet, the grade is never "
        "better than D; while a critical control has a gap or an unknown, never better than B. A "
        "waiver takes a gap out of the mean; it never lifts a cap.</p></section>",
        rules);
}

void
run_write(const struct html *html)
{
    const struct assessment *assessment = html->assessment;
    const struct run_totals *totals = &assessment->totals;
    struct buf *out = html->out;
    char text[CLOCK_TEXT];
    char hosts[2][WORDS_NUMBER];
    put_waivers(html);
    put_rules(out);
    buf_text(
        out, "<section aria-labelledby=\"run\"><h2 id=\"run\">This run</h2><dl class=\"run\">");
    put_row(out, "Scope", assessment->scope);
    put_row(out, "Authorised", assessment->authorised);
    put_row(out, "Started", totals->started == 0 ? NULL : words_time(totals->started, text));
    put_row(out, "Took", words_duration(totals->ended - totals->started, hosts[0]));
    HTML(out, "<dt>Hosts asked</dt><dd>{} of {}</dd>", words_count(totals->hosts_asked, hosts[0]),
        words_count(totals->hosts_planned, hosts[1]));
    put_number(out, "Devices", totals->devices);
    put_number(out, "Cameras", totals->cameras);
    put_number(out, "Packets", totals->packets);
    put_number(out, "Connections", totals->connections);
    put_number(out, "Requests", totals->requests);
    put_number(out, "Log-ins tried", totals->logins);
    put_number(out, "Lock-outs", totals->lockouts);
    put_number(out, "Packets a second, at most", assessment->pace);
    put_row(out, "Advisories of", assessment->catalog_date);
    put_row(out, "Run", assessment->id);
    put_row(
        out, "Page made", html->options->now == 0 ? NULL : words_time(html->options->now, text));
    buf_text(out, "</dl></section>");
}
