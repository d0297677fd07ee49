/* The list of the owner's firmware files, their digests, and when they may be installed. */
#include "remedy/firmware.h"
#include "remedy/firmware_sums.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "catalog/vendor.h"
#include "codec/outline_row.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ARENA_LIMIT ((size_t)4 * 1024 * 1024)
#define NAME_LIMIT  120

// clang-format off
static const struct outline_row rows[] = {
    {"files",            OUTLINE_LIST, NULL, NULL},
    {"files[]",          OUTLINE_MAP,  NULL, NULL},
    {"files[].file",     OUTLINE_TEXT, "a file's name", "a name in this folder, without /"},
    {"files[].maker",    OUTLINE_TEXT, "a maker", "1 to 120 characters"},
    {"files[].models",   OUTLINE_LIST, NULL, NULL},
    {"files[].models[]", OUTLINE_TEXT, "a model", "as the device writes it, or its beginning and *"},
    {"files[].version",  OUTLINE_TEXT, "a version", "as the device will write it"},
    {"files[].released", OUTLINE_TEXT, "a date", "YYYY-MM-DD"},
    {"files[].sha256",   OUTLINE_TEXT, "a SHA-256", "64 hexadecimal digits"},
    {"files[].minutes",  OUTLINE_TEXT, "a number", "1 to 60"},
};
// clang-format on
static const struct outline_table table = {
    .rows = rows, .count = COUNT(rows), .manual = "gatehouse-firmware(1)"};

static bool
is_name(const char *text)
{
    size_t len = strlen(text);
    char clean[NAME_LIMIT + 1];
    text_clean(clean, sizeof(clean), text, len);
    return len != 0 && len <= NAME_LIMIT && text_equal(clean, text);
}

static bool
take_hex(struct firmware_list *list, const char *text, const char **ret_hex)
{
    char *hex = arena_copy(&list->arena, text);
    if (hex == NULL || strlen(hex) != FIRMWARE_HEX - 1 ||
        strspn(hex, "0123456789abcdefABCDEF") != FIRMWARE_HEX - 1) {
        return false;
    }
    for (char *c = hex; *c != '\0'; c++) {
        *c = (char)(*c >= 'A' && *c <= 'F' ? *c + ('a' - 'A') : *c);
    }
    *ret_hex = hex;
    return true;
}

static bool
take_minutes(const char *text, unsigned *ret_minutes)
{
    uint64_t minutes = 0;
    if (text_to_u64(text, 60, &minutes) != OK || minutes == 0) {
        return false;
    }
    *ret_minutes = (unsigned)minutes;
    return true;
}

/* A value of the row that was begun last. */
static bool
take_value(struct firmware_list *list, struct firmware_file *file, const struct outline_node *node)
{
    const char *key = outline_key(node->pattern);
    const char *text = arena_copy(&list->arena, node->text);
    int64_t day = 0;
    if (text == NULL || !is_name(text)) {
        return false;
    }
    if (text_equal(key, "file")) {
        file->file = text;
        return strchr(text, '/') == NULL && text[0] != '.';
    }
    if (text_equal(key, "maker")) {
        file->maker = text;
        return true;
    }
    if (text_equal(key, "version")) {
        file->version = text;
        return true;
    }
    if (text_equal(key, "released")) {
        file->released = text;
        return strlen(text) == strlen("2026-11-22") && clock_parse(text, &day) == OK;
    }
    if (text_equal(key, "sha256")) {
        return take_hex(list, text, &file->sha256);
    }
    if (text_equal(key, "minutes")) {
        return take_minutes(text, &file->minutes);
    }
    if (file->model_count == FIRMWARE_MODELS || text[0] == '*') {
        return false;
    }
    file->models[file->model_count++] = text;
    return true;
}

static const char *
missing_of(const struct firmware_file *file)
{
    return file->file == NULL       ? "file is missing: the name of the firmware file"
           : file->model_count == 0 ? "models is missing: for which models it is"
           : file->version == NULL  ? "version is missing: what the device says afterwards"
           : file->sha256 == NULL   ? "sha256 is missing: sha256sum FILE tells it; compare it with "
                                      "the maker's page"
                                    : NULL;
}

