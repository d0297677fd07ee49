/*
 * ZoneMinder's parameters. Rule: what is judged is what PHP or zms will act on. Where they are
 * lenient (junk after a number, a list for a value, a name cut at a bracket), the request is
 * refused: no browser sends such things.
 */
#include "vms/zoneminder_parts.h"

#include "base/text.h"

#include <string.h>

#define VARS_MOST    1000 /* of query or body: PHP's max_input_vars, what follows it drops */
#define NESTING_MOST 60   /* PHP's max_input_nesting_level is 64 */
#define ZMS_MOST     15   /* zms reads 16, and the gateway may add a token */
#define ZMS_QUERY    1023 /* older ones cut it there */
#define DIGITS_MOST  18
#define FORM         "application/x-www-form-urlencoded"

struct gather {
    struct arena *arena;
    struct note *note;
    struct access_param *rows;
    size_t count, room;
    bool is_body;
};

/* How a value must look, where ZoneMinder takes one value and acts on it. */
enum shape {
    SHAPE_ANY,
    SHAPE_WORD,   /* part of a file's name: letters, digits, '_', '-' */
    SHAPE_NUMBER, /* an id without sign, blank, leading zero */
    SHAPE_FRAME,  /* one of both */
    SHAPE_FILE,   /* no way out of its folder */
};

struct field {
    const char *name;
    enum shape shape;
    bool may_be_list;
    bool is_void; /* PHP's empty(): "" and "0" are the same as not there */
};

static const struct field fields[] = {
    {"view",        SHAPE_WORD,   false, true },
    {"request",     SHAPE_WORD,   false, true },
    {"action",      SHAPE_WORD,   false, true },
    {"task",        SHAPE_WORD,   false, false},
    {"modal",       SHAPE_WORD,   false, false},
    {"entity",      SHAPE_WORD,   false, false},
    {"command",     SHAPE_WORD,   false, false},
    {"control",     SHAPE_WORD,   false, false},
    {"object",      SHAPE_WORD,   false, false},
    {"skin",        SHAPE_WORD,   false, false},
    {"css",         SHAPE_WORD,   false, false},
    {"mode",        SHAPE_WORD,   false, false},
    {"eid",         SHAPE_NUMBER, false, true },
    {"event_id",    SHAPE_NUMBER, false, true },
    {"mid",         SHAPE_NUMBER, false, true },
    {"id",          SHAPE_NUMBER, true,  true },
    {"connkey",     SHAPE_NUMBER, false, false},
    {"fid",         SHAPE_FRAME,  false, true },
    {"file",        SHAPE_ANY,    false, false},
    {"type",        SHAPE_FILE,   false, false},
    {"export_root", SHAPE_FILE,   false, false},
    {"exportFile",  SHAPE_FILE,   false, false},
    {"path",        SHAPE_ANY,    false, true },
    {"proxy",       SHAPE_ANY,    false, true },
    {"username",    SHAPE_ANY,    false, true },
    {"user",        SHAPE_ANY,    true,  false}, /* 1.38: user[Username] of the user page */
    {"password",    SHAPE_ANY,    false, true },
    {"pass",        SHAPE_ANY,    false, true },
};

/* The same of zms. */
static const struct field zms_fields[] = {
    {"source",  SHAPE_WORD,   false, false},
    {"mode",    SHAPE_WORD,   false, false},
    {"replay",  SHAPE_WORD,   false, false},
    {"monitor", SHAPE_NUMBER, false, true },
    {"event",   SHAPE_NUMBER, false, true },
    {"frame",   SHAPE_NUMBER, false, false},
    {"time",    SHAPE_NUMBER, false, true },
    {"connkey", SHAPE_NUMBER, false, true },
};

static bool
is_word(const char *text)
{
    return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") ==
           strlen(text);
}

static bool
is_number(const char *text)
{
    size_t len = strlen(text);
    bool has_zero = text[0] == '0' && len > 1;
    return strspn(text, "0123456789") == len && len <= DIGITS_MOST && !has_zero;
}

