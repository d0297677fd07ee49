/*
 * Frigate (0.14 to 0.17): by its proxy headers with a shared secret, or logged in with a cookie;
 * only at its port with a log-in. Sources: Frigate docs, "Authentication" and "Live View";
 * frigate/api/auth.py, event.py, review.py, export.py.
 */
#include "base/clock.h"
#include "base/text.h"
#include "daemon/broker_part.h"

#include <stdio.h>
#include <string.h>

#define RENEW_COOKIE 21600000 /* ms; auth.session_length is a day unless told */
#define RESTREAM     ":8554/" /* go2rtc's own address in the inputs of a camera */

/* RFC 8259 7; the bytes of a password never pass through a library that leaves copies. */
static void
put_json_text(struct buf *out, const char *text)
{
    buf_byte(out, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            buf_format(out, "\\%c", *text);
        } else if ((uint8_t)*text < ' ') {
            buf_format(out, "\\u%04x", (unsigned)(uint8_t)*text);
        } else {
            buf_byte(out, (uint8_t)*text);
        }
    }
    buf_byte(out, '"');
}

static bool
ask_cookie(struct broker_vms *vms, struct arena *arena, struct request *ret_request)
{
    if (vms->password == NULL || vms->proxy_secret != NULL ||
        (vms->cookie != NULL && clock_mono() - vms->cookie_at < RENEW_COOKIE)) {
        return false;
    }
    CLEANUP(buf_release) struct buf body;
    buf_init(&body, 8192);
    buf_text(&body, "{\"user\":");
    put_json_text(&body, vms->settings->user);
    buf_text(&body, ",\"password\":");
    put_json_text(&body, secret_text(vms->password));
    buf_text(&body, "}");
    *ret_request = (struct request){
        .ask = {.path = "/api/login", .body = arena_copy(arena, body.data)},
        .spends = true,
    };
    explicit_bzero(body.data, body.len);
    return true;
}

static enum err
take_cookie(struct broker_vms *vms, const struct answer *answer, struct note *note)
{
    char cookie[UPSTREAM_VALUE];
    if (answer->status < 200 || answer->status > 299) {
        note_set(note, "Frigate refused the log-in of %s (status %d)", vms->settings->user,
            answer->status);
        return ERR_REFUSED;
    }
    /* auth.cookie_name is frigate_token unless told. */
    if (!broker_cookie(answer, "frigate_token", cookie, sizeof cookie) &&
        !broker_cookie(answer, NULL, cookie, sizeof cookie)) {
        note_set(note, "Frigate's log-in gave no cookie");
        return ERR_SYNTAX;
    }
    broker_secret_replace(&vms->cookie, cookie);
    explicit_bzero(cookie, sizeof cookie);
    vms->cookie_at = clock_mono();
    return OK;
}

static bool
ask_version(struct broker_vms *vms, struct arena *arena, struct request *ret_request)
{
    (void)vms;
    (void)arena;
    *ret_request = (struct request){.ask = {.path = "/api/version"}};
    return true;
}

static enum err
take_version(struct broker_vms *vms, const struct answer *answer, struct note *note)
{
    if (answer->status == 401 || answer->status == 403) {
        const char *why = "Frigate asks for a log-in, and there is neither user nor proxy secret";
        if (vms->proxy_secret != NULL) {
            why = "Frigate refused the proxy secret: is it its proxy.auth_secret, and auth off?";
        } else if (vms->password != NULL) {
            why = "Frigate wants a new log-in";
        }
        note_set(note, "%s", why);
        return ERR_REFUSED;
    }
    if (answer->status != 200 || answer->body_len == 0 || answer->body_len > 64) {
        note_set(note, "its API answered with status %d", answer->status);
        return ERR_SYNTAX;
    }
    text_clean(vms->known->version, sizeof vms->known->version, answer->body,
        strcspn(answer->body, "\r\n"));
    return OK;
}