static enum err
take_node(
    struct firmware_list *list, const struct outline_place *place, const struct outline_node *node)
{
    size_t row = outline_row_find(&table, node->pattern);
    if (node->pattern[0] == '\0') {
        return OK;
    }
    if (row == table.count) {
        return outline_refuse_key(&table, place, node);
    }
    if (node->shape != rows[row].shape) {
        return outline_refuse_shape(&rows[row], place, node);
    }
    if (text_equal(node->pattern, "files[]")) {
        if (list->count == FIRMWARE_FILES) {
            return outline_tell(place, node, "more than 256 files");
        }
        list->files[list->count++].line = node->line;
        return OK;
    }
    if (node->shape != OUTLINE_TEXT) {
        return OK;
    }
    return take_value(list, &list->files[list->count - 1], node)
               ? OK
               : outline_refuse_value(&rows[row], place, node);
}

static enum err
take_outline(
    struct firmware_list *list, const struct outline *outline, const struct outline_place *place)
{
    for (size_t i = 0; i < outline->count; i++) {
        enum err err = take_node(list, place, &outline->nodes[i]);
        if (err != OK) {
            return err;
        }
    }
    for (size_t i = 0; i < list->count; i++) {
        const char *missing = missing_of(&list->files[i]);
        if (missing != NULL) {
            return outline_tell(place, outline_find(outline, "files[]", i), missing);
        }
    }
    return OK;
}

enum err
firmware_parse(const char *bytes, size_t len, const char *name, struct firmware_list **ret_list,
    struct note *note)
{
    struct outline outline = {.count = 0};
    struct outline_mistake mistake = {.line = 0};
    const struct outline_place place = {name, note};
    struct firmware_list *list = calloc(1, sizeof(*list));
    if (list == NULL) {
        return ERR_MEMORY;
    }
    arena_init(&list->arena, ARENA_LIMIT);
    list->files = calloc(FIRMWARE_FILES, sizeof(*list->files));
    enum err err = list->files == NULL ? ERR_MEMORY : OK;
    if (err == OK) {
        err = outline_read(bytes, len, &list->arena, &outline, &mistake);
        if (err != OK) {
            note_set(note, "%s:%u: %.180s", name, mistake.line, mistake.note.text);
        }
    }
    err = err == OK ? take_outline(list, &outline, &place) : err;
    if (err != OK) {
        firmware_free(list);
        return err;
    }
    *ret_list = list;
    return OK;
}

void
firmware_free(struct firmware_list *list)
{
    if (list != NULL) {
        free(list->files);
        arena_release(&list->arena);
        free(list);
    }
}

enum err
firmware_read(const char *folder, struct firmware_list **ret_list, struct note *note)
{
    char path[PATH_MAX];
    CLEANUP(buf_release) struct buf buf;
    buf_init(&buf, OUTLINE_BYTES);
    int len = snprintf(path, sizeof(path), "%s/firmware.yaml", folder);
    if (len < 0 || (size_t)len >= sizeof(path)) {
        return ERR_LIMIT;
    }
    enum err err = file_read(path, &buf, note);
    return err == OK ? firmware_parse(buf.data, buf.len, file_tail(path, 80), ret_list, note) : err;
}

static bool
is_model(const char *pattern, const char *model)
{
    size_t len = strlen(pattern);
    if (len == 0 || pattern[len - 1] != '*') {
        return text_equal_nocase(pattern, model);
    }
    char start[NAME_LIMIT + 1];
    (void)text_copy(start, sizeof(start), pattern);
    start[len - 1] = '\0';
    return text_starts_nocase(model, start);
}

