/* Writes and reads manifests: one table of the texts, and the lists by hand. */
#include "evidence/manifest.h"

#include "base/text.h"
#include "evidence/package.h"
#include "ledger/canonical.h"
#include "ledger/logged.h"

#include <stdlib.h>
#include <string.h>

enum kind {
    TEXT,
    TIME,
    NAME, /* of a file in the package */
};

/* Every text of a manifest, by the object that it is in. */
static const struct text_row {
    const char *object; /* "": the manifest itself */
    const char *name;
    enum kind kind;
    bool is_needed;
    size_t offset;
} texts[] = {
    {"",          "made",         TIME, true,  offsetof(struct manifest, made)             },
    {"",          "maker",        TEXT, true,  offsetof(struct manifest, maker)            },
    {"",          "reason",       TEXT, true,  offsetof(struct manifest, reason)           },
    {"",          "site",         TEXT, true,  offsetof(struct manifest, site)             },
    {"",          "log",          TEXT, true,  offsetof(struct manifest, origin)           },
    {"",          "tool",         TEXT, true,  offsetof(struct manifest, tool)             },
    {"camera",    "name",         TEXT, false, offsetof(struct manifest, camera)           },
    {"camera",    "clock_seen",   TIME, false, offsetof(struct manifest, camera_clock.seen)},
    {"vms",       "name",         TEXT, false, offsetof(struct manifest, vms)              },
    {"vms",       "clock_seen",   TIME, false, offsetof(struct manifest, vms_clock.seen)   },
    {"recording", "from",         TIME, false, offsetof(struct manifest, from)             },
    {"recording", "to",           TIME, false, offsetof(struct manifest, to)               },
    {"clip",      "name",         TEXT, false, offsetof(struct manifest, clip)             },
    {"clip",      "file",         NAME, false, offsetof(struct manifest, clip_file)        },
    {"clip",      "signed_video", TEXT, false, offsetof(struct manifest, signed_video)     },
};

/* All members that version 1 has; what else there is is counted. */
static const struct {
    const char *object;
    const char *name;
} others[] = {
    {"",       "schema"         },
    {"",       "camera"         },
    {"",       "vms"            },
    {"",       "recording"      },
    {"",       "clip"           },
    {"",       "events"         },
    {"",       "files"          },
    {"",       "remarks"        },
    {"camera", "clock_offset_ms"},
    {"vms",    "clock_offset_ms"},
    {"clip",   "bytes"          },
    {"clip",   "sha256"         },
    {"events", "id"             },
    {"events", "index"          },
    {"events", "leaf"           },
    {"files",  "name"           },
    {"files",  "bytes"          },
    {"files",  "sha256"         },
};

static const char *const objects[] = {"camera", "vms", "recording", "clip"};

static const char *
get_text(const struct manifest *manifest, const struct text_row *row)
{
    const char *text;
    memcpy(&text, (const char *)manifest + row->offset, sizeof(const char *));
    return text;
}

static void
set_text(struct manifest *manifest, const struct text_row *row, const char *text)
{
    memcpy((char *)manifest + row->offset, &text, sizeof(const char *));
}

/* The object's place in the manifest, made when it is not there. */
static json_t *
object_of(json_t *root, const char *object)
{
    if (object[0] == '\0') {
        return root;
    }
    json_t *inner = json_object_get(root, object);
    if (inner == NULL) {
        inner = json_object();
        (void)json_object_set_new(root, object, inner);
    }
    return inner;
}

static json_t *
hash_json(const uint8_t sha256[32])
{
    char hex[65];
    text_hex(hex, sha256, 32);
    return json_string(hex);
}

