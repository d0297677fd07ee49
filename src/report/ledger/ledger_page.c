/* The report over the ledger as a page: first what deserves a look, then the numbers behind it. */
#include "report/ledger/ledger_report.h"

#include "base/clock.h"
#include "base/text.h"
#include "report/html/shell.h"
#include "report/ledger/ledger_pictures.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ROWS 40 /* of a table; JSON has all */

/* "2026-11-23 02:14", in the zone of the report. */
static const char *
local_time(const struct tally *tally, int64_t time, char out[CLOCK_TEXT])
{
    (void)clock_text(time + (int64_t)tally->settings.zone * 60000, out);
    out[16] = '\0';
    out[10] = ' ';
    return out;
}

/* Whole days are told by their dates, the last one included. */
static const char *
range_text(const struct tally *tally, char out[3 * CLOCK_TEXT])
{
    int64_t zone = (int64_t)tally->settings.zone * 60000;
    int64_t from = tally->settings.from + zone;
    int64_t to = tally->settings.to + zone;
    char first[CLOCK_TEXT];
    char last[CLOCK_TEXT];
    if (from % CLOCK_DAY == 0 && to % CLOCK_DAY == 0) {
        (void)clock_date(from, first);
        (void)clock_date(to - 1, last);
    } else {
        (void)local_time(tally, tally->settings.from, first);
        (void)local_time(tally, tally->settings.to, last);
    }
    (void)snprintf(
        out, (size_t)3 * CLOCK_TEXT, text_equal(first, last) ? "%s" : "%s to %s", first, last);
    return out;
}

static const char *
zone_text(const struct tally *tally, char out[WORDS_NUMBER])
{
    int zone = tally->settings.zone;
    int size = zone < 0 ? -zone : zone;
    if (zone == 0) {
        (void)text_copy(out, WORDS_NUMBER, "UTC");
    } else {
        (void)snprintf(
            out, WORDS_NUMBER, "UTC%c%02d:%02d", zone < 0 ? '-' : '+', size / 60, size % 60);
    }
    return out;
}

static const char *
number(uint64_t value, char out[WORDS_NUMBER])
{
    return words_count(value, out);
}

static void
put_tile(struct buf *out, const struct tally *tally, enum tally_sum sum, const char *label)
{
    char now[LEDGER_NUMBER];
    char usual[LEDGER_NUMBER];
    int64_t median = tally_median(tally, &tally->all, sum);
    HTML(out, "<li><strong>{}</strong> <span>{}</span> ",
        ledger_pictures_number(sum, tally->all.now.of[sum], now), label);
    if (median >= 0) {
        HTML(out, "<small>usual {}</small></li>", ledger_pictures_number(sum, median, usual));
    } else {
        buf_text(out, "<small>nothing before</small></li>");
    }
}

static void
put_tiles(struct buf *out, const struct tally *tally)
{
    static const struct {
        enum tally_sum sum;
        const char *label;
    } tiles[] = {
        {TALLY_VIEWS,     "views"            },
        {TALLY_WATCH_MS,  "watched"          },
        {TALLY_SNAPSHOTS, "pictures"         },
        {TALLY_EXPORTS,   "exports"          },
        {TALLY_REFUSED,   "refused or failed"},
        {TALLY_FAILURES,  "failed log-ins"   },
    };
    buf_text(out, "<ul class=\"tiles\">");
    for (size_t i = 0; i < COUNT(tiles); i++) {
        put_tile(out, tally, tiles[i].sum, tiles[i].label);
    }
    buf_text(out, "</ul>");
}

static void
put_events(struct buf *out, const struct tally *tally, const struct hit *hit)
{
    char text[CLOCK_TEXT];
    char count[WORDS_NUMBER];
    char index[WORDS_NUMBER];
    size_t shown = hit->marks.count < TALLY_MARKS ? (size_t)hit->marks.count : TALLY_MARKS;
    if (shown == 0) {
        return;
    }
    HTML(out, "<details><summary>{} of {} events</summary><ul class=\"marks\">",
        number(shown, count), number(hit->marks.count, index));
    for (size_t i = 0; i < shown; i++) {
        const struct tally_mark *mark = &hit->marks.first[i];
        (void)snprintf(index, sizeof(index), "%" PRIu64, mark->index);
        HTML(out, "<li>{} <span>entry {}</span> <code>{}</code></li>",
            local_time(tally, mark->time, text), index, mark->id);
    }
    buf_text(out, "</ul></details>");
}

