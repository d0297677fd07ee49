/*
 * Milestone XProtect: hardware through the API Gateway. The password of hardware is set by a task,
 * in the VMS alone (updateRemoteHardware false): the device has it already.
 */
#include "remedy/consumer_kind.h"
#include "remedy/consumer_text.h"

#include "base/text.h"
#include "report/value.h"

/* POST /API/IDP/connect/token of a basic user: a bearer token. */
static enum err
open_door(struct consumer_talk *talk)
{
    const struct site_device *login = &talk->row->login;
    if (login->password == NULL) {
        note_set(&talk->why, "user and secret are missing in the site file");
        return ERR_UNSUPPORTED;
    }
    const char *user = consumer_encode(&talk->arena, login->user);
    const char *password = consumer_encode(&talk->arena, secret_text(login->password));
    const struct request request = {
        .ask = {.method = "POST",
                .path = consumer_path(talk, "", "/API/IDP/connect/token"),
                .type = "application/x-www-form-urlencoded",
                .body = arena_format(&talk->arena,
                "grant_type=password&username=%s&password=%s&client_id=GrantValidatorClient", user,
                password)},
        .spends = true,
    };
    enum err err = talk->arena.full ? ERR_LIMIT : consumer_ask_json(talk, &request);
    if (err != OK) {
        return err;
    }
    const char *token = value_get_text(talk->document, "access_token");
    talk->token = arena_format(&talk->arena, "Bearer %s", token);
    return token[0] == '\0' ? ERR_VALUE : talk->token == NULL ? ERR_LIMIT : OK;
}

static enum err
list(struct consumer_talk *talk)
{
    struct arena *arena = &talk->arena;
    const struct request request = {
        .ask = {.path = consumer_path(talk, "", "/api/rest/v1/hardware")},
        .authorization = talk->token,
    };
    enum err err = consumer_ask_json(talk, &request);
    json_t *all = json_object_get(talk->document, "array");
    if (err == OK && !json_is_array(all)) {
        note_set(&talk->why, "its answer has no list of hardware");
        return ERR_VALUE;
    }
    for (size_t i = 0; err == OK && i < json_array_size(all); i++) {
        json_t *hardware = json_array_get(all, i);
        struct consumer_place *place = consumer_place_add(talk);
        if (place == NULL) {
            return ERR_LIMIT;
        }
        const char *id = arena_copy(arena, value_get_text(hardware, "id"));
        *place = (struct consumer_place){
            .host = consumer_url_host(arena, value_get_text(hardware, "address")),
            .user = arena_copy(arena, value_get_text(hardware, "userName")),
            .words = id == NULL ? NULL
                                : consumer_words(talk, "hardware", id,
                                      value_get_text(hardware, "displayName")),
            .id = id,
        };
        err = arena->full ? ERR_LIMIT : OK;
    }
    return err;
}

/* POST /api/rest/v1/hardware/ID?task=ChangePasswordHardware. */
static enum err
change(struct consumer_talk *talk, const struct consumer_place *places, size_t count,
    const struct secret *password)
{
    enum err err = OK;
    for (size_t i = 0; i < count && err == OK; i++) {
        const char *id = consumer_encode(&talk->arena, places[i].id);
        const char *path =
            arena_format(&talk->arena, "/api/rest/v1/hardware/%s?task=ChangePasswordHardware", id);
        const struct request request = {
            .ask = {.method = "POST",
                    .path = path == NULL ? NULL : consumer_path(talk, "", path),
                    .type = "application/json",
                    .body = consumer_body(talk, json_pack("{s:s, s:b}", "password",
                    secret_text(password), "updateRemoteHardware", 0))},
            .authorization = talk->token,
        };
        talk->changed = true;
        err = talk->arena.full ? ERR_LIMIT : consumer_ask_json(talk, &request);
        const char *state = value_get_text(json_object_get(talk->document, "result"), "state");
        if (err == OK && text_equal_nocase(state, "error")) {
            note_set(&talk->why, "it refuses the change of %s", places[i].words);
            err = ERR_VALUE;
        }
    }
    return err;
}

const struct consumer_kind consumer_milestone = {
    .name = "milestone",
    .title = "Milestone XProtect",
    .maturity = MATURITY_EXPERIMENTAL,
    .source = "Milestone API Gateway docs: hardware tasks; MilestonePSTools Set-VmsHardware",
    .open = open_door,
    .list = list,
    .change = change,
};
