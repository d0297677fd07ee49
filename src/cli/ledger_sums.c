/* The answers of --watched and --totals. */
#include "base/text.h"
#include "cli/ledger_found.h"
#include "codec/csv.h"
#include "ledger/when.h"
#include "report/width.h"

#include <inttypes.h>
#include <string.h>

#define TOP 20 /* values of a kind that people are shown */

static const char *const level_names[] = {
    [WATCHED_ADDRESS] = "address",
    [WATCHED_USER] = "user",
    [WATCHED_ALL] = "all",
};

static void
put_range(struct buf *out, const struct query *query)
{
    if (query->from != INT64_MIN) {
        buf_text(out, ", from ");
        found_put_time(out, query->from);
    }
    if (query->to != INT64_MAX) {
        buf_text(out, ", before ");
        found_put_time(out, query->to);
    }
}

static void
put_name(struct buf *out, const struct watched_row *row)
{
    if (row->level == WATCHED_ALL) {
        buf_text(out, "Everybody");
        return;
    }
    found_put_text(out, &row->user);
    buf_text(out, row->level == WATCHED_USER ? ", all addresses" : " from ");
    if (row->level == WATCHED_ADDRESS) {
        found_put_text(out, &row->ip);
    }
}

static void
put_views(struct buf *out, const struct watched_row *row)
{
    char length[WHEN_LENGTH];
    if (row->views == 0 && row->before == 0 && row->level == WATCHED_ALL) {
        buf_text(out, "    watched   by nobody, as far as the ledger says\n");
        return;
    }
    buf_format(out, "    watched   %" PRIu64 " view%s", row->views, row->views == 1 ? "" : "s");
    if (row->views != row->open) {
        buf_format(out, ", %s in all", when_length(row->total_ms, length));
        if (row->wall_ms != row->total_ms) {
            buf_format(
                out, ", some at the same time: %s by the clock", when_length(row->wall_ms, length));
        }
    }
    buf_text(out, "\n");
    if (row->open != 0) {
        buf_format(out,
            "    unknown   %" PRIu64
            " of them without a recorded end (on, or cut off): not counted\n",
            row->open);
    }
}

static void
put_watched_row(struct buf *out, const struct watched_row *row)
{
    char length[WHEN_LENGTH];
    put_name(out, row);
    buf_text(out, "\n");
    put_views(out, row);
    if (row->before != 0) {
        buf_format(out,
            "    unknown   %" PRIu64
            " more, begun up to a day before, have no end: perhaps still on\n",
            row->before);
    }
    if (row->recording_from != LOGGED_NONE) {
        buf_format(
            out, "    recording %s played, between ", when_length(row->recording_ms, length));
        found_put_time(out, row->recording_from);
        buf_text(out, " and ");
        found_put_time(out, row->recording_to);
        buf_text(out, "\n");
    }
    if (row->snapshots != 0 || row->exports != 0 || row->refused != 0) {
        buf_format(out,
            "    took      %" PRIu64 " pictures, %" PRIu64 " exports; refused or failed: %" PRIu64
            "\n",
            row->snapshots, row->exports, row->refused);
    }
    if (row->first <= row->last) {
        buf_text(out, "    moved     ");
        found_put_bytes(out, row->bytes);
        buf_text(out, " by whole views\n    first     ");
        found_put_time(out, row->first);
        buf_text(out, "\n    last      ");
        found_put_time(out, row->last);
        buf_text(out, "\n");
    }
    buf_text(out, "\n");
}

/* The numbers of a row, for both forms that programs read. */
static const struct {
    const char *name;
    size_t offset;
    bool is_time;
} watched_columns[] = {
#define COLUMN(name, is_time)                                                                      \
    {                                                                                              \
#name, offsetof(struct watched_row, name), is_time                                         \
    }
    COLUMN(views, false),
    COLUMN(open, false),
    COLUMN(before, false),
    COLUMN(total_ms, false),
    COLUMN(wall_ms, false),
    COLUMN(recording_ms, false),
    COLUMN(recording_from, true),
    COLUMN(recording_to, true),
    COLUMN(bytes, false),
    COLUMN(snapshots, false),
    COLUMN(exports, false),
    COLUMN(refused, false),
    COLUMN(first, true),
    COLUMN(last, true),
#undef COLUMN
};

/* Counts are unsigned, but none is large enough to differ. */
static int64_t
column(const struct watched_row *row, size_t i)
{
    int64_t value = 0;
    memcpy(&value, (const char *)row + watched_columns[i].offset, sizeof(value));
    bool empty = watched_columns[i].is_time && (value == INT64_MAX || value == INT64_MIN);
    return empty ? LOGGED_NONE : value;
}

static void
put_watched_json(struct buf *out, const struct watched_row *row)
{
    buf_format(out, "{\"level\":\"%s\",\"user\":", level_names[row->level]);
    found_put_json(out, &row->user);
    buf_text(out, ",\"ip\":");
    found_put_json(out, &row->ip);
    for (size_t i = 0; i < COUNT(watched_columns); i++) {
        buf_format(out, ",\"%s\":", watched_columns[i].name);
        if (watched_columns[i].is_time) {
            found_put_json_time(out, column(row, i));
        } else {
            buf_format(out, "%" PRId64, column(row, i));
        }
    }
    buf_text(out, "}\n");
}

