/* libyaml's events to a tree. */
#include "audit/tree_yaml.h"

#include "base/text.h"

#include <string.h>
#include <yaml.h>

#define ANCHORS 64

struct anchor {
    const char *name;
    const struct tree_node *node;
};

struct level {
    struct tree_node *node;
    const char *key; /* of a mapping: waits for its value, else NULL */
    unsigned key_line;
    size_t key_at;
};

/* libyaml counts characters, an editor of the file needs bytes: where both are the same place. */
struct ruler {
    const char *bytes;
    size_t len, byte, character;
};

struct walk {
    yaml_parser_t parser;
    struct tree *tree;
    struct level levels[TREE_DEPTH + 1];
    size_t depth;
    struct anchor anchors[ANCHORS];
    size_t anchor_count;
    bool begun, done;
    struct ruler ruler;
};

/* The byte of a mark; marks come in the order of the file. */
static size_t
byte_of(struct walk *walk, const yaml_mark_t *mark)
{
    struct ruler *ruler = &walk->ruler;
    while (ruler->character < mark->index && ruler->byte < ruler->len) {
        do {
            ruler->byte++;
        } while (ruler->byte < ruler->len && ((uint8_t)ruler->bytes[ruler->byte] & 0xc0) == 0x80);
        ruler->character++;
    }
    return ruler->byte;
}

static enum err
parser_failed(struct walk *walk)
{
    const yaml_parser_t *parser = &walk->parser;
    return tree_fail(walk->tree, ERR_SYNTAX, (unsigned)parser->problem_mark.line + 1,
        "not well-formed YAML or JSON: %s",
        parser->problem == NULL ? "unknown problem" : parser->problem);
}

static struct level *
top(struct walk *walk)
{
    return walk->depth == 0 ? NULL : &walk->levels[walk->depth - 1];
}

static bool
waits_for_key(struct walk *walk)
{
    const struct level *level = top(walk);
    return level != NULL && !level->node->is_list && level->key == NULL;
}

/* The node for the next value: the root, an item, or the value of the key that waits. */
static struct tree_node *
place(struct walk *walk, const yaml_event_t *event)
{
    struct level *level = top(walk);
    unsigned line = (unsigned)event->start_mark.line + 1;
    if (level == NULL) {
        return walk->tree->root;
    }
    const char *name = level->node->is_list ? "" : level->key;
    unsigned at = level->node->is_list ? line : level->key_line;
    struct tree_node *node = tree_add(walk->tree, level->node, name, at);
    if (node != NULL) {
        node->at = level->node->is_list ? byte_of(walk, &event->start_mark) : level->key_at;
    }
    level->key = NULL;
    return node;
}

static void
remember(struct walk *walk, const yaml_char_t *anchor, const struct tree_node *node)
{
    if (anchor == NULL || walk->anchor_count == ANCHORS) {
        return;
    }
    const char *name = arena_copy(walk->tree->arena, (const char *)anchor);
    walk->anchors[walk->anchor_count++] = (struct anchor){name, node};
}

static enum err
take_scalar(struct walk *walk, const yaml_event_t *event, unsigned line)
{
    const char *bytes = (const char *)event->data.scalar.value;
    size_t len = event->data.scalar.length;
    if (waits_for_key(walk)) {
        struct level *level = top(walk);
        level->key = arena_copy_n(walk->tree->arena, bytes, len);
        level->key_line = line;
        level->key_at = byte_of(walk, &event->start_mark);
        return level->key == NULL ? tree_fail(walk->tree, ERR_LIMIT, line, "too large") : OK;
    }
    struct tree_node *node = place(walk, event);
    bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    bool empty = plain && (len == 0 || text_equal(bytes, "~") || text_equal(bytes, "null"));
    if (node == NULL || (!empty && !tree_set(walk->tree, node, bytes, len))) {
        return ERR_LIMIT;
    }
    node->from = byte_of(walk, &event->start_mark);
    node->to = byte_of(walk, &event->end_mark);
    if (event->data.scalar.tag != NULL) {
        node->tag = arena_copy(walk->tree->arena, (const char *)event->data.scalar.tag);
    }
    remember(walk, event->data.scalar.anchor, node);
    return OK;
}

