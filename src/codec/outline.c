/* YAML events to a flat list of values. */
#include "codec/outline.h"

#include "base/text.h"

#include <string.h>
#include <yaml.h>

#define PATH_TEXT 128 /* shown in messages; deeper paths are cut */

/* An open mapping or list. */
struct level {
    struct outline_node *node;
    size_t items;    /* values of a list so far, keys of a mapping */
    const char *key; /* of a mapping: waits for its value, else NULL */
    const char *keys[OUTLINE_KEYS];
    unsigned key_lines[OUTLINE_KEYS];
};

struct walk {
    yaml_parser_t parser;
    const char *bytes;
    size_t len;
    struct arena *arena;
    struct outline *outline;
    struct outline_mistake *mistake;
    struct level levels[OUTLINE_DEPTH];
    size_t depth;
    bool done;
};

#define MISTAKE(walk, at, ...)                                                                     \
    ((walk)->mistake->line = (at), note_set(&(walk)->mistake->note, __VA_ARGS__))

static unsigned
line_of_offset(const struct walk *walk, size_t offset)
{
    unsigned line = 1;
    for (size_t i = 0; i < offset && i < walk->len; i++) {
        line += walk->bytes[i] == '\n' ? 1 : 0;
    }
    return line;
}

static bool
is_tab_line(const struct walk *walk, unsigned line)
{
    const char *at = walk->bytes;
    const char *end = walk->bytes + walk->len;
    for (unsigned i = 1; i < line && at != NULL; i++) {
        at = memchr(at, '\n', (size_t)(end - at));
        at = at == NULL ? NULL : at + 1;
    }
    while (at != NULL && at < end && *at == ' ') {
        at++;
    }
    return at != NULL && at < end && *at == '\t';
}

static enum err
parser_failed(struct walk *walk)
{
    const yaml_parser_t *parser = &walk->parser;
    unsigned line = (unsigned)parser->problem_mark.line + 1;
    const char *problem = parser->problem == NULL ? "not YAML" : parser->problem;
    if (parser->error == YAML_MEMORY_ERROR) {
        MISTAKE(walk, line, "%s", err_words(ERR_MEMORY));
        return ERR_MEMORY;
    }
    if (parser->error == YAML_READER_ERROR) {
        MISTAKE(
            walk, line_of_offset(walk, parser->problem_offset), "%s; expected UTF-8 text", problem);
    } else if (is_tab_line(walk, line)) {
        MISTAKE(walk, line, "indented with a tab; expected spaces");
    } else {
        MISTAKE(walk, line, "not well-formed YAML: %s", problem);
    }
    return ERR_SYNTAX;
}

static const char *
make_path(struct walk *walk, const struct level *level, bool with_index)
{
    const char *base = with_index ? level->node->path : level->node->pattern;
    if (level->node->shape == OUTLINE_MAP) {
        return arena_format(
            walk->arena, "%.*s%s%s", PATH_TEXT, base, base[0] == '\0' ? "" : ".", level->key);
    }
    if (with_index) {
        return arena_format(walk->arena, "%.*s[%zu]", PATH_TEXT, base, level->items);
    }
    return arena_format(walk->arena, "%.*s[]", PATH_TEXT, base);
}

static enum err
add_node(struct walk *walk, enum outline_shape shape, unsigned line, struct outline_node **ret_node)
{
    const char *path = "";
    const char *pattern = "";
    if (walk->outline->count == OUTLINE_NODES) {
        MISTAKE(walk, line, "more than %d values", OUTLINE_NODES);
        return ERR_LIMIT;
    }
    if (walk->depth != 0) {
        struct level *level = &walk->levels[walk->depth - 1];
        path = make_path(walk, level, true);
        pattern = make_path(walk, level, false);
        level->items++;
        level->key = NULL;
    }
    if (path == NULL || pattern == NULL) {
        MISTAKE(walk, line, "%s", err_words(ERR_MEMORY));
        return ERR_MEMORY;
    }
    struct outline_node *node = &walk->outline->nodes[walk->outline->count++];
    *node = (struct outline_node){shape, line, path, pattern, ""};
    *ret_node = node;
    return OK;
}

