/* Makes an evidence package, step by step; the order is what a crash at any point leaves. */
#include "evidence/make.h"

#include "base/clock.h"
#include "base/text.h"
#include "evidence/make_inside.h"
#include "ledger/signednote.h"

#include <errno.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum err
make_list(struct make *make, const char *name, uint64_t bytes, const uint8_t sha256[32],
    struct note *note)
{
    size_t i = make->manifest.file_count;
    if (i == PACKAGE_FILES) {
        note_set(note, "more than %d files", PACKAGE_FILES);
        return ERR_LIMIT;
    }
    (void)text_copy(make->names[i], PACKAGE_NAME, name);
    make->files[i] = (struct manifest_file){.name = make->names[i], .bytes = bytes};
    memcpy(make->files[i].sha256, sha256, 32);
    make->manifest.file_count++;
    return OK;
}

enum err
make_put(struct make *make, const char *name, const void *bytes, size_t len, struct note *note)
{
    uint8_t sha256[32];
    (void)crypto_hash_sha256(sha256, bytes, len);
    enum err err = package_put(make->writer, name, bytes, len, note);
    return err == OK && package_is_listed(name) ? make_list(make, name, len, sha256, note) : err;
}

void
make_remark(struct make *make, const char *format, ...)
{
    size_t i = make->manifest.remark_count;
    va_list args;
    if (i == MANIFEST_REMARKS) {
        return;
    }
    va_start(args, format);
    (void)vsnprintf(make->remark_texts[i], sizeof(make->remark_texts[i]), format, args);
    va_end(args);
    make->remarks[i] = make->remark_texts[i];
    make->manifest.remark_count++;
    make->settings->say(make->settings->context, make->remark_texts[i]);
}

static enum err
gather(struct make *make, struct note *note)
{
    const struct make_settings *settings = make->settings;
    enum err err = OK;
    for (size_t i = 0; i < settings->event_count && err == OK; i++) {
        err = events_find(
            &make->events, settings->search, settings->events[i], MANIFEST_EVENTS, note);
    }
    if (err == OK) {
        err = events_prove(&make->events, settings->folder, note);
    }
    for (size_t i = 0; i < make->events.count && err == OK; i++) {
        const struct events_row *row = &make->events.rows[i];
        make->rows[i] = (struct manifest_event){.index = row->index, .id = row->id};
        memcpy(make->rows[i].leaf, row->leaf.bytes, 32);
    }
    make->manifest.events = make->rows;
    make->manifest.event_count = make->events.count;
    return err;
}

/* What all events that say it say; NULL when they say two things or none. */
static const char *
common(const struct make *make, const char *path)
{
    const char *all = NULL;
    for (size_t i = 0; i < make->events.count; i++) {
        const char *text = events_text(make->events.rows[i].json, path);
        if (text != NULL && all != NULL && !text_equal(text, all)) {
            return NULL;
        }
        all = text == NULL ? all : text;
    }
    return all;
}

/* The one camera of all events that name any. */
static const char *
common_camera(const struct make *make)
{
    const char *all = NULL;
    for (size_t i = 0; i < make->events.count; i++) {
        const json_t *cameras =
            json_object_get(json_object_get(make->events.rows[i].json, "target"), "cameras");
        for (size_t c = 0; c < json_array_size(cameras); c++) {
            const char *name = json_string_value(json_array_get(cameras, c));
            if (all != NULL && !text_equal(name, all)) {
                return NULL;
            }
            all = name;
        }
    }
    return all;
}

static void
find_clock(const struct make_settings *settings, const char *name, struct manifest_clock *clock)
{
    if (!clock->is_known && name != NULL && settings->clock != NULL) {
        settings->clock(settings->context, name, clock);
    }
}

/* Whether an event says that of its target. */
static bool
is_said(const struct make *make, const char *name, const char *text)
{
    for (size_t i = 0; i < make->events.count; i++) {
        if (events_target_says(make->events.rows[i].json, name, text)) {
            return true;
        }
    }
    return false;
}

