/* One tokenizer for both: words, quotes, braces, ends of directives. */
#include "audit/tree_block.h"

#include "base/text.h"

#include <string.h>

#define WORD 4096

enum token {
    TOKEN_WORD,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_END, /* of a directive */
    TOKEN_EOF,
    TOKEN_BAD,
};

struct lexer {
    struct tree *tree;
    const char *at, *end;
    unsigned line;
    bool by_line; /* Caddy: a line end ends the directive, braces stand alone */
    char word[WORD];
};

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static enum token
take_quoted(struct lexer *lexer, char quote)
{
    unsigned begun = lexer->line;
    size_t used = 0;
    for (lexer->at++; lexer->at < lexer->end && *lexer->at != quote; lexer->at++) {
        if (*lexer->at == '\\' && quote != '`' && lexer->end - lexer->at > 1) {
            lexer->at++;
        }
        lexer->line += *lexer->at == '\n' ? 1 : 0;
        if (used + 1 < WORD) {
            lexer->word[used++] = *lexer->at;
        }
    }
    lexer->word[used] = '\0';
    if (lexer->at == lexer->end) {
        (void)tree_fail(
            lexer->tree, ERR_SYNTAX, begun, "a text without its end; expected %c", quote);
        return TOKEN_BAD;
    }
    lexer->at++;
    return TOKEN_WORD;
}

static bool
ends_word(const struct lexer *lexer)
{
    char c = *lexer->at;
    if (is_blank(c)) {
        return true;
    }
    bool variable = c == '{' && lexer->at[-1] == '$'; /* nginx: ${name} */
    return !lexer->by_line && (c == ';' || (c == '{' && !variable));
}

static enum token
take_word(struct lexer *lexer)
{
    size_t used = 0;
    do {
        if (*lexer->at == '\\' && lexer->end - lexer->at > 1 && lexer->at[1] != '\n') {
            lexer->at++;
        }
        if (used + 1 < WORD) {
            lexer->word[used++] = *lexer->at;
        }
        lexer->at++;
    } while (lexer->at < lexer->end && !ends_word(lexer));
    lexer->word[used] = '\0';
    return TOKEN_WORD;
}

/* A brace of Caddy stands alone: what follows it is a blank or the end. */
static bool
is_alone(const struct lexer *lexer)
{
    return !lexer->by_line || lexer->end - lexer->at == 1 || is_blank(lexer->at[1]);
}

/* Past blanks, comments and lines that go on. */
static void
skip(struct lexer *lexer)
{
    while (lexer->at < lexer->end) {
        char c = *lexer->at;
        if (c != '\n' && is_blank(c)) {
            lexer->at++;
        } else if (c == '\\' && lexer->end - lexer->at > 1 && lexer->at[1] == '\n') {
            lexer->line++;
            lexer->at += 2;
        } else if (c == '#') {
            const char *stop = memchr(lexer->at, '\n', (size_t)(lexer->end - lexer->at));
            lexer->at = stop == NULL ? lexer->end : stop;
        } else {
            return;
        }
    }
}

static enum token
next(struct lexer *lexer)
{
    for (skip(lexer); lexer->at < lexer->end; skip(lexer)) {
        char c = *lexer->at;
        if (c == '\n') {
            lexer->line++;
            lexer->at++;
            if (lexer->by_line) {
                return TOKEN_END;
            }
        } else if (c == ';' && !lexer->by_line) {
            lexer->at++;
            return TOKEN_END;
        } else if ((c == '{' || c == '}') && is_alone(lexer)) {
            lexer->at++;
            return c == '{' ? TOKEN_OPEN : TOKEN_CLOSE;
        } else if (c == '"' || (c == '\'' && !lexer->by_line) || (c == '`' && lexer->by_line)) {
            return take_quoted(lexer, c);
        } else {
            return take_word(lexer);
        }
    }
    return TOKEN_EOF;
}

