/* What the formats share: rows, refusals, and which format a document is. */
#include "catalog/import.h"

#include "base/clock.h"
#include "base/text.h"
#include "catalog/condition.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINES_LIMIT ((size_t)192 * 1024 * 1024)

static const struct import_format *const formats[] = {
#define IMPORT_FORMAT(name) &import_##name,
#include "catalog/formats.def"
#undef IMPORT_FORMAT
};

enum err
import_init(struct import *import)
{
    *import = (struct import){.records = json_object()};
    buf_init(&import->lines, LINES_LIMIT);
    return import->records == NULL ? ERR_MEMORY : OK;
}

void
import_release(struct import *import)
{
    json_decref(import->records);
    json_decref(import->pending);
    buf_release(&import->lines);
}

static void
flush(struct import *import)
{
    char *line = import->pending == NULL ? NULL : json_dumps(import->pending, JSON_COMPACT);
    if (line != NULL) {
        buf_text(&import->lines, line);
        buf_byte(&import->lines, '\n');
        import->rows++;
    }
    free(line);
    json_decref(import->pending);
    import->pending = NULL;
}

enum err
import_finish(struct import *import)
{
    flush(import);
    return buf_error(&import->lines);
}

void
import_exploited(struct import *import, const char *id, const char *day)
{
    flush(import);
    import->pending = json_pack("{s:s, s:s}", "kev", id, "since", day);
}

void
import_refuse(struct import *import, const char *record, const char *reason)
{
    import->refused++;
    if (import->told != NULL) {
        import->told(import->context, record, reason);
    }
}

void
import_end(struct import *import, const struct import_record *record, const char *why_none)
{
    char key[128];
    if (record->rows == 0) {
        import_refuse(import, record->id, why_none);
        return;
    }
    (void)snprintf(key, sizeof(key), "%.40s %.60s", record->source, record->id);
    (void)json_object_set_new(import->records, key, json_true());
    import->imported++;
    if (import->told != NULL) {
        import->told(import->context, record->id, NULL);
    }
}

const char *
import_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text == NULL ? "" : text;
}

const char *
import_severity(const char *words)
{
    static const char *const known[] = {"critical", "high", "medium", "low", "none"};
    for (size_t i = 0; i < COUNT(known); i++) {
        if (text_equal_nocase(known[i], words)) {
            return known[i];
        }
    }
    return NULL;
}

static void
set(json_t *row, const char *name, const char *text)
{
    char clean[RANGE_LIMIT];
    text_clean(clean, sizeof(clean), text, strlen(text));
    if (clean[0] != '\0') {
        (void)json_object_set_new(row, name, json_string(clean));
    }
}

/* Models of the same range go into one row. */
static bool
merges(struct import *import, const json_t *row)
{
    static const char *const same[] = {
        "id", "maker", "versions", "builds", "source", "part", "clear", "rule"};
    if (import->pending == NULL) {
        return false;
    }
    for (size_t i = 0; i < COUNT(same); i++) {
        if (!text_equal(import_text(import->pending, same[i]), import_text(row, same[i]))) {
            return false;
        }
    }
    const char *models = import_text(import->pending, "models");
    const char *more = import_text(row, "models");
    char joined[PRODUCT_MODELS];
    if (strlen(models) + strlen(more) + 3 > sizeof(joined) || text_equal(models, "*")) {
        return false;
    }
    (void)snprintf(joined, sizeof(joined), "%s, %s", models, more);
    (void)json_object_set_new(import->pending, "models", json_string(joined));
    return true;
}

static bool
is_day(const char *text)
{
    int64_t day = 0;
    return text != NULL && strlen(text) == 10 && clock_parse(text, &day) == OK;
}

static bool
is_sound(const json_t *row)
{
    return condition_is_valid(import_text(row, "versions"), false) &&
           condition_is_valid(import_text(row, "builds"), true);
}