static bool
is_shaped(enum shape shape, const char *text)
{
    switch (shape) {
    case SHAPE_ANY:
        return true;
    case SHAPE_WORD:
        return is_word(text);
    case SHAPE_NUMBER:
        return is_number(text);
    case SHAPE_FRAME:
        return is_number(text) || (is_word(text) && (text[0] < '0' || text[0] > '9'));
    case SHAPE_FILE:
        return strpbrk(text, "/\\") == NULL && !text_contains(text, "..");
    }
    return false;
}

static size_t
base_len(const char *name)
{
    return strcspn(name, "[");
}

static bool
is_same_base(const char *a, const char *b)
{
    size_t len = base_len(a);
    return len == base_len(b) && memcmp(a, b, len) == 0;
}

static enum err
push(struct gather *gather, const char *name, const char *value)
{
    if (gather->count == ACCESS_PARAMS) {
        note_set(gather->note, "more than %d parameters", ACCESS_PARAMS);
        return ERR_LIMIT;
    }
    if (gather->count == gather->room) {
        size_t room = gather->room == 0 ? 16 : gather->room * 2;
        struct access_param *rows = arena_alloc(gather->arena, room * sizeof(*rows));
        if (rows == NULL) {
            return ERR_MEMORY;
        }
        if (gather->count != 0) {
            memcpy(rows, gather->rows, gather->count * sizeof(*rows));
        }
        gather->rows = rows;
        gather->room = room;
    }
    gather->rows[gather->count++] =
        (struct access_param){.name = name, .value = value, .is_body = gather->is_body};
    return OK;
}

/* The last of a name counts, body over query; elements of a list stay all. */
static enum err
add(struct gather *gather, const char *name, const char *value)
{
    bool is_nested = name[base_len(name)] == '[';
    for (size_t i = 0; i < gather->count; i++) {
        struct access_param *row = &gather->rows[i];
        if (!is_same_base(row->name, name)) {
            continue;
        }
        if (is_nested != (row->name[base_len(name)] == '[')) {
            note_set(gather->note, "parameter %.64s is a value and a list", row->name);
            return ERR_VALUE;
        }
        if (text_equal(row->name, name) && !text_ends(name, "[]")) {
            row->value = value;
            row->is_body = gather->is_body;
            return OK;
        }
    }
    return push(gather, name, value);
}

/* "eids[ 3]" at its brackets: trims the indexes; false when PHP would mend or cut the name. */
static bool
tidy_brackets(char *name, char *at)
{
    char *out = at;
    unsigned depth = 0;
    bool is_list = false;
    while (*at != '\0') {
        char *end = strchr(at, ']');
        if (*at != '[' || end == NULL || ++depth > NESTING_MOST) {
            return false;
        }
        char *index = at + 1;
        index += strspn(index, " \t\r\n");
        size_t len = (size_t)(end - index);
        if (memchr(index, '[', len) != NULL) {
            return false;
        }
        is_list = strspn(index, "0123456789") >= len;
        *out++ = '[';
        memmove(out, index, len);
        out += len;
        *out++ = ']';
        at = end + 1;
    }
    *out = '\0';
    if (depth == 1 && is_list) {
        char *open = strchr(name, '[');
        memcpy(open, "[]", 3);
    }
    return true;
}

/* A decoded name as PHP's variables are called. */
static enum err
take(struct gather *gather, char *name, const char *value)
{
    name += strspn(name, " ");
    char *bracket = name + base_len(name);
    if (*name == '\0') {
        return OK;
    }
    for (char *at = name; at < bracket; at++) {
        if (*at == ' ' || *at == '.') {
            *at = '_';
        }
    }
    if (bracket == name || !tidy_brackets(name, bracket)) {
        note_set(gather->note, "parameter %.64s has a name that PHP would change", name);
        return ERR_VALUE;
    }
    if (text_equal(name, "_method") || text_equal(name, "data[_method]")) {
        note_set(gather->note, "%s asks for another method than the request has", name);
        return ERR_VALUE;
    }
    return add(gather, name, value);
}