static bool
ask_config(struct broker_vms *vms, struct arena *arena, struct request *ret_request)
{
    (void)vms;
    (void)arena;
    *ret_request = (struct request){.ask = {.path = "/api/config"}};
    return true;
}

/* Streams that the interface shows for a camera (Frigate docs: live.streams, live.stream_name). */
static void
add_live(struct upstream *upstream, const char *key, json_t *live)
{
    const char *label;
    json_t *stream;
    json_object_foreach(json_object_get(live, "streams"), label, stream)
    {
        broker_add_alias(upstream, json_string_value(stream), key);
    }
    broker_add_alias(upstream, json_string_value(json_object_get(live, "stream_name")), key);
}

/* Streams of its own go2rtc that a camera is recorded from (Frigate docs: restream). */
static void
add_inputs(struct upstream *upstream, const char *key, json_t *inputs)
{
    size_t i;
    json_t *input;
    json_array_foreach(inputs, i, input)
    {
        const char *path = json_string_value(json_object_get(input, "path"));
        const char *mark = path != NULL ? strstr(path, RESTREAM) : NULL;
        char stream[POLICY_NAME];
        if (mark != NULL && text_starts(path, "rtsp://")) {
            const char *begin = mark + strlen(RESTREAM);
            size_t len = strcspn(begin, "?#/");
            if (len > 0 && len < sizeof stream) {
                memcpy(stream, begin, len);
                stream[len] = '\0';
                broker_add_alias(upstream, stream, key);
            }
        }
    }
}

static enum err
take_groups(struct broker_vms *vms, json_t *rows)
{
    json_t *groups = json_object();
    const char *name;
    json_t *row;
    json_object_foreach(rows, name, row)
    {
        json_t *cameras = json_object_get(row, "cameras");
        if (json_is_array(cameras)) {
            (void)json_object_set(groups, name, cameras);
        }
    }
    json_decref(vms->groups);
    vms->groups = groups;
    return groups != NULL ? OK : ERR_MEMORY;
}

static enum err
take_config(struct broker_vms *vms, const struct answer *answer, struct note *note)
{
    json_t *json = broker_json(answer);
    json_t *cameras = json_object_get(json, "cameras");
    const char *key;
    json_t *camera;
    if (!json_is_object(cameras)) {
        json_decref(json);
        note_set(note, "its configuration was answered with status %d", answer->status);
        return ERR_SYNTAX;
    }
    vms->known->camera_count = vms->known->alias_count = 0;
    json_object_foreach(cameras, key, camera)
    {
        char name[256];
        bool is_named = broker_json_text(camera, "friendly_name", name, sizeof name);
        broker_add_camera(vms->known, key, is_named ? name : key);
        add_live(vms->known, key, json_object_get(camera, "live"));
        add_inputs(vms->known, key, json_object_get(json_object_get(camera, "ffmpeg"), "inputs"));
    }
    enum err err = take_groups(vms, json_object_get(json, "camera_groups"));
    json_decref(json);
    return err;
}

static enum err
sign(struct broker_vms *vms, struct arena *arena, struct request *request)
{
    if (vms->proxy_secret != NULL) {
        struct request_header *headers = arena_alloc(arena, 3 * sizeof *headers);
        const char *secret = arena_copy(arena, secret_text(vms->proxy_secret));
        if (headers == NULL || secret == NULL) {
            return ERR_MEMORY;
        }
        headers[0] = (struct request_header){"X-Proxy-Secret", secret};
        headers[1] = (struct request_header){"X-Forwarded-User", "gatehouse"};
        /* The first is in the role_map that `gateway init` prints, the second counts without one.
         */
        headers[2] = (struct request_header){"X-Forwarded-Groups", "administrator,admin"};
        request->headers = headers;
        request->header_count = 3;
    } else if (vms->cookie != NULL) {
        request->cookie = arena_copy(arena, secret_text(vms->cookie));
    }
    return OK;
}

