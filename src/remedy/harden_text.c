/* New values in the place of old ones, byte for byte, and the proof that nothing else changed. */
#include "remedy/harden.h"

#include "audit/tree_lines.h"
#include "audit/tree_yaml.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define INDENT 2

/* Bytes that go, and the text that comes in their place. */
struct splice {
    size_t from, to;
    struct buf text;
};

struct patch {
    struct harden_file *file;
    struct splice splices[HARDEN_FOUND];
    size_t count;
    const char *eol;
};

/* What stands in no quotes, in no place of any format, with a meaning of its own. */
static bool
is_plain(const char *value)
{
    return strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/") ==
           strlen(value);
}

static bool
is_writable(const char *value)
{
    for (const char *c = value; *c != '\0'; c++) {
        if (*c < ' ' || *c > '~' || *c == '"' || *c == '\'' || *c == '\\') {
            return false;
        }
    }
    return true;
}

static bool
is_yaml(const struct harden_file *file)
{
    return !text_equal(file->format, "nxwitness");
}

static enum err
refuse(struct note *note, const struct harden_found *found, const char *why)
{
    note_set(note, "line %u, %.120s: %s", found->line, found->place, why);
    return ERR_UNSUPPORTED;
}

static size_t
line_start(const struct harden_file *file, size_t at)
{
    while (at != 0 && file->bytes[at - 1] != '\n') {
        at--;
    }
    return at;
}

static void
add_spaces(struct buf *out, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buf_byte(out, ' ');
    }
}

/* true and false stay bare, for a program may take "false" for a text that is not empty. */
static void
add_value(struct buf *out, const char *value, char quote)
{
    bool is_word = text_equal(value, "true") || text_equal(value, "false");
    quote = is_word ? '\0' : quote == '\0' && !is_plain(value) ? '"' : quote;
    if (quote != '\0') {
        buf_byte(out, (uint8_t)quote);
    }
    buf_text(out, value);
    if (quote != '\0') {
        buf_byte(out, (uint8_t)quote);
    }
}

/* A scalar of YAML or JSON on one line. */
static enum err
set_yaml(struct harden_file *file, const struct harden_edit *edit, struct splice *splice,
    struct note *note)
{
    const struct tree_node *node = edit->found->node;
    size_t len = node->to - node->from;
    const char *raw = file->bytes + node->from;
    if (node->to < node->from || node->from == 0 || node->to > file->len || node->first != NULL) {
        return refuse(note, edit->found, "the value stands elsewhere (an alias)");
    }
    if (memchr(raw, '\n', len) != NULL || (len != 0 && strchr("|>&*!", raw[0]) != NULL)) {
        return refuse(note, edit->found, "a value of several lines or with a mark is not edited");
    }
    splice->from = node->from;
    splice->to = node->to;
    if (len == 0) {
        buf_byte(&splice->text, ' ');
    }
    add_value(
        &splice->text, edit->value, len != 0 && (raw[0] == '"' || raw[0] == '\'') ? raw[0] : '\0');
    return OK;
}

/* "key = value" on its line; quotes and what follows stay. */
static enum err
set_line(struct harden_file *file, const struct harden_edit *edit, struct splice *splice,
    struct note *note)
{
    const char *end = file->bytes + file->len;
    const char *at = file->bytes;
    for (unsigned line = 1; line < edit->found->line && at != NULL; line++) {
        at = memchr(at, '\n', (size_t)(end - at));
        at = at == NULL ? NULL : at + 1;
    }
    const char *stop = at == NULL ? NULL : memchr(at, '\n', (size_t)(end - at));
    stop = stop == NULL ? end : stop;
    const char *equals = at == NULL ? NULL : memchr(at, '=', (size_t)(stop - at));
    size_t len = strlen(edit->found->was);
    const char *value =
        equals == NULL ? NULL
                       : memmem(equals + 1, (size_t)(stop - equals - 1), edit->found->was, len);
    if (value == NULL) {
        return refuse(note, edit->found, "the value is not on the line of its key");
    }
    splice->from = (size_t)(value - file->bytes);
    splice->to = splice->from + len;
    buf_text(&splice->text, edit->value);
    return OK;
}

