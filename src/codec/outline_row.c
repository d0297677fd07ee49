/* Sentences about mistakes in a YAML file. */
#include "codec/outline_row.h"

#include "base/file.h"
#include "base/suggest.h"
#include "base/text.h"

#include <string.h>

#define SHOWN 48 /* bytes of a wrong value in a message */

enum err
outline_tell(const struct outline_place *place, const struct outline_node *node, const char *words)
{
    note_set(place->note, "%s:%u: %.60s%s%s", file_tail(place->file, 80), node->line, node->path,
        node->path[0] == '\0' ? "" : ": ", words);
    return ERR_VALUE;
}

size_t
outline_row_find(const struct outline_table *table, const char *pattern)
{
    size_t i = 0;
    while (i < table->count && !text_equal(table->rows[i].path, pattern)) {
        i++;
    }
    return i;
}

const char *
outline_key(const char *pattern)
{
    const char *dot = strrchr(pattern, '.');
    return dot == NULL ? pattern : dot + 1;
}

enum err
outline_refuse_key(const struct outline_table *table, const struct outline_place *place,
    const struct outline_node *node)
{
    const char *siblings[OUTLINE_ROWS];
    size_t count = 0;
    size_t len = (size_t)(outline_key(node->pattern) - node->pattern);
    struct note words;
    assert(table->count <= OUTLINE_ROWS);
    for (size_t i = 0; i < table->count; i++) {
        const char *path = table->rows[i].path;
        bool is_sibling =
            (size_t)(outline_key(path) - path) == len && strncmp(path, node->pattern, len) == 0;
        if (is_sibling && !text_ends(path, "[]")) {
            siblings[count++] = path + len;
        }
    }
    const char *nearest = suggest_nearest(node->pattern + len, siblings, count);
    if (nearest != NULL) {
        note_set(&words, "no such key; did you mean %s?", nearest);
    } else {
        note_set(&words, "no such key; %s lists them", table->manual);
    }
    return outline_tell(place, node, words.text);
}

static const char *
shape_words(enum outline_shape shape)
{
    static const char *const words[] = {
        "a text", "a list (\"- \" before each item)", "keys with values", "nothing"};
    return words[shape];
}

enum err
outline_refuse_shape(const struct outline_row *row, const struct outline_place *place,
    const struct outline_node *node)
{
    struct note words;
    if (row->shape == OUTLINE_TEXT) {
        note_set(
            &words, "is %s; expected %s, %s", shape_words(node->shape), row->what, row->expected);
    } else {
        note_set(&words, "is %s; expected %s", shape_words(node->shape), shape_words(row->shape));
    }
    return outline_tell(place, node, words.text);
}

enum err
outline_refuse_value(const struct outline_row *row, const struct outline_place *place,
    const struct outline_node *node)
{
    struct note words;
    char shown[SHOWN + 1];
    text_clean(shown, sizeof(shown), node->text, strlen(node->text));
    note_set(&words, "\"%s\" is not %s; expected %s", shown, row->what, row->expected);
    return outline_tell(place, node, words.text);
}

const struct outline_node *
outline_find(const struct outline *outline, const char *pattern, size_t number)
{
    for (size_t i = 0; i < outline->count; i++) {
        if (text_equal(outline->nodes[i].pattern, pattern) && number-- == 0) {
            return &outline->nodes[i];
        }
    }
    return NULL;
}

enum err
outline_open(const struct outline_table *table, const struct outline_place *place,
    const struct outline_bytes *file, struct arena *arena, struct outline *ret_outline)
{
    struct outline_mistake mistake = {0};
    enum err err = outline_read(file->bytes, file->len, arena, ret_outline, &mistake);
    if (err != OK) {
        note_set(place->note, "%s:%u: %.160s", file_tail(place->file, 80), mistake.line,
            mistake.note.text);
        return err;
    }
    if (ret_outline->count == 0 || ret_outline->nodes[0].shape != OUTLINE_MAP) {
        note_set(place->note, "%s:1: no settings; expected %s, see %s", file_tail(place->file, 80),
            table->expected, table->manual);
        return ERR_VALUE;
    }
    return OK;
}

enum err
outline_match(const struct outline_table *table, const struct outline_place *place,
    const struct outline_node *node, const struct outline_row **ret_row)
{
    size_t i = outline_row_find(table, node->pattern);
    *ret_row = NULL;
    if (i == table->count) {
        const char *words = table->forbidden == NULL ? NULL : table->forbidden(node->pattern);
        return words != NULL ? outline_tell(place, node, words)
                             : outline_refuse_key(table, place, node);
    }
    if (node->shape == OUTLINE_EMPTY && table->rows[i].shape == OUTLINE_LIST) {
        return OK;
    }
    if (node->shape != table->rows[i].shape) {
        return outline_refuse_shape(&table->rows[i], place, node);
    }
    *ret_row = &table->rows[i];
    return OK;
}

enum err
outline_taken(const struct outline_row *row, const struct outline_place *place,
    const struct outline_node *node, enum err err, const struct note *said)
{
    if (err != OK && said->text[0] != '\0') {
        (void)outline_tell(place, node, said->text);
        return err;
    }
    return err == ERR_VALUE ? outline_refuse_value(row, place, node) : err;
}