void
import_add(struct import *import, struct import_record *record, const struct import_row *row,
    const struct product *product, const struct range *range)
{
    if (product->maker[0] == '\0' || strlen(record->id) > 60) {
        return;
    }
    json_t *object = json_object();
    set(object, "id", record->id);
    set(object, "maker", product->maker);
    set(object, "models", product->models);
    set(object, "versions", range->versions.len == 0 ? "" : range->versions.data);
    set(object, "builds", range->builds.len == 0 ? "" : range->builds.data);
    set(object, "severity", record->severity == NULL ? "unknown" : record->severity);
    set(object, "exploited", is_day(record->exploited) ? record->exploited : "");
    set(object, "effect", record->effect[0] == '\0' ? "see the record" : record->effect);
    set(object, "fixed", text_is_empty(row->fixed) ? "see the record" : row->fixed);
    set(object, "source", record->source);
    set(object, "part", row->part);
    set(object, "rule", row->rule);
    set(object, "clear", row->is_clear ? "yes" : "");
    if (!is_sound(object)) {
        (void)json_object_set_new(object, "versions", json_string("?"));
        (void)json_object_del(object, "builds");
    }
    record->rows++;
    if (merges(import, object)) {
        json_decref(object);
        return;
    }
    flush(import);
    import->pending = object;
}

int
import_bound(const struct product *product, const char *text, enum prose_kind kind,
    struct prose_bound *ret_bound)
{
    struct prose prose;
    CLEANUP(buf_release) struct buf clean;
    buf_init(&clean, 4096);
    prose_clean(text, &clean);
    const char *words = clean.len == 0 ? "" : text_trim(clean.data);
    if (words[0] == '\0' || text_equal(words, "0") || text_equal(words, "*") ||
        text_equal(words, "-")) {
        return 0;
    }
    prose_read(words, &prose);
    if (prose.is_empty || (prose.is_all && prose.count == 0)) {
        return 0;
    }
    bool fits = prose.count == 1 && prose.trust == PROSE_CLEAR &&
                (prose.bounds[0].kind == PROSE_EXACT || prose.bounds[0].kind == kind ||
                    (kind == PROSE_BEFORE && prose.bounds[0].kind == PROSE_UP_TO));
    if (!fits) {
        return -1;
    }
    *ret_bound = prose.bounds[0];
    ret_bound->kind = prose.bounds[0].kind == PROSE_EXACT ? kind : prose.bounds[0].kind;
    if (product->is_named && ret_bound->is_date) {
        ret_bound->is_date = false;
        (void)text_copy(ret_bound->value, sizeof(ret_bound->value), words);
    }
    return 1;
}

void
import_words(struct range *range, const struct product *product, const char *text)
{
    struct prose prose;
    CLEANUP(buf_release) struct buf clean;
    buf_init(&clean, (size_t)64 * 1024);
    prose_clean(text, &clean);
    prose_read(clean.len == 0 ? "" : text_trim(clean.data), &prose);
    if (product->is_named && prose.count == 1 && prose.bounds[0].is_date) {
        prose.trust = PROSE_OPAQUE;
    }
    range_add_prose(range, &prose);
}

bool
import_is_cve(const char *id)
{
    static const char digits[] = "0123456789";
    if (!text_starts(id, "CVE-") || strspn(id + 4, digits) != 4 || id[8] != '-') {
        return false;
    }
    size_t len = strspn(id + 9, digits);
    return len >= 1 && len <= 19 && id[9 + len] == '\0';
}

enum err
import_document(struct import *import, const char *bytes, size_t len, struct note *note)
{
    json_error_t error;
    if (len > IMPORT_LIMIT) {
        note_set(note, "larger than %zu bytes", IMPORT_LIMIT);
        return ERR_LIMIT;
    }
    if (len >= 2 && ((bytes[0] == '\xff' && bytes[1] == '\xfe') ||
                        (bytes[0] == '\xfe' && bytes[1] == '\xff'))) {
        note_set(note, "UTF-16: convert it first, as with iconv -f UTF-16 -t UTF-8");
        return ERR_SYNTAX;
    }
    if (len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
        bytes += 3; /* some downloads begin with a byte order mark */
        len -= 3;
    }
    json_t *document = json_loadb(bytes, len, 0, &error);
    if (document == NULL) {
        note_set(note, "no JSON that can be read: line %d: %.120s", error.line, error.text);
        return ERR_SYNTAX;
    }
    enum err err = ERR_UNSUPPORTED;
    for (size_t i = 0; i < COUNT(formats) && err != OK; i++) {
        if (formats[i]->is_mine(document)) {
            formats[i]->read(import, document);
            err = OK;
        }
    }
    if (err != OK) {
        note_set(note, "neither CVE JSON 5, NVD 2.0, CSAF 2.0 nor CISA KEV");
    }
    json_decref(document);
    return err == OK && import->lines.failed ? ERR_LIMIT : err;
}