/* What the maker says and no event does. */
static void
remark_options(struct make *make)
{
    const struct make_settings *settings = make->settings;
    const struct {
        const char *words, *name, *text;
    } rows[] = {
        {"camera is",             "cameras", settings->camera},
        {"recording begins at",   "from",    settings->from  },
        {"recording's end is at", "to",      settings->to    },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (rows[i].text != NULL && !is_said(make, rows[i].name, rows[i].text)) {
            make_remark(make, "That the %s %.200s is the maker's word; no event says so.",
                rows[i].words, rows[i].text);
        }
    }
}

static void
describe(struct make *make)
{
    const struct make_settings *settings = make->settings;
    struct manifest *manifest = &make->manifest;
    const char *site = common(make, "site");
    const char *from = common(make, "target.from");
    const char *to = common(make, "target.to");
    manifest->made = event_time_text(clock_wall(), make->made);
    manifest->maker = settings->maker;
    manifest->reason = settings->reason;
    manifest->site = site == NULL ? "local" : site;
    manifest->origin = make->events.log.name;
    manifest->tool = "gatehouse " GATEHOUSE_VERSION;
    manifest->camera = settings->camera != NULL ? settings->camera : common_camera(make);
    manifest->vms = common(make, "target.vms");
    manifest->from = settings->from != NULL ? settings->from : from;
    manifest->to = settings->to != NULL ? settings->to : to;
    manifest->camera_clock = settings->camera_clock;
    manifest->vms_clock = settings->vms_clock;
    find_clock(settings, manifest->camera, &manifest->camera_clock);
    find_clock(settings, manifest->vms, &manifest->vms_clock);
    manifest->remarks = make->remarks;
    manifest->files = make->files;
    remark_options(make);
    (void)vkey_text(&make->events.log, make->log_key);
    (void)vkey_text(key_public(settings->key), make->evidence_key);
}

enum err
make_put_events(
    struct make *make, const char *folder, const struct events *events, struct note *note)
{
    char name[PACKAGE_NAME];
    enum err err = OK;
    for (size_t i = 0; i < events->count && err == OK; i++) {
        const struct events_row *row = &events->rows[i];
        (void)package_numbered(folder, row->index, ".json", name);
        err = make_put(make, name, row->entry.data, row->entry.len, note);
        if (err == OK) {
            (void)package_numbered(folder, row->index, ".tlog-proof", name);
            err = make_put(make, name, row->proof.data, row->proof.len, note);
        }
    }
    return err;
}

static enum err
put_line(struct make *make, const char *name, const char *line, struct note *note)
{
    char text[VKEY_TEXT + 1];
    int len = snprintf(text, sizeof(text), "%s\n", line);
    return make_put(make, name, text, (size_t)len, note);
}

static enum err
put_words(struct make *make, struct note *note)
{
    CLEANUP(buf_release) struct buf text;
    const struct make_page page = {
        .manifest = &make->manifest,
        .events = &make->events,
        .log_key = make->log_key,
        .evidence_key = make->evidence_key,
        .authority_count = make->settings->authority_count,
        .has_export = make->has_export,
        .is_matched = make->result->is_matched,
        .signed_video = make->signed_video,
    };
    buf_init(&text, PACKAGE_SMALL);
    make_readme(&text, &page);
    enum err err = buf_error(&text);
    if (err == OK) {
        err = make_put(make, PACKAGE_README, text.data, text.len, note);
    }
    buf_clear(&text);
    make->settings->page(&text, &page);
    if (err == OK) {
        err = buf_error(&text);
    }
    if (err == OK) {
        err = make_put(make, PACKAGE_PAGE, text.data, text.len, note);
    }
    return err;
}

static int
compare_files(const void *a, const void *b)
{
    return strcmp(((const struct manifest_file *)a)->name, ((const struct manifest_file *)b)->name);
}

