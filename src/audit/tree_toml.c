/* Tables and values to nodes; dates and numbers stay as they are written. */
#include "audit/tree_toml.h"

#include "base/text.h"

#include <string.h>

#define TEXT 4096

struct lexer {
    struct tree *tree;
    const char *at, *end;
    unsigned line;
    unsigned depth;
    char text[TEXT]; /* the last key or string */
};

static enum err take_value(struct lexer *lexer, struct tree_node *node);

static enum err
mistake(struct lexer *lexer, const char *expected)
{
    return tree_fail(lexer->tree, ERR_SYNTAX, lexer->line, "expected %s", expected);
}

/* Blanks and comments; line ends too where `lines` says so. */
static void
skip(struct lexer *lexer, bool lines)
{
    while (lexer->at < lexer->end) {
        char c = *lexer->at;
        if (c == '#') {
            const char *stop = memchr(lexer->at, '\n', (size_t)(lexer->end - lexer->at));
            lexer->at = stop == NULL ? lexer->end : stop;
        } else if (c == ' ' || c == '\t' || c == '\r' || (lines && c == '\n')) {
            lexer->line += c == '\n' ? 1 : 0;
            lexer->at++;
        } else {
            return;
        }
    }
}

static bool
take_sign(struct lexer *lexer, char sign)
{
    skip(lexer, false);
    if (lexer->at < lexer->end && *lexer->at == sign) {
        lexer->at++;
        return true;
    }
    return false;
}

static bool
starts(const struct lexer *lexer, const char *text)
{
    size_t len = strlen(text);
    return (size_t)(lexer->end - lexer->at) >= len && memcmp(lexer->at, text, len) == 0;
}

/* "…", '…', """…""", '''…''' into text. */
static enum err
take_string(struct lexer *lexer)
{
    char quote = *lexer->at;
    const char three[] = {quote, quote, quote, '\0'};
    bool is_long = starts(lexer, three);
    size_t used = 0;
    for (lexer->at += is_long ? 3 : 1; lexer->at < lexer->end; lexer->at++) {
        char c = *lexer->at;
        if ((is_long && starts(lexer, three)) || (!is_long && c == quote)) {
            lexer->at += is_long ? 3 : 1;
            lexer->text[used] = '\0';
            return OK;
        }
        if (c == '\n' && !is_long) {
            break;
        }
        lexer->line += c == '\n' ? 1 : 0;
        if (c == '\\' && quote == '"' && lexer->end - lexer->at > 1) {
            c = *++lexer->at;
        }
        if (used + 1 < sizeof(lexer->text)) {
            lexer->text[used++] = c;
        }
    }
    return mistake(lexer, "the end of a text");
}

