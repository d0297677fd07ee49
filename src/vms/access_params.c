/* Query and body of a request into the parameters that a VMS would see. */
#include "base/text.h"
#include "vms/access_parts.h"

#include <jansson.h>
#include <string.h>

#define JSON_DEPTH 8
#define FIRST_ROWS 16

struct reading {
    struct arena *arena;
    struct note *note;
    struct access_param *rows;
    size_t count, room;
    unsigned how;
};

static bool
is_list(const char *name)
{
    return text_ends(name, "[]");
}

/* The row that this one replaces or that keeps it out; NULL: it is new. */
static struct access_param *
earlier(const struct reading *reading, const char *name)
{
    if ((reading->how & (ACCESS_READ_LAST | ACCESS_READ_FIRST)) == 0 || is_list(name)) {
        return NULL;
    }
    for (size_t i = 0; i < reading->count; i++) {
        if (strcmp(reading->rows[i].name, name) == 0) {
            return &reading->rows[i];
        }
    }
    return NULL;
}

static enum err
add(struct reading *reading, const char *name, const char *value, bool is_body)
{
    struct access_param *old = earlier(reading, name);
    if (old != NULL) {
        if ((reading->how & ACCESS_READ_LAST) != 0) {
            *old = (struct access_param){.name = name, .value = value, .is_body = is_body};
        }
        return OK;
    }
    if (reading->count == ACCESS_PARAMS) {
        note_set(reading->note, "more than %d parameters", ACCESS_PARAMS);
        return ERR_LIMIT;
    }
    if (reading->count == reading->room) {
        size_t room = reading->room == 0 ? FIRST_ROWS : reading->room * 2;
        struct access_param *rows = arena_alloc(reading->arena, room * sizeof(*rows));
        if (rows == NULL) {
            return ERR_MEMORY;
        }
        if (reading->count != 0) {
            memcpy(rows, reading->rows, reading->count * sizeof(*rows));
        }
        reading->rows = rows;
        reading->room = room;
    }
    reading->rows[reading->count++] =
        (struct access_param){.name = name, .value = value, .is_body = is_body};
    return OK;
}

/* In place; false: a bad percent sequence, or NUL. */
static bool
decode(char *text)
{
    char *out = text;
    for (const char *in = text; *in != '\0'; in++) {
        if (*in != '%') {
            *out++ = *in == '+' ? ' ' : *in;
            continue;
        }
        int high = text_hex_digit(in[1]);
        int low = high < 0 ? -1 : text_hex_digit(in[2]);
        if (low < 0 || (high == 0 && low == 0)) {
            return false;
        }
        *out++ = (char)(high * 16 + low);
        in += 2;
    }
    *out = '\0';
    return true;
}

/* "a=b&c": cut and decoded in place. */
static enum err
read_pairs(struct reading *reading, char *text, bool is_body)
{
    while (text != NULL && *text != '\0') {
        char *end = strchr(text, '&');
        if (end != NULL) {
            *end = '\0';
        }
        char *name = text;
        char *value = strchr(name, '=');
        if (value != NULL) {
            *value++ = '\0';
        }
        bool is_raw = (reading->how & ACCESS_READ_RAW) != 0;
        if (!is_raw && (!decode(name) || (value != NULL && !decode(value)))) {
            note_set(reading->note, "a parameter has a bad percent sequence");
            return ERR_VALUE;
        }
        enum err err = *name == '\0' && value == NULL
                           ? OK
                           : add(reading, name, value == NULL ? "" : value, is_body);
        if (err != OK) {
            return err;
        }
        text = end == NULL ? NULL : end + 1;
    }
    return OK;
}

static enum err read_json(struct reading *reading, const char *name, json_t *value, unsigned depth);

static enum err
read_scalar(struct reading *reading, const char *name, json_t *value)
{
    const char *text =
        json_is_string(value)  ? arena_copy(reading->arena, json_string_value(value))
        : json_is_true(value)  ? "true"
        : json_is_false(value) ? "false"
        : json_is_null(value)  ? ""
        : json_is_integer(value)
            ? arena_format(reading->arena, "%lld", (long long)json_integer_value(value))
            : arena_format(reading->arena, "%.6f", json_real_value(value));
    return text == NULL ? ERR_MEMORY : add(reading, name, text, true);
}

