/*
 * ZoneMinder: monitors through its API. A monitor has its account in Path (and SecondPath), or in
 * User and Pass. After an edit it starts the monitor's capture anew by itself.
 */
#include "remedy/consumer_kind.h"
#include "remedy/consumer_text.h"

#include "base/text.h"
#include "report/value.h"

#include <stdlib.h>
#include <string.h>

#define ROOT "/zm"

static const char *
path_to(struct consumer_talk *talk, const char *what)
{
    const char *path = consumer_path(talk, ROOT, what);
    return talk->token == NULL ? path
                               : arena_format(&talk->arena, "%s?token=%s", path, talk->token);
}

/* POST /api/host/login.json, user and pass; the answer's access_token goes into the query. */
static enum err
open_door(struct consumer_talk *talk)
{
    const struct site_device *login = &talk->row->login;
    if (login->password == NULL) {
        return OK;
    }
    const char *user = consumer_encode(&talk->arena, login->user);
    const char *password = consumer_encode(&talk->arena, secret_text(login->password));
    const struct request request = {
        .ask = {.method = "POST",
                .path = consumer_path(talk, ROOT, "/api/host/login.json"),
                .type = "application/x-www-form-urlencoded",
                .body = arena_format(&talk->arena, "user=%s&pass=%s", user, password)},
        .spends = true,
    };
    enum err err = talk->arena.full ? ERR_LIMIT : consumer_ask_json(talk, &request);
    if (err != OK) {
        return err;
    }
    talk->token = consumer_encode(&talk->arena, value_get_text(talk->document, "access_token"));
    return text_is_empty(talk->token) ? ERR_VALUE : OK;
}

/* Numbers are texts in 1.36, numbers in later ones. */
static const char *
id_of(struct consumer_talk *talk, const json_t *monitor)
{
    json_t *id = json_object_get(monitor, "Id");
    return json_is_integer(id)
               ? arena_format(&talk->arena, "%lld", (long long)json_integer_value(id))
               : arena_copy(&talk->arena, json_is_string(id) ? json_string_value(id) : "");
}

static enum err
add_fields(struct consumer_talk *talk, json_t *monitor, const char *id, const char *words)
{
    const char *pass = value_get_text(monitor, "Pass");
    const char *path = value_get_text(monitor, "Path");
    const char *host = strstr(path, "://") != NULL ? path : value_get_text(monitor, "Host");
    if (pass[0] == '\0') {
        return OK;
    }
    struct consumer_place *place = consumer_place_add(talk);
    if (place == NULL) {
        return ERR_LIMIT;
    }
    *place = (struct consumer_place){
        .host = consumer_url_host(&talk->arena, host),
        .user = arena_copy(&talk->arena, value_get_text(monitor, "User")),
        .password = arena_copy(&talk->arena, pass),
        .words = words,
        .id = id,
        .key = "Pass",
        .object = monitor,
    };
    return talk->arena.full ? ERR_LIMIT : OK;
}

static enum err
list(struct consumer_talk *talk)
{
    const struct request request = {.ask = {.path = path_to(talk, "/api/monitors.json")}};
    enum err err = consumer_ask_json(talk, &request);
    json_t *monitors = json_object_get(talk->document, "monitors");
    if (err == OK && !json_is_array(monitors)) {
        note_set(&talk->why, "its answer has no list of monitors");
        return ERR_VALUE;
    }
    for (size_t i = 0; i < json_array_size(monitors) && err == OK; i++) {
        json_t *monitor = json_object_get(json_array_get(monitors, i), "Monitor");
        const char *id = id_of(talk, monitor);
        if (id == NULL || id[0] == '\0' || strspn(id, "0123456789") != strlen(id)) {
            continue;
        }
        const char *words = consumer_words(talk, "monitor", id, value_get_text(monitor, "Name"));
        err = words == NULL ? ERR_LIMIT : add_fields(talk, monitor, id, words);
        err = err == OK ? consumer_add_address(talk, monitor, "Path", id, words) : err;
        err = err == OK ? consumer_add_address(talk, monitor, "SecondPath", id, words) : err;
    }
    return err;
}

/* POST /api/monitors/ID.json with the one field. */
static enum err
change(struct consumer_talk *talk, const struct consumer_place *places, size_t count,
    const struct secret *password)
{
    struct arena *arena = &talk->arena;
    enum err err = OK;
    for (size_t i = 0; i < count && err == OK; i++) {
        const struct consumer_place *place = &places[i];
        const char *old = value_get_text(place->object, place->key);
        const char *value = text_equal(place->key, "Pass")
                                ? secret_text(password)
                                : consumer_put_address(arena, old, secret_text(password));
        value = value == NULL ? NULL : consumer_encode(arena, value);
        const char *what = arena_format(arena, "/api/monitors/%s.json", place->id);
        const struct request request = {
            .ask = {.method = "POST",
                    .path = what == NULL ? NULL : path_to(talk, what),
                    .type = "application/x-www-form-urlencoded",
                    .body = arena_format(arena, "Monitor%%5B%s%%5D=%s", place->key, value)},
        };
        struct answer answer;
        talk->changed = true;
        err = value == NULL || arena->full ? ERR_LIMIT : consumer_ask(talk, &request, &answer);
    }
    return err;
}

/* Monitor_Status: Connected, with frames; a monitor that is off is not waited for. */
static bool
is_well(struct consumer_talk *talk, const struct consumer_place *place)
{
    const char *what = arena_format(&talk->arena, "/api/monitors/%s.json", place->id);
    const struct request request = {.ask = {.path = what == NULL ? NULL : path_to(talk, what)}};
    if (request.ask.path == NULL || consumer_ask_json(talk, &request) != OK) {
        return false;
    }
    json_t *monitor = json_object_get(talk->document, "monitor");
    json_t *settings = json_object_get(monitor, "Monitor");
    json_t *status = json_object_get(monitor, "Monitor_Status");
    bool is_off = text_equal(value_get_text(settings, "Function"), "None") ||
                  text_equal(value_get_text(settings, "Capturing"), "None") ||
                  text_equal(value_get_text(settings, "Enabled"), "0");
    const char *rate = value_get_text(status, "CaptureFPS");
    json_t *number = json_object_get(status, "CaptureFPS");
    bool delivers =
        json_is_number(number) ? json_number_value(number) > 0 : strpbrk(rate, "123456789") != NULL;
    const char *state = value_get_text(status, "Status");
    return is_off || status == NULL ||
           (delivers && (text_equal(state, "Connected") || text_equal(state, "Signal")));
}

const struct consumer_kind consumer_zoneminder = {
    .name = "zoneminder",
    .title = "ZoneMinder",
    .maturity = MATURITY_REAL,
    .source = "ZoneMinder docs: API (login, monitors); 1.36.33 MonitorsController::edit",
    .open = open_door,
    .list = list,
    .change = change,
    .is_well = is_well,
};
