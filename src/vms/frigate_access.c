/* Frigate 0.14 to 0.18 at the gateway: what each of its requests means. */
#include "base/text.h"
#include "vms/access_driver.h"

#include <jansson.h>
#include <string.h>
#include <strings.h>

#define FRAME_MOST  ((size_t)64 * 1024)
#define ID_TAIL     6     /* of an event's id: "1763900000.123456-abcdef" */
#define SEGMENT_MS  10000 /* of a recording's file */
#define STAMP       15    /* "20251123_121320" */
#define STREAM_MOST 128
#define CLIPS       "/media/frigate/clips/"

/*
 * Sources, all public: github blakeblackshear/frigate at v0.17.2, files below frigate/api where
 * only a name is given; "nginx.conf" is docker/main/rootfs/usr/local/nginx/conf/nginx.conf; "0.18"
 * is docs/static/frigate-api.yaml of July 2026. Times are seconds since 1970, hours of /recordings
 * UTC.
 */

static bool
is_made_of(const char *text, size_t len, const char *more)
{
    for (size_t i = 0; i < len; i++) {
        bool is_plain = (text[i] >= 'a' && text[i] <= 'z') || (text[i] >= '0' && text[i] <= '9') ||
                        (text[i] >= 'A' && text[i] <= 'Z');
        if (!is_plain && (text[i] == '\0' || strchr(more, text[i]) == NULL)) {
            return false;
        }
    }
    return len != 0;
}

/* "1763900000.123456-abcdef" at the end of a text: where it begins; 0: there is none. */
static size_t
id_at_end(const char *text, size_t len)
{
    if (len < ID_TAIL + 2 || text[len - ID_TAIL - 1] != '-' ||
        !is_made_of(text + len - ID_TAIL, ID_TAIL, "")) {
        return len;
    }
    size_t at = len - ID_TAIL - 1;
    while (at > 0 && strchr("0123456789.", text[at - 1]) != NULL) {
        at--;
    }
    return at == len - ID_TAIL - 1 ? len : at;
}

/* An event's or review item's id tells when it began (frigate/track, review/maintainer.py). */
static enum err
more_id(const struct access_request *request, const struct access_params *params,
    struct access *access, struct arena *arena, struct note *note)
{
    (void)request;
    (void)params;
    (void)arena;
    (void)note;
    const char *id = access->cameras[0].text;
    size_t len = strlen(id);
    if (!is_made_of(id, len, ".-_")) {
        return ERR_MISSING;
    }
    if (id_at_end(id, len) == 0 && access_time(id, len - ID_TAIL - 1, &access->from) != OK) {
        return ERR_MISSING;
    }
    return OK;
}

/* Adds what a list parameter names: "all" and none at all are no camera. */
static enum err
add_list(struct access *access, const char *list, struct arena *arena)
{
    enum err err = OK;
    if (list == NULL || text_equal(list, "all") || *list == '\0') {
        return OK;
    }
    while (err == OK) {
        size_t len = strcspn(list, ",");
        err = access_add(access, ACCESS_CAMERA, list, len, arena);
        if (list[len] == '\0') {
            break;
        }
        list += len + 1;
    }
    return err == ERR_VALUE ? ERR_MISSING : err;
}

/* Lists: the cameras they ask for. One that names none shows what the VMS shows this user. */
static enum err
more_list(const struct access_request *request, const struct access_params *params,
    struct access *access, struct arena *arena, struct note *note)
{
    (void)request;
    enum err err = OK;
    for (size_t i = 0; err == OK && i < params->count; i++) {
        const struct access_param *param = &params->rows[i];
        if (text_equal(param->name, "cameras") || text_equal(param->name, "camera")) {
            err = add_list(access, param->value, arena);
        }
    }
    if (err == ERR_LIMIT) {
        note_set(note, "more than %d cameras", ACCESS_CAMERAS);
    }
    return err;
}

