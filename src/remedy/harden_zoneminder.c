/* ZoneMinder's settings by its API (1.36.33: api/app/Controller/ConfigsController.php). */
#include "remedy/harden_api.h"

#include "base/text.h"

#include <string.h>

#define FORM "application/x-www-form-urlencoded"

static enum err
read_value(struct job *job, struct session *session, const char *name, const char **ret_value)
{
    struct answer answer = {.err = OK};
    const struct ask ask = {
        .path = arena_format(&job->arena, "/zm/api/configs/viewByName/%s.json", name),
        .login = true,
    };
    enum err err = ask.path == NULL ? ERR_MEMORY : session_ask(session, &ask, &job->arena, &answer);
    err = err != OK ? err : answer.err;
    json_t *json = err != OK || answer.status != 200
                       ? NULL
                       : json_loadb(answer.body, answer.body_len, JSON_REJECT_DUPLICATES, NULL);
    const char *value =
        json_string_value(json_object_get(json_object_get(json, "config"), "Value"));
    value = arena_copy(&job->arena, value);
    json_decref(json);
    if (value == NULL) {
        note_set(&job->why,
            "its API does not tell %s (status %u); the account needs API access in Options > Users",
            name, (unsigned)answer.status);
        return err != OK ? err : ERR_REFUSED;
    }
    *ret_value = value;
    return OK;
}

static enum err
write_value(struct job *job, struct session *session, const char *name, const char *value)
{
    struct answer answer = {.err = OK};
    CLEANUP(buf_release) struct buf body;
    buf_init(&body, 4096);
    buf_text(&body, "Config[Value]=");
    for (const char *c = value; *c != '\0'; c++) {
        buf_format(&body, "%%%02X", (unsigned)(uint8_t)*c);
    }
    const char *path = arena_format(&job->arena, "/zm/api/configs/edit/%s.json", name);
    if (buf_error(&body) != OK || path == NULL) {
        return ERR_LIMIT;
    }
    const struct request request = {
        .ask = {.path = path, .body = body.data, .type = FORM, .login = true},
    };
    enum err err = session_send(session, &request, &job->arena, &answer);
    err = err != OK ? err : answer.err;
    if (err == OK && answer.status != 200) {
        note_set(&job->why, "its API does not take %s (status %u)", name, (unsigned)answer.status);
        return ERR_REFUSED;
    }
    return err;
}

const struct harden_api harden_zoneminder = {
    .title = "ZoneMinder",
    .untouched = "Whether it asks for a log-in at all, and its accounts.",
    .read = read_value,
    .write = write_value,
};
