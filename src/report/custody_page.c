/* The chain of custody as a page. */
#include "report/custody_page.h"

#include "base/clock.h"
#include "base/text.h"
#include "report/html/shell.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LONG 2000

static void
put_step(struct buf *out, const struct custody_step *step)
{
    char index[40] = "";
    CLEANUP(buf_release) struct buf when;
    buf_init(&when, LONG);
    if (step->when[0] != '\0') {
        events_time_words(&when, step->when);
    } else {
        buf_text(&when, "not known");
    }
    if (step->index >= 0) {
        (void)snprintf(index, sizeof(index), ", entry %" PRId64, step->index);
    }
    HTML(out,
        "<tr><td data-label=\"When\">{}</td><th scope=\"row\">{}</th><td data-label=\"What\">{}"
        "<span class=\"parts\">{}{}</span></td></tr>\n",
        when.data, custody_stage_text(step->stage), step->words.data, step->by, index);
}

static void
put_about(struct buf *out, const struct custody_page *page)
{
    char title[LONG];
    char reason[LONG];
    text_clean(title, sizeof(title), page->title, strlen(page->title));
    text_clean(reason, sizeof(reason), page->reason == NULL ? "" : page->reason,
        page->reason == NULL ? 0 : strlen(page->reason));
    HTML(out,
        "<section class=\"about-it\" aria-labelledby=\"about\"><h1 id=\"about\">Chain of "
        "custody</h1><p "
        "class=\"cap\"><bdi>{}</bdi></p><p><bdi>{}</bdi></p>",
        title, reason);
    if (page->custody->clip[0] != '\0') {
        HTML(out, "<p>SHA-256 of the clip: <code>{}</code></p>", page->custody->clip);
    }
    if (!page->custody->has_log) {
        buf_text(out, "<p class=\"banner\" role=\"note\">The ledger was not at hand: who else "
                      "watched or copied this recording is not known from this page.</p>");
    }
    buf_text(out, "</section>\n");
}

void
custody_page(struct buf *out, const struct custody_page *page)
{
    static const struct shell_link links[] = {
        {"way", "From camera to court", true}
    };
    shell_begin(out, &(struct shell_top){
                         .title = "Chain of custody",
                         .site = page->site,
                         .what = "chain of custody",
                         .at = clock_wall(),
                         .links = links,
                         .link_count = COUNT(links),
                         .is_still = true,
                     });
    put_about(out, page);
    buf_text(out,
        "<section aria-labelledby=\"way\"><h2 id=\"way\">From camera to court</h2><table "
        "class=\"cards way\"><thead><tr><th scope=\"col\">When</th><th scope=\"col\">Stage</th><th "
        "scope=\"col\">What</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < page->custody->count; i++) {
        put_step(out, &page->custody->steps[i]);
    }
    buf_text(out, "</tbody></table><p class=\"quiet\">Times are UTC. What the log does not see is "
                  "not here: who looked at a screen, or copied the clip afterwards.</p>"
                  "</section>\n");
    shell_end_still(out);
}