static enum err
open_level(struct walk *walk, bool is_list, const yaml_event_t *event)
{
    unsigned line = (unsigned)event->start_mark.line + 1;
    const yaml_char_t *anchor =
        is_list ? event->data.sequence_start.anchor : event->data.mapping_start.anchor;
    if (waits_for_key(walk)) {
        return tree_fail(
            walk->tree, ERR_SYNTAX, line, "a list or mapping stands where a key is expected");
    }
    if (walk->depth == TREE_DEPTH) {
        return tree_fail(walk->tree, ERR_LIMIT, line, "nested deeper than %d levels", TREE_DEPTH);
    }
    struct tree_node *node = place(walk, event);
    if (node == NULL) {
        return ERR_LIMIT;
    }
    node->is_list = is_list;
    node->from = byte_of(walk, &event->start_mark);
    remember(walk, anchor, node);
    walk->levels[walk->depth++] = (struct level){.node = node};
    return OK;
}

static bool
is_inside(const struct tree_node *node, const struct tree_node *outer)
{
    for (; node != NULL; node = node->parent) {
        if (node == outer) {
            return true;
        }
    }
    return false;
}

/* Copies the children of one node below another, with the lines of the originals. */
static enum err
copy_children(struct tree *tree, const struct tree_node *from, struct tree_node *to, bool merged)
{
    const struct tree_node *at = from->first;
    struct tree_node *under = to;
    while (at != NULL) {
        struct tree_node *copy = tree_add(tree, under, at->name, at->line);
        if (copy == NULL) {
            return ERR_LIMIT;
        }
        copy->value = at->value;
        copy->tag = at->tag;
        copy->is_list = at->is_list;
        copy->is_merged = merged && under == to;
        if (at->first != NULL) {
            at = at->first;
            under = copy;
            continue;
        }
        while (at->next == NULL && at->parent != from) {
            at = at->parent;
            under = under->parent;
        }
        at = at->next;
    }
    return OK;
}

static enum err
take_alias(struct walk *walk, const yaml_event_t *event, unsigned line)
{
    const char *name = (const char *)event->data.alias.anchor;
    const struct tree_node *from = NULL;
    struct level *level = top(walk);
    for (size_t i = 0; i < walk->anchor_count; i++) {
        from = text_equal(walk->anchors[i].name, name) ? walk->anchors[i].node : from;
    }
    if (from == NULL || level == NULL || waits_for_key(walk) || is_inside(level->node, from)) {
        return tree_fail(walk->tree, ERR_SYNTAX, line,
            "alias *%.20s; expected the name of an anchor that ended before", name);
    }
    if (level->key != NULL && text_equal(level->key, "<<")) {
        level->key = NULL;
        return copy_children(walk->tree, from, level->node, true);
    }
    struct tree_node *node = place(walk, event);
    if (node == NULL) {
        return ERR_LIMIT;
    }
    node->value = from->value;
    node->tag = from->tag;
    node->is_list = from->is_list;
    return copy_children(walk->tree, from, node, false);
}

static enum err
take_event(struct walk *walk, const yaml_event_t *event)
{
    unsigned line = (unsigned)event->start_mark.line + 1;
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return take_scalar(walk, event, line);
    case YAML_SEQUENCE_START_EVENT:
        return open_level(walk, true, event);
    case YAML_MAPPING_START_EVENT:
        return open_level(walk, false, event);
    case YAML_ALIAS_EVENT:
        return take_alias(walk, event, line);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        walk->depth--;
        return OK;
    case YAML_DOCUMENT_START_EVENT:
        if (walk->begun) {
            return tree_fail(walk->tree, ERR_SYNTAX, line, "a second document; expected one");
        }
        walk->begun = true;
        return OK;
    case YAML_STREAM_END_EVENT:
        walk->done = true;
        return OK;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        break;
    }
    return OK;
}

enum err
tree_yaml(struct tree *tree, const char *bytes, size_t len)
{
    struct walk walk = {
        .tree = tree, .ruler = {.bytes = bytes, .len = len}
    };
    enum err err = OK;
    if (memchr(bytes, '\0', len) != NULL) {
        return tree_fail(tree, ERR_SYNTAX, 1, "a NUL character; expected UTF-8 text");
    }
    if (yaml_parser_initialize(&walk.parser) == 0) {
        return tree_fail(tree, ERR_MEMORY, 1, "%s", err_words(ERR_MEMORY));
    }
    yaml_parser_set_encoding(&walk.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&walk.parser, (const unsigned char *)bytes, len);
    while (err == OK && !walk.done) {
        yaml_event_t event;
        if (yaml_parser_parse(&walk.parser, &event) == 0) {
            err = parser_failed(&walk);
            break;
        }
        err = take_event(&walk, &event);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&walk.parser);
    return err;
}
