/* The pages of an answer: words for the person who asked, JSON for programs. */
#include "cli/ledger_answer.h"

#include "base/text.h"
#include "codec/edit.h"
#include "ledger/base64.h"
#include "ledger/seal.h"
#include "ledger/when.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN 512

/* Text from outside: cleaned, and no markup. */
static void
put(struct buf *out, const char *text)
{
    char clean[SHOWN];
    text_clean(clean, sizeof(clean), text, strlen(text));
    edit_escape_xml(clean, out);
}

static void
put_time(struct buf *out, int64_t time)
{
    char text[CLOCK_TEXT];
    (void)clock_text(time, text);
    buf_format(out, "%.10s %.8s UTC", text, text[0] == '\0' ? "" : text + 11);
}

static void
put_kind(struct buf *out, const struct ledger_answer_person *person)
{
    const struct watched_row *row = person->row;
    buf_text(out, person->is_live ? "live" : "");
    buf_text(out, person->is_live && person->is_recorded ? ", " : "");
    if (person->is_recorded) {
        buf_text(out, "recordings");
        if (row->recording_from != LOGGED_NONE && row->recording_to != LOGGED_NONE) {
            buf_text(out, " of ");
            put_time(out, row->recording_from);
            buf_text(out, " to ");
            put_time(out, row->recording_to);
        }
    }
    buf_text(out, person->is_live || person->is_recorded ? "" : "&ndash;");
}

static void
put_person(struct buf *out, const struct ledger_answer_person *person, size_t number)
{
    const struct watched_row *row = person->row;
    char length[WHEN_LENGTH];
    buf_format(out, "<tr><td>person %zu", number);
    if (person->role[0] != '\0') {
        buf_text(out, ", ");
        put(out, person->role);
    }
    if (person->name != NULL) {
        buf_text(out, ": ");
        put(out, person->name);
    }
    buf_text(out, "</td><td>");
    if (row->first <= row->last) {
        put_time(out, row->first);
        buf_text(out, " to ");
        put_time(out, row->last);
    }
    buf_format(out, "</td><td>%s%s</td><td>", when_length(row->wall_ms, length),
        row->open + row->before != 0 ? ", and views whose end is not recorded" : "");
    put_kind(out, person);
    buf_format(out, "</td><td>%" PRIu64 "</td><td>%" PRIu64 "</td><td>%" PRIu64 "</td></tr>\n",
        row->snapshots, row->exports, row->refused);
}

static void
put_proofs(const struct ledger_answer *answer, struct buf *out)
{
    buf_text(out, "<h2>How to check it</h2>\n<p>");
    if (answer->events.count == 0 && answer->unsealed == 0) {
        buf_text(out, "There is no entry of that time and camera.</p>\n");
        return;
    }
    if (answer->events.count != 0) {
        buf_format(out,
            "The folder <code>entries</code> has %zu entries of the log as they are, each with a "
            "proof (C2SP tlog-proof) that it is in the log <code>",
            answer->events.count);
        put(out, answer->origin);
        buf_text(out,
            "</code>, and nothing of it was changed since. Names, addresses and sessions in them "
            "are sealed: the same person has the same mark, and nobody can open it without a key. "
            "<code>answer.json</code> has the key of each name that is disclosed above; it opens "
            "that one text. To check one, with the public key of the log from somebody whom you "
            "trust: <code>gatehouse ledger verify-proof --key KEY --entry entries/N.json "
            "entries/N.tlog-proof</code></p>\n");
    }
    if (answer->unsealed != 0) {
        buf_format(out,
            "%s%" PRIu64 " entries are not given out: the personal fields of this log were not "
            "sealed when they were recorded, so names of other people stand in them in the "
            "clear, and an entry can't be shortened without losing its proof. For them this page "
            "is a summary by who keeps the log.</p>\n",
            answer->events.count != 0 ? "<p>" : "", answer->unsealed);
    }
}

void
ledger_answer_page(const struct ledger_answer *answer, struct buf *out)
{
    buf_text(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                  "<title>Who viewed this camera</title>\n<style>body{font-family:sans-serif;"
                  "max-width:60em;margin:2em auto;padding:0 1em}table{border-collapse:collapse}"
                  "td,th{border:1px solid #999;padding:.3em .6em;text-align:left}</style></head>\n"
                  "<body>\n<h1>Who viewed the camera ");
    put(out, answer->camera);
    buf_text(out, "</h1>\n<p>From ");
    put_time(out, answer->from);
    buf_text(out, " to ");
    put_time(out, answer->to);
    buf_text(out, ", by what the log recorded. Made ");
    put_time(out, answer->made);
    buf_text(out, "; why: ");
    put(out, answer->reason);
    buf_text(out, "</p>\n");
    if (answer->pruned != 0) {
        buf_format(out,
            "<p>Entries below %" PRIu64 " are no longer kept, by policy: what was viewed before "
            "them can't be told.</p>\n",
            answer->pruned);
    }
    if (answer->person_count == 0) {
        buf_format(out, "<p><strong>%s</strong></p>\n",
            answer->pruned == 0 ? "Nobody viewed it in that time."
                                : "No view is recorded in what is kept of that time.");
    } else {
        buf_text(out, "<table><tr><th>who</th><th>when</th><th>how long</th><th>what</th>"
                      "<th>still pictures</th><th>exports</th><th>refused</th></tr>\n");
        for (size_t i = 0; i < answer->person_count; i++) {
            put_person(out, &answer->persons[i], i + 1);
        }
        buf_text(out, "</table>\n<p>Exports are recordings that left as files. Refused is what "
                      "was asked for and not shown.</p>\n");
    }
    put_proofs(answer, out);
    buf_text(out, "</body></html>\n");
}

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

static json_t *
person_json(const struct ledger_answer_person *person, size_t number)
{
    const struct watched_row *row = person->row;
    uint64_t unended = row->open + row->before;
    json_t *json =
        json_pack("{s:I, s:b, s:b, s:I, s:I, s:I, s:I, s:I, s:I}", "person", (json_int_t)number,
            "live", person->is_live ? 1 : 0, "recorded", person->is_recorded ? 1 : 0, "views",
            (json_int_t)row->views, "duration_ms", (json_int_t)row->wall_ms, "end_not_recorded",
            (json_int_t)unended, "snapshots", (json_int_t)row->snapshots, "exports",
            (json_int_t)row->exports, "refused", (json_int_t)row->refused);
    set_time(json, "first", row->first);
    set_time(json, "last", row->last);
    set_time(json, "recording_from", row->recording_from);
    set_time(json, "recording_to", row->recording_to);
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
    json_t *all = json_pack("{s:s, s:s, s:s, s:o, s:o, s:I, s:I}", "camera", answer->camera, "log",
        answer->origin, "reason", answer->reason, "persons", persons, "entries", entries,
        "entries_not_given_out", (json_int_t)answer->unsealed, "pruned_below",
        (json_int_t)answer->pruned);
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
