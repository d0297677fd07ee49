/*
 * Shinobi: monitors through its API. The account stands in details.auto_host, or in details.muser
 * and details.mpass; details is a JSON text inside the monitor's JSON.
 */
#include "remedy/consumer_kind.h"
#include "remedy/consumer_text.h"

#include "base/text.h"
#include "report/value.h"

#include <stdlib.h>

/* POST /?json=true, mail and pass: $user.auth_token and $user.ke. The password locks after five. */
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
                .path = consumer_path(talk, "", "/?json=true"),
                .type = "application/json",
                .body = consumer_body(talk,
                json_pack("{s:s, s:s, s:s, s:s}", "mail", login->user, "pass",
                secret_text(login->password), "function", "dash", "machineID", "gatehouse"))},
        .spends = true,
    };
    enum err err = request.ask.body == NULL ? ERR_LIMIT : consumer_ask_json(talk, &request);
    if (err != OK) {
        return err;
    }
    json_t *user = json_object_get(talk->document, "$user");
    talk->token = consumer_encode(&talk->arena, value_get_text(user, "auth_token"));
    talk->group = consumer_encode(&talk->arena, value_get_text(user, "ke"));
    if (text_is_empty(talk->token) || text_is_empty(talk->group)) {
        note_set(&talk->why, "its log-in was refused, or asks for a second factor");
        return ERR_REFUSED;
    }
    return OK;
}

static const char *
path_to(struct consumer_talk *talk, const char *what, const char *id)
{
    const char *path = arena_format(&talk->arena, "/%s/%s/%s%s%s", talk->token, what, talk->group,
        id == NULL ? "" : "/", id == NULL ? "" : id);
    return path == NULL ? NULL : consumer_path(talk, "", path);
}

/* details, parsed and put into the monitor in place of its text. */
static json_t *
details_of(json_t *monitor)
{
    json_t *details = json_object_get(monitor, "details");
    if (json_is_string(details)) {
        details = json_loads(json_string_value(details), JSON_REJECT_DUPLICATES, NULL);
        if (json_object_set_new(monitor, "details", details) != 0) {
            return NULL;
        }
    }
    return json_is_object(details) ? details : NULL;
}

static enum err
add_monitor(struct consumer_talk *talk, json_t *monitor)
{
    struct arena *arena = &talk->arena;
    json_t *details = details_of(monitor);
    const char *id = arena_copy(arena, value_get_text(monitor, "mid"));
    const char *words =
        id == NULL ? NULL : consumer_words(talk, "monitor", id, value_get_text(monitor, "name"));
    if (words == NULL) {
        return ERR_LIMIT;
    }
    const char *address = value_get_text(details, "auto_host");
    const char *password = value_get_text(details, "mpass");
    if (password[0] != '\0') {
        const char *host = value_get_text(monitor, "host");
        struct consumer_place *place = consumer_place_add(talk);
        if (place == NULL) {
            return ERR_LIMIT;
        }
        *place = (struct consumer_place){
            .host = consumer_url_host(arena, host[0] == '\0' ? address : host),
            .user = arena_copy(arena, value_get_text(details, "muser")),
            .password = arena_copy(arena, password),
            .words = words,
            .id = id,
            .key = "mpass",
            .object = monitor,
        };
    }
    size_t count = talk->place_count;
    enum err err = consumer_add_address(talk, details, "auto_host", id, words);
    if (talk->place_count > count) {
        talk->places[count].object = monitor;
    }
    return arena->full ? ERR_LIMIT : err;
}

static enum err
list(struct consumer_talk *talk)
{
    const struct request request = {.ask = {.path = path_to(talk, "monitor", NULL)}};
    enum err err = request.ask.path == NULL ? ERR_LIMIT : consumer_ask_json(talk, &request);
    if (err == OK && !json_is_array(talk->document)) {
        note_set(&talk->why, "its answer is no list of monitors");
        return ERR_VALUE;
    }
    for (size_t i = 0; err == OK && i < json_array_size(talk->document); i++) {
        err = add_monitor(talk, json_array_get(talk->document, i));
    }
    return err;
}

/* POST /TOKEN/configureMonitor/GROUP/ID with the whole monitor as "data". */
static enum err
post_monitor(struct consumer_talk *talk, const struct consumer_place *place)
{
    json_t *monitor = json_deep_copy(place->object);
    char *details = json_dumps(json_object_get(monitor, "details"), JSON_COMPACT);
    (void)json_object_set_new(monitor, "details", json_string(details));
    free(details);
    const struct request request = {
        .ask = {.method = "POST",
                .path = path_to(talk, "configureMonitor", consumer_encode(&talk->arena, place->id)),
                .type = "application/json",
                .body = consumer_body(talk, json_pack("{s:o}", "data", monitor))},
    };
    struct answer answer;
    talk->changed = true;
    enum err err = request.ask.path == NULL || request.ask.body == NULL
                       ? ERR_LIMIT
                       : consumer_ask(talk, &request, &answer);
    if (err == OK && text_find_nocase(answer.body, answer.body_len, "\"ok\":true") == NULL &&
        text_find_nocase(answer.body, answer.body_len, "\"ok\": true") == NULL) {
        note_set(&talk->why, "it refuses the change of %s", place->words);
        return ERR_VALUE;
    }
    return err;
}

static enum err
change(struct consumer_talk *talk, const struct consumer_place *places, size_t count,
    const struct secret *password)
{
    enum err err = OK;
    for (size_t i = 0; i < count && err == OK; i++) {
        json_t *details = json_object_get(places[i].object, "details");
        const char *value = secret_text(password);
        if (text_equal(places[i].key, "auto_host")) {
            value = consumer_put_address(&talk->arena, value_get_text(details, "auto_host"), value);
        }
        bool is_set =
            value != NULL && json_object_set_new(details, places[i].key, json_string(value)) == 0;
        bool is_last = i + 1 == count || places[i + 1].object != places[i].object;
        err = !is_set ? ERR_MEMORY : is_last ? post_monitor(talk, &places[i]) : OK;
    }
    return err;
}

/* "status" of a monitor that is to watch or record. */
static bool
is_well(struct consumer_talk *talk, const struct consumer_place *place)
{
    const struct request request = {
        .ask = {.path = path_to(talk, "monitor", consumer_encode(&talk->arena, place->id))}};
    if (request.ask.path == NULL || consumer_ask_json(talk, &request) != OK) {
        return false;
    }
    json_t *monitor =
        json_is_array(talk->document) ? json_array_get(talk->document, 0) : talk->document;
    const char *mode = value_get_text(monitor, "mode");
    const char *status = value_get_text(monitor, "status");
    bool is_on = text_equal(mode, "start") || text_equal(mode, "record");
    return !is_on || status[0] == '\0' || text_equal_nocase(status, "watching") ||
           text_equal_nocase(status, "recording");
}

const struct consumer_kind consumer_shinobi = {
    .name = "shinobi",
    .title = "Shinobi",
    .maturity = MATURITY_EXPERIMENTAL,
    .source = "Shinobi docs: API, Add, Edit or Delete a Monitor (configureMonitor)",
    .open = open_door,
    .list = list,
    .change = change,
    .is_well = is_well,
};