static enum err
read_object(struct reading *reading, const char *name, json_t *value, unsigned depth)
{
    const char *key = NULL;
    json_t *member = NULL;
    json_object_foreach(value, key, member)
    {
        const char *whole = *name == '\0' ? arena_copy(reading->arena, key)
                                          : arena_format(reading->arena, "%s.%s", name, key);
        enum err err = whole == NULL ? ERR_MEMORY : read_json(reading, whole, member, depth + 1);
        if (err != OK) {
            return err;
        }
    }
    return OK;
}

/* The members of an object without a name before them, arrays as "name[]". */
static enum err
read_json(struct reading *reading, const char *name, json_t *value, unsigned depth)
{
    if (depth > JSON_DEPTH) {
        note_set(reading->note, "JSON is nested deeper than %d", JSON_DEPTH);
        return ERR_LIMIT;
    }
    if (json_is_object(value)) {
        return read_object(reading, name, value, depth);
    }
    if (!json_is_array(value)) {
        return read_scalar(reading, name, value);
    }
    size_t i = 0;
    json_t *item = NULL;
    const char *whole = arena_format(reading->arena, "%s[]", name);
    json_array_foreach(value, i, item)
    {
        enum err err = whole == NULL ? ERR_MEMORY : read_json(reading, whole, item, depth + 1);
        if (err != OK) {
            return err;
        }
    }
    return OK;
}

static enum err
read_json_body(struct reading *reading, const struct access_request *request)
{
    json_error_t error;
    json_t *json = json_loadb(request->body, request->body_len, JSON_REJECT_DUPLICATES, &error);
    if (json == NULL) {
        note_set(reading->note, "the body is no JSON: %.100s", error.text);
        return ERR_VALUE;
    }
    enum err err = read_json(reading, "", json, 0);
    json_decref(json);
    return err;
}

static bool
is_type(const struct access_request *request, const char *type)
{
    size_t len = strlen(type);
    return text_starts_nocase(request->type, type) &&
           (request->type[len] == '\0' || strchr("; \t", request->type[len]) != NULL);
}

/* By its type, or because it looks so: some programs don't look at the type. */
static bool
is_json(const struct access_request *request)
{
    const char *bytes = request->body;
    size_t at = 0;
    while (at < request->body_len && strchr(" \t\r\n", bytes[at]) != NULL && bytes[at] != '\0') {
        at++;
    }
    bool looks_so = at < request->body_len && (bytes[at] == '{' || bytes[at] == '[');
    return is_type(request, "application/json") || (request->type == NULL && looks_so);
}

static enum err
read_body(struct reading *reading, const struct access_request *request)
{
    if (request->body == NULL || request->body_len == 0) {
        return OK;
    }
    if (request->body_len > ACCESS_BODY) {
        note_set(reading->note, "the body is larger than %zu bytes", ACCESS_BODY);
        return ERR_LIMIT;
    }
    if ((reading->how & ACCESS_READ_JSON) != 0 && is_json(request)) {
        return read_json_body(reading, request);
    }
    if ((reading->how & ACCESS_READ_FORM) == 0 ||
        !is_type(request, "application/x-www-form-urlencoded")) {
        return OK;
    }
    char *text = arena_copy_n(reading->arena, request->body, request->body_len);
    if (text != NULL && strlen(text) != request->body_len) {
        note_set(reading->note, "the body has a NUL");
        return ERR_VALUE;
    }
    return text == NULL ? ERR_MEMORY : read_pairs(reading, text, true);
}

enum err
access_read(const struct access_request *request, unsigned how, struct arena *arena,
    struct access_params *ret_params, struct note *note)
{
    struct reading reading = {.arena = arena, .note = note, .how = how};
    char *query = *request->query == '\0' ? NULL : arena_copy(arena, request->query);
    if (query == NULL && *request->query != '\0') {
        return ERR_MEMORY;
    }
    enum err err = read_pairs(&reading, query, false);
    if (err == OK) {
        err = read_body(&reading, request);
    }
    if (err == OK) {
        *ret_params = (struct access_params){.rows = reading.rows, .count = reading.count};
    }
    return err;
}

const char *
access_param(const struct access_params *params, const char *name)
{
    for (size_t i = params->count; i-- > 0;) {
        if (strcmp(params->rows[i].name, name) == 0) {
            return params->rows[i].value;
        }
    }
    return NULL;
}
