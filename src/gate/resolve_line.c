/* Lines between workers and the broker. */
#include "base/text.h"
#include "gate/resolve.h"

#include <jansson.h>
#include <string.h>

static const char *const names[] = {
    [ACCESS_CAMERA] = "camera",
    [ACCESS_STREAM] = "stream",
    [ACCESS_EVENT] = "event",
    [ACCESS_FRAME] = "frame",
    [ACCESS_EXPORTED] = "exported",
    [ACCESS_REVIEW] = "review",
    [ACCESS_GROUP] = "group",
    [ACCESS_LINK] = "link",
    [ACCESS_ALL] = "all",
};

/* An object, or NULL; duplicates are refused, so that both ends read the same. */
static json_t *
parse(const char *line, size_t len, enum err *ret_err)
{
    *ret_err = len > RESOLVE_LINE ? ERR_LIMIT : ERR_SYNTAX;
    json_t *json = len > RESOLVE_LINE ? NULL : json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
    if (json != NULL && !json_is_object(json)) {
        json_decref(json);
        json = NULL;
    }
    return json;
}

static enum err
take_text(const json_t *json, const char *name, char *out, size_t size)
{
    const json_t *value = json_object_get(json, name);
    const char *text = json_string_value(value);
    if (text == NULL || text[0] == '\0' || strlen(text) != json_string_length(value)) {
        return ERR_VALUE;
    }
    return text_copy(out, size, text) ? OK : ERR_LIMIT;
}

static enum err
take_id(const json_t *json, uint64_t *ret_id)
{
    const json_t *value = json_object_get(json, "id");
    if (!json_is_integer(value) || json_integer_value(value) < 0) {
        return ERR_VALUE;
    }
    *ret_id = (uint64_t)json_integer_value(value);
    return OK;
}

static enum err
take_name(const json_t *json, enum access_name *ret_name)
{
    const char *text = json_string_value(json_object_get(json, "name"));
    for (size_t i = 0; i < COUNT(names) && text != NULL; i++) {
        if (text_equal(names[i], text)) {
            *ret_name = (enum access_name)i;
            return OK;
        }
    }
    return ERR_VALUE;
}

enum err
resolve_parse_question(const char *line, size_t len, struct resolve_question *ret)
{
    enum err err = OK;
    json_t *json = parse(line, len, &err);
    if (json == NULL) {
        return err;
    }
    struct resolve_question question = {.id = 0};
    err = take_id(json, &question.id);
    if (err == OK) {
        err = take_text(json, "vms", question.vms, sizeof(question.vms));
    }
    if (err == OK) {
        err = take_name(json, &question.name);
    }
    if (err == OK && (question.name != ACCESS_ALL || json_object_get(json, "text") != NULL)) {
        err = take_text(json, "text", question.text, sizeof(question.text));
    }
    json_decref(json);
    if (err == OK) {
        *ret = question;
    }
    return err;
}

static enum err
take_time(const json_t *json, const char *name, int64_t *ret_time)
{
    const json_t *value = json_object_get(json, name);
    if (value == NULL) {
        return OK;
    }
    if (!json_is_integer(value) || json_integer_value(value) < 0) {
        return ERR_VALUE;
    }
    *ret_time = json_integer_value(value);
    return OK;
}

static enum err
take_cameras(const json_t *json, struct resolved *out)
{
    const json_t *list = json_object_get(json, "cameras");
    const json_t *item = NULL;
    size_t i = 0;
    out->all_cameras = json_is_true(json_object_get(json, "all"));
    if (list == NULL && out->all_cameras) {
        return OK;
    }
    if (!json_is_array(list)) {
        return ERR_VALUE;
    }
    json_array_foreach(list, i, item)
    {
        const char *key = json_string_value(item);
        if (i >= RESOLVE_CAMERAS) {
            return ERR_LIMIT;
        }
        if (text_is_empty(key) || strlen(key) != json_string_length(item) ||
            !text_copy(out->cameras[i], sizeof(out->cameras[i]), key)) {
            return ERR_VALUE;
        }
        out->camera_count = i + 1;
    }
    return out->camera_count != 0 || out->all_cameras ? OK : ERR_VALUE;
}

/* An answer without a camera would be one that nobody's policy looks at: it is none. */
static enum err
take_answer(const json_t *json, enum err *ret_err, struct resolved *out)
{
    const json_t *error = json_object_get(json, "error");
    if (error != NULL) {
        if (!json_is_string(error)) {
            return ERR_VALUE;
        }
        bool is_missing = text_equal(json_string_value(error), "missing");
        *ret_err = is_missing ? ERR_MISSING : ERR_NETWORK;
        return OK;
    }
    enum err err = take_cameras(json, out);
    if (err == OK) {
        err = take_time(json, "from", &out->from);
    }
    if (err == OK) {
        err = take_time(json, "to", &out->to);
    }
    *ret_err = OK;
    return err;
}

enum err
resolve_parse_answer(
    const char *line, size_t len, uint64_t *ret_id, enum err *ret_err, struct resolved *ret)
{
    enum err err = OK;
    enum err said = OK;
    uint64_t id = 0;
    json_t *json = parse(line, len, &err);
    if (json == NULL) {
        return err;
    }
    struct resolved resolved = {.camera_count = 0};
    err = take_id(json, &id);
    if (err == OK) {
        err = take_answer(json, &said, &resolved);
    }
    json_decref(json);
    if (err == OK) {
        *ret_id = id;
        *ret_err = said;
        *ret = resolved;
    }
    return err;
}

/* Takes the object; false: it was not made, or is longer than a line. */
static bool
put_line(struct buf *out, json_t *json)
{
    char line[RESOLVE_LINE];
    size_t len = json == NULL ? 0 : json_dumpb(json, line, sizeof(line) - 1, JSON_COMPACT);
    json_decref(json);
    if (len == 0 || len >= sizeof(line)) {
        return false;
    }
    line[len] = '\n';
    buf_add(out, line, len + 1);
    return true;
}

void
resolve_put_question(struct buf *out, const struct resolve_question *question)
{
    json_t *json = json_pack("{s:I, s:s, s:s, s:o}", "id", (json_int_t)question->id, "vms",
        question->vms, "name", names[question->name], "text", json_string(question->text));
    if (!put_line(out, json)) {
        out->failed = true;
    }
}

void
resolve_put_answer(struct buf *out, uint64_t id, enum err err, const struct resolved *resolved)
{
    json_t *json = NULL;
    if (err == OK && resolved->camera_count <= RESOLVE_CAMERAS) {
        json_t *cameras = json_array();
        for (size_t i = 0; i < resolved->camera_count; i++) {
            (void)json_array_append_new(cameras, json_string(resolved->cameras[i]));
        }
        json = json_array_size(cameras) == resolved->camera_count
                   ? json_pack("{s:I, s:o, s:b, s:I, s:I}", "id", (json_int_t)id, "cameras",
                         cameras, "all", (int)resolved->all_cameras, "from",
                         (json_int_t)resolved->from, "to", (json_int_t)resolved->to)
                   : NULL;
        if (json == NULL) {
            json_decref(cameras);
        }
    }
    if (json != NULL && put_line(out, json)) {
        return;
    }
    json = json_pack("{s:I, s:s}", "id", (json_int_t)id, "error",
        err == ERR_MISSING ? "missing" : "unavailable");
    if (!put_line(out, json)) {
        out->failed = true;
    }
}