static enum err
put_texts(const struct manifest *manifest, json_t *root, struct note *note)
{
    for (size_t i = 0; i < COUNT(texts); i++) {
        const struct text_row *row = &texts[i];
        const char *text = get_text(manifest, row);
        bool is_blank = text == NULL || text[strspn(text, " \t\r\n")] == '\0';
        if (row->is_needed && is_blank) {
            note_set(note, "%s is not said", row->name);
            return ERR_VALUE;
        }
        if (text != NULL &&
            (strlen(text) >= MANIFEST_TEXT || json_object_set_new(object_of(root, row->object),
                                                  row->name, json_string(text)) != 0)) {
            note_set(note, "%s is longer than %d bytes, or not UTF-8", row->name, MANIFEST_TEXT);
            return ERR_VALUE;
        }
    }
    return OK;
}

static bool
put_clock(json_t *root, const char *object, const struct manifest_clock *clock)
{
    return !clock->is_known || json_object_set_new(object_of(root, object), "clock_offset_ms",
                                   json_integer(clock->offset_ms)) == 0;
}

static json_t *
events_json(const struct manifest *manifest)
{
    json_t *list = json_array();
    for (size_t i = 0; i < manifest->event_count; i++) {
        const struct manifest_event *event = &manifest->events[i];
        (void)json_array_append_new(
            list, json_pack("{s:s, s:I, s:o}", "id", event->id, "index", (json_int_t)event->index,
                      "leaf", hash_json(event->leaf)));
    }
    return list;
}

static json_t *
files_json(const struct manifest *manifest)
{
    json_t *list = json_array();
    for (size_t i = 0; i < manifest->file_count; i++) {
        const struct manifest_file *file = &manifest->files[i];
        (void)json_array_append_new(
            list, json_pack("{s:I, s:s, s:o}", "bytes", (json_int_t)file->bytes, "name", file->name,
                      "sha256", hash_json(file->sha256)));
    }
    return list;
}

static json_t *
remarks_json(const struct manifest *manifest)
{
    json_t *list = json_array();
    for (size_t i = 0; i < manifest->remark_count; i++) {
        (void)json_array_append_new(list, json_string(manifest->remarks[i]));
    }
    return list;
}

static bool
put_lists(const struct manifest *manifest, json_t *root)
{
    json_t *events = events_json(manifest);
    json_t *files = files_json(manifest);
    json_t *remarks = remarks_json(manifest);
    bool is_whole = json_array_size(events) == manifest->event_count &&
                    json_array_size(files) == manifest->file_count &&
                    json_array_size(remarks) == manifest->remark_count;
    is_whole &= json_object_set_new(root, "events", events) == 0;
    is_whole &= json_object_set_new(root, "files", files) == 0;
    is_whole &= json_object_set_new(root, "remarks", remarks) == 0;
    return is_whole;
}

static enum err
put_all(const struct manifest *manifest, json_t *root, struct note *note)
{
    enum err err = put_texts(manifest, root, note);
    if (err != OK) {
        return err;
    }
    bool is_whole = json_object_set_new(root, "schema", json_string(MANIFEST_SCHEMA)) == 0 &&
                    put_clock(root, "camera", &manifest->camera_clock) &&
                    put_clock(root, "vms", &manifest->vms_clock) && put_lists(manifest, root);
    if (is_whole && manifest->clip != NULL) {
        json_t *clip = object_of(root, "clip");
        is_whole = json_object_set_new(
                       clip, "bytes", json_integer((json_int_t)manifest->clip_bytes)) == 0 &&
                   json_object_set_new(clip, "sha256", hash_json(manifest->clip_sha256)) == 0;
    }
    if (!is_whole) {
        note_set(note, "a text in it is not UTF-8");
    }
    return is_whole ? OK : ERR_VALUE;
}

static enum err
wrong(enum err err, const char *object, const char *name, struct note *note)
{
    note_set(note, "%s%s%s: %s", object, object[0] == '\0' ? "" : ".", name, err_words(err));
    return err;
}

