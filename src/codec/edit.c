/* Finds where a picked value stands in a text, puts another there, and picks again to be sure. */
#include "codec/edit.h"

#include "base/arena.h"
#include "base/text.h"
#include "codec/pick.h"

#include <stdlib.h>
#include <string.h>

#define ELEMENTS 4096 /* settings of a device are far smaller */
#define DEPTH    64
#define BLANKS   " \t\r\n"

/* The bytes that are the value, and how another one is written there. */
enum edit_as {
    EDIT_XML,
    EDIT_CDATA,
    EDIT_STRING,
    EDIT_NUMBER,
    EDIT_BOOL,
    EDIT_LINE,
    EDIT_QUOTED,
};

struct edit_span {
    const char *at;
    size_t len;
    enum edit_as as;
};

struct edit_element {
    const char *name;
    size_t name_len;
    size_t parent; /* index; itself: the root */
    struct edit_span text;
};

/* A walk over the tags of a document that the picker has found well-formed. */
struct edit_walk {
    const char *at, *end;
    struct edit_element *elements;
    size_t count;
    size_t open[DEPTH];
    size_t depth;
};

static bool
is_blank(char c)
{
    return c != '\0' && strchr(BLANKS, c) != NULL;
}

static void
trim(struct edit_span *span)
{
    while (span->len != 0 && is_blank(span->at[0])) {
        span->at++;
        span->len--;
    }
    while (span->len != 0 && is_blank(span->at[span->len - 1])) {
        span->len--;
    }
}

static bool
starts(const struct edit_walk *walk, const char *text)
{
    size_t len = strlen(text);
    return (size_t)(walk->end - walk->at) >= len && memcmp(walk->at, text, len) == 0;
}

/* Past the next such text; false when there is none. */
static bool
skip_past(struct edit_walk *walk, const char *text)
{
    size_t len = strlen(text);
    const char *found = memmem(walk->at, (size_t)(walk->end - walk->at), text, len);
    if (found != NULL) {
        walk->at = found + len;
    }
    return found != NULL;
}

/* The first text of an element that is not blank is its value. */
static void
note_text(struct edit_walk *walk, const char *from, const char *to, enum edit_as as)
{
    struct edit_span span = {from, (size_t)(to - from), as};
    trim(&span);
    if (walk->depth != 0 && span.len != 0) {
        struct edit_element *element = &walk->elements[walk->open[walk->depth - 1]];
        if (element->text.len == 0) {
            element->text = span;
        }
    }
}

/* To the '>' that ends a tag, over quoted values; NULL without one. */
static const char *
tag_end(const struct edit_walk *walk)
{
    char quote = '\0';
    for (const char *at = walk->at; at < walk->end; at++) {
        if (quote != '\0') {
            quote = *at == quote ? '\0' : quote;
        } else if (*at == '"' || *at == '\'') {
            quote = *at;
        } else if (*at == '>') {
            return at;
        }
    }
    return NULL;
}

static enum err
open_element(struct edit_walk *walk)
{
    const char *name = walk->at + 1;
    const char *end = tag_end(walk);
    if (end == NULL || walk->count == ELEMENTS || walk->depth == DEPTH) {
        return end == NULL ? ERR_SYNTAX : ERR_LIMIT;
    }
    size_t len = 0;
    while (name + len < end && !is_blank(name[len]) && name[len] != '/') {
        len++;
    }
    const char *colon = memchr(name, ':', len);
    if (colon != NULL) {
        len -= (size_t)(colon + 1 - name);
        name = colon + 1;
    }
    size_t parent = walk->depth == 0 ? walk->count : walk->open[walk->depth - 1];
    walk->elements[walk->count] =
        (struct edit_element){.name = name, .name_len = len, .parent = parent};
    if (end[-1] != '/') {
        walk->open[walk->depth++] = walk->count;
    }
    walk->count++;
    walk->at = end + 1;
    return OK;
}

