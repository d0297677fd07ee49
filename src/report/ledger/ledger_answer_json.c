/* An answer as JSON, and the opening of each name that is disclosed. */
#include "report/ledger/ledger_answer.h"

#include "base/clock.h"

#include <stdlib.h>

static json_t *
opens_json(const struct ledger_answer_opened *opened)
{
    const struct buf *bytes = &opened->opening;
    json_t *opening = bytes->len == 0 ? json_null() : json_stringn(bytes->data, bytes->len);
    return json_pack("{s:s, s:o}", "path", opened->path, "opening", opening);
}

static enum err
entries_json(const struct ledger_answer *answer, json_t *list)
{
    enum err err = OK;
    size_t next = 0; /* of the openings: in the order of the entries */
    for (size_t i = 0; err == OK && i < answer->events.count; i++) {
        uint64_t index = answer->events.rows[i].index;
        json_t *entry = json_pack("{s:I}", "index", (json_int_t)index);
        bool is_opened = next < answer->opened_count && answer->opened[next].index == index;
        if (is_opened &&
            json_object_set_new(entry, "opens", opens_json(&answer->opened[next++])) != 0) {
            err = ERR_MEMORY;
        }
        err = json_array_append_new(list, entry) == 0 ? err : ERR_MEMORY;
    }
    return err;
}

static void
set_time(json_t *object, const char *name, int64_t time)
{
    char text[CLOCK_TEXT];
    (void)json_object_set_new(object, name,
        time == LOGGED_NONE || time == INT64_MIN || time == INT64_MAX
            ? json_null()
            : json_string(clock_text(time, text)));
}

/* What one did; NULL: nothing. */
static json_t *
row_json(const struct watched_row *row)
{
    static const struct watched_row none = {.recording_from = LOGGED_NONE,
        .recording_to = LOGGED_NONE,
        .first = LOGGED_NONE,
        .last = LOGGED_NONE};
    row = row == NULL ? &none : row;
    uint64_t unended = row->open + row->before;
    json_t *json = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "views", (json_int_t)row->views,
        "duration_ms", (json_int_t)row->wall_ms, "end_not_recorded", (json_int_t)unended,
        "snapshots", (json_int_t)row->snapshots, "exports", (json_int_t)row->exports, "refused",
        (json_int_t)row->refused);
    set_time(json, "first", row->first);
    set_time(json, "last", row->last);
    set_time(json, "recording_from", row->recording_from);
    set_time(json, "recording_to", row->recording_to);
    return json;
}

static json_t *
person_json(const struct ledger_answer_person *person, size_t number)
{
    json_t *json = row_json(person->row);
    (void)json_object_set_new(json, "person", json_integer((json_int_t)number));
    (void)json_object_set_new(json, "live", json_boolean(person->is_live));
    (void)json_object_set_new(json, "recorded", json_boolean(person->is_recorded));
    (void)json_object_set_new(
        json, "of_that_time", person->seen == NULL ? json_null() : row_json(person->seen));
    if (person->role[0] != '\0') {
        (void)json_object_set_new(json, "role", json_string(person->role));
    }
    if (person->name != NULL) {
        (void)json_object_set_new(json, "user", json_string(person->name));
    }
    return json;
}

enum err
ledger_answer_json(const struct ledger_answer *answer, struct buf *out)
{
    json_t *persons = json_array();
    json_t *entries = json_array();
    for (size_t i = 0; i < answer->person_count; i++) {
        (void)json_array_append_new(persons, person_json(&answer->persons[i], i + 1));
    }
    enum err err = entries_json(answer, entries);
    json_t *all = json_pack("{s:s, s:s, s:s, s:o, s:o, s:I, s:I, s:I, s:I}", "camera",
        answer->camera, "log", answer->origin, "reason", answer->reason, "persons", persons,
        "entries", entries, "entries_not_given_out", (json_int_t)answer->unsealed,
        "recordings_of_unknown_time", (json_int_t)answer->unplaced, "names_without_opening",
        (json_int_t)answer->unproven, "pruned_below", (json_int_t)answer->pruned);
    err = err == OK && all == NULL ? ERR_MEMORY : err;
    if (err == OK) {
        set_time(all, "from", answer->from);
        set_time(all, "to", answer->to);
        set_time(all, "made", answer->made);
        char *text = json_dumps(all, JSON_INDENT(2) | JSON_SORT_KEYS);
        buf_text(out, text == NULL ? "" : text);
        buf_byte(out, '\n');
        err = text == NULL ? ERR_MEMORY : buf_error(out);
        free(text);
    }
    json_decref(all);
    return err;
}