/* "auth/limit" as "auth:", a deeper line "limit: value"; the first line is begun already. */
static void
add_block(const struct patch *patch, struct buf *out, const struct harden_edit *edit, size_t indent)
{
    const char *rest = edit->found->rest;
    while (*rest != '\0') {
        size_t len = strcspn(rest, "/");
        buf_add(out, rest, len);
        buf_text(out, ":");
        rest += len + (rest[len] == '/' ? 1 : 0);
        if (*rest != '\0') {
            indent += INDENT;
            buf_text(out, patch->eol);
            add_spaces(out, indent);
        }
    }
    buf_byte(out, ' ');
    add_value(out, edit->value, '\0');
}

/* {limit: value, …}: before what is there. */
static enum err
add_flow(const struct harden_edit *edit, struct splice *splice, struct note *note)
{
    const struct tree_node *parent = edit->found->parent;
    if (strchr(edit->found->rest, '/') != NULL) {
        return refuse(note, edit->found, "a mapping in braces has no such part yet");
    }
    splice->from = parent->first == NULL ? parent->from + 1 : parent->first->at;
    splice->to = splice->from;
    buf_format(&splice->text, "%s: ", edit->found->rest);
    add_value(&splice->text, edit->value, '\0');
    buf_text(&splice->text, parent->first == NULL ? "" : ", ");
    return OK;
}

static enum err
add_yaml(
    struct patch *patch, const struct harden_edit *edit, struct splice *splice, struct note *note)
{
    struct harden_file *file = patch->file;
    const struct tree_node *parent = edit->found->parent;
    if (parent->from >= file->len || (parent->first == NULL && parent->value[0] != '\0') ||
        (parent->parent != NULL && parent->from == 0) || parent->is_list) {
        return refuse(note, edit->found, "there is no place for it");
    }
    if (file->bytes[parent->from] == '{') {
        return add_flow(edit, splice, note);
    }
    if (parent->first == NULL) { /* "auth:" and nothing below it */
        size_t indent = parent->at - line_start(file, parent->at) + INDENT;
        splice->from = splice->to = parent->from;
        buf_text(&splice->text, patch->eol);
        add_spaces(&splice->text, indent);
        add_block(patch, &splice->text, edit, indent);
        return parent->parent == NULL ? refuse(note, edit->found, "the file is empty") : OK;
    }
    size_t column = parent->first->at - line_start(file, parent->first->at);
    if (parent->parent == NULL && column == 0) {
        splice->from = splice->to = file->len;
        buf_text(&splice->text, file->bytes[file->len - 1] == '\n' ? "" : patch->eol);
        add_block(patch, &splice->text, edit, 0);
        buf_text(&splice->text, patch->eol);
        return OK;
    }
    splice->from = splice->to = parent->first->at;
    add_block(patch, &splice->text, edit, column);
    buf_text(&splice->text, patch->eol);
    add_spaces(&splice->text, column);
    return OK;
}

static enum err
make_splice(struct patch *patch, const struct harden_edit *edit, struct note *note)
{
    struct splice *splice = &patch->splices[patch->count++];
    buf_init(&splice->text, 1024);
    if (!is_writable(edit->value)) {
        return refuse(note, edit->found, "its new value has characters that are not written");
    }
    enum err err = !is_yaml(patch->file)       ? set_line(patch->file, edit, splice, note)
                   : edit->found->node != NULL ? set_yaml(patch->file, edit, splice, note)
                                               : add_yaml(patch, edit, splice, note);
    return err == OK ? buf_error(&splice->text) : err;
}

static int
compare_splices(const void *a, const void *b)
{
    const struct splice *left = a;
    const struct splice *right = b;
    return (left->from > right->from) - (left->from < right->from);
}

static enum err
join(struct patch *patch, struct buf *out, struct note *note)
{
    size_t at = 0;
    if (patch->count != 0) {
        qsort(patch->splices, patch->count, sizeof(patch->splices[0]), compare_splices);
    }
    for (size_t i = 0; i < patch->count; i++) {
        const struct splice *splice = &patch->splices[i];
        if (splice->from < at) {
            note_set(note, "two changes in one place");
            return ERR_UNSUPPORTED;
        }
        buf_add(out, patch->file->bytes + at, splice->from - at);
        buf_add(out, splice->text.data, splice->text.len);
        at = splice->to;
    }
    buf_add(out, patch->file->bytes + at, patch->file->len - at);
    return buf_error(out);
}