/* Up to 0.15 a list of events holds their pictures, unless told not to (event.py of v0.15.2). */
static enum err
more_events(const struct access_request *request, const struct access_params *params,
    struct access *access, struct arena *arena, struct note *note)
{
    enum err err = more_list(request, params, access, arena, note);
    if (err == OK && !text_equal(access_param(params, "include_thumbnails"), "0")) {
        access->kind = ACCESS_THUMBNAIL;
        err = access->camera_count != 0 ? OK : access_add(access, ACCESS_ALL, "", 0, arena);
    }
    return err;
}

/* Everything that a body names: "ids[]" of a kind, "items[].camera"; too many are all. */
static enum err
add_named(const struct access_params *params, const char *name, enum access_name kind,
    struct access *access, struct arena *arena)
{
    size_t count = 0;
    enum err err = OK;
    for (size_t i = 0; err == OK && i < params->count; i++) {
        const struct access_param *param = &params->rows[i];
        if (text_equal(param->name, name)) {
            count++;
            err = access_add(access, kind, param->value, strlen(param->value), arena);
        }
    }
    if (err == ERR_LIMIT || (err == OK && count == 0)) {
        access->camera_count = 0;
        access->cameras = NULL;
        access->object = arena_format(arena, "%zu or more named in the body", count);
        err = access_add(access, ACCESS_ALL, "", 0, arena);
    }
    return err == ERR_VALUE ? ERR_MISSING : err;
}

static enum err
more_event_ids(const struct access_request *request, const struct access_params *params,
    struct access *access, struct arena *arena, struct note *note)
{
    (void)request;
    (void)note;
    return add_named(params, "event_ids[]", ACCESS_EVENT, access, arena);
}

static enum err
more_review_ids(const struct access_request *request, const struct access_params *params,
    struct access *access, struct arena *arena, struct note *note)
{
    (void)request;
    (void)note;
    return add_named(params, "ids[]", ACCESS_REVIEW, access, arena);
}

static enum err
more_export_ids(const struct access_request *request, const struct access_params *params,
    struct access *access, struct arena *arena, struct note *note)
{
    (void)request;
    (void)note;
    return add_named(params, "ids[]", ACCESS_EXPORTED, access, arena);
}

/* Up to 0.16.1 an export's picture may be any file of the machine (CVE-2025-62382): only clips. */
static enum err
check_picture(const struct access_params *params, struct note *note)
{
    for (size_t i = 0; i < params->count; i++) {
        const char *value = params->rows[i].value;
        if (text_ends(params->rows[i].name, "image_path") && *value != '\0' &&
            (!text_starts(value, CLIPS) || strstr(value, "..") != NULL)) {
            note_set(note, "an export's picture out of another folder: %.100s", value);
            return ERR_VALUE;
        }
    }
    return OK;
}

static enum err
more_export(const struct access_request *request, const struct access_params *params,
    struct access *access, struct arena *arena, struct note *note)
{
    (void)request;
    (void)access;
    (void)arena;
    return check_picture(params, note);
}

static enum err
more_batch(const struct access_request *request, const struct access_params *params,
    struct access *access, struct arena *arena, struct note *note)
{
    (void)request;
    enum err err = check_picture(params, note);
    return err == OK ? add_named(params, "items[].camera", ACCESS_CAMERA, access, arena) : err;
}

/* go2rtc makes a stream of anything that looks like a source: only a name is let through. */
static enum err
more_stream(const struct access_request *request, const struct access_params *params,
    struct access *access, struct arena *arena, struct note *note)
{
    (void)request;
    (void)params;
    for (size_t i = 0; i < access->camera_count; i++) {
        const char *name = access->cameras[i].text;
        size_t len = strlen(name);
        if (!is_made_of(name, len, "_-.") || len > STREAM_MOST) {
            note_set(note, "a stream made on the fly is refused: %.100s", name);
            return ERR_VALUE;
        }
    }
    /* The composite of all cameras (output/birdseye.py) is no camera of its own. */
    if (access->camera_count == 1 && text_equal(access->cameras[0].text, "birdseye")) {
        access->camera_count = 0;
        return access_add(access, ACCESS_ALL, "", 0, arena);
    }
    return OK;
}

