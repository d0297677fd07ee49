/* An answer as a page, for the person who asked: no script, no name but of who is disclosed. */
#include "report/ledger/ledger_answer.h"

#include "base/clock.h"
#include "base/text.h"
#include "ledger/when.h"
#include "report/html/shell.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SHOWN 512

/* Text from outside, cleaned of what is no text. */
static const char *
clean(const char *text, char out[SHOWN])
{
    text_clean(out, SHOWN, text, strlen(text));
    return out;
}

static const char *
time_text(int64_t time, char out[CLOCK_TEXT + 8])
{
    char text[CLOCK_TEXT];
    (void)clock_text(time, text);
    (void)snprintf(out, CLOCK_TEXT + 8, "%.10s %.8s UTC", text, text[0] == '\0' ? "" : text + 11);
    return out;
}

static void
put_recording(struct buf *out, const struct watched_row *row)
{
    char from[CLOCK_TEXT + 8];
    char to[CLOCK_TEXT + 8];
    buf_text(out, "recordings");
    if (row->recording_from != LOGGED_NONE && row->recording_to != LOGGED_NONE) {
        HTML(out, " of {} to {}", time_text(row->recording_from, from),
            time_text(row->recording_to, to));
    }
}

static void
put_kind(struct buf *out, const struct ledger_answer_person *person, const struct watched_row *row)
{
    bool is_seen = row == person->seen;
    bool is_live = !is_seen && person->is_live;
    bool is_recorded = is_seen ? row->views + row->before != 0 : person->is_recorded;
    buf_text(out, is_live ? "live" : "");
    buf_text(out, is_live && is_recorded ? ", " : "");
    if (is_recorded) {
        put_recording(out, row);
    }
    buf_text(out, is_live || is_recorded ? "" : "\xe2\x80\x93");
}

static void
put_count(struct buf *out, const char *label, uint64_t count)
{
    char text[WORDS_NUMBER];
    HTML(out, "<td data-label=\"{}\">{}</td>", label, words_count(count, text));
}

static void
put_person(struct buf *out, const struct ledger_answer_person *person,
    const struct watched_row *row, size_t number)
{
    char text[SHOWN];
    char length[WHEN_LENGTH];
    char from[CLOCK_TEXT + 8];
    char to[CLOCK_TEXT + 8];
    (void)snprintf(text, sizeof(text), "%zu", number);
    HTML(out, "<tr><th scope=\"row\">person {}", text);
    if (person->role[0] != '\0') {
        HTML(out, ", <bdi>{}</bdi>", clean(person->role, text));
    }
    if (person->name != NULL) {
        HTML(out, ": <bdi>{}</bdi>", clean(person->name, text));
    }
    buf_text(out, "</th><td data-label=\"When\">");
    if (row->first <= row->last) {
        HTML(out, "{} to {}", time_text(row->first, from), time_text(row->last, to));
    }
    HTML(out, "</td><td data-label=\"How long\">{}{}</td><td data-label=\"What\">",
        row->wall_ms == 0 && row->open + row->before != 0 ? "" : when_length(row->wall_ms, length),
        row->open + row->before == 0 ? ""
        : row->wall_ms == 0          ? "views whose end is not recorded"
                                     : ", and views whose end is not recorded");
    put_kind(out, person, row);
    buf_text(out, "</td>");
    put_count(out, "Still pictures", row->snapshots);
    put_count(out, "Exports", row->exports);
    put_count(out, "Refused", row->refused);
    buf_text(out, "</tr>\n");
}

/* Those who did something in the time, or with recordings of it; `nobody` when there are none. */
static void
put_persons(struct buf *out, const struct ledger_answer *answer, bool is_seen, const char *nobody)
{
    bool is_empty = true;
    for (size_t i = 0; i < answer->person_count; i++) {
        const struct ledger_answer_person *person = &answer->persons[i];
        const struct watched_row *row = is_seen ? person->seen : person->row;
        if (row == NULL) {
            continue;
        }
        if (is_empty) {
            buf_text(out,
                "<table class=\"cards\"><thead><tr><th scope=\"col\">Who</th><th scope=\"col\">When"
                "</th><th scope=\"col\">How long</th><th scope=\"col\">What</th><th "
                "scope=\"col\">Still pictures</th><th scope=\"col\">Exports</th><th "
                "scope=\"col\">Refused</th></tr></thead><tbody>\n");
        }
        is_empty = false;
        put_person(out, person, row, i + 1);
    }
    if (is_empty) {
        HTML(out, "<p class=\"banner\" role=\"note\">{}</p>",
            answer->pruned == 0 ? nobody : "No view is recorded in what is kept of it.");
        return;
    }
    buf_text(out, "</tbody></table><p class=\"quiet\">Exports are recordings that left as files. "
                  "Refused is what was asked for and not shown.</p>");
}

static void
put_seen(struct buf *out, const struct ledger_answer *answer)
{
    char text[SHOWN];
    buf_text(out, "<section aria-labelledby=\"seen\"><h2 id=\"seen\">Recordings of that time</h2>"
                  "<p>Who viewed or took recordings of that time, then or later.</p>");
    put_persons(out, answer, true,
        answer->unplaced == 0 ? "Nobody viewed a recording of that time."
                              : "No view of a recording of that time is recorded.");
    if (answer->unplaced != 0) {
        (void)snprintf(text, sizeof(text), "%" PRIu64, answer->unplaced);
        HTML(out,
            "<p class=\"banner\" role=\"note\">Recordings of this camera were viewed or exported "
            "{} times, then or since, without a record of all the time that they were of. Whether "
            "that time was among them can't be told.</p>",
            text);
    }
    buf_text(out, "</section>\n");
}

