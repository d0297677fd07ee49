/* "[HKEY_…\Key]" and "\"name\"=value" to nodes. */
#include "audit/tree_reg.h"

#include "base/reader.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE 4096

static void
lower(char *text)
{
    for (; *text != '\0'; text++) {
        *text = (char)(*text >= 'A' && *text <= 'Z' ? *text - 'A' + 'a' : *text);
    }
}

/* The node of a whole key path, made where it is new. */
static struct tree_node *
open_key(struct tree *tree, char *path, unsigned line)
{
    struct tree_node *node = tree->root;
    lower(path);
    while (node != NULL && *path != '\0') {
        size_t len = strcspn(path, "\\");
        char end = path[len];
        path[len] = '\0';
        struct tree_node *child = node->last; /* exports are in order, so a parent is the last */
        if (child == NULL || !text_equal(child->name, path)) {
            child = tree_add(tree, node, path, line);
        }
        node = child;
        path += len + (end == '\0' ? 0 : 1);
    }
    return node;
}

/* Copies "text" with \\ and \" undone; returns what follows its end, NULL when it has none. */
static char *
take_quoted(char *text, char *out, size_t size)
{
    size_t used = 0;
    if (*text++ != '"') {
        return NULL;
    }
    for (; *text != '\0' && *text != '"'; text++) {
        text += text[0] == '\\' && text[1] != '\0' ? 1 : 0;
        if (used + 1 < size) {
            out[used++] = *text;
        }
    }
    out[used] = '\0';
    return *text == '"' ? text + 1 : NULL;
}

static enum err
take_value(struct tree *tree, struct tree_node *key, char *text, unsigned line)
{
    char name[TREE_NAME] = "@";
    char value[LINE];
    char *rest = text[0] == '@' ? text + 1 : take_quoted(text, name, sizeof(name));
    if (rest == NULL || *rest != '=') {
        return tree_fail(tree, ERR_SYNTAX, line, "expected \"NAME\"=VALUE");
    }
    rest++;
    if (*rest == '"') {
        if (take_quoted(rest, value, sizeof(value)) == NULL) {
            return tree_fail(tree, ERR_SYNTAX, line, "a text without its end; expected \"");
        }
    } else if (text_starts_nocase(rest, "dword:")) {
        (void)snprintf(value, sizeof(value), "%lu", strtoul(rest + 6, NULL, 16));
    } else {
        (void)text_copy(value, sizeof(value), rest);
    }
    lower(name);
    struct tree_node *node = tree_add(tree, key, name, line);
    return node != NULL && tree_set(tree, node, value, strlen(value)) ? OK : ERR_LIMIT;
}

enum err
tree_reg(struct tree *tree, const char *bytes, size_t len)
{
    struct tree_node *key = NULL;
    struct reader reader;
    const char *start = NULL;
    size_t size = 0;
    unsigned line = 0;
    bool goes_on = false; /* the line before ended in a backslash: more of its data */
    enum err err = OK;
    char text[LINE];
    reader_init(&reader, bytes, len);
    while (err == OK && reader_line(&reader, &start, &size)) {
        line++;
        size = size < sizeof(text) - 1 ? size : sizeof(text) - 1;
        memcpy(text, start, size);
        text[size] = '\0';
        char *trimmed = text_trim(text);
        bool skip = goes_on || trimmed[0] == '\0' || trimmed[0] == ';';
        goes_on = text_ends(trimmed, "\\") && (goes_on || strchr(trimmed, ':') != NULL);
        char *end = strrchr(trimmed, ']');
        if (skip) {
            continue;
        }
        if (trimmed[0] == '[' && end != NULL) {
            *end = '\0';
            key = open_key(tree, trimmed + 1, line);
            err = key == NULL ? ERR_LIMIT : OK;
        } else if (key == NULL && line > 1) {
            err = tree_fail(tree, ERR_SYNTAX, line, "expected [HKEY_…] before the first value");
        } else if (key != NULL) {
            err = take_value(tree, key, trimmed, line);
        }
    }
    return err;
}