static enum err
take_key(struct walk *walk, struct level *level, const yaml_event_t *event, unsigned line)
{
    const char *bytes = (const char *)event->data.scalar.value;
    size_t len = event->data.scalar.length;
    if (len == 0 || len > OUTLINE_KEY || memchr(bytes, '\0', len) != NULL) {
        MISTAKE(walk, line, "a key is empty or longer than %d bytes", OUTLINE_KEY);
        return ERR_SYNTAX;
    }
    char clean[OUTLINE_KEY + 1];
    text_clean(clean, sizeof(clean), bytes, len);
    if (strpbrk(clean, ".[]") != NULL) { /* a path must have one meaning */
        MISTAKE(walk, line, "%s: a key holds no '.', '[' or ']'", clean);
        return ERR_SYNTAX;
    }
    for (size_t i = 0; i < level->items; i++) {
        if (text_equal(level->keys[i], clean)) {
            MISTAKE(walk, line, "%s%s%s: given twice, first in line %u", level->node->path,
                level->node->path[0] == '\0' ? "" : ".", clean, level->key_lines[i]);
            return ERR_SYNTAX;
        }
    }
    if (level->items == OUTLINE_KEYS) {
        MISTAKE(walk, line, "more than %d keys in one place", OUTLINE_KEYS);
        return ERR_LIMIT;
    }
    level->key = arena_copy(walk->arena, clean);
    level->keys[level->items] = level->key;
    level->key_lines[level->items] = line;
    if (level->key == NULL) {
        MISTAKE(walk, line, "%s", err_words(ERR_MEMORY));
        return ERR_MEMORY;
    }
    return OK;
}

static bool
waits_for_key(const struct walk *walk)
{
    return walk->depth != 0 && walk->levels[walk->depth - 1].node->shape == OUTLINE_MAP &&
           walk->levels[walk->depth - 1].key == NULL;
}

static enum err
take_scalar(struct walk *walk, const yaml_event_t *event, unsigned line)
{
    const char *bytes = (const char *)event->data.scalar.value;
    size_t len = event->data.scalar.length;
    if (waits_for_key(walk)) {
        return take_key(walk, &walk->levels[walk->depth - 1], event, line);
    }
    if (memchr(bytes, '\0', len) != NULL) {
        MISTAKE(walk, line, "a value holds a NUL character");
        return ERR_SYNTAX;
    }
    bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    bool empty = plain && (len == 0 || text_equal(bytes, "~") || text_equal(bytes, "null"));
    struct outline_node *node = NULL;
    enum err err = add_node(walk, empty ? OUTLINE_EMPTY : OUTLINE_TEXT, line, &node);
    if (err == OK && !empty) {
        node->text = arena_copy_n(walk->arena, bytes, len);
        if (node->text == NULL) {
            MISTAKE(walk, line, "%s", err_words(ERR_MEMORY));
            err = ERR_MEMORY;
        }
    }
    return err;
}

static enum err
open_level(struct walk *walk, enum outline_shape shape, unsigned line)
{
    struct outline_node *node = NULL;
    if (waits_for_key(walk)) {
        MISTAKE(walk, line, "a list or mapping stands where a key is expected");
        return ERR_SYNTAX;
    }
    if (walk->depth == OUTLINE_DEPTH) {
        MISTAKE(walk, line, "nested deeper than %d levels", OUTLINE_DEPTH);
        return ERR_LIMIT;
    }
    enum err err = add_node(walk, shape, line, &node);
    if (err == OK) {
        walk->levels[walk->depth++] = (struct level){.node = node};
    }
    return err;
}

