/* The report over the ledger as JSON: doc/schema/ledger-report-1.json. */
#include "report/ledger/ledger_report.h"

#include "base/clock.h"
#include "report/value.h"

#include <stdlib.h>

#define SCHEMA "https://gatehouse.example/schema/ledger-report/1"

static json_t *
time_json(int64_t time)
{
    char text[EVENT_TIME];
    return json_string(event_time_text(time, text));
}

static json_t *
sums_json(const struct tally_sums *sums)
{
    json_t *object = json_object();
    for (int i = 0; i < TALLY_SUMS; i++) {
        value_put(object, tally_sum_name((enum tally_sum)i), json_integer(sums->of[i]));
    }
    return object;
}

static json_t *
usual_json(const struct tally *tally, const struct tally_row *row)
{
    json_t *object = json_object();
    for (int i = 0; i < TALLY_SUMS; i++) {
        int64_t median = tally_median(tally, row, (enum tally_sum)i);
        value_put(object, tally_sum_name((enum tally_sum)i),
            median < 0 ? json_null() : json_integer(median));
    }
    return object;
}

/* An absent name is that of all others. */
static json_t *
row_json(const struct tally *tally, const struct tally_row *row)
{
    json_t *object = json_object();
    json_t *name =
        row->name.bytes == NULL ? json_null() : json_stringn(row->name.bytes, row->name.len);
    value_put(object, "name", name == NULL ? value_text(row->shown) : name);
    value_put(object, "now", sums_json(&row->now));
    value_put(object, "usual", usual_json(tally, row));
    return object;
}

static json_t *
users_json(const struct tally *tally)
{
    json_t *list = json_array();
    for (size_t i = 0; i < tally->user_count; i++) {
        (void)json_array_append_new(list, row_json(tally, &tally->users[i].row));
    }
    (void)json_array_append_new(list, row_json(tally, &tally->users[TALLY_USERS].row));
    return list;
}

static json_t *
cameras_json(const struct tally *tally)
{
    json_t *list = json_array();
    for (size_t i = 0; i < tally->camera_count; i++) {
        (void)json_array_append_new(list, row_json(tally, &tally->cameras[i]));
    }
    (void)json_array_append_new(list, row_json(tally, &tally->cameras[TALLY_CAMERAS]));
    return list;
}

static json_t *
days_json(const struct tally *tally)
{
    json_t *list = json_array();
    int64_t first = tally_moment(tally, tally->settings.from).day;
    for (size_t i = 0; i < tally->day_count; i++) {
        char date[CLOCK_TEXT];
        json_t *object = json_object();
        value_put(object, "day", json_string(clock_date((first + (int64_t)i) * CLOCK_DAY, date)));
        value_put(object, "now", sums_json(&tally->days[i]));
        (void)json_array_append_new(list, object);
    }
    return list;
}

static json_t *
before_json(const struct tally *tally)
{
    json_t *list = json_array();
    for (size_t i = tally->before_count; i-- > 0;) {
        int64_t shift = (int64_t)(i + 1) * tally->step;
        json_t *object = json_object();
        value_put(object, "from", time_json(tally->settings.from - shift));
        value_put(object, "to", time_json(tally->settings.to - shift));
        value_put(object, "all", sums_json(&tally->all.before[i]));
        (void)json_array_append_new(list, object);
    }
    return list;
}

static json_t *
heat_json(const struct tally *tally)
{
    json_t *list = json_array();
    for (size_t day = 0; day < 7; day++) {
        json_t *row = json_array();
        for (size_t hour = 0; hour < 24; hour++) {
            (void)json_array_append_new(row, json_integer(tally->heat[day][hour]));
        }
        (void)json_array_append_new(list, row);
    }
    return list;
}

static json_t *
hit_json(const struct hit *hit)
{
    json_t *object = json_object();
    json_t *events = json_array();
    value_put(object, "pattern", json_string(pattern_rows[hit->pattern].id));
    value_put(object, "user", value_text(hit->user));
    value_put(object, "camera", value_text(hit->camera));
    value_put(object, "address", value_text(hit->address));
    value_put(object, "person", value_text(hit->person));
    value_put(object, "words", value_text(hit->words));
    value_put(object, "look", value_text(hit->look));
    value_put(object, "event_count", value_number(hit->marks.count));
    for (size_t i = 0; i < hit->marks.count && i < TALLY_MARKS; i++) {
        const struct tally_mark *mark = &hit->marks.first[i];
        json_t *event = json_object();
        value_put(event, "index", value_number(mark->index));
        value_put(event, "id", value_text(mark->id));
        value_put(event, "time", time_json(mark->time));
        (void)json_array_append_new(events, event);
    }
    value_put(object, "events", events);
    return object;
}

static json_t *
hits_json(const struct hits *hits)
{
    json_t *list = json_array();
    for (size_t i = 0; i < hits->count; i++) {
        (void)json_array_append_new(list, hit_json(&hits->rows[i]));
    }
    return list;
}

static json_t *
patterns_json(const struct hits *hits)
{
    json_t *list = json_array();
    for (size_t i = 0; i < PATTERNS; i++) {
        const struct pattern_row *row = &pattern_rows[i];
        json_t *object = json_object();
        value_put(object, "id", json_string(row->id));
        value_put(object, "words", json_string(row->words));
        value_put(object, "compares", json_string(row->compares));
        value_put(object, "threshold", json_string(row->threshold));
        value_put(object, "innocent", json_string(row->innocent));
        value_put(object, "is_judged", json_boolean(hits->is_judged[i]));
        value_put(object, "found", value_number(hits->found[i]));
        (void)json_array_append_new(list, object);
    }
    return list;
}

static json_t *
limits_json(const struct tally *tally)
{
    json_t *object = json_object();
    value_put(object, "users_more", value_number(tally->users_known.count - tally->user_count));
    value_put(
        object, "cameras_more", value_number(tally->cameras_known.count - tally->camera_count));
    value_put(object, "events_unnamed",
        value_number(tally->users_known.unnamed + tally->cameras_known.unnamed));
    value_put(object, "reads_lost", value_number(tally->reads_lost));
    value_put(object, "not_events", value_number(tally->strange));
    return object;
}

enum err
ledger_json_write(const struct ledger_report *report, struct buf *out)
{
    const struct tally *tally = report->tally;
    json_t *root = json_object();
    value_put(root, "schema", json_string(SCHEMA));
    value_put(root, "made", time_json(report->now));
    value_put(root, "from", time_json(tally->settings.from));
    value_put(root, "to", time_json(tally->settings.to));
    value_put(root, "zone_minutes", json_integer(tally->settings.zone));
    value_put(root, "case_sign", value_text(tally->settings.case_sign));
    value_put(root, "events", value_number(tally->events));
    value_put(root, "hits", hits_json(report->hits));
    value_put(root, "patterns", patterns_json(report->hits));
    value_put(root, "all", row_json(tally, &tally->all));
    value_put(root, "users", users_json(tally));
    value_put(root, "cameras", cameras_json(tally));
    value_put(root, "days", days_json(tally));
    value_put(root, "before", before_json(tally));
    value_put(root, "heat_ms", heat_json(tally));
    value_put(root, "limits", limits_json(tally));
    char *text = json_dumps(root, JSON_INDENT(2));
    json_decref(root);
    if (text == NULL) {
        return ERR_MEMORY;
    }
    buf_text(out, text);
    buf_byte(out, '\n');
    free(text);
    return buf_error(out);
}