/* What shows each disclosed name: by its digest, and nothing else is opened by it. */
static void
put_opened(struct buf *out, const struct ledger_answer *answer)
{
    char text[SHOWN];
    (void)snprintf(text, sizeof(text), "%" PRIu64, answer->unproven);
    if (answer->unproven != 0) {
        HTML(out,
            "<p class=\"banner\" role=\"note\">{} of the entries of people who are named above "
            "were "
            "sealed by an earlier version, which kept nothing that a name could be checked "
            "against. That they are of these people is only the word of who keeps the log.</p>",
            text);
    }
    if (answer->opened_count == answer->unproven) {
        return;
    }
    buf_text(out,
        "<p>For each entry of somebody who is named above, <code>entries/N.opening</code> shows "
        "the name in it, and nothing else: its last line is the name, and its SHA-256 "
        "(<code>openssl dgst -sha256 entries/N.opening</code>) is the third part of "
        "<code>actor.user</code> in the entry, between its colons. Not even who keeps the log "
        "could show another name.</p><details><summary>The openings</summary>");
    for (size_t i = 0; i < answer->opened_count; i++) {
        const struct ledger_answer_opened *opened = &answer->opened[i];
        if (opened->opening.len != 0) {
            (void)snprintf(text, sizeof(text), "%" PRIu64, opened->index);
            HTML(out, "<p>Entry {}:</p><pre><bdi>{}</bdi></pre>", text, opened->opening.data);
        }
    }
    buf_text(out, "</details>");
}

static void
put_proofs(struct buf *out, const struct ledger_answer *answer)
{
    char text[SHOWN];
    buf_text(out, "<section aria-labelledby=\"check\"><h2 id=\"check\">How to check it</h2>");
    if (answer->events.count == 0 && answer->unsealed == 0) {
        buf_text(out, "<p>There is no entry of that time and camera.</p>");
    }
    if (answer->events.count != 0) {
        char origin[SHOWN];
        (void)snprintf(text, sizeof(text), "%zu", answer->events.count);
        HTML(out,
            "<p>The folder <code>entries</code> has {} entries of the log as they are, each with a "
            "proof (C2SP tlog-proof) that it is in the log <code>{}</code>, and nothing of it was "
            "changed since. Names, addresses and sessions in them are sealed: the same person has "
            "the same mark, and nobody can open it without a key. To check one, with the public "
            "key of the log from somebody whom you trust: <code>gatehouse ledger "
            "verify-proof --key KEY --entry entries/N.json entries/N.tlog-proof</code></p>",
            text, clean(answer->origin, origin));
        put_opened(out, answer);
    }
    if (answer->unsealed != 0) {
        (void)snprintf(text, sizeof(text), "%" PRIu64, answer->unsealed);
        HTML(out,
            "<p>{} entries are not given out: the personal fields of this log were not sealed when "
            "they were recorded, so names of other people stand in them in the clear, and an entry "
            "can't be shortened without losing its proof. For them this page is a summary by who "
            "keeps the log.</p>",
            text);
    }
    buf_text(out, "</section>\n");
}

static void
put_about(struct buf *out, const struct ledger_answer *answer)
{
    char text[SHOWN];
    char from[CLOCK_TEXT + 8];
    char to[CLOCK_TEXT + 8];
    HTML(out,
        "<section class=\"about-it\" aria-labelledby=\"about\"><h1 id=\"about\">Who viewed the "
        "camera <bdi>{}</bdi></h1>",
        clean(answer->camera, text));
    HTML(out, "<p>From {} to {}, by what the log recorded. ", time_text(answer->from, from),
        time_text(answer->to, to));
    HTML(out, "Made {}; why: <bdi>{}</bdi></p>", time_text(answer->made, from),
        clean(answer->reason, text));
    if (answer->pruned != 0) {
        (void)snprintf(text, sizeof(text), "%" PRIu64, answer->pruned);
        HTML(out,
            "<p class=\"banner\" role=\"note\">Entries below {} are no longer kept, by policy: "
            "what was viewed before them can't be told.</p>",
            text);
    }
    buf_text(out, "<h2>In that time</h2>");
    put_persons(out, answer, false, "Nobody viewed it in that time.");
    buf_text(out, "</section>\n");
}

void
ledger_answer_page(const struct ledger_answer *answer, struct buf *out)
{
    static const struct shell_link links[] = {
        {"about", "Who viewed it",   true},
        {"seen",  "Recordings",      true},
        {"check", "How to check it", true}
    };
    shell_begin(out, &(struct shell_top){
                         .title = "Who viewed this camera",
                         .site = answer->origin,
                         .what = "answer to a person who was filmed",
                         .at = answer->made,
                         .links = links,
                         .link_count = COUNT(links),
                         .is_still = true,
                     });
    put_about(out, answer);
    put_seen(out, answer);
    put_proofs(out, answer);
    shell_end_still(out);
}
