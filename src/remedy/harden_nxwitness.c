/*
 * Settings of Nx Witness and its brands since 5.0: GET and PATCH of the system's settings (github
 * networkoptix/nx_open_integrations, sample of the system's set-up; REST v1 is kept by later ones).
 */
#include "remedy/harden_api.h"

#include "base/text.h"

#include <stdlib.h>

#define SETTINGS "/rest/v1/system/settings"

/* A value as JSON has it: true, 30, null. */
static const char *
value_text(struct arena *arena, const json_t *value)
{
    char *text = value == NULL ? NULL : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    const char *copy = arena_copy(arena, text);
    free(text);
    return copy;
}

static enum err
read_value(struct job *job, struct session *session, const char *name, const char **ret_value)
{
    struct answer answer = {.err = OK};
    const struct ask ask = {.path = SETTINGS, .login = true};
    enum err err = session_ask(session, &ask, &job->arena, &answer);
    err = err != OK ? err : answer.err;
    json_t *json = err != OK || answer.status != 200
                       ? NULL
                       : json_loadb(answer.body, answer.body_len, JSON_REJECT_DUPLICATES, NULL);
    const char *value = value_text(&job->arena, json_object_get(json, name));
    json_decref(json);
    if (value == NULL) {
        note_set(&job->why,
            "its API does not tell %s (status %u); the account has to be an administrator's", name,
            (unsigned)answer.status);
        return err != OK ? err : ERR_REFUSED;
    }
    *ret_value = value;
    return OK;
}

static enum err
write_value(struct job *job, struct session *session, const char *name, const char *value)
{
    struct answer answer = {.err = OK};
    const struct request request = {
        .ask =
            {
                  .method = "PATCH",
                  .path = SETTINGS,
                  .body = arena_format(&job->arena, "{\"%s\":%s}", name, value),
                  .type = "application/json",
                  .login = true,
                  },
    };
    if (request.ask.body == NULL) {
        return ERR_LIMIT;
    }
    enum err err = session_send(session, &request, &job->arena, &answer);
    err = err != OK ? err : answer.err;
    if (err == OK && (answer.status < 200 || answer.status > 299)) {
        note_set(&job->why, "its API does not take %s (status %u)", name, (unsigned)answer.status);
        return ERR_REFUSED;
    }
    return err;
}

const struct harden_api harden_nxwitness = {
    .title = "Nx Witness",
    .seen = SETTINGS,
    .untouched = "Its accounts, its cameras, every other setting.",
    .read = read_value,
    .write = write_value,
};
