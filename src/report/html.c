/* The web page: one file that needs no network. */
#include "base/text.h"
#include "report/html/sections.h"
#include "report/html/shell.h"

#include <stdio.h>

static void
put_top(const struct html *html)
{
    const struct assessment *assessment = html->assessment;
    char title[320];
    bool has_devices = assessment->device_count != 0;
    const struct shell_link links[] = {
        {"grade",    "Grade",    true                          },
        {"controls", "Controls", true                          },
        {"network",  "Network",  has_devices                   },
        {"devices",  "Devices",  has_devices                   },
        {"findings", "Findings", assessment->finding_count != 0},
        {"rules",    "Rules",    true                          },
        {"run",      "Run",      true                          },
    };
    (void)snprintf(title, sizeof(title), "%s%s",
        text_is_empty(assessment->site) ? "Security assessment" : assessment->site,
        assessment->partial ? " (partial)" : "");
    shell_begin(html->out, &(struct shell_top){
                               .title = title,
                               .site = assessment->site,
                               .what = "security assessment",
                               .at = assessment->totals.ended,
                               .links = links,
                               .link_count = COUNT(links),
                           });
}

static enum err
html_write(
    const struct assessment *assessment, const struct report_options *options, struct buf *out)
{
    struct marks marks CLEANUP(marks_release);
    enum err err = marks_init(&marks, assessment);
    if (err != OK) {
        return err;
    }
    const struct html html = {out, assessment, options, &marks};
    put_top(&html);
    run_write_partial(&html);
    grade_write(&html);
    if (assessment->device_count == 0) {
        run_write_nothing(&html);
    }
    controls_write(&html);
    if (assessment->device_count != 0) {
        network_write(&html);
        devices_write(&html);
    }
    findings_write(&html);
    run_write(&html);
    shell_end(out);
    return buf_error(out);
}

const struct report_format report_html = {
    .name = "html",
    .extension = "html",
    .title = "web page, one file",
    .write = html_write,
};
