/* Filling the holes of a page. */
#include "daemon/doorman_page.h"

#include <string.h>

#define NAME 32

/* Values that are in sight, the innermost last. */
struct scope {
    const json_t *values[DOORMAN_PAGE_DEPTH + 1];
    size_t depth;
};

/* A tag "{{…}}" of the template. */
struct tag {
    char kind; /* '#', '^', '/', or 0: a hole */
    char name[NAME];
    const char *begin, *end;
};

void
doorman_page_escape(struct buf *out, const char *text)
{
    for (; text != NULL && *text != '\0'; text++) {
        switch (*text) {
        case '&':
            buf_text(out, "&amp;");
            break;
        case '<':
            buf_text(out, "&lt;");
            break;
        case '>':
            buf_text(out, "&gt;");
            break;
        case '"':
            buf_text(out, "&quot;");
            break;
        case '\'':
            buf_text(out, "&#39;");
            break;
        default:
            buf_byte(out, (uint8_t)*text);
        }
    }
}

/* The next tag in [at, end); false: none. */
static bool
next_tag(const char *at, const char *end, struct tag *ret_tag)
{
    const char *begin = at == end ? NULL : memmem(at, (size_t)(end - at), "{{", 2);
    if (begin == NULL) {
        return false;
    }
    const char *close = memmem(begin, (size_t)(end - begin), "}}", 2);
    assert(close != NULL);
    const char *name = begin + 2;
    ret_tag->kind = strchr("#^/", *name) != NULL ? *name++ : '\0';
    assert(close > name && (size_t)(close - name) < NAME);
    memcpy(ret_tag->name, name, (size_t)(close - name));
    ret_tag->name[close - name] = '\0';
    ret_tag->begin = begin;
    ret_tag->end = close + 2;
    return true;
}

static const json_t *
find(const struct scope *scope, const char *name)
{
    for (size_t i = scope->depth; i-- > 0;) {
        const json_t *value = json_object_get(scope->values[i], name);
        if (value != NULL) {
            return value;
        }
    }
    return NULL;
}

static void
put(struct buf *out, const json_t *value)
{
    if (json_is_string(value)) {
        doorman_page_escape(out, json_string_value(value));
    } else if (json_is_integer(value)) {
        buf_format(out, "%lld", (long long)json_integer_value(value));
    }
}

/* Where the section of an opening tag ends: its closing tag. */
static struct tag
closing(const struct tag *open, const char *end)
{
    struct tag tag;
    unsigned depth = 0;
    const char *at = open->end;
    while (next_tag(at, end, &tag)) {
        if (tag.kind == '/' && depth-- == 0) {
            assert(strcmp(tag.name, open->name) == 0);
            return tag;
        }
        depth += tag.kind == '#' || tag.kind == '^' ? 1 : 0;
        at = tag.end;
    }
    assert(false && "a section of a page is not closed");
    return tag;
}

static bool
is_true(const json_t *value)
{
    return json_is_true(value) || json_array_size(value) != 0 || json_is_object(value) ||
           (json_is_string(value) && json_string_length(value) != 0) ||
           (json_is_integer(value) && json_integer_value(value) != 0);
}

static void render(struct scope *scope, const char *at, const char *end, struct buf *out);

static void // NOLINTNEXTLINE(misc-no-recursion): DOORMAN_PAGE_DEPTH, and templates are ours
render_within(struct scope *scope, const json_t *values, const struct tag *open,
    const struct tag *close, struct buf *out)
{
    assert(scope->depth < COUNT(scope->values));
    scope->values[scope->depth++] = values;
    render(scope, open->end, close->begin, out);
    scope->depth--;
}

static const char * // NOLINTNEXTLINE(misc-no-recursion): the same
section(struct scope *scope, const struct tag *open, const char *end, struct buf *out)
{
    const json_t *value = find(scope, open->name);
    const struct tag close = closing(open, end);
    if (open->kind == '^') {
        if (!is_true(value)) {
            render_within(scope, NULL, open, &close, out);
        }
        return close.end;
    }
    if (!json_is_array(value)) {
        if (is_true(value)) {
            render_within(scope, value, open, &close, out);
        }
        return close.end;
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        render_within(scope, json_array_get(value, i), open, &close, out);
    }
    return close.end;
}

static void // NOLINTNEXTLINE(misc-no-recursion): the same
render(struct scope *scope, const char *at, const char *end, struct buf *out)
{
    struct tag tag;
    while (next_tag(at, end, &tag)) {
        buf_add(out, at, (size_t)(tag.begin - at));
        at = tag.end;
        if (tag.kind == '\0') {
            put(out, find(scope, tag.name));
        } else {
            assert(tag.kind != '/');
            at = section(scope, &tag, end, out);
        }
    }
    buf_add(out, at, (size_t)(end - at));
}

enum err
doorman_page_render(const char *template, size_t len, const json_t *values, struct buf *ret_out)
{
    struct scope scope = {.values = {values}, .depth = 1};
    render(&scope, template, template + len, ret_out);
    return buf_error(ret_out);
}