static int
nibble(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static enum err
decode(struct gather *gather, const char *text, size_t len, char **ret_text)
{
    char *out = arena_alloc(gather->arena, len + 1);
    if (out == NULL) {
        return ERR_MEMORY;
    }
    size_t used = 0;
    for (size_t i = 0; i < len; i++) {
        char c = text[i] == '+' ? ' ' : text[i];
        if (c == '%') {
            int high = i + 2 < len ? nibble(text[i + 1]) : -1;
            int low = i + 2 < len ? nibble(text[i + 2]) : -1;
            if (high < 0 || low < 0) {
                note_set(gather->note, "a parameter has a bad percent sequence");
                return ERR_VALUE;
            }
            c = (char)(high * 16 + low);
            i += 2;
        }
        if (c == '\0') {
            note_set(gather->note, "a parameter has a NUL");
            return ERR_VALUE;
        }
        out[used++] = c;
    }
    out[used] = '\0';
    *ret_text = out;
    return OK;
}

/* "a=1&b=2" as PHP takes it apart. */
static enum err
split(struct gather *gather, const char *text, size_t len)
{
    size_t seen = 0;
    enum err err = OK;
    for (size_t at = 0; err == OK && at < len;) {
        const char *end = memchr(text + at, '&', len - at);
        size_t one = end == NULL ? len - at : (size_t)(end - text) - at;
        const char *equals = memchr(text + at, '=', one);
        size_t name_len = equals == NULL ? one : (size_t)(equals - text) - at;
        size_t value_at = equals == NULL ? at + one : at + name_len + 1;
        char *name = NULL;
        char *value = NULL;
        if (one != 0 && ++seen > VARS_MOST) {
            note_set(gather->note, "more than %d parameters", VARS_MOST);
            return ERR_LIMIT;
        }
        err = decode(gather, text + at, name_len, &name);
        err = err == OK ? decode(gather, text + value_at, at + one - value_at, &value) : err;
        err = err == OK ? take(gather, name, value) : err;
        at += one + 1;
    }
    return err;
}

static enum err
take_part(void *context, const char *name, const char *value, struct note *note)
{
    struct gather *gather = context;
    char *copy = arena_copy(gather->arena, name);
    (void)note;
    return copy == NULL ? ERR_MEMORY : take(gather, copy, value);
}

/* The media type without its one harmless parameter. */
static bool
is_type(const char *type, const char *wanted)
{
    if (type == NULL || !text_starts_nocase(type, wanted)) {
        return false;
    }
    const char *rest = type + strlen(wanted);
    rest += strspn(rest, " ");
    if (*rest == ';') {
        rest++;
        rest += strspn(rest, " ");
        return text_equal_nocase(rest, "charset=utf-8") ||
               text_equal_nocase(rest, "charset=\"utf-8\"");
    }
    return *rest == '\0';
}

static bool
is_api(const struct access_request *request)
{
    return text_starts(request->path, ZONEMINDER_ROOT "/api/");
}

/* Which bodies PHP reads by itself: those of POST; CakePHP adds forms of PUT and DELETE. */
static enum err
read_body(const struct access_request *request, struct gather *gather)
{
    static const char *const unread[] = {
        "application/json", "text/plain", "application/csp-report", "application/xml", "text/xml"};
    bool is_post = text_equal(request->method, "POST");
    gather->is_body = true;
    if (request->body == NULL || request->body_len == 0) {
        return OK;
    }
    if (request->body_len > ACCESS_BODY) {
        note_set(gather->note, "a body longer than %zu bytes", ACCESS_BODY);
        return ERR_LIMIT;
    }
    if (!is_post && !is_api(request)) {
        note_set(
            gather->note, "a body with %.16s, which ZoneMinder does not read", request->method);
        return ERR_VALUE;
    }
    if (is_type(request->type, FORM)) {
        return split(gather, request->body, request->body_len);
    }
    if (text_starts_nocase(request->type, "multipart/")) {
        return zoneminder_multipart_read(request, gather->arena, take_part, gather, gather->note);
    }
    for (size_t i = 0; i < COUNT(unread); i++) {
        if (is_type(request->type, unread[i])) {
            return OK;
        }
    }
    note_set(gather->note, "a body of an unknown type");
    return ERR_VALUE;
}

static const struct field *
field_of(const struct field *table, size_t count, const char *name)
{
    size_t len = base_len(name);
    for (size_t i = 0; i < count; i++) {
        if (strncmp(table[i].name, name, len) == 0 && table[i].name[len] == '\0') {
            return &table[i];
        }
    }
    return NULL;
}

/* What has a wrong shape is refused, what PHP holds for empty is left out. */
static enum err
check(struct gather *gather, const struct field *table, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < gather->count; i++) {
        const struct access_param *row = &gather->rows[i];
        const struct field *field = field_of(table, count, row->name);
        bool is_list = row->name[base_len(row->name)] == '[';
        if (field != NULL && is_list && !field->may_be_list) {
            note_set(gather->note, "parameter %.64s is a list", row->name);
            return ERR_VALUE;
        }
        bool is_plain = field != NULL && !is_list;
        if (is_plain && !is_shaped(field->shape, row->value)) {
            note_set(gather->note, "parameter %.64s has a value that could be read two ways",
                field->name);
            return ERR_VALUE;
        }
        bool is_empty = row->value[0] == '\0' || text_equal(row->value, "0");
        if (!is_plain || !field->is_void || !is_empty) {
            gather->rows[kept++] = *row;
        }
    }
    gather->count = kept;
    return OK;
}

