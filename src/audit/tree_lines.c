/* One line, one node. */
#include "audit/tree_lines.h"

#include "base/reader.h"
#include "base/text.h"

#include <string.h>

#define LINE 4096

/* The next line as text, cut at LINE; false at the end. */
static bool
next_line(struct reader *reader, char out[LINE], unsigned *line)
{
    const char *start = NULL;
    size_t len = 0;
    if (!reader_line(reader, &start, &len)) {
        return false;
    }
    ++*line;
    len = len < LINE - 1 ? len : LINE - 1;
    memcpy(out, start, len);
    out[len] = '\0';
    return true;
}

/* Takes away "# …" behind a blank, outside quotes. */
static void
cut_comment(char *text)
{
    char quote = '\0';
    for (char *c = text; *c != '\0'; c++) {
        if (quote != '\0') {
            quote = *c == quote ? '\0' : quote;
        } else if ((*c == '"' || *c == '\'') && (c == text || c[-1] == '=' || c[-1] == ' ')) {
            quote = *c;
        } else if ((*c == '#' || *c == ';') && (c == text || c[-1] == ' ' || c[-1] == '\t')) {
            *c = '\0';
            return;
        }
    }
}

static char *
unquote(char *text)
{
    size_t len = strlen(text);
    if (len >= 2 && (text[0] == '"' || text[0] == '\'') && text[len - 1] == text[0]) {
        text[len - 1] = '\0';
        return text + 1;
    }
    return text;
}

/* An indented line: the value above goes on with it. */
static enum err
append(struct tree *tree, struct tree_node *node, const char *more)
{
    char *joined =
        arena_format(tree->arena, "%s%s%s", node->value, node->value[0] == '\0' ? "" : "\n", more);
    if (joined == NULL) {
        return tree_fail(tree, ERR_LIMIT, node->line, "%s", err_words(ERR_LIMIT));
    }
    node->value = joined;
    return OK;
}

struct ini {
    struct tree *tree;
    struct tree_node *section, *last;
};

static enum err
take_ini_line(struct ini *ini, char *text, unsigned line)
{
    bool indented = text[0] == ' ' || text[0] == '\t';
    cut_comment(text);
    char *trimmed = text_trim(text);
    if (trimmed[0] == '\0') {
        return OK;
    }
    if (trimmed[0] == '[') {
        char *end = strchr(trimmed, ']');
        if (end == NULL) {
            return tree_fail(ini->tree, ERR_SYNTAX, line, "a section without ]; expected [NAME]");
        }
        *end = '\0';
        ini->section = tree_add(ini->tree, ini->tree->root, text_trim(trimmed + 1), line);
        ini->last = NULL;
        return ini->section == NULL ? ERR_LIMIT : OK;
    }
    char *equals = strchr(trimmed, '=');
    if (indented && ini->last != NULL) {
        return append(ini->tree, ini->last, trimmed);
    }
    if (equals == NULL) {
        return tree_fail(ini->tree, ERR_SYNTAX, line, "no =; expected KEY = VALUE");
    }
    *equals = '\0';
    ini->last = tree_add(ini->tree, ini->section, text_trim(trimmed), line);
    char *value = unquote(text_trim(equals + 1));
    return ini->last != NULL && tree_set(ini->tree, ini->last, value, strlen(value)) ? OK
                                                                                     : ERR_LIMIT;
}

enum err
tree_lines_ini(struct tree *tree, const char *bytes, size_t len)
{
    struct ini ini = {tree, tree->root, NULL};
    struct reader reader;
    char text[LINE];
    unsigned line = 0;
    enum err err = OK;
    reader_init(&reader, bytes, len);
    while (err == OK && next_line(&reader, text, &line)) {
        err = take_ini_line(&ini, text, line);
    }
    return err;
}

/* "<ca>" … "</ca>": what stands between is skipped; false: it never ends. */
static bool
skip_block(struct reader *reader, const char *name, unsigned *line)
{
    char text[LINE];
    while (next_line(reader, text, line)) {
        char *trimmed = text_trim(text);
        size_t len = strlen(name);
        if (text_starts(trimmed, "</") && strncmp(trimmed + 2, name, len) == 0 &&
            trimmed[2 + len] == '>') {
            return true;
        }
    }
    return false;
}

enum err
tree_lines_words(struct tree *tree, const char *bytes, size_t len)
{
    struct reader reader;
    char text[LINE];
    unsigned line = 0;
    reader_init(&reader, bytes, len);
    while (next_line(&reader, text, &line)) {
        cut_comment(text);
        char *trimmed = text_trim(text);
        char *end = trimmed[0] == '<' ? strchr(trimmed, '>') : NULL;
        if (trimmed[0] == '\0') {
            continue;
        }
        unsigned begun = line;
        if (end != NULL) {
            *end = '\0';
            trimmed++;
        }
        size_t word = strcspn(trimmed, " \t");
        char *value = trimmed + word;
        if (*value != '\0') {
            *value++ = '\0';
        }
        struct tree_node *node = tree_add(tree, tree->root, trimmed, line);
        value = end != NULL ? value : unquote(text_trim(value));
        if (node == NULL || !tree_set(tree, node, value, strlen(value))) {
            return ERR_LIMIT;
        }
        if (end != NULL && !skip_block(&reader, trimmed, &line)) {
            return tree_fail(tree, ERR_SYNTAX, begun, "<%.40s> without its end; expected </%.40s>",
                trimmed, trimmed);
        }
    }
    return OK;
}