static bool
is_bare(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

static enum err
take_key(struct lexer *lexer)
{
    size_t used = 0;
    skip(lexer, false);
    if (lexer->at < lexer->end && (*lexer->at == '"' || *lexer->at == '\'')) {
        return take_string(lexer);
    }
    while (lexer->at < lexer->end && is_bare(*lexer->at) && used + 1 < sizeof(lexer->text)) {
        lexer->text[used++] = *lexer->at++;
    }
    lexer->text[used] = '\0';
    return used == 0 ? mistake(lexer, "a key") : OK;
}

/* "a.b.c" below a node: the last of them; what is there is used again. */
static enum err
take_path(struct lexer *lexer, struct tree_node *node, struct tree_node **ret_node)
{
    do {
        enum err err = take_key(lexer);
        if (err != OK) {
            return err;
        }
        node = node->is_list && node->last != NULL ? node->last : node;
        struct tree_node *child = node->first;
        while (child != NULL && !text_equal(child->name, lexer->text)) {
            child = child->next;
        }
        node = child != NULL ? child : tree_add(lexer->tree, node, lexer->text, lexer->line);
        if (node == NULL) {
            return ERR_LIMIT;
        }
    } while (take_sign(lexer, '.'));
    *ret_node = node;
    return OK;
}

static enum err
take_pair(struct lexer *lexer, struct tree_node *table)
{
    struct tree_node *node = NULL;
    enum err err = take_path(lexer, table, &node);
    if (err == OK && !take_sign(lexer, '=')) {
        return mistake(lexer, "= and a value");
    }
    return err == OK ? take_value(lexer, node) : err;
}

/* "[" or "{" is read already. */
static enum err
take_items(struct lexer *lexer, struct tree_node *node, bool is_list)
{
    char end = is_list ? ']' : '}';
    node->is_list = is_list;
    for (;;) {
        skip(lexer, true);
        if (take_sign(lexer, end)) {
            return OK;
        }
        struct tree_node *item = is_list ? tree_add(lexer->tree, node, "", lexer->line) : NULL;
        if (is_list && item == NULL) {
            return ERR_LIMIT;
        }
        enum err err = is_list ? take_value(lexer, item) : take_pair(lexer, node);
        if (err != OK) {
            return err;
        }
        skip(lexer, true);
        if (!take_sign(lexer, ',') && (lexer->at == lexer->end || *lexer->at != end)) {
            return mistake(lexer, is_list ? ", or ]" : ", or }");
        }
    }
}

static enum err
take_value(struct lexer *lexer, struct tree_node *node)
{
    size_t used = 0;
    skip(lexer, false);
    if (lexer->at == lexer->end || *lexer->at == '\n') {
        return mistake(lexer, "a value");
    }
    if (*lexer->at == '[' || *lexer->at == '{') {
        if (lexer->depth == TREE_DEPTH) {
            return mistake(lexer, "fewer levels");
        }
        bool is_list = *lexer->at++ == '[';
        lexer->depth++;
        enum err err = take_items(lexer, node, is_list);
        lexer->depth--;
        return err;
    }
    if (*lexer->at == '"' || *lexer->at == '\'') {
        enum err err = take_string(lexer);
        used = strlen(lexer->text);
        if (err != OK) {
            return err;
        }
    } else {
        while (lexer->at < lexer->end && strchr(",]}#\r\n", *lexer->at) == NULL &&
               used + 1 < sizeof(lexer->text)) {
            lexer->text[used++] = *lexer->at++;
        }
        lexer->text[used] = '\0';
        used = strlen(text_trim(lexer->text));
    }
    return tree_set(lexer->tree, node, lexer->text, used) ? OK : ERR_LIMIT;
}

/* "[table]" or "[[table]]": the node that the next pairs are for. */
static enum err
take_table(struct lexer *lexer, struct tree_node **ret_table)
{
    bool is_item = starts(lexer, "[[");
    struct tree_node *node = NULL;
    lexer->at += is_item ? 2 : 1;
    enum err err = take_path(lexer, lexer->tree->root, &node);
    if (err != OK) {
        return err;
    }
    if (!take_sign(lexer, ']') || (is_item && !take_sign(lexer, ']'))) {
        return mistake(lexer, "]");
    }
    if (is_item) {
        node->is_list = true;
        node = tree_add(lexer->tree, node, "", lexer->line);
    }
    *ret_table = node;
    return node == NULL ? ERR_LIMIT : OK;
}

enum err
tree_toml(struct tree *tree, const char *bytes, size_t len)
{
    struct lexer lexer = {.tree = tree, .at = bytes, .end = bytes + len, .line = 1};
    struct tree_node *table = tree->root;
    enum err err = OK;
    for (skip(&lexer, true); err == OK && lexer.at < lexer.end; skip(&lexer, true)) {
        err = *lexer.at == '[' ? take_table(&lexer, &table) : take_pair(&lexer, table);
        skip(&lexer, false);
        if (err == OK && lexer.at < lexer.end && *lexer.at != '\n') {
            err = mistake(&lexer, "the end of the line");
        }
    }
    return err;
}