/* ZoneMinder logs in by a password on any request (1.36.33 includes/auth.php). */
static enum err
check_password(
    const struct access_request *request, const struct access_params *params, struct note *note)
{
    static const char *const names[] = {"password", "pass"};
    bool is_login = text_starts(request->path, ZONEMINDER_ROOT "/api/host/login");
    if (!is_api(request)) {
        const char *view = access_param(params, "view");
        is_login = text_equal(access_param(params, "action"), "login") &&
                   (view == NULL || text_equal(view, "login")) &&
                   access_param(params, "request") == NULL;
    }
    for (size_t i = 0; i < params->count; i++) {
        const struct access_param *row = &params->rows[i];
        bool is_password = text_equal(row->name, names[0]) || text_equal(row->name, names[1]);
        if (is_password && (!is_login || !row->is_body)) {
            note_set(note, "a password with a request that is no log-in by POST");
            return ERR_VALUE;
        }
    }
    return OK;
}

/* zms: nothing is decoded, '=' at both ends of a name is skipped, a later duplicate wins. */
static enum err
split_zms(const struct access_request *request, struct gather *gather)
{
    const char *at = request->query;
    if (strlen(at) > ZMS_QUERY || request->body_len != 0) {
        note_set(gather->note, "zms reads no body and no query of more than %d bytes", ZMS_QUERY);
        return ERR_LIMIT;
    }
    enum err err = OK;
    while (err == OK && *at != '\0') {
        size_t len = strcspn(at, "&");
        size_t name_len = strcspn(at, "=&");
        size_t value_at = name_len < len ? name_len + 1 : len;
        char *name = arena_copy_n(gather->arena, at, name_len);
        char *value = arena_copy_n(gather->arena, at + value_at, len - value_at);
        if (name == NULL || value == NULL) {
            return ERR_MEMORY;
        }
        bool is_user = text_equal(name, "user");
        if (text_equal(name, "pass") || gather->count == ZMS_MOST || !is_word(name) ||
            strchr(value, '=') != NULL || (strchr(value, '%') != NULL && !is_user) ||
            (len != 0 && name_len == 0)) {
            note_set(gather->note, "zms would read parameter %.32s otherwise", name);
            return ERR_VALUE;
        }
        for (size_t i = 0; i < gather->count; i++) {
            if (text_equal(gather->rows[i].name, name)) {
                note_set(gather->note, "parameter %.32s is there twice", name);
                return ERR_VALUE;
            }
        }
        err = len == 0 ? OK : push(gather, name, value);
        at += len + (at[len] == '&' ? 1 : 0);
    }
    return err == OK ? check(gather, zms_fields, COUNT(zms_fields)) : err;
}

enum err
zoneminder_params_read(const struct access_request *request, struct arena *arena,
    struct access_params *ret_params, struct note *note)
{
    struct gather gather = {.arena = arena, .note = note};
    bool is_zms = text_contains(request->path, "/cgi-bin");
    enum err err = OK;
    if (is_zms) {
        err = split_zms(request, &gather);
    } else {
        err = split(&gather, request->query, strlen(request->query));
        err = err == OK ? read_body(request, &gather) : err;
        err = err == OK ? check(&gather, fields, COUNT(fields)) : err;
    }
    struct access_params params = {.rows = gather.rows, .count = gather.count};
    err = err == OK && !is_zms ? check_password(request, &params, note) : err;
    if (err == OK) {
        *ret_params = params;
    }
    return err;
}