static bool
is_same(const struct tree_node *a, const struct tree_node *b)
{
    const struct tree_node *left = a->first;
    const struct tree_node *right = b->first;
    while (left != NULL && right != NULL && is_same(left, right)) {
        left = left->next;
        right = right->next;
    }
    return left == NULL && right == NULL && a->is_list == b->is_list &&
           text_equal(a->name, b->name) && text_equal(a->value, b->value) &&
           text_equal(a->tag, b->tag);
}

/* Adds to the old tree what an edit adds to the text: where the text has it is not looked at. */
static enum err
grow(struct harden_file *file, const struct harden_edit *edit, bool is_last)
{
    struct tree_node *node = edit->found->parent;
    char name[TREE_NAME];
    for (const char *rest = edit->found->rest; *rest != '\0';) {
        size_t len = strcspn(rest, "/");
        struct tree_node *old = node->first;
        bool first = rest == edit->found->rest && !is_last;
        if (len >= sizeof(name)) {
            return ERR_LIMIT;
        }
        memcpy(name, rest, len);
        name[len] = '\0';
        struct tree_node *child = tree_add(&file->tree, node, name, edit->found->line);
        if (child == NULL) {
            return ERR_LIMIT;
        }
        if (first && old != NULL) { /* it stands before the others */
            struct tree_node *before = old;
            while (before->next != child) {
                before = before->next;
            }
            before->next = NULL;
            node->last = before;
            child->next = old;
            node->first = child;
        }
        node = child;
        rest += len + (rest[len] == '/' ? 1 : 0);
    }
    return tree_set(&file->tree, node, edit->value, strlen(edit->value)) ? OK : ERR_LIMIT;
}

/* Reads the new text: it must be the old tree with the new values. */
static enum err
prove(struct harden_file *file, const struct harden_edit *edits, size_t count,
    const struct buf *text, struct note *note)
{
    struct tree tree;
    enum err err = tree_init(&tree, file->arena);
    if (err == OK) {
        err = is_yaml(file) ? tree_yaml(&tree, text->data, text->len)
                            : tree_lines_ini(&tree, text->data, text->len);
    }
    for (size_t i = 0; i < count && err == OK; i++) {
        struct tree_node *parent = edits[i].found->parent;
        if (edits[i].found->node != NULL) {
            edits[i].found->node->value = edits[i].value;
        } else {
            bool at_end = parent->parent == NULL && parent->first != NULL &&
                          file->bytes[parent->from] != '{' &&
                          parent->first->at == line_start(file, parent->first->at);
            err = grow(file, &edits[i], at_end);
        }
    }
    if (err != OK || !is_same(file->tree.root, tree.root)) {
        note_set(note, "the new text would not mean the same but for its new values");
        return ERR_UNSUPPORTED;
    }
    return OK;
}

enum err
harden_text(struct harden_file *file, const struct harden_edit *edits, size_t count,
    struct buf *out, struct note *note)
{
    struct patch *patch = calloc(1, sizeof(*patch));
    size_t begun = out->len;
    if (patch == NULL || count > HARDEN_FOUND || begun != 0) {
        free(patch);
        return patch == NULL ? ERR_MEMORY : ERR_LIMIT;
    }
    const char *newline = memchr(file->bytes, '\n', file->len);
    enum err err = OK;
    patch->file = file;
    patch->eol = newline != NULL && newline != file->bytes && newline[-1] == '\r' ? "\r\n" : "\n";
    for (size_t i = 0; i < count && err == OK; i++) {
        err = make_splice(patch, &edits[i], note);
    }
    err = err != OK ? err : join(patch, out, note);
    err = err != OK ? err : prove(file, edits, count, out, note);
    for (size_t i = 0; i < patch->count; i++) {
        buf_release(&patch->splices[i].text);
    }
    free(patch);
    if (err != OK) {
        buf_clear(out);
    }
    return err;
}
