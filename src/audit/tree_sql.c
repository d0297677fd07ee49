/* A lexer of SQL words and texts, and three statements. */
#include "audit/tree_sql.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define COLUMNS   64
#define WORD      80
#define VALUE_MAX 4096

struct lexer {
    struct tree *tree;
    const char *at, *end;
    unsigned line;
    char word[VALUE_MAX]; /* the last token's text, cut */
    char kind;            /* 'w' word, 'n' `name`, 's' text, or the sign itself; 0 at the end */
};

struct table {
    const char *name;
    char columns[COLUMNS][WORD];
    size_t count;
    struct tree_node *node;
};

struct dump {
    struct lexer lexer;
    struct table tables[3];
};

/* Columns worth a node; the rest of a row (help texts, layouts) is passed over. */
static const char *const wanted[] = {"Name", "Value", "Id", "Username", "Password", "Enabled",
    "Stream", "Events", "Control", "Monitors", "System", "APIEnabled", "Path", "User", "Pass",
    "ControlAddress"};

static void
skip_blank(struct lexer *lexer)
{
    while (lexer->at < lexer->end) {
        char c = *lexer->at;
        bool dashes = lexer->end - lexer->at > 1 && c == '-' && lexer->at[1] == '-';
        if (dashes || c == '#') {
            const char *stop = memchr(lexer->at, '\n', (size_t)(lexer->end - lexer->at));
            lexer->at = stop == NULL ? lexer->end : stop;
        } else if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
            lexer->line += c == '\n' ? 1 : 0;
            lexer->at++;
        } else {
            return;
        }
    }
}

static char
unescape(char c)
{
    return (char)(c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c == '0' ? ' ' : c);
}

/* 'text' with \' and '' inside, or `name`. */
static bool
take_text(struct lexer *lexer, char quote)
{
    size_t used = 0;
    unsigned begun = lexer->line;
    for (lexer->at++; lexer->at < lexer->end; lexer->at++) {
        char c = *lexer->at;
        bool more = lexer->end - lexer->at > 1;
        lexer->line += c == '\n' ? 1 : 0;
        if (c == '\\' && more && quote != '`') {
            c = unescape(*++lexer->at);
            lexer->line += *lexer->at == '\n' ? 1 : 0;
        } else if (c == quote && more && lexer->at[1] == quote) {
            lexer->at++;
        } else if (c == quote) {
            lexer->at++;
            lexer->word[used] = '\0';
            return true;
        }
        if (used + 1 < sizeof(lexer->word)) {
            lexer->word[used++] = c;
        }
    }
    (void)tree_fail(lexer->tree, ERR_SYNTAX, begun, "a text without its end; expected %c", quote);
    return false;
}

static bool
is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-' || c == '+';
}

/* False on a mistake; kind 0 at the end. */
static bool
next(struct lexer *lexer)
{
    skip_blank(lexer);
    lexer->kind = '\0';
    lexer->word[0] = '\0';
    if (lexer->at == lexer->end) {
        return true;
    }
    char c = *lexer->at;
    if (c == '\'' || c == '"' || c == '`') {
        lexer->kind = c == '`' ? 'n' : 's';
        return take_text(lexer, c);
    }
    size_t used = 0;
    while (lexer->at < lexer->end && is_word(*lexer->at)) {
        if (used + 1 < sizeof(lexer->word)) {
            lexer->word[used++] = *lexer->at;
        }
        lexer->at++;
    }
    lexer->word[used] = '\0';
    lexer->kind = used == 0 ? c : 'w';
    lexer->at += used == 0 ? 1 : 0;
    return true;
}

static bool
is_word_of(const struct lexer *lexer, const char *word)
{
    return lexer->kind == 'w' && text_equal_nocase(lexer->word, word);
}

static bool
skip_statement(struct lexer *lexer)
{
    while (lexer->kind != ';' && lexer->kind != '\0') {
        if (!next(lexer)) {
            return false;
        }
    }
    return true;
}

static struct table *
find_table(struct dump *dump)
{
    char kind = dump->lexer.kind;
    for (size_t i = 0; i < COUNT(dump->tables) && (kind == 'w' || kind == 'n'); i++) {
        if (text_equal_nocase(dump->tables[i].name, dump->lexer.word)) {
            return &dump->tables[i];
        }
    }
    return NULL;
}

/* CREATE TABLE `X` ( `Column` type …, … ): names that begin an item of the outer brackets. */
static bool
take_create(struct dump *dump)
{
    struct lexer *lexer = &dump->lexer;
    bool begins = false;
    unsigned depth = 0;
    do {
        if (!next(lexer)) {
            return false;
        }
    } while (is_word_of(lexer, "TABLE") || is_word_of(lexer, "IF") || is_word_of(lexer, "NOT") ||
             is_word_of(lexer, "EXISTS"));
    struct table *table = find_table(dump);
    if (table != NULL) {
        table->count = 0;
    }
    while (table != NULL && lexer->kind != ';' && lexer->kind != '\0') {
        if (!next(lexer)) {
            return false;
        }
        depth += lexer->kind == '(' ? 1U : 0U;
        depth -= lexer->kind == ')' && depth != 0 ? 1U : 0U;
        if (begins && lexer->kind == 'n' && depth == 1 && table->count < COLUMNS) {
            (void)text_copy(table->columns[table->count++], WORD, lexer->word);
        }
        begins = depth == 1 && (lexer->kind == '(' || lexer->kind == ',');
    }
    return skip_statement(lexer);
}