static void
put_watched_csv(struct buf *out, const struct watched_row *row)
{
    csv_text(out, level_names[row->level]);
    buf_text(out, ",");
    csv_cell(out, row->user.bytes == NULL ? "" : row->user.bytes, row->user.len);
    buf_text(out, ",");
    csv_cell(out, row->ip.bytes == NULL ? "" : row->ip.bytes, row->ip.len);
    for (size_t i = 0; i < COUNT(watched_columns); i++) {
        char text[CLOCK_TEXT];
        int64_t value = column(row, i);
        buf_text(out, ",");
        if (!watched_columns[i].is_time) {
            buf_format(out, "%" PRId64, value);
        } else if (value != LOGGED_NONE) {
            csv_text(out, clock_text(value, text));
        }
    }
    buf_text(out, "\r\n");
}

static void
put_watched_head(struct found *found, const struct query *query)
{
    struct buf *out = &found->line;
    if (found->format == FOUND_CSV) {
        buf_text(out, "level,user,ip");
        for (size_t i = 0; i < COUNT(watched_columns); i++) {
            buf_format(out, ",%s", watched_columns[i].name);
        }
        buf_text(out, "\r\n");
    } else if (found->format == FOUND_TEXT) {
        const char *camera = query->parts[QUERY_CAMERA];
        buf_text(out, "Who watched ");
        if (camera != NULL) {
            found_put_text(out, &(struct event_text){camera, strlen(camera)});
        } else {
            buf_text(out, "any camera");
        }
        put_range(out, query);
        buf_text(out, "\n(times are UTC; views that reach beyond are cut)\n\n");
    }
}

enum err
found_watched(
    struct found *found, const struct query *query, const struct watched_row *rows, size_t count)
{
    put_watched_head(found, query);
    for (size_t i = 0; i < count; i++) {
        if (found->format == FOUND_TEXT) {
            put_watched_row(&found->line, &rows[i]);
        } else if (found->format == FOUND_JSON) {
            put_watched_json(&found->line, &rows[i]);
        } else {
            put_watched_csv(&found->line, &rows[i]);
        }
        if (!found_flush(found)) {
            return ERR_IO;
        }
    }
    return OK;
}

static void
put_sum(struct found *found, const struct totals_sum *sum)
{
    struct buf *out = &found->line;
    bool any = sum->first <= sum->last;
    int64_t first = any ? sum->first : LOGGED_NONE;
    int64_t last = any ? sum->last : LOGGED_NONE;
    if (found->format == FOUND_JSON) {
        buf_format(out,
            "{\"kind\":\"all\",\"value\":null,\"events\":%" PRIu64 ",\"bytes\":%" PRId64
            ",\"not_events\":%" PRIu64 ",\"first\":",
            sum->events, sum->bytes, sum->strange);
        found_put_json_time(out, first);
        buf_text(out, ",\"last\":");
        found_put_json_time(out, last);
        buf_text(out, "}\n");
    } else if (found->format == FOUND_CSV) {
        buf_format(out, "kind,value,events,bytes\r\nall,,%" PRIu64 ",%" PRId64 "\r\n", sum->events,
            sum->bytes);
    } else {
        buf_format(out, "%" PRIu64 " events, ", sum->events);
        found_put_bytes(out, sum->bytes);
        buf_text(out, ", first ");
        found_put_time(out, first);
        buf_text(out, ", last ");
        found_put_time(out, last);
        buf_text(out, " (UTC)\n");
        if (sum->strange != 0) {
            buf_format(out, "%" PRIu64 " entries are no events\n", sum->strange);
        }
    }
}

static void
put_total(struct found *found, const struct totals_row *row, size_t place)
{
    struct buf *out = &found->line;
    if (found->format == FOUND_JSON) {
        buf_format(out, "{\"kind\":\"%s\",\"value\":", totals_name(row->kind));
        found_put_json(out, &row->value);
        buf_format(
            out, ",\"events\":%" PRIu64 ",\"bytes\":%" PRId64 "}\n", row->events, row->bytes);
    } else if (found->format == FOUND_CSV) {
        buf_format(out, "%s,", totals_name(row->kind));
        csv_cell(out, row->value.bytes, row->value.len);
        buf_format(out, ",%" PRIu64 ",%" PRId64 "\r\n", row->events, row->bytes);
    } else if (place < TOP) {
        buf_format(out, "%s%-8s %12" PRIu64 "  ", place == 0 ? "\n" : "",
            place == 0 ? totals_name(row->kind) : "", row->events);
        found_put_text(out, &row->value);
        if (row->bytes != 0) {
            buf_text(out, "  ");
            found_put_bytes(out, row->bytes);
        }
        buf_text(out, "\n");
    } else if (place == TOP) {
        buf_format(out, "%-8s %12s  more: --format csv has all\n", "", "...");
    }
}

enum err
found_totals(struct found *found, const struct found_totals *totals)
{
    size_t place = 0;
    put_sum(found, totals->sum);
    for (size_t i = 0; i < totals->count; i++) {
        const struct totals_row *row = &totals->rows[i];
        place = i != 0 && totals->rows[i - 1].kind == row->kind ? place + 1 : 0;
        put_total(found, row, place);
        if (!found_flush(found)) {
            return ERR_IO;
        }
    }
    return found_flush(found) ? OK : ERR_IO;
}
