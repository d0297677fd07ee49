/*
 * Files of recordings by their path. ZoneMinder keeps them as MONITOR/DATE/EVENT/ (medium),
 * MONITOR/EVENT/ (shallow) or MONITOR/yy/mm/dd/HH/MM/SS/ (deep), 1.36.33 includes/Event.php; a
 * monitor may be there by its name too, as a link.
 */
#include "vms/zoneminder_parts.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define PARTS_MOST 9
#define SEGMENT    64
#define DEEP_PARTS 7 /* a monitor, then a time in six numbers */

#define FOLDERS_COUNT 2
static const char *const folders[FOLDERS_COUNT] = {
    ZONEMINDER_ROOT "/cache/events", ZONEMINDER_ROOT "/events"};

struct parts {
    char text[PARTS_MOST][SEGMENT];
    size_t count;
};

static bool
is_digits(const char *text, size_t least, size_t most)
{
    size_t len = strlen(text);
    return strspn(text, "0123456789") == len && len >= least && len <= most;
}

static bool
is_date(const char *text)
{
    return strlen(text) == 10 && text[4] == '-' && text[7] == '-';
}

static enum err
take_apart(const char *path, struct parts *parts, struct note *note)
{
    *parts = (struct parts){0};
    while (*path != '\0') {
        size_t len = strcspn(path, "/");
        if (len != 0) {
            bool is_dots = path[0] == '.';
            if (parts->count == PARTS_MOST || len >= SEGMENT || is_dots) {
                note_set(note, "a path of recordings that ZoneMinder does not make");
                return ERR_VALUE;
            }
            memcpy(parts->text[parts->count++], path, len);
        }
        path += len + (path[len] == '/' ? 1 : 0);
    }
    return OK;
}

/* snapshot.jpg and alarm.jpg are one picture of an event; any other is the recording. */
static enum access_kind
kind_of(const char *name)
{
    if (text_equal(name, "snapshot.jpg") || text_equal(name, "alarm.jpg") ||
        text_equal(name, "objdetect.jpg")) {
        return ACCESS_THUMBNAIL;
    }
    return ACCESS_PLAYBACK;
}

static bool
is_deep(const struct parts *parts)
{
    for (size_t i = 1; i < DEEP_PARTS; i++) {
        if (parts->count < DEEP_PARTS || !is_digits(parts->text[i], 2, 2)) {
            return false;
        }
    }
    return true;
}

/* The time of a folder of the deep scheme; the event ends the gateway knows not when. */
static void
set_deep_time(const struct parts *parts, struct access *access)
{
    char text[32];
    (void)snprintf(text, sizeof(text), "20%.2s-%.2s-%.2s %.2s:%.2s:%.2s", parts->text[1],
        parts->text[2], parts->text[3], parts->text[4], parts->text[5], parts->text[6]);
    int64_t from = 0;
    if (access_time(text, strlen(text), &from) == OK) {
        access->from = from;
    }
}

enum err
zoneminder_files_path(
    const char *path, struct access *access, struct arena *arena, struct note *note)
{
    struct parts parts;
    enum err err = take_apart(path, &parts, note);
    if (err != OK) {
        return err;
    }
    if (parts.count == 0) {
        return access_add(access, ACCESS_ALL, "", 0, arena);
    }
    err = access_add(access, ACCESS_CAMERA, parts.text[0], strlen(parts.text[0]), arena);
    size_t event = parts.count > 2 && is_date(parts.text[1]) ? 2 : 1;
    if (err == OK && is_deep(&parts)) {
        set_deep_time(&parts, access);
    } else if (err == OK && parts.count > event && is_digits(parts.text[event], 1, 18)) {
        err = access_add(access, ACCESS_EVENT, parts.text[event], strlen(parts.text[event]), arena);
        access->object = arena_format(arena, "event %s", parts.text[event]);
    }
    bool has_file = strchr(parts.text[parts.count - 1], '.') != NULL;
    access->kind = has_file ? kind_of(parts.text[parts.count - 1]) : ACCESS_PLAYBACK;
    return err;
}

enum err
zoneminder_files_more(const struct access_request *request, const struct access_params *params,
    struct access *access, struct arena *arena, struct note *note)
{
    (void)params;
    for (size_t i = 0; i < FOLDERS_COUNT; i++) {
        if (text_starts(request->path, folders[i])) {
            return zoneminder_files_path(request->path + strlen(folders[i]), access, arena, note);
        }
    }
    return ERR_MISSING;
}