/* nginx-vod would read several sources out of ",a,b,.urlset" (its documentation: URL structure). */
static enum err
more_vod(const struct access_request *request, const struct access_params *params,
    struct access *access, struct arena *arena, struct note *note)
{
    bool has_event = access->camera_count == 1 && access->cameras[0].name == ACCESS_EVENT;
    if (strstr(request->path, ".urlset") != NULL ||
        (access->camera_count != 0 && strchr(access->cameras[0].text, ',') != NULL)) {
        note_set(note, "several sources in one playlist");
        return ERR_VALUE;
    }
    return has_event ? more_id(request, params, access, arena, note) : OK;
}

/* A part of the path that is a file: its name without the folders and the ending. */
static size_t
stem_of(const char *path, const char **ret_stem)
{
    const char *slash = strrchr(path, '/');
    const char *stem = slash == NULL ? path : slash + 1;
    const char *dot = strrchr(stem, '.');
    *ret_stem = stem;
    return dot == NULL ? strlen(stem) : (size_t)(dot - stem);
}

/*
 * "front-door-1763900000.12-abcdef-clean.png", "thumb-front-…webp": read from the right, because a
 * camera's name may hold '-'. What is not so is left to the net.
 */
static enum err
more_clip(const struct access_request *request, const struct access_params *params,
    struct access *access, struct arena *arena, struct note *note)
{
    static const char *const endings[] = {"-clean", "-bbox", "-crop"};
    const char *stem = NULL;
    size_t len = stem_of(request->path, &stem);
    (void)params;
    (void)note;
    if (text_starts(request->path, "/clips/review/thumb-")) {
        stem += strlen("thumb-");
        len -= strlen("thumb-");
    }
    for (size_t i = 0; i < COUNT(endings); i++) {
        size_t ending = strlen(endings[i]);
        if (len > ending && memcmp(stem + len - ending, endings[i], ending) == 0) {
            len -= ending;
        }
    }
    size_t at = id_at_end(stem, len);
    if (at < 2 || at == len || stem[at - 1] != '-' || !is_made_of(stem, at - 1, "_-") ||
        access_time(stem + at, len - at - ID_TAIL - 1, &access->from) != OK) {
        return ERR_MISSING;
    }
    return access_add(access, ACCESS_CAMERA, stem, at - 1, arena);
}

/* "preview_front-1763900000.12": a frame of what is scrubbed over. */
static enum err
more_preview(const struct access_request *request, const struct access_params *params,
    struct access *access, struct arena *arena, struct note *note)
{
    static const char before[] = "/api/preview/preview_";
    (void)params;
    (void)note;
    if (!text_starts(request->path, before)) {
        return ERR_MISSING;
    }
    const char *name = request->path + sizeof(before) - 1;
    const char *end = strchr(name, '/');
    size_t len = end == NULL ? strlen(name) : (size_t)(end - name);
    const char *dash = memrchr(name, '-', len);
    size_t camera = dash == NULL ? 0 : (size_t)(dash - name);
    size_t time = dash == NULL ? 0 : len - camera - 1;
    const char *ending = dash == NULL ? NULL : memmem(dash + 1, time, ".webp", 5);
    time = ending == NULL ? time : (size_t)(ending - dash) - 1;
    if (!is_made_of(name, camera, "_-") || access_time(dash + 1, time, &access->from) != OK) {
        return ERR_MISSING;
    }
    return access_add(access, ACCESS_CAMERA, name, camera, arena);
}

/* "2025…_121320" of an export's name, in the VMS's own time. */
static enum err
stamp_of(const char *text, int64_t *ret_ms)
{
    char stamp[20];
    if (text[8] != '_') {
        return ERR_VALUE;
    }
    (void)snprintf(stamp, sizeof(stamp), "%.4s-%.2s-%.2s %.2s:%.2s:%.2s", text, text + 4, text + 6,
        text + 9, text + 11, text + 13);
    return access_time(stamp, strlen(stamp), ret_ms);
}

