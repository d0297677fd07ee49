/* What ZoneMinder's answers add: a log-in that failed with 200, where a stream stands, an archive.
 */
#include "vms/zoneminder_parts.h"

#include "base/text.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

#define NESTING_OF_FILES '/' /* between the folder and the name of an archive of 1.38 */
#define LONGEST_S        1e9 /* of an event: more is nonsense */

static json_t *
load(const struct access_answer *answer)
{
    return answer->body == NULL || !answer->is_whole
               ? NULL
               : json_loadb(answer->body, answer->body_len, JSON_REJECT_DUPLICATES, NULL);
}

static void
release(json_t **json)
{
    json_decref(*json);
}

void
zoneminder_answer_login(
    const struct access_answer *answer, struct access_told *told, struct arena *arena)
{
    (void)arena;
    const char *body = answer->body;
    bool is_form = body != NULL && text_find_nocase(body, answer->body_len, "loginForm") != NULL;
    bool is_in = body != NULL && text_find_nocase(body, answer->body_len, "postlogin") != NULL;
    /* A redirect is how it answers where no log-in is needed. */
    told->has_failed = answer->status >= 400 || is_form || (answer->status == 200 && !is_in);
}

void
zoneminder_answer_token(
    const struct access_answer *answer, struct access_told *told, struct arena *arena)
{
    (void)arena;
    CLEANUP(release) json_t *json = load(answer);
    bool has_token = json_object_get(json, "access_token") != NULL ||
                     json_object_get(json, "credentials") != NULL;
    told->has_failed = answer->status != 200 || !has_token;
}

/* {"result":"Ok","status":{"event":"17","duration":60.1,"progress":12.5,…}} */
void
zoneminder_answer_stream(
    const struct access_answer *answer, struct access_told *told, struct arena *arena)
{
    CLEANUP(release) json_t *json = load(answer);
    const json_t *status = json_object_get(json, "status");
    const json_t *event = json_object_get(status, "event");
    const json_t *progress = json_object_get(status, "progress");
    told->position = -1;
    if (json_is_integer(event) && json_integer_value(event) > 0) {
        told->event = arena_format(arena, "%lld", (long long)json_integer_value(event));
    } else if (json_is_string(event)) {
        uint64_t id = 0;
        bool is_id = text_to_u64(json_string_value(event), INT64_MAX, &id) == OK;
        told->event = is_id ? arena_copy(arena, json_string_value(event)) : NULL;
    }
    double seconds = json_number_value(progress);
    if (told->event != NULL && json_is_number(progress) && seconds >= 0 && seconds < LONGEST_S) {
        told->position = (int64_t)(seconds * 1000);
    }
}

const char *
zoneminder_answer_archive(const struct access_params *params, struct arena *arena)
{
    const char *file = access_param(params, "file");
    const char *folder = access_param(params, "export_root");
    const char *connkey = access_param(params, "connkey");
    const char *type = access_param(params, "type");
    if (file == NULL && type != NULL) {
        file = arena_format(arena, "zmExport_%s.%s", connkey == NULL ? "" : connkey, type);
    }
    bool is_name =
        file != NULL && *file != '\0' && strpbrk(file, "/\\") == NULL && !text_contains(file, "..");
    if (!is_name) {
        return NULL;
    }
    return text_is_empty(folder) ? file
                                 : arena_format(arena, "%s%c%s", folder, NESTING_OF_FILES, file);
}

/* {"result":"Ok","exportFile":"?view=archive&type=zip&connkey=7&file=zmExport_7.zip"} */
void
zoneminder_answer_export(
    const struct access_answer *answer, struct access_told *told, struct arena *arena)
{
    CLEANUP(release) json_t *json = load(answer);
    const char *address = json_string_value(json_object_get(json, "exportFile"));
    const char *query = address == NULL ? NULL : strchr(address, '?');
    struct access_request request = {
        .method = "GET",
        .path = ZONEMINDER_ROOT "/",
        .query = query == NULL ? "" : arena_copy(arena, query + 1),
    };
    struct access_params params = {0};
    if (query != NULL && request.query != NULL &&
        zoneminder_params_read(&request, arena, &params, NULL) == OK) {
        told->link = zoneminder_answer_archive(&params, arena);
    }
}