static enum err
refuse_sharing(struct walk *walk, const yaml_char_t *anchor, const yaml_char_t *tag, unsigned line)
{
    if (anchor != NULL) {
        MISTAKE(walk, line, "anchors (&%.20s) are not allowed; write the value again", anchor);
        return ERR_SYNTAX;
    }
    if (tag != NULL) {
        MISTAKE(walk, line, "tags (%.30s) are not allowed", tag);
        return ERR_SYNTAX;
    }
    return OK;
}

static enum err
take_value(struct walk *walk, const yaml_event_t *event, unsigned line)
{
    enum err err = OK;
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        err = refuse_sharing(walk, event->data.scalar.anchor, event->data.scalar.tag, line);
        return err == OK ? take_scalar(walk, event, line) : err;
    case YAML_SEQUENCE_START_EVENT:
        err = refuse_sharing(
            walk, event->data.sequence_start.anchor, event->data.sequence_start.tag, line);
        return err == OK ? open_level(walk, OUTLINE_LIST, line) : err;
    case YAML_MAPPING_START_EVENT:
        err = refuse_sharing(
            walk, event->data.mapping_start.anchor, event->data.mapping_start.tag, line);
        return err == OK ? open_level(walk, OUTLINE_MAP, line) : err;
    case YAML_ALIAS_EVENT:
        MISTAKE(walk, line, "aliases (*%.20s) are not allowed; write the value again",
            event->data.alias.anchor);
        return ERR_SYNTAX;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_START_EVENT:
    case YAML_DOCUMENT_END_EVENT:
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        break;
    }
    return OK;
}

static enum err
take_event(struct walk *walk, const yaml_event_t *event)
{
    unsigned line = (unsigned)event->start_mark.line + 1;
    if (event->type == YAML_SEQUENCE_END_EVENT || event->type == YAML_MAPPING_END_EVENT) {
        walk->depth--;
    } else if (event->type == YAML_DOCUMENT_START_EVENT && walk->outline->count != 0) {
        MISTAKE(walk, line, "a second document; expected one");
        return ERR_SYNTAX;
    } else if (event->type == YAML_STREAM_END_EVENT) {
        walk->done = true;
    }
    return take_value(walk, event, line);
}

static enum err
walk_events(struct walk *walk)
{
    enum err err = OK;
    yaml_parser_set_encoding(&walk->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&walk->parser, (const unsigned char *)walk->bytes, walk->len);
    while (err == OK && !walk->done) {
        yaml_event_t event;
        if (yaml_parser_parse(&walk->parser, &event) == 0) {
            return parser_failed(walk);
        }
        err = take_event(walk, &event);
        yaml_event_delete(&event);
    }
    return err;
}

enum err
outline_read(const char *bytes, size_t len, struct arena *arena, struct outline *ret_outline,
    struct outline_mistake *mistake)
{
    struct outline outline = {0};
    struct walk walk = {
        .bytes = bytes, .len = len, .arena = arena, .outline = &outline, .mistake = mistake};
    if (len > OUTLINE_BYTES) {
        MISTAKE(&walk, 1, "larger than %d bytes", OUTLINE_BYTES);
        return ERR_LIMIT;
    }
    const char *nul = memchr(bytes, '\0', len);
    if (nul != NULL) {
        MISTAKE(&walk, line_of_offset(&walk, (size_t)(nul - bytes)),
            "a NUL character; expected UTF-8 text");
        return ERR_SYNTAX;
    }
    outline.nodes = arena_alloc(arena, OUTLINE_NODES * sizeof(*outline.nodes));
    if (outline.nodes == NULL || yaml_parser_initialize(&walk.parser) == 0) {
        MISTAKE(&walk, 1, "%s", err_words(ERR_MEMORY));
        return ERR_MEMORY;
    }
    enum err err = walk_events(&walk);
    yaml_parser_delete(&walk.parser);
    if (err == OK) {
        *ret_outline = outline;
    }
    return err;
}