static bool
add_column(struct dump *dump, struct tree_node *row, const char *name, unsigned line)
{
    for (size_t i = 0; i < COUNT(wanted); i++) {
        if (text_equal_nocase(wanted[i], name)) {
            struct tree_node *node = tree_add(dump->lexer.tree, row, wanted[i], line);
            return node != NULL &&
                   tree_set(dump->lexer.tree, node, dump->lexer.word, strlen(dump->lexer.word));
        }
    }
    return true;
}

/* (1,'a',NULL), … to the end of the statement. */
static bool
take_rows(struct dump *dump, struct table *table)
{
    struct lexer *lexer = &dump->lexer;
    struct tree_node *row = NULL;
    size_t column = 0;
    unsigned depth = 0;
    while (lexer->kind != ';' && lexer->kind != '\0') {
        if (!next(lexer)) {
            return false;
        }
        if (lexer->kind == '(' && depth++ == 0) {
            row = tree_add(lexer->tree, table->node, "", lexer->line);
            column = 0;
            if (row == NULL) {
                return false;
            }
        } else if (lexer->kind == ')') {
            depth -= depth == 0 ? 0U : 1U;
        } else if (lexer->kind == ',' && depth == 1) {
            column++;
        } else if ((lexer->kind == 's' || lexer->kind == 'w') && depth == 1 && row != NULL &&
                   column < table->count &&
                   !add_column(dump, row, table->columns[column], lexer->line)) {
            return false;
        }
    }
    return true;
}

/* Name = 'value', … */
static bool
take_set(struct dump *dump, struct table *table)
{
    struct lexer *lexer = &dump->lexer;
    struct tree_node *row = tree_add(lexer->tree, table->node, "", lexer->line);
    char name[WORD] = "";
    bool is_value = false;
    while (row != NULL && lexer->kind != ';' && lexer->kind != '\0') {
        if (!next(lexer)) {
            return false;
        }
        if (lexer->kind == ',') {
            is_value = false;
        } else if (lexer->kind == '=') {
            is_value = true;
        } else if (!is_value) {
            (void)text_copy(name, sizeof(name), lexer->word);
        } else if (!add_column(dump, row, name, lexer->line)) {
            return false;
        }
    }
    return row != NULL;
}

static bool
take_insert(struct dump *dump)
{
    struct lexer *lexer = &dump->lexer;
    do {
        if (!next(lexer)) {
            return false;
        }
    } while (is_word_of(lexer, "IGNORE") || is_word_of(lexer, "INTO"));
    struct table *table = find_table(dump);
    if (table == NULL) {
        return skip_statement(lexer);
    }
    if (table->node == NULL) {
        table->node = tree_add(lexer->tree, lexer->tree->root, table->name, lexer->line);
    }
    bool ok = table->node != NULL && next(lexer);
    if (ok && lexer->kind == '(') {
        table->count = 0;
        while (ok && lexer->kind != ')' && lexer->kind != '\0') {
            ok = next(lexer);
            if (ok && (lexer->kind == 'n' || lexer->kind == 'w') && table->count < COLUMNS) {
                (void)text_copy(table->columns[table->count++], WORD, lexer->word);
            }
        }
        ok = ok && next(lexer);
    }
    return ok && (is_word_of(lexer, "SET") ? take_set(dump, table) : take_rows(dump, table));
}

enum err
tree_sql(struct tree *tree, const char *bytes, size_t len)
{
    struct dump *dump = calloc(1, sizeof(*dump));
    if (dump == NULL) {
        return tree_fail(tree, ERR_MEMORY, 1, "%s", err_words(ERR_MEMORY));
    }
    static const char *const names[] = {"Config", "Users", "Monitors"};
    struct lexer *lexer = &dump->lexer;
    bool ok = true;
    *lexer = (struct lexer){.tree = tree, .at = bytes, .end = bytes + len, .line = 1, .kind = ';'};
    for (size_t i = 0; i < COUNT(names); i++) {
        dump->tables[i].name = names[i];
    }
    while (ok && lexer->kind != '\0') {
        ok = next(lexer);
        if (ok && is_word_of(lexer, "CREATE")) {
            ok = take_create(dump);
        } else if (ok && is_word_of(lexer, "INSERT")) {
            ok = take_insert(dump);
        } else if (ok && lexer->kind != ';' && lexer->kind != '\0') {
            ok = skip_statement(lexer);
        }
    }
    free(dump);
    return ok ? OK : ERR_SYNTAX;
}