static enum err
walk_markup(struct edit_walk *walk)
{
    if (starts(walk, "<!--")) {
        walk->at += 4;
        return skip_past(walk, "-->") ? OK : ERR_SYNTAX;
    }
    if (starts(walk, "<?")) {
        return skip_past(walk, "?>") ? OK : ERR_SYNTAX;
    }
    if (starts(walk, "<![CDATA[")) {
        const char *from = walk->at + 9;
        if (!skip_past(walk, "]]>")) {
            return ERR_SYNTAX;
        }
        note_text(walk, from, walk->at - 3, EDIT_CDATA);
        return OK;
    }
    if (starts(walk, "</")) {
        if (walk->depth == 0 || !skip_past(walk, ">")) {
            return ERR_SYNTAX;
        }
        walk->depth--;
        return OK;
    }
    return starts(walk, "<!") ? ERR_SYNTAX : open_element(walk);
}

static enum err
walk_xml(struct edit_walk *walk)
{
    enum err err = OK;
    while (err == OK && walk->at < walk->end) {
        if (*walk->at == '<') {
            err = walk_markup(walk);
            continue;
        }
        const char *from = walk->at;
        const char *next = memchr(from, '<', (size_t)(walk->end - from));
        walk->at = next == NULL ? walk->end : next;
        note_text(walk, from, walk->at, EDIT_XML);
    }
    return err;
}

static bool
is_named(const struct edit_element *element, const char *name, size_t len)
{
    return element->name_len == len && strncasecmp(element->name, name, len) == 0;
}

/* The element at the path that begins at that index, as the picker follows it; or NULL. */
static const struct edit_element *
follow(const struct edit_walk *walk, size_t index, const char *path)
{
    size_t len = strcspn(path, "/");
    if (!is_named(&walk->elements[index], path, len)) {
        return NULL;
    }
    while (path[len] == '/') {
        path += len + 1;
        len = strcspn(path, "/");
        size_t child = index + 1;
        while (child < walk->count && !(walk->elements[child].parent == index &&
                                          is_named(&walk->elements[child], path, len))) {
            child++;
        }
        if (child == walk->count) {
            return NULL;
        }
        index = child;
    }
    return &walk->elements[index];
}

static enum err
find_xml(const char *body, size_t len, const char *pick, struct edit_span *ret_span)
{
    struct edit_walk walk = {.at = body, .end = body + len};
    walk.elements = calloc(ELEMENTS, sizeof(*walk.elements));
    if (walk.elements == NULL) {
        return ERR_MEMORY;
    }
    enum err err = walk_xml(&walk);
    for (size_t i = 0; err == OK && i < walk.count; i++) {
        const struct edit_element *found = follow(&walk, i, pick);
        if (found != NULL && found->text.len != 0) {
            *ret_span = found->text;
            free(walk.elements);
            return OK;
        }
    }
    free(walk.elements);
    return err == OK ? ERR_MISSING : err;
}

static const char *
skip_blanks(const char *at, const char *end)
{
    while (at < end && is_blank(*at)) {
        at++;
    }
    return at;
}

/* Past the string whose opening quote stands at `at`; end when it never closes. */
static const char *
skip_string(const char *at, const char *end)
{
    for (at++; at < end && *at != '"'; at++) {
        at += *at == '\\' && at + 1 < end ? 1 : 0;
    }
    return at < end ? at + 1 : end;
}

/* Past one value of well-formed JSON. */
static const char *
skip_value(const char *at, const char *end)
{
    size_t depth = 0;
    do {
        at = skip_blanks(at, end);
        if (at == end) {
            return end;
        }
        if (*at == '"') {
            at = skip_string(at, end);
        } else if (*at == '{' || *at == '[') {
            depth++;
            at++;
        } else if (*at == '}' || *at == ']') {
            depth -= depth == 0 ? 0 : 1;
            at++;
        } else {
            at++;
            while (at < end && strchr(",:]}[{\"" BLANKS, *at) == NULL) {
                at++;
            }
        }
    } while (depth != 0);
    return at;
}

/* The value of a member: the last of that very name, else the first without letter case. */
static const char *
find_member(const char *at, const char *end, const char *key, size_t key_len)
{
    const char *same = NULL;
    const char *alike = NULL;
    at = skip_blanks(at + 1, end);
    while (at < end && *at == '"') {
        const char *name = at + 1;
        at = skip_string(at, end);
        size_t len = at > name ? (size_t)(at - 1 - name) : 0;
        at = skip_blanks(at, end);
        at = at < end && *at == ':' ? skip_blanks(at + 1, end) : end;
        if (len == key_len && memcmp(name, key, len) == 0) {
            same = at;
        } else if (alike == NULL && len == key_len && strncasecmp(name, key, len) == 0) {
            alike = at;
        }
        at = skip_blanks(skip_value(at, end), end);
        at = at < end && *at == ',' ? skip_blanks(at + 1, end) : end;
    }
    return same != NULL ? same : alike;
}