static bool
is_text_right(enum kind kind, const char *text)
{
    switch (kind) {
    case TEXT:
        return text[strspn(text, " \t\r\n")] != '\0';
    case TIME:
        return logged_time(text, strlen(text)) != LOGGED_NONE;
    case NAME:
        return package_is_name(text) && package_is_listed(text);
    }
    return false;
}

static enum err
take_texts(const json_t *root, struct manifest *manifest, struct note *note)
{
    for (size_t i = 0; i < COUNT(texts); i++) {
        const struct text_row *row = &texts[i];
        const json_t *object = row->object[0] == '\0' ? root : json_object_get(root, row->object);
        const json_t *value = json_object_get(object, row->name);
        const char *text = json_string_value(value);
        if (value == NULL && !row->is_needed) {
            continue;
        }
        if (value == NULL) {
            return wrong(ERR_MISSING, row->object, row->name, note);
        }
        if (text == NULL || !is_text_right(row->kind, text)) {
            return wrong(ERR_VALUE, row->object, row->name, note);
        }
        if (strlen(text) >= MANIFEST_TEXT) {
            return wrong(ERR_LIMIT, row->object, row->name, note);
        }
        set_text(manifest, row, text);
    }
    return OK;
}

static bool
take_hash(const json_t *object, const char *name, uint8_t out[32])
{
    const char *hex = json_string_value(json_object_get(object, name));
    return hex != NULL && strspn(hex, "0123456789abcdef") == 64 && hex[64] == '\0' &&
           text_unhex(hex, out, 32);
}

static bool
take_count(const json_t *object, const char *name, uint64_t *ret_count)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_integer(value) || json_integer_value(value) < 0) {
        return false;
    }
    *ret_count = (uint64_t)json_integer_value(value);
    return true;
}

static enum err
take_clock(const json_t *root, const char *object, struct manifest_clock *clock, struct note *note)
{
    const json_t *value = json_object_get(json_object_get(root, object), "clock_offset_ms");
    if (value != NULL && !json_is_integer(value)) {
        return wrong(ERR_VALUE, object, "clock_offset_ms", note);
    }
    clock->is_known = value != NULL;
    clock->offset_ms = json_integer_value(value);
    return OK;
}

static enum err
take_clip(const json_t *root, struct manifest *manifest, struct note *note)
{
    const json_t *clip = json_object_get(root, "clip");
    if (clip == NULL) {
        return OK;
    }
    if (manifest->clip == NULL) {
        return wrong(ERR_MISSING, "clip", "name", note);
    }
    if (!take_count(clip, "bytes", &manifest->clip_bytes)) {
        return wrong(ERR_VALUE, "clip", "bytes", note);
    }
    if (!take_hash(clip, "sha256", manifest->clip_sha256)) {
        return wrong(ERR_VALUE, "clip", "sha256", note);
    }
    return OK;
}

/* The array's length; ERR_LIMIT, ERR_MISSING. */
static enum err
take_array(const json_t *root, const char *name, size_t max, size_t *ret_count, struct note *note)
{
    const json_t *array = json_object_get(root, name);
    if (!json_is_array(array)) {
        return wrong(array == NULL ? ERR_MISSING : ERR_VALUE, "", name, note);
    }
    *ret_count = json_array_size(array);
    return *ret_count > max ? wrong(ERR_LIMIT, "", name, note) : OK;
}

static bool
is_known(const char *object, const char *name)
{
    for (size_t i = 0; i < COUNT(texts); i++) {
        if (text_equal(texts[i].object, object) && text_equal(texts[i].name, name)) {
            return true;
        }
    }
    for (size_t i = 0; i < COUNT(others); i++) {
        if (text_equal(others[i].object, object) && text_equal(others[i].name, name)) {
            return true;
        }
    }
    return false;
}

static void
count_unknown(json_t *json, const char *object, struct manifest *manifest)
{
    for (void *i = json_object_iter(json); i != NULL; i = json_object_iter_next(json, i)) {
        const char *name = json_object_iter_key(i);
        if (!is_known(object, name)) {
            manifest->unknown = manifest->unknown_count++ == 0 ? name : manifest->unknown;
        }
    }
}