static void
put_hit(struct buf *out, const struct tally *tally, const struct hit *hit, size_t place)
{
    const struct pattern_row *row = &pattern_rows[hit->pattern];
    char count[WORDS_NUMBER];
    HTML(out, "<li class=\"look\"><span class=\"number\">{}</span><div><h3>", number(place, count));
    if (hit->user != NULL || hit->address != NULL) {
        HTML(out, "<bdi>{}</bdi>", hit->user != NULL ? hit->user : hit->address);
    }
    if (hit->camera != NULL) {
        HTML(out, ", camera <bdi>{}</bdi>", hit->camera);
    }
    HTML(out, "</h3><p class=\"what\">{}</p><p>{}</p><p class=\"quiet\">May be harmless: {}.</p>",
        row->words, hit->words, row->innocent);
    HTML(out, "<p><code>{}</code></p>", hit->look);
    put_events(out, tally, hit);
    buf_text(out, "</div></li>");
}

/* A pattern that was found more often than it has rows. */
static void
put_more(struct buf *out, const struct hits *hits)
{
    char count[WORDS_NUMBER];
    for (size_t i = 0; i < PATTERNS; i++) {
        if (hits->found[i] > HITS_PER_PATTERN) {
            HTML(out, "<p class=\"quiet\">{}: {} more, not shown.</p>", pattern_rows[i].words,
                number(hits->found[i] - HITS_PER_PATTERN, count));
        }
    }
}

static void
put_head(struct buf *out, const struct ledger_report *report)
{
    const struct tally *tally = report->tally;
    char count[WORDS_NUMBER];
    char users[WORDS_NUMBER];
    char cameras[WORDS_NUMBER];
    char zone[WORDS_NUMBER];
    char range[3 * CLOCK_TEXT];
    size_t hits = report->hits->count;
    HTML(out, "<section id=\"look\"><h1>{}{}</h1>", hits == 0 ? "" : number(hits, count),
        hits == 0   ? "Nothing stands out"
        : hits == 1 ? " thing deserves a look"
                    : " things deserve a look");
    HTML(out,
        "<p class=\"cap\">{} ({})</p><p class=\"quiet\">{} events of {} accounts on {} "
        "cameras",
        range_text(tally, range), zone_text(tally, zone), number(tally->events, count),
        number(tally->users_known.count, users), number(tally->cameras_known.count, cameras));
    if (tally->before_count == 0) {
        buf_text(out, "; the ledger knows no such time before, so nothing is compared.</p>");
    } else {
        HTML(out, "; \xe2\x80\x9cusual\xe2\x80\x9d is the middle of {} such times before.</p>",
            number(tally->before_count, count));
    }
    put_tiles(out, tally);
    if (hits != 0) {
        buf_text(out, "<p class=\"banner\">These are questions, not answers: each has harmless "
                      "reasons, and only who knows the site can tell.</p><ol class=\"looks\">");
        for (size_t i = 0; i < hits; i++) {
            put_hit(out, tally, &report->hits->rows[i], i + 1);
        }
        buf_text(out, "</ol>");
        put_more(out, report->hits);
    }
    buf_text(out, "</section>\n");
}

static void
put_pictures(struct buf *out, const struct tally *tally)
{
    const struct ledger_bars users = {tally, &tally->users[0].row, tally->user_count,
        sizeof(tally->users[0]), TALLY_WATCH_MS, "Time watched by account"};
    const struct ledger_bars cameras = {tally, tally->cameras, tally->camera_count,
        sizeof(tally->cameras[0]), TALLY_WATCH_MS, "Time watched by camera"};
    buf_text(out, "<section id=\"pictures\"><h2>When, who, what</h2><figure><figcaption>Time "
                  "watched, by hour and weekday</figcaption>");
    ledger_pictures_heat(out, tally);
    buf_text(out, "</figure><div class=\"plots\"><figure><figcaption>Time watched by account "
                  "<span>the tick is what is usual</span></figcaption>");
    ledger_pictures_bars(out, &users);
    buf_text(out, "</figure><figure><figcaption>Time watched by camera <span>the tick is what is "
                  "usual</span></figcaption>");
    ledger_pictures_bars(out, &cameras);
    buf_text(out, "</figure><figure><figcaption>Views, time by time</figcaption>");
    ledger_pictures_line(out, tally, TALLY_VIEWS);
    buf_text(out, "</figure><figure><figcaption>Exports, time by time</figcaption>");
    ledger_pictures_line(out, tally, TALLY_EXPORTS);
    buf_text(out, "</figure></div></section>\n");
}

