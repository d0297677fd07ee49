/*
 * A configuration file as a tree, whatever its syntax: every key, directive, section, row or item
 * is a node with its line. Bounded in nodes and depth; lives in the arena.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

#define TREE_NODES ((size_t)60000)
#define TREE_DEPTH 24
#define TREE_NAME  512 /* bytes of one key; a longer one is cut */

struct tree_node {
    const char *name; /* key, directive or section; "" for an item of a list */
    const char
        *value;      /* "" where it has none; several words of a directive are joined by a blank */
    const char *tag; /* YAML: "!secret"; else NULL */
    unsigned line;
    /* YAML: bytes of the file at which its key (of an item: its value) begins, and those of its
       value, quotes included; of a list or mapping `from` alone. All 0: not known (an alias). */
    size_t at, from, to;
    bool is_list;
    bool is_merged; /* YAML: came in by "<<", so that a key of the place itself counts more */
    struct tree_node *parent, *first, *last, *next;
};

struct tree {
    struct arena *arena;
    struct tree_node *root;
    size_t count;
    unsigned mistake_line; /* of an error */
    struct note mistake;
};

/* Reads a whole file into the tree; on an error mistake and its line are set. */
typedef enum err tree_parse_fn(struct tree *tree, const char *bytes, size_t len);

/* ERR_MEMORY when the arena is full. */
enum err tree_init(struct tree *tree, struct arena *arena) MUST_CHECK;
/* Sets the mistake; returns err, for one-line refusals. */
enum err tree_fail(struct tree *tree, enum err err, unsigned line, const char *format, ...)
    PRINTF(4, 5);

/* Copies name and value; NULL when the tree is full, and then the mistake is set. */
struct tree_node *tree_add(
    struct tree *tree, struct tree_node *parent, const char *name, unsigned line);
bool tree_set(struct tree *tree, struct tree_node *node, const char *value, size_t len);

/* The node at "auth/enabled" below this one, NULL when it is not there. A "*" is any name. */
const struct tree_node *tree_get(const struct tree_node *node, const char *path);
/* Its value; NULL when there is no such node. */
const char *tree_text(const struct tree_node *node, const char *path);
/* The next node after `after` (NULL: from the start) among the children of that name. */
const struct tree_node *tree_next(
    const struct tree_node *node, const char *name, const struct tree_node *after);
/* "auth.enabled", cut at size; returns out. */
const char *tree_path(const struct tree_node *node, char *out, size_t size);

/* Depth-first walk over all nodes below; stops early when the function says false. */
typedef bool tree_walk_fn(void *context, const struct tree_node *node);
void tree_walk(const struct tree_node *node, tree_walk_fn *function, void *context);
