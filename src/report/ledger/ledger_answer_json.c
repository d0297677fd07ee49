/* An answer as JSON, and the key of each name that is disclosed. */
#include "report/ledger/ledger_answer.h"

#include "base/clock.h"
#include "base/text.h"
#include "ledger/base64.h"
#include "ledger/seal.h"

#include <stdlib.h>
#include <string.h>

/* The key of a disclosed name, for this entry alone. */
static enum err
add_key(const struct ledger_answer *answer, const struct events_row *row, json_t *entry,
    struct note *note)
{
    const char *text = events_text(row->json, "actor.user");
    CLEANUP(buf_release) struct buf name;
    struct sealed sealed;
    uint8_t key[SUBJECTS_KEY];
    char base64[BASE64_SIZE(SUBJECTS_KEY)];
    buf_init(&name, SEAL_OPENED);
    if (text == NULL || seal_parse(text, strlen(text), &sealed) != OK ||
        seal_show(answer->subjects, "actor.user", text, strlen(text), &name) != OK) {
        return OK;
    }
    for (size_t i = 0; i < answer->disclose_count; i++) {
        if (!text_equal(name.data, answer->disclose[i])) {
            continue;
        }
        if (seal_key(answer->subjects, &sealed, "actor.user", key) != OK) {
            note_set(note, "the key of %.100s is erased", answer->disclose[i]);
            return ERR_MISSING;
        }
        (void)json_object_set_new(entry, "opens",
            json_pack("{s:s, s:s}", "path", "actor.user", "key",
                base64_encode(key, sizeof(key), base64, sizeof(base64))));
    }
    return OK;
}

static enum err
entries_json(const struct ledger_answer *answer, json_t *list, struct note *note)
{
    enum err err = OK;
    for (size_t i = 0; err == OK && i < answer->events.count; i++) {
        const struct events_row *row = &answer->events.rows[i];
        json_t *entry = json_pack("{s:I}", "index", (json_int_t)row->index);
        err = entry == NULL ? ERR_MEMORY : add_key(answer, row, entry, note);
        (void)json_array_append_new(list, entry);
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
ledger_answer_json(const struct ledger_answer *answer, struct buf *out, struct note *note)
{
    json_t *persons = json_array();
    json_t *entries = json_array();
    for (size_t i = 0; i < answer->person_count; i++) {
        (void)json_array_append_new(persons, person_json(&answer->persons[i], i + 1));
    }
    enum err err = entries_json(answer, entries, note);
    json_t *all = json_pack("{s:s, s:s, s:s, s:o, s:o, s:I, s:I, s:I}", "camera", answer->camera,
        "log", answer->origin, "reason", answer->reason, "persons", persons, "entries", entries,
        "entries_not_given_out", (json_int_t)answer->unsealed, "recordings_of_unknown_time",
        (json_int_t)answer->unplaced, "pruned_below", (json_int_t)answer->pruned);
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