/* "front_20251123_121320-20251123_122320_abcdef.mp4" says its times; whose it is says the VMS. */
static enum err
more_exported(const struct access_request *request, const struct access_params *params,
    struct access *access, struct arena *arena, struct note *note)
{
    const char *stem = NULL;
    size_t len = stem_of(request->path, &stem);
    size_t tail = 2 * STAMP + 1 + 1 + ID_TAIL;
    int64_t from = 0;
    int64_t to = 0;
    (void)params;
    (void)arena;
    (void)note;
    if (len > tail + 1 && stem[len - ID_TAIL - 1] == '_' && stem[len - tail - 1] == '_' &&
        stamp_of(stem + len - tail, &from) == OK &&
        stamp_of(stem + len - tail + STAMP + 1, &to) == OK) {
        access->from = from;
        access->to = to;
    }
    return OK;
}

static enum err
more_segment(const struct access_request *request, const struct access_params *params,
    struct access *access, struct arena *arena, struct note *note)
{
    (void)request;
    (void)params;
    (void)arena;
    (void)note;
    access->to = access->from + SEGMENT_MS;
    return OK;
}

/* Below such a path nginx's own rule for pictures would reach the API (nginx.conf). */
static enum err
more_page(const struct access_request *request, const struct access_params *params,
    struct access *access, struct arena *arena, struct note *note)
{
    (void)params;
    (void)access;
    (void)arena;
    (void)note;
    return text_contains_nocase(request->path, "/api/") ? ERR_MISSING : OK;
}

/* POST /api/login: 200, 401 "Login failed" (400 up to 0.14), 429 (auth.py). */
static void
answer_login(const struct access_answer *answer, struct access_told *told, struct arena *arena)
{
    (void)arena;
    told->has_failed = answer->status != 200;
}

/* {"success", "message", "export_id"} (export.py): the name under which it will be fetched. */
static void
answer_export(const struct access_answer *answer, struct access_told *told, struct arena *arena)
{
    json_t *json = !answer->is_whole || answer->body == NULL
                       ? NULL
                       : json_loadb(answer->body, answer->body_len, JSON_REJECT_DUPLICATES, NULL);
    told->has_failed = answer->status / 100 != 2;
    told->link = arena_copy(arena, json_string_value(json_object_get(json, "export_id")));
    json_decref(json);
}

/* go2rtc's playlist names the parts by "id=" (github AlexxIT/go2rtc internal/hls). */
static void
answer_playlist(const struct access_answer *answer, struct access_told *told, struct arena *arena)
{
    const char *id = text_find_nocase(answer->body, answer->body_len, "?id=");
    if (id != NULL) {
        const char *end = (const char *)answer->body + answer->body_len;
        size_t len = 0;
        id += 4;
        while (id + len < end && is_made_of(id + len, 1, "")) {
            len++;
        }
        told->link = len == 0 ? NULL : arena_copy_n(arena, id, len);
    }
}

#define UPGRADE ACCESS_ROW_UPGRADE
#define FRAMES  ACCESS_ROW_FRAMES
#define ALL     ACCESS_ROW_ALL
#define FOLD    ACCESS_ROW_FOLD
#define LOCAL   ACCESS_ROW_LOCAL_TIME
#define WRITE   ACCESS_ROW_WRITE