/* "1763900000.123-abc123": what can stand in a path as it is. */
static bool
is_id(const char *text)
{
    return text[strspn(text,
               "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")] == '\0' &&
           text[0] != '.' && text[0] != '\0';
}

static enum err
where(const struct resolve_question *question, struct arena *arena, const char **ret_path)
{
    const char *path = NULL;
    if (question->name == ACCESS_EXPORTED) {
        path = arena_copy(arena, "/api/exports");
    } else if ((question->name != ACCESS_EVENT && question->name != ACCESS_REVIEW) ||
               !is_id(question->text)) {
        return ERR_MISSING;
    } else {
        path = arena_format(arena, "/api/%s/%s",
            question->name == ACCESS_EVENT ? "events" : "review", question->text);
    }
    *ret_path = path;
    return path != NULL ? OK : ERR_MEMORY;
}

static bool
is_export(const json_t *row, const char *text)
{
    const char *path = json_string_value(json_object_get(row, "video_path"));
    const char *slash = path != NULL ? strrchr(path, '/') : NULL;
    const char *id = json_string_value(json_object_get(row, "id"));
    return (id != NULL && text_equal(id, text)) ||
           (path != NULL && text_equal(slash != NULL ? slash + 1 : path, text));
}

static enum broker_read
read_row(const json_t *row, const char *from, struct resolved *ret_resolved)
{
    *ret_resolved = (struct resolved){0};
    if (!broker_json_text(
            row, "camera", ret_resolved->cameras[0], sizeof ret_resolved->cameras[0])) {
        return READ_BAD;
    }
    ret_resolved->camera_count = 1;
    ret_resolved->from = broker_json_seconds(row, from);
    ret_resolved->to = broker_json_seconds(row, "end_time");
    return READ_DONE;
}

static enum broker_read
read_exports(json_t *rows, const char *text, struct resolved *ret_resolved)
{
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        if (is_export(row, text)) {
            return read_row(row, "date", ret_resolved);
        }
    }
    return json_is_array(rows) ? READ_MISSING : READ_BAD;
}

static enum broker_read
read_answer(struct broker_vms *vms, const struct answer *answer, struct resolve_question *question,
    struct resolved *ret_resolved)
{
    (void)vms;
    if (answer->status == 401) {
        return READ_LOGIN;
    }
    if (answer->status == 404) {
        return READ_MISSING;
    }
    json_t *json = broker_json(answer);
    enum broker_read read = question->name == ACCESS_EXPORTED
                                ? read_exports(json, question->text, ret_resolved)
                                : read_row(json, "start_time", ret_resolved);
    json_decref(json);
    return read;
}

static void
put_header(struct upstream *upstream, const char *name, const char *value)
{
    struct upstream_header *header = &upstream->headers[upstream->header_count++];
    (void)text_copy(header->name, sizeof header->name, name);
    (void)text_copy(header->value, sizeof header->value, value);
}

static void
publish(const struct broker_vms *vms, struct upstream *upstream)
{
    if (vms->proxy_secret != NULL) {
        put_header(upstream, "X-Proxy-Secret", secret_text(vms->proxy_secret));
        put_header(upstream, "X-Forwarded-User", "{user}");
        put_header(upstream, "X-Forwarded-Groups", "{role}");
    } else if (vms->cookie != NULL) {
        put_header(upstream, "Cookie", secret_text(vms->cookie));
    }
}

static const struct broker_step steps[] = {
    {"logging in",                   true,  ask_cookie,  take_cookie },
    {"asking for its version",       false, ask_version, take_version},
    {"asking for its configuration", false, ask_config,  take_config },
};

const struct broker_kind broker_frigate = {
    .type = "frigate",
    .composite = "birdseye",
    .steps = steps,
    .step_count = COUNT(steps),
    .sign = sign,
    .where = where,
    .read = read_answer,
    .publish = publish,
};