static const char *
find_item(const char *at, const char *end, size_t n)
{
    at = skip_blanks(at + 1, end);
    while (n-- != 0 && at < end && *at != ']') {
        at = skip_blanks(skip_value(at, end), end);
        at = at < end && *at == ',' ? skip_blanks(at + 1, end) : end;
    }
    return at < end && *at != ']' ? at : NULL;
}

/* One step of the path, as the picker takes it; NULL: nothing there. */
static const char *
json_step(const char *at, const char *end, const char **path)
{
    const char *step = *path;
    if (text_starts(step, "[\"")) {
        size_t len = strcspn(step + 2, "\"");
        *path = step + 2 + len + (text_starts(step + 2 + len, "\"]") ? 2 : 0);
        return *at == '{' ? find_member(at, end, step + 2, len) : NULL;
    }
    if (*step == '[') {
        size_t digits = strspn(step + 1, "0123456789");
        *path = step + digits + 1 + (step[digits + 1] == ']' ? 1 : 0);
        return *at == '[' ? find_item(at, end, (size_t)strtoul(step + 1, NULL, 10)) : NULL;
    }
    step += *step == '.' ? 1 : 0;
    size_t len = strcspn(step, ".[");
    *path = step + len;
    return *at == '{' && len != 0 ? find_member(at, end, step, len) : NULL;
}

static enum err
find_json(const char *body, size_t len, const char *pick, struct edit_span *ret_span)
{
    const char *end = body + len;
    const char *at = body;
    while (at != NULL && at < end && *pick != '\0') {
        at = json_step(at, end, &pick);
    }
    if (at == NULL || at == end) {
        return ERR_MISSING;
    }
    *ret_span = (struct edit_span){at, (size_t)(skip_value(at, end) - at), EDIT_NUMBER};
    if (*at == '"') {
        *ret_span = (struct edit_span){at + 1, ret_span->len - 2, EDIT_STRING};
        trim(ret_span);
    } else if (*at == 't' || *at == 'f') {
        ret_span->as = EDIT_BOOL;
    }
    return OK;
}

static enum err
find(const struct answer *answer, const char *pick, struct edit_span *ret_span)
{
    const char *body = answer->body;
    const char *end = body + answer->body_len;
    if (answer->body_len >= 3 && memcmp(body, "\xef\xbb\xbf", 3) == 0) {
        body += 3;
    }
    body = skip_blanks(body, end);
    while (end > body && end[-1] == '\0') {
        end--;
    }
    size_t len = (size_t)(end - body);
    if (len != 0 && *body == '<') {
        return find_xml(body, len, pick, ret_span);
    }
    if (len != 0 && (*body == '{' || *body == '[')) {
        return find_json(body, len, pick, ret_span);
    }
    enum err err = pick_line(body, len, pick, &ret_span->at, &ret_span->len);
    if (err == OK) {
        ret_span->as = strchr("'\"", ret_span->at[-1]) == NULL ? EDIT_LINE : EDIT_QUOTED;
        trim(ret_span);
    }
    return err;
}

enum err
edit_part(const struct answer *answer, const char *path, const char **ret_bytes, size_t *ret_len)
{
    struct edit_span span = {.len = 0};
    const char *end = answer->body + answer->body_len;
    const char *body = skip_blanks(answer->body, end);
    if (body == end || (*body != '{' && *body != '[')) {
        return ERR_SYNTAX;
    }
    enum err err = find_json(body, (size_t)(end - body), path, &span);
    if (err != OK || span.as == EDIT_STRING) {
        return err == OK ? ERR_UNSUPPORTED : err;
    }
    *ret_bytes = span.at;
    *ret_len = span.len;
    return OK;
}

void
edit_escape_xml(const char *value, struct buf *out)
{
    for (; *value != '\0'; value++) {
        switch (*value) {
        case '<':
            buf_text(out, "&lt;");
            break;
        case '>':
            buf_text(out, "&gt;");
            break;
        case '&':
            buf_text(out, "&amp;");
            break;
        case '"':
            buf_text(out, "&quot;");
            break;
        default:
            buf_byte(out, (uint8_t)*value);
        }
    }
}