static const struct {
    enum tally_sum sum;
    const char *head;
} columns[] = {
    {TALLY_VIEWS,        "Views"     },
    {TALLY_WATCH_MS,     "Watched"   },
    {TALLY_RECORDING_MS, "Recordings"},
    {TALLY_SNAPSHOTS,    "Pictures"  },
    {TALLY_EXPORTS,      "Exports"   },
    {TALLY_REFUSED,      "Refused"   },
    {TALLY_LOGINS,       "Log-ins"   },
    {TALLY_FAILURES,     "Failed"    },
    {TALLY_BYTES,        "Data"      },
};

static void
put_cells(struct buf *out, const struct tally *tally, const struct tally_row *row,
    const struct tally_sums *sums)
{
    for (size_t i = 0; i < COUNT(columns); i++) {
        char text[LEDGER_NUMBER];
        int64_t value = sums->of[columns[i].sum];
        int64_t usual = row == NULL ? -1 : tally_median(tally, row, columns[i].sum);
        HTML(out, "<td data-label=\"{}\">{}", columns[i].head,
            value == 0 ? "\xe2\x80\x93" : ledger_pictures_number(columns[i].sum, value, text));
        if (usual > 0 || (usual == 0 && value != 0)) {
            HTML(out, " <small>usual {}</small>",
                ledger_pictures_number(columns[i].sum, usual, text));
        }
        buf_text(out, "</td>");
    }
    buf_text(out, "</tr>");
}

static void
begin_table(struct buf *out, const char *id, const char *title, const char *first)
{
    HTML(out,
        "<section id=\"{}\"><h2>{}</h2><table class=\"cards sums\"><thead><tr><th scope=\"col\">{}"
        "</th>",
        id, title, first);
    for (size_t i = 0; i < COUNT(columns); i++) {
        HTML(out, "<th scope=\"col\">{}</th>", columns[i].head);
    }
    buf_text(out, "</tr></thead><tbody>");
}

static void
put_row(struct buf *out, const struct tally *tally, const struct tally_row *row)
{
    HTML(out, "<tr><th scope=\"row\"><bdi>{}</bdi></th>", row->shown);
    put_cells(out, tally, row, &row->now);
}

static bool
has_numbers(const struct tally_row *row)
{
    for (size_t i = 0; i < COUNT(columns); i++) {
        if (row->now.of[columns[i].sum] != 0) {
            return true;
        }
    }
    return false;
}

static void
put_rest(struct buf *out, const struct tally *tally, const struct tally_row *others, size_t count)
{
    char text[WORDS_NUMBER];
    if (has_numbers(others)) {
        put_row(out, tally, others);
    }
    buf_text(out, "</tbody></table>");
    if (count > ROWS) {
        HTML(out, "<p class=\"quiet\">The {} busiest; the JSON form has more.</p>",
            number(ROWS, text));
    }
    buf_text(out, "</section>\n");
}

