/*
 * Nx Witness and its siblings: devices through the server's REST API. It does not show a device's
 * password unless its owner has told it to, so that what was written can't be read again then.
 */
#include "remedy/consumer_kind.h"
#include "remedy/consumer_text.h"

#include "base/text.h"
#include "report/value.h"

#include <string.h>

/* POST /rest/v2/login/sessions: the token of a session. */
static enum err
open_door(struct consumer_talk *talk)
{
    const struct site_device *login = &talk->row->login;
    if (login->password == NULL) {
        note_set(&talk->why, "user and secret are missing in the site file");
        return ERR_UNSUPPORTED;
    }
    const struct request request = {
        .ask = {.method = "POST",
                .path = consumer_path(talk, "", "/rest/v2/login/sessions"),
                .type = "application/json",
                .body = consumer_body(talk, json_pack("{s:s, s:s}", "username", login->user, "password",
                secret_text(login->password)))},
        .spends = true,
    };
    enum err err = request.ask.body == NULL ? ERR_LIMIT : consumer_ask_json(talk, &request);
    if (err != OK) {
        return err;
    }
    const char *token = value_get_text(talk->document, "token");
    talk->token = arena_format(&talk->arena, "Bearer %s", token);
    return token[0] == '\0' ? ERR_VALUE : talk->token == NULL ? ERR_LIMIT : OK;
}

static enum err
add_device(struct consumer_talk *talk, json_t *device)
{
    struct arena *arena = &talk->arena;
    json_t *account = json_object_get(device, "credentials");
    const char *id = arena_copy(arena, value_get_text(device, "id"));
    const char *password = value_get_text(account, "password");
    bool is_shown = strspn(password, "*") != strlen(password);
    if (id == NULL || id[0] == '\0' || value_get_text(account, "user")[0] == '\0') {
        return OK;
    }
    struct consumer_place *place = consumer_place_add(talk);
    if (place == NULL) {
        return ERR_LIMIT;
    }
    *place = (struct consumer_place){
        .host = consumer_url_host(arena, value_get_text(device, "url")),
        .user = arena_copy(arena, value_get_text(account, "user")),
        .password = is_shown ? arena_copy(arena, password) : NULL,
        .words = consumer_words(talk, "device", id, value_get_text(device, "name")),
        .id = id,
    };
    return arena->full ? ERR_LIMIT : OK;
}

static enum err
list(struct consumer_talk *talk)
{
    const struct request request = {
        .ask = {.path = consumer_path(talk, "", "/rest/v2/devices")},
        .authorization = talk->token,
    };
    enum err err = consumer_ask_json(talk, &request);
    if (err == OK && !json_is_array(talk->document)) {
        note_set(&talk->why, "its answer is no list of devices");
        return ERR_VALUE;
    }
    for (size_t i = 0; err == OK && i < json_array_size(talk->document); i++) {
        err = add_device(talk, json_array_get(talk->document, i));
    }
    return err;
}

/* PATCH /rest/v2/devices/ID: credentials. */
static enum err
change(struct consumer_talk *talk, const struct consumer_place *places, size_t count,
    const struct secret *password)
{
    enum err err = OK;
    for (size_t i = 0; i < count && err == OK; i++) {
        const char *id = consumer_encode(&talk->arena, places[i].id);
        const char *path = arena_format(&talk->arena, "/rest/v2/devices/%s", id);
        const struct request request = {
            .ask = {.method = "PATCH",
                    .path = path == NULL ? NULL : consumer_path(talk, "", path),
                    .type = "application/json",
                    .body =
                    consumer_body(talk, json_pack("{s:{s:s, s:s}}", "credentials", "user",
                    places[i].user, "password", secret_text(password)))},
            .authorization = talk->token,
        };
        struct answer answer;
        talk->changed = true;
        err = talk->arena.full ? ERR_LIMIT : consumer_ask(talk, &request, &answer);
    }
    return err;
}

static bool
is_well(struct consumer_talk *talk, const struct consumer_place *place)
{
    const char *id = consumer_encode(&talk->arena, place->id);
    const char *path = arena_format(&talk->arena, "/rest/v2/devices/%s", id);
    const struct request request = {
        .ask = {.path = path == NULL ? NULL : consumer_path(talk, "", path)},
        .authorization = talk->token,
    };
    if (request.ask.path == NULL || consumer_ask_json(talk, &request) != OK) {
        return false;
    }
    const char *status = value_get_text(talk->document, "status");
    return status[0] == '\0' || text_equal_nocase(status, "online") ||
           text_equal_nocase(status, "recording");
}

const struct consumer_kind consumer_nxwitness = {
    .name = "nxwitness",
    .title = "Nx Witness",
    .maturity = MATURITY_EXPERIMENTAL,
    .source = "Nx Meta server API: login/sessions, devices (credentials, status)",
    .open = open_door,
    .list = list,
    .change = change,
    .is_well = is_well,
};