void
edit_escape_json(const char *value, struct buf *out)
{
    for (; *value != '\0'; value++) {
        if (*value == '"' || *value == '\\') {
            buf_byte(out, '\\');
            buf_byte(out, (uint8_t)*value);
        } else if ((unsigned char)*value < 0x20) {
            buf_format(out, "\\u%04x", (unsigned)(unsigned char)*value);
        } else {
            buf_byte(out, (uint8_t)*value);
        }
    }
}

/* Only what leaves the kind of value as it was; all else would be another document. */
static bool
may_stand(const struct edit_span *span, const char *value)
{
    switch (span->as) {
    case EDIT_NUMBER:
        return strspn(value, "0123456789.eE+-") == strlen(value);
    case EDIT_BOOL:
        return text_equal(value, "true") || text_equal(value, "false");
    case EDIT_CDATA:
        return !text_contains(value, "]]>");
    case EDIT_LINE:
        return strpbrk(value, "\r\n") == NULL;
    case EDIT_QUOTED:
        return strpbrk(value, "\r\n\"'") == NULL;
    case EDIT_XML:
    case EDIT_STRING:
        break;
    }
    return true;
}

static void
write_value(const struct edit_span *span, const char *value, struct buf *out)
{
    if (span->as == EDIT_XML) {
        edit_escape_xml(value, out);
    } else if (span->as == EDIT_STRING) {
        edit_escape_json(value, out);
    } else {
        buf_text(out, value);
    }
}

/* The picker is the judge: it must read the new value in the new text. */
static enum err
verify(const struct answer *answer, const struct buf *out, size_t from, const char *pick,
    const char *value)
{
    struct arena arena;
    const char *text = NULL;
    struct answer edited = *answer;
    edited.body = (const char *)out->data + from;
    edited.body_len = out->len - from;
    arena_init(&arena, 4 * PICK_VALUE);
    enum err err = pick_text(&edited, pick, &arena, &text);
    bool same = err == OK && text_equal(text, value);
    arena_release(&arena);
    return same ? OK : ERR_UNSUPPORTED;
}

/* By regex only in XML, where the group is text between two tags and nothing else. */
static enum err
find_match(const struct answer *answer, const char *regex, struct edit_span *ret_span)
{
    struct edit_span span = {.as = EDIT_XML};
    const char *end = answer->body + answer->body_len;
    const char *body = skip_blanks(answer->body, end);
    if (body == end || *body != '<') {
        return ERR_UNSUPPORTED;
    }
    enum err err = pick_match(answer->body, answer->body_len, regex, &span.at, &span.len);
    if (err != OK) {
        return err;
    }
    trim(&span);
    const char *after = skip_blanks(span.at + span.len, end);
    const char *before = span.at;
    while (before > answer->body && is_blank(before[-1])) {
        before--;
    }
    bool is_text = span.len != 0 && memchr(span.at, '<', span.len) == NULL &&
                   memchr(span.at, '>', span.len) == NULL && before > answer->body &&
                   before[-1] == '>' && after + 1 < end && after[0] == '<' && after[1] == '/';
    if (!is_text) {
        return ERR_UNSUPPORTED;
    }
    *ret_span = span;
    return OK;
}

enum err
edit_value(const struct answer *answer, const char *pick, const char *value, struct buf *out)
{
    struct arena arena;
    struct edit_span span = {.len = 0};
    const char *old = NULL;
    if (pick[0] == '@' || value[0] == '\0') {
        return ERR_UNSUPPORTED;
    }
    arena_init(&arena, 4 * PICK_VALUE);
    enum err err = pick_text(answer, pick, &arena, &old);
    arena_release(&arena);
    if (err == OK) {
        err = pick[0] == '~' ? find_match(answer, pick + 1, &span) : find(answer, pick, &span);
    }
    if (err != OK) {
        return err;
    }
    if (!may_stand(&span, value)) {
        return ERR_UNSUPPORTED;
    }
    size_t from = out->len;
    size_t head = (size_t)(span.at - answer->body);
    buf_add(out, answer->body, head);
    write_value(&span, value, out);
    buf_add(out, span.at + span.len, answer->body_len - head - span.len);
    return buf_error(out) != OK ? ERR_LIMIT : verify(answer, out, from, pick, value);
}
