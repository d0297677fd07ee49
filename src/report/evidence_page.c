/* The page of an evidence package: what it is about, what it shows and what not, how to check it.
 */
#include "report/evidence_page.h"

#include "base/text.h"
#include "evidence/package.h"
#include "ledger/logged.h"
#include "report/html/shell.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LONG 2000

static void
put_row(struct buf *out, const char *name, const char *value)
{
    char clean[LONG];
    const char *text = value == NULL ? "not said" : value;
    text_clean(clean, sizeof(clean), text, strlen(text));
    HTML(out, "<dt>{}</dt><dd><bdi>{}</bdi></dd>", name, clean);
}

static void
put_time(struct buf *out, const char *name, const char *time)
{
    CLEANUP(buf_release) struct buf words;
    buf_init(&words, LONG);
    if (time != NULL) {
        events_time_words(&words, time);
    }
    put_row(out, name, time == NULL ? NULL : words.data);
}

static void
put_clock(struct buf *out, const char *name, const struct manifest_clock *clock)
{
    CLEANUP(buf_release) struct buf words;
    buf_init(&words, LONG);
    make_clock_words(&words, clock);
    put_row(out, name, words.data);
}

static void
put_about(struct buf *out, const struct manifest *manifest)
{
    char reason[LONG];
    text_clean(reason, sizeof(reason), manifest->reason, strlen(manifest->reason));
    HTML(out,
        "<section aria-labelledby=\"about\"><h1 id=\"about\">Evidence package</h1><p "
        "class=\"cap\"><bdi>{}</bdi></p>",
        reason);
    for (size_t i = 0; i < manifest->remark_count; i++) {
        HTML(out, "<p class=\"banner\" role=\"note\">{}</p>", manifest->remarks[i]);
    }
    buf_text(out, "<dl class=\"run\">");
    put_row(out, "Made by", manifest->maker);
    put_time(out, "Made at", manifest->made);
    put_row(out, "Site", manifest->site);
    put_row(out, "Camera", manifest->camera);
    put_row(out, "Recorded by", manifest->vms);
    put_time(out, "Recording from", manifest->from);
    put_time(out, "Recording to", manifest->to);
    put_clock(out, "Camera\xe2\x80\x99s clock", &manifest->camera_clock);
    put_clock(out, "Recorder\xe2\x80\x99s clock", &manifest->vms_clock);
    put_row(out, "Log", manifest->origin);
    put_row(out, "Made with", manifest->tool);
    buf_text(out, "</dl></section>\n");
}

static void
put_clip(struct buf *out, const struct make_page *page)
{
    const struct manifest *manifest = page->manifest;
    char hex[65];
    CLEANUP(buf_release) struct buf bytes;
    buf_init(&bytes, LONG);
    text_hex(hex, manifest->clip_sha256, 32);
    events_bytes_words(&bytes, manifest->clip_bytes);
    buf_text(out, "<section aria-labelledby=\"clip\"><h2 id=\"clip\">The clip</h2><dl "
                  "class=\"run\">");
    put_row(out, "Name", manifest->clip);
    if (manifest->clip_file != NULL) {
        HTML(out, "<dt>File</dt><dd><a href=\"{}\">{}</a></dd>", manifest->clip_file,
            manifest->clip_file);
    } else {
        put_row(out, "File", "not in this package, which has only its hash");
    }
    put_row(out, "Size", bytes.data);
    HTML(out, "<dt>SHA-256</dt><dd><code>{}</code></dd>", hex);
    put_row(out, "The log says", make_export_words(page));
    put_row(out, "Signed video", page->signed_video);
    buf_text(out, "</dl></section>\n");
}

static void
put_event(struct buf *out, const struct events_row *row)
{
    char index[24];
    CLEANUP(buf_release) struct buf words;
    buf_init(&words, 16384);
    (void)snprintf(index, sizeof(index), "%" PRIu64, row->index);
    events_words(&words, row->json);
    HTML(out,
        "<tr><th scope=\"row\">{}</th><td data-label=\"What\">{}</td><td data-label=\"Files\">"
        "<a href=\"events/{}.json\">entry</a>, <a href=\"events/{}.tlog-proof\">proof</a></td>"
        "</tr>\n",
        index, words.data, index, index);
}

static void
put_events(struct buf *out, const struct events *events)
{
    buf_text(out, "<section aria-labelledby=\"log\"><h2 id=\"log\">What the log says</h2><table "
                  "class=\"cards\"><thead><tr><th scope=\"col\">Entry</th><th scope=\"col\">What "
                  "happened</th><th scope=\"col\">Files</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < events->count; i++) {
        put_event(out, &events->rows[i]);
    }
    buf_text(out, "</tbody></table><p class=\"quiet\">Times are UTC, by the clock of the machine "
                  "that keeps the log.</p></section>\n");
}

