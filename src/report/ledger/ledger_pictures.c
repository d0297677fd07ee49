/* Heat map, line and bars. */
#include "report/ledger/ledger_pictures.h"

#include "base/clock.h"
#include "base/text.h"
#include "report/html/markup.h"

#include <inttypes.h>
#include <stdio.h>

#define CELL_W 28
#define CELL_H 24
#define LEFT   44
#define LEVELS 5
#define BARS   8
#define BAR_H  30
#define BAR_X  170
#define BAR_W  240
#define NAME   22 /* characters of a name beside a bar */

static const char *const weekdays[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

static const char *
bytes_text(int64_t bytes, char out[LEDGER_NUMBER])
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB"};
    double value = (double)bytes;
    size_t unit = 0;
    while (value >= 1000 && unit + 1 < COUNT(units)) {
        value /= 1000;
        unit++;
    }
    (void)snprintf(
        out, LEDGER_NUMBER, unit == 0 || value >= 100 ? "%.0f %s" : "%.1f %s", value, units[unit]);
    return out;
}

const char *
ledger_pictures_number(enum tally_sum sum, int64_t value, char out[LEDGER_NUMBER])
{
    value = value < 0 ? 0 : value;
    if (sum == TALLY_BYTES) {
        return bytes_text(value, out);
    }
    if (sum == TALLY_WATCH_MS || sum == TALLY_RECORDING_MS) {
        double hours = (double)value / (double)TALLY_HOUR;
        if (value != 0 && hours < 1) {
            (void)snprintf(out, LEDGER_NUMBER, "%.0f min", hours * 60);
        } else {
            (void)snprintf(
                out, LEDGER_NUMBER, hours >= 100 || value == 0 ? "%.0f h" : "%.1f h", hours);
        }
        return out;
    }
    char number[WORDS_NUMBER];
    (void)text_copy(out, LEDGER_NUMBER, words_count((uint64_t)value, number));
    return out;
}

/* Where a value lies between 0 and size, most being at size. */
static int64_t
scaled(int64_t value, int size, int64_t most)
{
    double part = (double)(value < 0 ? 0 : value) / (double)most;
    return (int64_t)((part > 1 ? 1 : part) * size);
}

static int64_t
hottest(const struct tally *tally)
{
    int64_t most = 1;
    for (size_t day = 0; day < 7; day++) {
        for (size_t hour = 0; hour < 24; hour++) {
            most = tally->heat[day][hour] > most ? tally->heat[day][hour] : most;
        }
    }
    return most;
}

static void
put_cell(struct buf *out, const struct tally *tally, size_t day, size_t hour, int64_t most)
{
    char title[64];
    char number[LEDGER_NUMBER];
    int64_t value = tally->heat[day][hour];
    int level = value == 0 ? 0 : 1 + (int)scaled(value, LEVELS - 1, most);
    (void)snprintf(title, sizeof(title), "%s %02zu:00: %s", weekdays[day], hour,
        ledger_pictures_number(TALLY_WATCH_MS, value, number));
    buf_format(out,
        "<rect class=\"h%d\" x=\"%zu\" y=\"%zu\" width=\"%d\" height=\"%d\" "
        "rx=\"4\"><title>%s</title>"
        "</rect>",
        level, LEFT + hour * CELL_W, day * CELL_H, CELL_W - 3, CELL_H - 3, title);
}