static enum err
take_events(const json_t *root, struct manifest *manifest, struct note *note)
{
    const json_t *array = json_object_get(root, "events");
    size_t count = 0;
    enum err err = take_array(root, "events", MANIFEST_EVENTS, &count, note);
    if (err == OK) {
        manifest->events = calloc(count + 1, sizeof(*manifest->events));
        err = manifest->events == NULL ? ERR_MEMORY : OK;
    }
    for (size_t i = 0; i < count && err == OK; i++) {
        json_t *row = json_array_get(array, i);
        count_unknown(row, "events", manifest);
        struct manifest_event *event = &manifest->events[i];
        event->id = json_string_value(json_object_get(row, "id"));
        bool is_right = event->id != NULL && strlen(event->id) < 256 &&
                        take_count(row, "index", &event->index) &&
                        take_hash(row, "leaf", event->leaf) &&
                        (i == 0 || manifest->events[i - 1].index < event->index);
        err = is_right ? OK : wrong(ERR_VALUE, "", "events", note);
        manifest->event_count++;
    }
    return err;
}

/* In the order of strcmp, so that none can be there twice. */
static enum err
take_files(const json_t *root, struct manifest *manifest, struct note *note)
{
    const json_t *array = json_object_get(root, "files");
    size_t count = 0;
    enum err err = take_array(root, "files", PACKAGE_FILES, &count, note);
    if (err == OK) {
        manifest->files = calloc(count + 1, sizeof(*manifest->files));
        err = manifest->files == NULL ? ERR_MEMORY : OK;
    }
    for (size_t i = 0; i < count && err == OK; i++) {
        json_t *row = json_array_get(array, i);
        count_unknown(row, "files", manifest);
        struct manifest_file *file = &manifest->files[i];
        file->name = json_string_value(json_object_get(row, "name"));
        bool is_right = package_is_name(file->name) && package_is_listed(file->name) &&
                        take_count(row, "bytes", &file->bytes) &&
                        take_hash(row, "sha256", file->sha256) &&
                        (i == 0 || strcmp(manifest->files[i - 1].name, file->name) < 0);
        err = is_right ? OK : wrong(ERR_VALUE, "", "files", note);
        manifest->file_count++;
    }
    return err;
}

static enum err
take_remarks(const json_t *root, struct manifest *manifest, struct note *note)
{
    const json_t *array = json_object_get(root, "remarks");
    size_t count = 0;
    enum err err = take_array(root, "remarks", MANIFEST_REMARKS, &count, note);
    if (err == OK) {
        manifest->remarks = calloc(count + 1, sizeof(*manifest->remarks));
        err = manifest->remarks == NULL ? ERR_MEMORY : OK;
    }
    for (size_t i = 0; i < count && err == OK; i++) {
        const char *text = json_string_value(json_array_get(array, i));
        err = text != NULL && strlen(text) < MANIFEST_TEXT ? OK
                                                           : wrong(ERR_VALUE, "", "remarks", note);
        manifest->remarks[manifest->remark_count++] = text;
    }
    return err;
}

static enum err
take_all(json_t *root, struct manifest *manifest, struct note *note)
{
    const char *schema = json_string_value(json_object_get(root, "schema"));
    if (!text_equal(schema, MANIFEST_SCHEMA)) {
        return wrong(schema == NULL ? ERR_MISSING : ERR_VALUE, "", "schema", note);
    }
    count_unknown(root, "", manifest);
    for (size_t i = 0; i < COUNT(objects); i++) {
        json_t *object = json_object_get(root, objects[i]);
        if (object != NULL && !json_is_object(object)) {
            return wrong(ERR_VALUE, "", objects[i], note);
        }
        count_unknown(object, objects[i], manifest);
    }
    enum err err = take_texts(root, manifest, note);
    if (err == OK) {
        err = take_clock(root, "camera", &manifest->camera_clock, note);
    }
    if (err == OK) {
        err = take_clock(root, "vms", &manifest->vms_clock, note);
    }
    if (err == OK) {
        err = take_clip(root, manifest, note);
    }
    if (err == OK) {
        err = take_events(root, manifest, note);
    }
    if (err == OK) {
        err = take_files(root, manifest, note);
    }
    if (err == OK) {
        err = take_remarks(root, manifest, note);
    }
    if (err == OK && manifest->clip_file != NULL &&
        manifest_find(manifest, manifest->clip_file) == NULL) {
        err = wrong(ERR_VALUE, "clip", "file", note);
    }
    return err;
}