static void
put_point(struct buf *out, enum mark mark, const char *words)
{
    HTML(out, "<li class=\"m-{}\">", mark_words[mark].id);
    markup_sign(out, mark_words[mark].id);
    HTML(out, " <span>{}</span></li>", words);
}

static void
put_meaning(struct buf *out, const struct make_page *page)
{
    static const char *const shows[] = {
        ("The clip is, byte for byte, the one that this package was made for: its SHA-256 stands "
         "in manifest.json, and that is signed."),
        ("The events above are entries of the log at those places, unchanged since: each has a "
         "proof that leads to a checkpoint which the log has signed."),
        ("Where an export\xe2\x80\x99s event has the clip\xe2\x80\x99s SHA-256: this clip is what "
         "left the recorder then, to that user."),
    };
    static const char *const hides[] = {
        ("That the camera saw what the clip shows, or that nobody changed the video before it was "
         "exported. Only video that the camera itself signs can show that; its signatures were "
         "recognised, not verified: that takes the camera maker\xe2\x80\x99s or "
         "ONVIF\xe2\x80\x99s validator."),
        ("That the clocks of camera and recorder were right, beyond the offsets above."),
        ("That nobody else watched or copied the recording; other events of the log say that."),
        ("Who sat in front of the screen: the log knows accounts, and what proved them."),
    };
    buf_text(out, "<section aria-labelledby=\"shows\"><h2 id=\"shows\">What this shows</h2><ul "
                  "class=\"points\">");
    for (size_t i = 0; i < COUNT(shows); i++) {
        put_point(out, MARK_PASS, shows[i]);
    }
    if (page->authority_count != 0) {
        put_point(out, MARK_PASS,
            "Where time/ has an answer of a time-stamp authority: manifest.json existed at that "
            "time, by the word of somebody else.");
    }
    buf_text(out, "</ul><h2>What it does not show</h2><ul class=\"points\">");
    for (size_t i = 0; i < COUNT(hides); i++) {
        put_point(out, MARK_NOTE, hides[i]);
    }
    buf_text(out, "</ul></section>\n");
}

static void
put_check(struct buf *out, const struct make_page *page)
{
    HTML(out,
        "<section aria-labelledby=\"check\"><h2 id=\"check\">How to check it</h2><div "
        "class=\"words\"><p>With "
        "Gatehouse, on any machine and without a network:</p><p><code>gatehouse evidence verify "
        "FOLDER-OR-ZIP</code></p><p>Without Gatehouse, with <code>sha256sum</code> and "
        "<code>openssl</code>: <a href=\"{}\">{}</a> has each step. In short: the files are those "
        "that <a href=\"{}\">{}</a> lists; its SHA-256 stands in <a href=\"{}\">{}</a>, which the "
        "key below has signed; the log\xe2\x80\x99s own event in <code>made/</code> names both; "
        "each entry leads to the log\xe2\x80\x99s checkpoint.</p>",
        PACKAGE_README, PACKAGE_README, PACKAGE_MANIFEST, PACKAGE_MANIFEST, PACKAGE_SIG,
        PACKAGE_SIG);
    HTML(out,
        "<p><strong>One thing no file here can show:</strong> that the log\xe2\x80\x99s key is "
        "the owner\xe2\x80\x99s. Compare it with the one that was given to you, or published, "
        "before.</p></div><dl class=\"run\"><dt>Key of the log</dt><dd><code>{}</code></dd><dt>Key "
        "of "
        "the manifest</dt><dd><code>{}</code></dd></dl></section>\n",
        page->log_key, page->evidence_key);
}

void
evidence_page(struct buf *out, const struct make_page *page)
{
    static const struct shell_link links[] = {
        {"clip",  "Clip",            true},
        {"log",   "Log",             true},
        {"shows", "What this shows", true},
        {"check", "How to check it", true},
    };
    const struct manifest *manifest = page->manifest;
    shell_begin(out, &(struct shell_top){
                         .title = "Evidence package",
                         .site = manifest->site,
                         .what = "evidence package",
                         .at = logged_time(manifest->made, strlen(manifest->made)),
                         .links = links,
                         .link_count = COUNT(links),
                         .is_still = true,
                     });
    put_about(out, manifest);
    put_clip(out, page);
    put_events(out, page->events);
    put_meaning(out, page);
    put_check(out, page);
    shell_end_still(out);
}