void
ledger_pictures_heat(struct buf *out, const struct tally *tally)
{
    int64_t most = hottest(tally);
    buf_format(out,
        "<svg class=\"plot\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"Time watched by hour "
        "of "
        "the day and day of the week\">",
        LEFT + 24 * CELL_W, 7 * CELL_H + 22);
    for (size_t day = 0; day < 7; day++) {
        buf_format(out, "<text x=\"0\" y=\"%zu\">%s</text>", day * CELL_H + 15, weekdays[day]);
        for (size_t hour = 0; hour < 24; hour++) {
            put_cell(out, tally, day, hour, most);
        }
    }
    for (size_t hour = 0; hour < 24; hour += 3) {
        buf_format(out, "<text x=\"%zu\" y=\"%d\">%02zu:00</text>", LEFT + hour * CELL_W,
            7 * CELL_H + 16, hour);
    }
    buf_text(out, "</svg>");
    char number[LEDGER_NUMBER];
    buf_text(out, "<p class=\"scale\"><span>nothing</span><svg viewBox=\"0 0 132 16\" "
                  "aria-hidden=\"true\">");
    for (int level = 0; level <= LEVELS; level++) {
        buf_format(out,
            "<rect class=\"h%d\" x=\"%d\" y=\"0\" width=\"20\" height=\"16\" rx=\"4\"/>", level,
            level * 22);
    }
    HTML(out, "</svg><span>{} in that hour of the day</span></p>",
        ledger_pictures_number(TALLY_WATCH_MS, most == 1 ? 0 : most, number));
}

#define LINE_W 420
#define LINE_H 120

/* Values from the oldest time to this one. */
static size_t
line_values(const struct tally *tally, enum tally_sum sum, int64_t values[TALLY_BEFORE + 1])
{
    size_t count = 0;
    for (size_t i = tally->before_count; i-- > 0;) {
        values[count++] = tally->all.before[i].of[sum];
    }
    values[count++] = tally->all.now.of[sum];
    return count;
}

void
ledger_pictures_line(struct buf *out, const struct tally *tally, enum tally_sum sum)
{
    int64_t values[TALLY_BEFORE + 1];
    size_t count = line_values(tally, sum, values);
    int64_t most = 1;
    for (size_t i = 0; i < count; i++) {
        most = values[i] > most ? values[i] : most;
    }
    size_t step = count > 1 ? (LINE_W - 60) / (count - 1) : 0;
    buf_format(out,
        "<svg class=\"plot\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"Week by week\">"
        "<line class=\"axis\" x1=\"20\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/><polyline class=\"line\" "
        "points=\"",
        LINE_W, LINE_H + 46, LINE_H + 18, LINE_W - 20, LINE_H + 18);
    for (size_t i = 0; i < count; i++) {
        buf_format(out, "%zu,%" PRId64 " ", 30 + i * step,
            LINE_H + 18 - scaled(values[i], LINE_H - 14, most));
    }
    buf_text(out, "\"/>");
    for (size_t i = 0; i < count; i++) {
        char number[LEDGER_NUMBER];
        char date[CLOCK_TEXT];
        int64_t y = LINE_H + 18 - scaled(values[i], LINE_H - 14, most);
        size_t x = 30 + i * step;
        bool is_last = i + 1 == count;
        int64_t shift = (int64_t)(count - 1 - i) * tally->step;
        (void)clock_date(
            tally->settings.from - shift + (int64_t)tally->settings.zone * 60000, date);
        buf_format(out, "<circle class=\"%s\" cx=\"%zu\" cy=\"%" PRId64 "\" r=\"%d\"><title>",
            is_last ? "point now" : "point", x, y, is_last ? 6 : 4);
        HTML(out, "From {}: {}</title></circle>", date,
            ledger_pictures_number(sum, values[i], number));
        buf_format(out, "<text class=\"middle%s\" x=\"%zu\" y=\"%" PRId64 "\">",
            is_last ? " strong" : "", x, y - 9);
        HTML(out, "{}</text>", number);
        if (is_last || (count - 1 - i) % 2 == 0) {
            buf_format(out, "<text class=\"middle\" x=\"%zu\" y=\"%d\">", x, LINE_H + 38);
            HTML(out, "{}</text>", date + 5);
        }
    }
    buf_text(out, "</svg>");
}

static const struct tally_row *
bar_row(const struct ledger_bars *bars, size_t at)
{
    return (const struct tally_row *)(const void *)((const char *)bars->rows + at * bars->stride);
}

