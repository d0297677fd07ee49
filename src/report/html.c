/*
 * The web page: one file that needs no network. Its policy (CSP level 3) allows this style sheet
 * and this script by their hashes and nothing else, so text from a device can't run.
 */
#include "base/text.h"
#include "report/html/sections.h"

#include <sodium.h>
#include <string.h>

/* Longer than every C compiler must take, which gcc and clang do. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverlength-strings"
#include "report/html/marks_svg.h"
#include "report/html/page_css.h"
#include "report/html/page_js.h"
#pragma GCC diagnostic pop

static void
put_hash(struct buf *out, const char *part)
{
    unsigned char hash[crypto_hash_sha256_BYTES];
    char text[sodium_base64_ENCODED_LEN(sizeof(hash), sodium_base64_VARIANT_ORIGINAL)];
    (void)crypto_hash_sha256(hash, (const unsigned char *)part, strlen(part));
    sodium_bin2base64(text, sizeof(text), hash, sizeof(hash), sodium_base64_VARIANT_ORIGINAL);
    buf_format(out, "'sha256-%s'", text);
}

static void
put_head(const struct html *html)
{
    struct buf *out = html->out;
    const char *site = html->assessment->site;
    buf_text(out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta "
        "http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src ");
    put_hash(out, page_css);
    buf_text(out, "; script-src ");
    put_hash(out, page_js);
    buf_text(out, "; base-uri 'none'; form-action 'none'\">\n"
                  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                  "<meta name=\"color-scheme\" content=\"light dark\">\n"
                  "<meta name=\"referrer\" content=\"no-referrer\">\n"
                  "<meta name=\"robots\" content=\"noindex\">\n");
    HTML(out, "<title>{}{} \xc2\xb7 Gatehouse</title>\n<style>",
        text_is_empty(site) ? "Security assessment" : site,
        html->assessment->partial ? " (partial)" : "");
    buf_text(out, page_css);
    buf_text(out, "</style>\n</head>\n<body>\n");
    buf_text(out, marks_svg);
}

static void
put_banner(const struct html *html)
{
    const struct assessment *assessment = html->assessment;
    const struct {
        const char *anchor, *title;
        bool there;
    } links[] = {
        {"grade",    "Grade",    true                          },
        {"controls", "Controls", true                          },
        {"network",  "Network",  assessment->device_count != 0 },
        {"devices",  "Devices",  assessment->device_count != 0 },
        {"findings", "Findings", assessment->finding_count != 0},
        {"rules",    "Rules",    true                          },
        {"run",      "Run",      true                          },
    };
    struct buf *out = html->out;
    char time[CLOCK_TEXT];
    char machine[CLOCK_TEXT];
    buf_text(out,
        "<a class=\"skip\" href=\"#main\">Skip to the report</a><header class=\"top\"><div>"
        "<svg class=\"logo\" aria-hidden=\"true\"><use href=\"#s-gatehouse\"/></svg>");
    HTML(out,
        "<p class=\"site\"><strong><bdi>{}</bdi></strong> <span>security assessment, <time "
        "datetime=\"{}\">{}</time></span></p></div>",
        text_is_empty(assessment->site) ? "Gatehouse" : assessment->site,
        clock_text(assessment->totals.ended, machine), clock_date(assessment->totals.ended, time));
    buf_text(out, "<nav aria-label=\"Sections\"><ul>");
    for (size_t i = 0; i < COUNT(links); i++) {
        if (links[i].there) {
            HTML(out, "<li><a href=\"#{}\">{}</a></li>", links[i].anchor, links[i].title);
        }
    }
    buf_text(out, "</ul></nav></header>\n<main id=\"main\">\n");
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
    put_head(&html);
    put_banner(&html);
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
    buf_text(out, "</main>\n<footer><p>Gatehouse " GATEHOUSE_VERSION ". Made on this machine; this "
                  "page loads nothing from a network.</p></footer>\n<script>");
    buf_text(out, page_js);
    buf_text(out, "</script>\n</body>\n</html>\n");
    return buf_error(out);
}

const struct report_format report_html = {
    .name = "html",
    .extension = "html",
    .title = "web page, one file",
    .write = html_write,
};