static enum err
put_manifest(struct make *make, struct note *note)
{
    CLEANUP(buf_release) struct buf sig;
    uint8_t blob[VKEY_BLOB];
    qsort(make->files, make->manifest.file_count, sizeof(*make->files), compare_files);
    enum err err = manifest_write(&make->manifest, &make->json, note);
    if (err == OK) {
        err = make_put(make, PACKAGE_MANIFEST, make->json.data, make->json.len, note);
    }
    if (err != OK) {
        return err;
    }
    (void)crypto_hash_sha256(
        make->result->sha256, (const uint8_t *)make->json.data, make->json.len);
    buf_init(&sig, SIGNEDNOTE_LIMIT);
    package_signed_text(&sig, make->manifest.origin, make->result->sha256);
    key_sign(make->settings->key, sig.data, sig.len, blob);
    buf_text(&sig, "\n");
    const struct signednote_signature signature = {key_public(make->settings->key), blob, 0};
    signednote_put(&sig, &signature);
    err = buf_error(&sig);
    return err == OK ? make_put(make, PACKAGE_SIG, sig.data, sig.len, note) : err;
}

static enum err
fill(struct make *make, struct note *note)
{
    enum err err = make_opened(make, note);
    err = err == OK ? make_clip(make, note) : err;
    err = err == OK ? make_put_events(make, PACKAGE_EVENTS, &make->events, note) : err;
    err = err == OK ? put_line(make, PACKAGE_KEY, make->evidence_key, note) : err;
    err = err == OK ? put_line(make, PACKAGE_LOG_KEY, make->log_key, note) : err;
    err = err == OK ? put_words(make, note) : err;
    err = err == OK ? put_manifest(make, note) : err;
    err = err == OK ? make_stamps(make, note) : err;
    /* Last, so that what the log says was made is only still to be given its name. */
    return err == OK ? make_event(make, note) : err;
}

/* Whether there is a folder to write into: the part's own name would tell a person nothing. */
static enum err
check_folder(const char *path, struct note *note)
{
    struct stat status;
    CLEANUP(buf_release) struct buf folder;
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/') {
        len--;
    }
    while (len > 0 && path[len - 1] != '/') {
        len--;
    }
    buf_init(&folder, PATH_MAX);
    buf_add(&folder, path, len);
    if (len > 1 && buf_error(&folder) == OK && stat(folder.data, &status) != 0 && errno == ENOENT) {
        note_set(
            note, "there is no folder %.150s for %.100s; make it first", folder.data, path + len);
        return ERR_MISSING;
    }
    return OK;
}

static enum err
check(const struct make *make, struct note *note)
{
    char wanted[VKEY_NAME];
    const char *name = key_public(make->settings->key)->name;
    if (!text_equal(name, package_key_name(make->events.log.name, wanted))) {
        note_set(note, "the key of packages is %.80s, and this log is %.80s", name,
            make->events.log.name);
        return ERR_VALUE;
    }
    return OK;
}

static enum err
run(struct make *make, struct note *note)
{
    const struct make_settings *settings = make->settings;
    enum err err = gather(make, note);
    if (err != OK) {
        return err;
    }
    err = check(make, note);
    err = err == OK ? check_folder(settings->out, note) : err;
    describe(make);
    if (err == OK) {
        err = package_begin(settings->out, settings->is_zip, &make->writer, note);
    }
    if (err == OK) {
        err = fill(make, note);
        if (err != OK) {
            package_drop(make->writer);
            return err;
        }
        err = package_finish(make->writer, note);
        if (err != OK) {
            make_event_failed(make, note);
        }
    }
    return err;
}

enum err
make_package(
    const struct make_settings *settings, struct make_result *ret_result, struct note *note)
{
    struct make *make = calloc(1, sizeof(*make));
    if (make == NULL) {
        return ERR_MEMORY;
    }
    *ret_result = (struct make_result){.index = 0};
    make->settings = settings;
    make->result = ret_result;
    events_init(&make->events);
    buf_init(&make->json, PACKAGE_SMALL);
    enum err err = run(make, note);
    events_release(&make->events);
    buf_release(&make->json);
    json_decref(make->disclosed);
    free(make);
    return err;
}
