/*
 * The frame of a page. Its policy (CSP level 3) allows this style sheet and this script by their
 * hashes and nothing else, so text from a device can't run.
 */
#include "report/html/shell.h"

#include "base/text.h"

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
put_head(struct buf *out, const struct shell_top *top)
{
    buf_text(out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta "
        "http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src ");
    put_hash(out, page_css);
    if (!top->is_still) {
        buf_text(out, "; script-src ");
        put_hash(out, page_js);
    }
    buf_text(out, "; base-uri 'none'; form-action 'none'\">\n"
                  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                  "<meta name=\"color-scheme\" content=\"light dark\">\n"
                  "<meta name=\"referrer\" content=\"no-referrer\">\n"
                  "<meta name=\"robots\" content=\"noindex\">\n");
    HTML(out, "<title>{} \xc2\xb7 Gatehouse</title>\n<style>", top->title);
    buf_text(out, page_css);
    buf_text(out, "</style>\n</head>\n<body>\n");
    buf_text(out, marks_svg);
}

void
shell_begin(struct buf *out, const struct shell_top *top)
{
    char time[CLOCK_TEXT];
    char machine[CLOCK_TEXT];
    put_head(out, top);
    buf_text(out,
        "<a class=\"skip\" href=\"#main\">Skip to the report</a><header class=\"top\"><div>"
        "<svg class=\"logo\" aria-hidden=\"true\"><use href=\"#s-gatehouse\"/></svg>");
    HTML(out,
        "<p class=\"site\"><strong><bdi>{}</bdi></strong> <span>{}, <time "
        "datetime=\"{}\">{}</time></span></p></div>",
        text_is_empty(top->site) ? "Gatehouse" : top->site, top->what, clock_text(top->at, machine),
        clock_date(top->at, time));
    buf_text(out, "<nav aria-label=\"Sections\"><ul>");
    for (size_t i = 0; i < top->link_count; i++) {
        if (top->links[i].is_there) {
            HTML(out, "<li><a href=\"#{}\">{}</a></li>", top->links[i].anchor, top->links[i].title);
        }
    }
    buf_text(out, "</ul></nav></header>\n<main id=\"main\">\n");
}

static const char foot[] =
    "</main>\n<footer><p>Gatehouse " GATEHOUSE_VERSION ". Made on this machine; this page loads "
    "nothing from a network.</p></footer>\n";

void
shell_end_still(struct buf *out)
{
    buf_text(out, foot);
    buf_text(out, "</body>\n</html>\n");
}

void
shell_end(struct buf *out)
{
    buf_text(out, foot);
    buf_text(out, "<script>");
    buf_text(out, page_js);
    buf_text(out, "</script>\n</body>\n</html>\n");
}