static void
put_tables(struct buf *out, const struct tally *tally)
{
    begin_table(out, "accounts", "By account", "Account");
    put_row(out, tally, &tally->all);
    for (size_t i = 0; i < tally->user_count && i < ROWS; i++) {
        put_row(out, tally, &tally->users[i].row);
    }
    put_rest(out, tally, &tally->users[TALLY_USERS].row, tally->user_count);
    begin_table(out, "cameras", "By camera", "Camera");
    for (size_t i = 0; i < tally->camera_count && i < ROWS; i++) {
        put_row(out, tally, &tally->cameras[i]);
    }
    put_rest(out, tally, &tally->cameras[TALLY_CAMERAS], tally->camera_count);
    begin_table(out, "days", "Day by day", "Day");
    int64_t first = tally_moment(tally, tally->settings.from).day;
    for (size_t i = 0; i < tally->day_count; i++) {
        static const char *const names[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
        char date[CLOCK_TEXT];
        int64_t day = first + (int64_t)i;
        HTML(out, "<tr><th scope=\"row\">{} {}</th>", names[((day + 3) % 7 + 7) % 7],
            clock_date(day * CLOCK_DAY, date));
        put_cells(out, tally, NULL, &tally->days[i]);
    }
    buf_text(out, "</tbody></table></section>\n");
}

static void
put_patterns(struct buf *out, const struct hits *hits)
{
    buf_text(out, "<section id=\"patterns\"><h2>What was looked for</h2><table class=\"cards "
                  "patterns\"><thead><tr><th scope=\"col\">Pattern</th><th scope=\"col\">Found</th>"
                  "<th scope=\"col\">What is compared</th><th scope=\"col\">Told from</th></tr>"
                  "</thead><tbody>");
    for (size_t i = 0; i < PATTERNS; i++) {
        char text[WORDS_NUMBER];
        const struct pattern_row *row = &pattern_rows[i];
        HTML(out,
            "<tr><th scope=\"row\">{}</th><td data-label=\"Found\">{}</td><td data-label=\"What is "
            "compared\">{}</td><td data-label=\"Told from\">{}</td></tr>",
            row->words,
            hits->found[i] != 0  ? number(hits->found[i], text)
            : hits->is_judged[i] ? "nothing"
                                 : "not known: nothing to compare with",
            row->compares, row->threshold);
    }
    buf_text(out, "</tbody></table></section>\n");
}

static void
put_about(struct buf *out, const struct ledger_report *report)
{
    const struct tally *tally = report->tally;
    char text[WORDS_NUMBER];
    size_t users = tally->users_known.count - tally->user_count;
    size_t cameras = tally->cameras_known.count - tally->camera_count;
    HTML(out,
        "<section id=\"about\"><h2>About these numbers</h2><ul class=\"about\">"
        "<li>Ledger: <code>{}</code>. That this report was made is an event in it.</li>",
        report->folder);
    HTML(out,
        "<li>{} views have no recorded end (still on, or cut off): their time is not known and "
        "not counted.</li>",
        number(
            tally->all.now.of[TALLY_OPEN] < 0 ? 0 : (uint64_t)tally->all.now.of[TALLY_OPEN], text));
    buf_text(out,
        "<li>A view of several cameras counts for each of them. An act is a view, a picture "
        "or an export.</li><li>A name that begins with <code>sealed:</code> is the mark of "
        "a person whose name is sealed and whose key is not here; it is the same for a "
        "year.</li>");
    if (users != 0 || cameras != 0 || tally->users_known.unnamed != 0) {
        HTML(out, "<li>{} accounts ", number(users, text));
        HTML(out,
            "and {} cameras have no row of their own: they are in the line \xe2\x80\x9cothers"
            "\xe2\x80\x9d, and no pattern is looked for in it.</li>",
            number(cameras, text));
    }
    if (tally->strange != 0) {
        HTML(out, "<li>{} entries are no events.</li>", number(tally->strange, text));
    }
    if (tally->reads_lost != 0) {
        HTML(out, "<li>{} readings of the ledger were too many different ones to be compared.</li>",
            number(tally->reads_lost, text));
    }
    buf_text(out, "</ul></section>\n");
}

enum err
ledger_page_write(const struct ledger_report *report, struct buf *out)
{
    static const struct shell_link links[] = {
        {"look",     "To look at", true},
        {"pictures", "Pictures",   true},
        {"accounts", "Accounts",   true},
        {"cameras",  "Cameras",    true},
        {"days",     "Days",       true},
        {"patterns", "Patterns",   true},
    };
    const struct shell_top top = {
        .title = "Who watched what",
        .what = report->is_week ? "who watched what, the week" : "who watched what",
        .at = report->now,
        .links = links,
        .link_count = COUNT(links),
        .is_still = true,
    };
    shell_begin(out, &top);
    put_head(out, report);
    put_pictures(out, report->tally);
    put_tables(out, report->tally);
    put_patterns(out, report->hits);
    put_about(out, report);
    shell_end_still(out);
    return buf_error(out);
}
