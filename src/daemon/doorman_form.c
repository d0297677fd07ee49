/* Forms, cookies and return paths: one way to read each, everything else is refused. */
#include "daemon/doorman_form.h"
#include "base/text.h"

#include <string.h>

/* One name or value, decoded into the arena; NULL: broken, or no memory. */
static char *
decode(const char *bytes, size_t len, struct arena *arena, size_t *ret_len)
{
    char *out = arena_alloc(arena, len + 1);
    size_t used = 0;
    for (size_t i = 0; out != NULL && i < len; i++) {
        char letter = bytes[i] == '+' ? ' ' : bytes[i];
        if (letter == '%') {
            int high = len - i > 2 ? text_hex_digit(bytes[i + 1]) : -1;
            int low = len - i > 2 ? text_hex_digit(bytes[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return NULL;
            }
            letter = (char)(high * 16 + low);
            i += 2;
        }
        if (letter == '\0') {
            return NULL;
        }
        out[used++] = letter;
    }
    *ret_len = used;
    return out;
}

static bool
is_name(const char *name, size_t len)
{
    return len != 0 && len < DOORMAN_FORM_NAME &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == len;
}

static enum err
add_field(const char *pair, size_t len, struct arena *arena, struct doorman_form *form)
{
    const char *equals = memchr(pair, '=', len);
    if (equals == NULL) {
        return ERR_SYNTAX;
    }
    if (form->count == DOORMAN_FORM_FIELDS) {
        return ERR_LIMIT;
    }
    struct doorman_form_field field = {0};
    size_t name_len = 0, before = (size_t)(equals - pair);
    field.name = decode(pair, before, arena, &name_len);
    field.value = decode(equals + 1, len - before - 1, arena, &field.len);
    if (field.name == NULL || field.value == NULL || !is_name(field.name, name_len)) {
        return arena->full ? ERR_LIMIT : ERR_SYNTAX;
    }
    for (size_t i = 0; i < form->count; i++) {
        if (text_equal(form->fields[i].name, field.name)) {
            return ERR_VALUE;
        }
    }
    form->fields[form->count++] = field;
    return OK;
}

enum err
doorman_form_read(const char *bytes, size_t len, struct arena *arena, struct doorman_form *ret_form)
{
    struct doorman_form form = {0};
    for (size_t at = 0; at < len;) {
        const char *end = memchr(bytes + at, '&', len - at);
        size_t part = end == NULL ? len - at : (size_t)(end - bytes) - at;
        enum err err = add_field(bytes + at, part, arena, &form);
        if (err != OK) {
            return err;
        }
        at += part + 1;
    }
    *ret_form = form;
    return OK;
}

const char *
doorman_form_value(const struct doorman_form *form, const char *name)
{
    for (size_t i = 0; i < form->count; i++) {
        if (text_equal(form->fields[i].name, name)) {
            return form->fields[i].value;
        }
    }
    return "";
}

bool
doorman_form_is_token(const char *text)
{
    size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
    return len == DOORMAN_FORM_COOKIE && text[len] == '\0';
}

enum err
doorman_form_cookie(const char *header, const char *name, char ret_value[DOORMAN_FORM_COOKIE + 1])
{
    char value[DOORMAN_FORM_COOKIE + 1] = "";
    size_t name_len = strlen(name);
    unsigned found = 0;
    bool is_ours = true;
    for (const char *at = header; at != NULL && *at != '\0';) {
        at += strspn(at, " ;\t");
        size_t len = strcspn(at, ";");
        if (len > name_len && strncmp(at, name, name_len) == 0 && at[name_len] == '=') {
            found++;
            is_ours = len - name_len - 1 == DOORMAN_FORM_COOKIE;
            if (is_ours) {
                memcpy(value, at + name_len + 1, DOORMAN_FORM_COOKIE);
            }
        }
        at += len;
    }
    if (found == 0) {
        return ERR_MISSING;
    }
    if (found > 1 || !is_ours || !doorman_form_is_token(value)) {
        return ERR_VALUE;
    }
    memcpy(ret_value, value, sizeof(value));
    return OK;
}

bool
doorman_form_is_local(const char *path)
{
    size_t len = strnlen(path, DOORMAN_FORM_PATH + 1);
    if (len == 0 || len > DOORMAN_FORM_PATH || path[0] != '/') {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (path[i] <= 0x20 || path[i] >= 0x7f || strchr("\\#\"<>^`{|}", path[i]) != NULL) {
            return false;
        }
    }
    size_t before_query = strcspn(path, "?");
    for (size_t i = 0; i < before_query; i++) { /* "//", "/./", "/../" mean two things to two */
        if (path[i] == '/' && (path[i + 1] == '/' || path[i + 1] == '.')) {
            return false;
        }
    }
    return strncmp(path, "/gatehouse/log", strlen("/gatehouse/log")) != 0 &&
           strncmp(path, "/gatehouse/enrol", strlen("/gatehouse/enrol")) != 0;
}

void
doorman_form_encode(struct buf *out, const char *text)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
    for (; *text != '\0'; text++) {
        if (strchr(plain, *text) != NULL) {
            buf_byte(out, (uint8_t)*text);
        } else {
            buf_format(out, "%%%02X", (unsigned)(uint8_t)*text);
        }
    }
}