/* At most NAME characters, the last one a mark that something is cut. */
static void
cut_name(char out[4 * NAME + 4], const char *name)
{
    size_t at = 0;
    size_t chars = 0;
    while (name[at] != '\0' && (chars < NAME || ((uint8_t)name[at] & 0xc0) == 0x80)) {
        chars += ((uint8_t)name[at] & 0xc0) != 0x80 ? 1 : 0;
        at++;
        if (chars == NAME && name[at] != '\0' && ((uint8_t)name[at] & 0xc0) != 0x80) {
            break;
        }
    }
    const size_t most = (size_t)4 * NAME;
    size_t len = at < most ? at : most;
    (void)snprintf(
        out, 4 * NAME + 4, "%.*s%s", (int)len, name, name[at] == '\0' ? "" : "\xe2\x80\xa6");
}

/* The rows with the largest numbers, largest first; how many. */
static size_t
largest(const struct ledger_bars *bars, size_t out[BARS])
{
    size_t count = 0;
    for (size_t i = 0; i < bars->count; i++) {
        int64_t value = bar_row(bars, i)->now.of[bars->sum];
        size_t at = count;
        while (at > 0 && bar_row(bars, out[at - 1])->now.of[bars->sum] < value) {
            at--;
        }
        if (at == BARS || value == 0) {
            continue;
        }
        count += count < BARS ? 1 : 0;
        for (size_t j = count - 1; j > at; j--) {
            out[j] = out[j - 1];
        }
        out[at] = i;
    }
    return count;
}

static void
put_bar(struct buf *out, const struct ledger_bars *bars, size_t place, const struct tally_row *row,
    int64_t most)
{
    char name[4 * NAME + 4];
    char number[LEDGER_NUMBER];
    char usual_text[LEDGER_NUMBER];
    int64_t value = row->now.of[bars->sum];
    int64_t usual = tally_median(bars->tally, row, bars->sum);
    int64_t width = scaled(value, BAR_W, most);
    size_t y = place * BAR_H;
    cut_name(name, row->shown);
    buf_format(out, "<text x=\"0\" y=\"%zu\">", y + 17);
    HTML(out, "{}<title>{}</title></text>", name, row->shown);
    buf_format(out,
        "<rect class=\"rod\" x=\"%d\" y=\"%zu\" width=\"%" PRId64 "\" height=\"18\" rx=\"4\"/>",
        BAR_X, y + 4, width < 2 ? 2 : width);
    if (usual >= 0) {
        int64_t at = BAR_X + scaled(usual, BAR_W, most);
        buf_format(out,
            "<rect class=\"usual\" x=\"%" PRId64 "\" y=\"%zu\" width=\"5\" height=\"24\"/>", at - 2,
            y + 1);
    }
    buf_format(out, "<text class=\"strong\" x=\"%d\" y=\"%zu\">", BAR_X + BAR_W + 10, y + 17);
    HTML(out, "{}<title>{}</title></text>", ledger_pictures_number(bars->sum, value, number),
        usual < 0 ? "no weeks before" : ledger_pictures_number(bars->sum, usual, usual_text));
}

void
ledger_pictures_bars(struct buf *out, const struct ledger_bars *bars)
{
    size_t rows[BARS];
    size_t count = largest(bars, rows);
    int64_t most = 1;
    for (size_t i = 0; i < count; i++) {
        const struct tally_row *row = bar_row(bars, rows[i]);
        int64_t usual = tally_median(bars->tally, row, bars->sum);
        most = row->now.of[bars->sum] > most ? row->now.of[bars->sum] : most;
        most = usual > most ? usual : most;
    }
    if (count == 0) {
        buf_text(out, "<p class=\"quiet\">Nothing in this time.</p>");
        return;
    }
    buf_format(out, "<svg class=\"plot\" viewBox=\"0 0 %d %zu\" role=\"img\" aria-label=\"",
        BAR_X + BAR_W + 75, count * BAR_H);
    HTML(out, "{}\">", bars->label);
    for (size_t i = 0; i < count; i++) {
        put_bar(out, bars, i, bar_row(bars, rows[i]), most);
    }
    buf_text(out, "</svg>");
}