#define ROW(methods, path, params, kind, flags, role, source, more, answer)                        \
    {methods, path, params, ACCESS_##kind, flags, role, source, more, answer},

static const struct access_row rows[] = {
#include "vms/frigate_access.def"
};

/* Topics of /ws that a browser may send (frigate/comms/dispatcher.py, ws.py; web/src/api/ws.tsx).
 */
/* clang-format off */
static const struct access_frame_row topics[] = {
    {"onConnect",                            ACCESS_DATA,      "frigate/comms/ws.py"},
    {"modelState",                           ACCESS_DATA,      "frigate/comms/ws.py"},
    {"audioTranscriptionState",              ACCESS_DATA,      "frigate/comms/ws.py"},
    {"birdseyeLayout",                       ACCESS_DATA,      "frigate/comms/ws.py"},
    {"embeddingsReindexProgress",            ACCESS_DATA,      "frigate/comms/ws.py"},
    {"jobState",                             ACCESS_DATA,      "0.18: web/src/api/ws.ts"},
    {"{camera}/ptz",                         ACCESS_PTZ,       "frigate/comms/dispatcher.py"},
    {"{camera}/[enabled|recordings|detect|snapshots|motion|audio|review_alerts|review_detections]/set",
                                             ACCESS_RECORDING, "frigate/comms/dispatcher.py"},
    {"{camera}/[audio_transcription|improve_contrast|motion_threshold|motion_contour_area|ptz_autotracker|"
     "birdseye|birdseye_mode|object_descriptions|review_descriptions|notifications]/set",
                                             ACCESS_CONFIGURE, "frigate/comms/dispatcher.py"},
    {"{camera}/notifications/suspend",       ACCESS_CONFIGURE, "frigate/comms/dispatcher.py"},
    {"notifications/set",                    ACCESS_CONFIGURE, "frigate/comms/dispatcher.py"},
    {"profile/set",                          ACCESS_CONFIGURE, "0.18: web/src/api/ws.ts"},
    {"restart",                              ACCESS_CONFIGURE, "frigate/comms/dispatcher.py"},
};

/* What a player says to go2rtc (github AlexxIT/go2rtc internal/api/ws, internal/mp4, internal/webrtc). */
static const struct access_frame_row types[] = {
    {"[mse|mp4|mjpeg|hls]",                  ACCESS_DATA,      "go2rtc internal/mp4"},
    {"webrtc",                               ACCESS_BESIDE,    "go2rtc internal/webrtc"},
    {"webrtc/{*}",                           ACCESS_BESIDE,    "go2rtc internal/webrtc"},
};
/* clang-format on */

/* Go matches names without regard to case: any spelling counts, and only one may be there. */
static const char *
member(json_t *json, const char *name, size_t *ret_count)
{
    const char *key = NULL;
    const char *found = NULL;
    json_t *value = NULL;
    json_object_foreach(json, key, value)
    {
        if (strcasecmp(key, name) == 0) {
            found = json_string_value(value);
            ++*ret_count;
        }
    }
    return found;
}

/* {"topic", "payload"} of /ws or {"type", "value"} of a player; text and binary are read alike. */
static enum err
read_frame(const void *bytes, size_t len, struct arena *arena, struct access *ret_access,
    struct note *note)
{
    size_t topic_count = 0;
    size_t type_count = 0;
    json_t *json = len > FRAME_MOST ? NULL : json_loadb(bytes, len, JSON_REJECT_DUPLICATES, NULL);
    const char *topic = json_is_object(json) ? member(json, "topic", &topic_count) : NULL;
    const char *type = json_is_object(json) ? member(json, "type", &type_count) : NULL;
    enum err err = ERR_VALUE;
    if (topic_count == 1 && type_count == 0 && topic != NULL) {
        err = access_frame(topics, COUNT(topics), topic, arena, ret_access);
    } else if (type_count == 1 && topic_count == 0 && type != NULL) {
        err = access_frame(types, COUNT(types), type, arena, ret_access);
    }
    if (err != OK) {
        const char *said = topic != NULL ? topic : type != NULL ? type : "no topic";
        char clean[100];
        text_clean(clean, sizeof(clean), said, strlen(said));
        note_set(note, "a message that is not known: %s", clean);
    }
    json_decref(json);
    return err == OK || err == ERR_MEMORY ? err : ERR_VALUE;
}

static enum err
read_params(const struct access_request *request, struct arena *arena,
    struct access_params *ret_params, struct note *note)
{
    return access_read(request, ACCESS_READ_JSON, arena, ret_params, note);
}

const struct vms_gate vms_gate_frigate = {
    .name = "frigate",
    .title = "Frigate",
    .rows = rows,
    .row_count = COUNT(rows),
    .read = read_params,
    .frame = read_frame,
    .maturity = "tested on its published routes",
};
