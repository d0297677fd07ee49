/* The nodes of a configuration file, and how to find one. */
#include "audit/tree.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum err
tree_init(struct tree *tree, struct arena *arena)
{
    *tree = (struct tree){.arena = arena};
    tree->root = arena_alloc(arena, sizeof(*tree->root));
    if (tree->root == NULL) {
        return tree_fail(tree, ERR_MEMORY, 1, "%s", err_words(ERR_MEMORY));
    }
    tree->root->name = "";
    tree->root->value = "";
    tree->root->line = 1;
    return OK;
}

enum err
tree_fail(struct tree *tree, enum err err, unsigned line, const char *format, ...)
{
    va_list list;
    tree->mistake_line = line;
    va_start(list, format);
    (void)vsnprintf(tree->mistake.text, sizeof(tree->mistake.text), format, list);
    va_end(list);
    return err;
}

static unsigned
depth_of(const struct tree_node *node)
{
    unsigned depth = 0;
    for (; node->parent != NULL; node = node->parent) {
        depth++;
    }
    return depth;
}

struct tree_node *
tree_add(struct tree *tree, struct tree_node *parent, const char *name, unsigned line)
{
    if (tree->count == TREE_NODES) {
        (void)tree_fail(tree, ERR_LIMIT, line, "more than %zu values", TREE_NODES);
        return NULL;
    }
    if (depth_of(parent) >= TREE_DEPTH) {
        (void)tree_fail(tree, ERR_LIMIT, line, "nested deeper than %d levels", TREE_DEPTH);
        return NULL;
    }
    struct tree_node *node = arena_alloc(tree->arena, sizeof(*node));
    char *copy = arena_copy_n(tree->arena, name, strnlen(name, TREE_NAME));
    if (node == NULL || copy == NULL) {
        (void)tree_fail(tree, ERR_LIMIT, line, "%s", err_words(ERR_LIMIT));
        return NULL;
    }
    tree->count++;
    *node = (struct tree_node){.name = copy, .value = "", .line = line, .parent = parent};
    if (parent->last == NULL) {
        parent->first = node;
    } else {
        parent->last->next = node;
    }
    parent->last = node;
    return node;
}

bool
tree_set(struct tree *tree, struct tree_node *node, const char *value, size_t len)
{
    char *copy = arena_copy_n(tree->arena, value, len);
    if (copy == NULL) {
        (void)tree_fail(tree, ERR_LIMIT, node->line, "%s", err_words(ERR_LIMIT));
        return false;
    }
    node->value = copy;
    return true;
}

static const struct tree_node *
find_child(const struct tree_node *node, const char *name, size_t len)
{
    const struct tree_node *merged = NULL;
    bool any = len == 1 && name[0] == '*';
    for (const struct tree_node *child = node->first; child != NULL; child = child->next) {
        if (!any && (strlen(child->name) != len || memcmp(child->name, name, len) != 0)) {
            continue;
        }
        if (!child->is_merged) {
            return child;
        }
        merged = merged == NULL ? child : merged;
    }
    return merged;
}

const struct tree_node *
tree_get(const struct tree_node *node, const char *path)
{
    while (node != NULL && *path != '\0') {
        size_t len = strcspn(path, "/");
        node = find_child(node, path, len);
        path += len + (path[len] == '/' ? 1 : 0);
    }
    return node;
}

const char *
tree_text(const struct tree_node *node, const char *path)
{
    const struct tree_node *found = node == NULL ? NULL : tree_get(node, path);
    return found == NULL ? NULL : found->value;
}

const struct tree_node *
tree_next(const struct tree_node *node, const char *name, const struct tree_node *after)
{
    const struct tree_node *child = after != NULL ? after->next : node == NULL ? NULL : node->first;
    while (child != NULL && name != NULL && !text_equal(child->name, name)) {
        child = child->next;
    }
    return child;
}

const char *
tree_path(const struct tree_node *node, char *out, size_t size)
{
    const struct tree_node *chain[TREE_DEPTH + 2];
    size_t count = 0;
    size_t used = 0;
    for (; node != NULL && node->parent != NULL && count < COUNT(chain); node = node->parent) {
        chain[count++] = node;
    }
    out[0] = '\0';
    while (count != 0 && used + 1 < size) {
        const char *name = chain[--count]->name;
        int len = snprintf(out + used, size - used, "%s%s", used == 0 || name[0] == '\0' ? "" : ".",
            name[0] == '\0' ? "[]" : name);
        used += len < 0 ? 0 : (size_t)len;
    }
    return out;
}

void
tree_walk(const struct tree_node *node, tree_walk_fn *function, void *context)
{
    const struct tree_node *at = node->first;
    while (at != NULL) {
        if (!function(context, at)) {
            return;
        }
        if (at->first != NULL) {
            at = at->first;
            continue;
        }
        while (at->next == NULL && at->parent != node) {
            at = at->parent;
        }
        at = at->next;
    }
}