/* One text for each manifest: other bytes would be another hash of the same words. */
static enum err
check_canonical(const json_t *root, const void *bytes, size_t len, struct note *note)
{
    CLEANUP(buf_release) struct buf text;
    buf_init(&text, PACKAGE_SMALL + 1);
    enum err err = canonical_put(&text, root);
    buf_byte(&text, '\n');
    if (err != OK || buf_error(&text) != OK || text.len != len ||
        memcmp(text.data, bytes, len) != 0) {
        note_set(note, "not canonical JSON with a line end");
        return ERR_SYNTAX;
    }
    return OK;
}

enum err
manifest_read(const void *bytes, size_t len, struct manifest *ret_manifest, json_t **ret_tree,
    struct note *note)
{
    json_error_t error;
    if (len > PACKAGE_SMALL) {
        note_set(note, "larger than %zu bytes", PACKAGE_SMALL);
        return ERR_LIMIT;
    }
    json_t *root = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &error);
    if (!json_is_object(root)) {
        note_set(note, "%.160s", root == NULL ? error.text : "not an object");
        json_decref(root);
        return ERR_SYNTAX;
    }
    struct manifest manifest = {.made = NULL};
    enum err err = check_canonical(root, bytes, len, note);
    if (err == OK) {
        err = take_all(root, &manifest, note);
    }
    if (err != OK) {
        manifest_release(&manifest);
        json_decref(root);
        return err;
    }
    *ret_manifest = manifest;
    *ret_tree = root;
    return OK;
}

/* What is written can be read again: whoever reads is as strict with us as with others. */
enum err
manifest_write(const struct manifest *manifest, struct buf *ret_json, struct note *note)
{
    struct manifest again;
    CLEANUP(buf_release) struct buf text;
    json_t *root = json_object();
    buf_init(&text, PACKAGE_SMALL);
    enum err err = root == NULL ? ERR_MEMORY : put_all(manifest, root, note);
    if (err == OK) {
        err = canonical_put(&text, root);
        buf_byte(&text, '\n');
    }
    json_decref(root);
    if (err == OK && buf_error(&text) != OK) {
        note_set(note, "larger than %zu bytes", text.max);
        err = ERR_LIMIT;
    }
    if (err == OK) {
        err = manifest_read(text.data, text.len, &again, &root, note);
    }
    if (err == OK) {
        manifest_release(&again);
        json_decref(root);
        buf_add(ret_json, text.data, text.len);
        err = buf_error(ret_json);
    }
    return err;
}

void
manifest_release(struct manifest *manifest)
{
    free(manifest->events);
    free(manifest->files);
    free(manifest->remarks);
    manifest->events = NULL;
    manifest->files = NULL;
    manifest->remarks = NULL;
    manifest->event_count = manifest->file_count = manifest->remark_count = 0;
}

static int
compare_name(const void *key, const void *row)
{
    return strcmp(key, ((const struct manifest_file *)row)->name);
}

const struct manifest_file *
manifest_find(const struct manifest *manifest, const char *name)
{
    return manifest->file_count == 0 ? NULL
                                     : bsearch(name, manifest->files, manifest->file_count,
                                           sizeof(*manifest->files), compare_name);
}