struct parse {
    struct lexer lexer;
    struct tree_node *block, *node; /* the block that is open, the directive under way */
};

static enum err
take_one(struct parse *parse)
{
    struct lexer *lexer = &parse->lexer;
    struct tree_node *node = parse->node;
    if (node == NULL) {
        parse->node = tree_add(lexer->tree, parse->block, lexer->word, lexer->line);
        return parse->node == NULL ? ERR_LIMIT : OK;
    }
    if (strlen(node->value) > WORD) {
        return OK; /* a list of thousands of words: its beginning is enough */
    }
    char *joined = arena_format(
        lexer->tree->arena, "%s%s%s", node->value, node->value[0] == '\0' ? "" : " ", lexer->word);
    if (joined == NULL) {
        return tree_fail(lexer->tree, ERR_LIMIT, lexer->line, "%s", err_words(ERR_LIMIT));
    }
    node->value = joined;
    return OK;
}

/* Lua code in braces has its own syntax: passed over to the brace that ends it. */
static void
skip_code(struct lexer *lexer)
{
    unsigned depth = 1;
    for (; lexer->at < lexer->end && depth != 0; lexer->at++) {
        lexer->line += *lexer->at == '\n' ? 1 : 0;
        depth += *lexer->at == '{' ? 1U : 0U;
        depth -= *lexer->at == '}' ? 1U : 0U;
    }
}

static enum err
open_block(struct parse *parse)
{
    struct lexer *lexer = &parse->lexer;
    if (parse->node != NULL && text_ends(parse->node->name, "_by_lua_block")) {
        skip_code(lexer);
        parse->node = NULL;
        return OK;
    }
    if (parse->node == NULL) {
        parse->node = tree_add(lexer->tree, parse->block, "", lexer->line);
    }
    if (parse->node == NULL) {
        return ERR_LIMIT;
    }
    parse->block = parse->node;
    parse->node = NULL;
    return OK;
}

static enum err
close_block(struct parse *parse)
{
    struct lexer *lexer = &parse->lexer;
    if (parse->node != NULL && !lexer->by_line) {
        return tree_fail(lexer->tree, ERR_SYNTAX, parse->node->line,
            "directive %.40s without its end; expected ;", parse->node->name);
    }
    if (parse->block->parent == NULL) {
        return tree_fail(lexer->tree, ERR_SYNTAX, lexer->line, "} without its {");
    }
    parse->block = parse->block->parent;
    parse->node = NULL;
    return OK;
}

static enum err
run(struct parse *parse)
{
    struct lexer *lexer = &parse->lexer;
    enum err err = OK;
    while (err == OK) {
        switch (next(lexer)) {
        case TOKEN_WORD:
            err = take_one(parse);
            break;
        case TOKEN_OPEN:
            err = open_block(parse);
            break;
        case TOKEN_CLOSE:
            err = close_block(parse);
            break;
        case TOKEN_END:
            parse->node = NULL;
            break;
        case TOKEN_EOF:
            if (parse->block->parent != NULL) {
                return tree_fail(lexer->tree, ERR_SYNTAX, parse->block->line,
                    "block %.40s without its end; expected }", parse->block->name);
            }
            return OK;
        case TOKEN_BAD:
            return ERR_SYNTAX;
        }
    }
    return err;
}

enum err
tree_block_nginx(struct tree *tree, const char *bytes, size_t len)
{
    struct parse parse = {.block = tree->root};
    parse.lexer.tree = tree;
    parse.lexer.at = bytes;
    parse.lexer.end = bytes + len;
    parse.lexer.line = 1;
    return run(&parse);
}

enum err
tree_block_caddy(struct tree *tree, const char *bytes, size_t len)
{
    struct parse parse = {.block = tree->root};
    parse.lexer.tree = tree;
    parse.lexer.at = bytes;
    parse.lexer.end = bytes + len;
    parse.lexer.line = 1;
    parse.lexer.by_line = true;
    return run(&parse);
}