const struct firmware_file *
firmware_for(const struct firmware_list *list, const struct facts *facts)
{
    const char *model = facts_text(facts, FACT_DEVICE_MODEL);
    const struct vendor *vendor = vendor_of(facts);
    for (size_t i = 0; model != NULL && i < list->count; i++) {
        const struct firmware_file *file = &list->files[i];
        bool is_maker = file->maker == NULL ||
                        text_equal_nocase(file->maker, facts_text(facts, FACT_DEVICE_VENDOR)) ||
                        text_equal_nocase(file->maker, facts_text(facts, FACT_DEVICE_BRAND)) ||
                        (vendor != NULL && text_equal_nocase(file->maker, vendor->maker));
        for (size_t j = 0; is_maker && j < file->model_count; j++) {
            if (is_model(file->models[j], model)) {
                return file;
            }
        }
    }
    return NULL;
}

static enum err
check_open(int fd, const char *file, const char *sha256, uint64_t *ret_size, struct note *note)
{
    struct stat status;
    char hex[FIRMWARE_SUMS_HEX] = "";
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        note_set(note, "%s: no ordinary file", file);
        return ERR_IO;
    }
    if (status.st_size <= 0 || (uint64_t)status.st_size > FIRMWARE_BYTES) {
        note_set(note, "%s: empty, or larger than 512 MiB", file);
        return ERR_LIMIT;
    }
    enum err err = firmware_sums_digest(fd, "SHA256", hex);
    if (err != OK) {
        note_set(note, "%s: %s", file, strerror(errno));
        return err;
    }
    if (!text_equal(hex, sha256)) {
        note_set(note,
            "%.60s: its SHA-256 is %.16s…, not %.16s… as firmware.yaml says; it is not used", file,
            hex, sha256);
        return ERR_VALUE;
    }
    *ret_size = (uint64_t)status.st_size;
    return OK;
}

enum err
firmware_open(const char *folder, const char *file, const char *sha256, int *ret_fd,
    uint64_t *ret_size, struct note *note)
{
    char path[PATH_MAX];
    int len = snprintf(path, sizeof(path), "%s/%s", folder, file);
    if (len < 0 || (size_t)len >= sizeof(path) || strchr(file, '/') != NULL || file[0] == '.') {
        return ERR_VALUE;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) {
        note_set(note, "%.120s: %s", file, strerror(errno));
        return ERR_IO;
    }
    uint64_t size = 0;
    enum err err = check_open(fd, file, sha256, &size, note);
    err = err == OK ? firmware_sums_check(folder, file, fd, note) : err;
    if (err != OK) {
        (void)close(fd);
        return err;
    }
    *ret_fd = fd;
    *ret_size = size;
    return OK;
}

static bool
is_for(const struct site_maintenance *window, const char *what, const struct subject *subject)
{
    bool is_meant = window->what == NULL || text_equal(window->what, what);
    for (size_t i = 0; is_meant && i < window->device_count; i++) {
        if (subject_is_called(subject, window->devices[i])) {
            return true;
        }
    }
    return is_meant && window->device_count == 0;
}

/* Days of a site file are UTC; its hours are those of this machine's clock. */
static bool
is_open(const struct site_maintenance *window, int64_t now)
{
    struct tm local;
    time_t seconds = (time_t)(now / 1000);
    if (window->date != 0 && now / CLOCK_DAY != window->date / CLOCK_DAY) {
        return false;
    }
    if (window->from == window->to) {
        return true;
    }
    if (localtime_r(&seconds, &local) == NULL) {
        return false;
    }
    int minute = local.tm_hour * 60 + local.tm_min;
    bool is_late = minute >= window->from;
    bool is_early = minute < window->to;
    return window->from < window->to ? is_late && is_early : is_late || is_early;
}

bool
firmware_may(const struct site *site, const char *what, const struct subject *subject, int64_t now,
    struct note *note)
{
    size_t windows = 0;
    for (size_t i = 0; site != NULL && i < site->maintenance_count; i++) {
        const struct site_maintenance *window = &site->maintenance[i];
        if (!is_for(window, what, subject)) {
            continue;
        }
        if (is_open(window, now)) {
            return true;
        }
        windows++;
    }
    note_set(note,
        windows == 0 ? "the site file declares no maintenance for it: add one, with hours, or plan "
                       "with --now"
                     : "it is outside of the maintenance hours of the site file; plan with --now "
                       "to do it all the same");
    return false;
}
