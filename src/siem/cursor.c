/* Cursors: a few lines of text, replaced whole. */
#include "siem/cursor.h"

#include "base/file.h"
#include "base/text.h"

#include <inttypes.h>
#include <string.h>

#define CURSOR_BYTES 1024
#define HEAD         "gatehouse-siem-cursor 1"

/* The value of the line, which must be the next one. */
static char *
take(char **at, const char *name)
{
    char *line = *at;
    char *end = line == NULL ? NULL : strchr(line, '\n');
    size_t len = strlen(name);
    if (end == NULL || strncmp(line, name, len) != 0 || line[len] != ' ') {
        return NULL;
    }
    *end = '\0';
    *at = end + 1;
    return line + len + 1;
}

static enum err
take_number(char **at, const char *name, uint64_t most, uint64_t *ret_value)
{
    const char *text = take(at, name);
    return text == NULL || text_to_u64(text, most, ret_value) != OK ? ERR_SYNTAX : OK;
}

static enum err
take_leaf(char **at, struct siem_cursor *cursor)
{
    const char *hex = take(at, "leaf");
    if (hex == NULL || strlen(hex) != 2 * sizeof(cursor->leaf.bytes) ||
        !text_unhex(hex, cursor->leaf.bytes, sizeof(cursor->leaf.bytes))) {
        return ERR_SYNTAX;
    }
    cursor->has_leaf = true;
    return OK;
}

static enum err
parse(char *text, struct siem_cursor *cursor)
{
    char *at = text;
    uint64_t moved = 0;
    const char *version = take(&at, "gatehouse-siem-cursor");
    const char *origin = take(&at, "origin");
    if (!text_equal(version, "1") || text_is_empty(origin) ||
        !text_copy(cursor->origin, sizeof(cursor->origin), origin)) {
        return ERR_SYNTAX;
    }
    enum err err = take_number(&at, "next", UINT64_MAX, &cursor->next);
    err = err == OK ? take_number(&at, "delivered", UINT64_MAX, &cursor->delivered) : err;
    err = err == OK ? take_number(&at, "moved", INT64_MAX, &moved) : err;
    cursor->moved = (int64_t)moved;
    /* These lines may be absent; when they are there they are whole. */
    if (err == OK && text_starts(at, "pruned ")) {
        err = take_number(&at, "pruned", UINT64_MAX, &cursor->pruned);
    }
    if (err == OK && *at != '\0') {
        err = take_leaf(&at, cursor);
    }
    return err == OK && *at == '\0' ? OK : ERR_SYNTAX;
}

enum err
siem_cursor_read(const char *path, struct siem_cursor *ret_cursor, struct note *note)
{
    CLEANUP(buf_release) struct buf text;
    struct siem_cursor cursor = {.next = 0};
    buf_init(&text, CURSOR_BYTES);
    enum err err = file_read(path, &text, note);
    if (err == ERR_LIMIT ||
        (err == OK && (strlen(text.data) != text.len || parse(text.data, &cursor) != OK))) {
        note_set(note, "%s: not a cursor; where it is taken away, everything is sent again",
            file_tail(path, 120));
        return ERR_SYNTAX;
    }
    if (err == OK) {
        *ret_cursor = cursor;
    }
    return err;
}

enum err
siem_cursor_write(const char *path, const struct siem_cursor *cursor, struct note *note)
{
    CLEANUP(buf_release) struct buf text;
    buf_init(&text, CURSOR_BYTES);
    buf_format(&text,
        HEAD "\norigin %s\nnext %" PRIu64 "\ndelivered %" PRIu64 "\nmoved %" PRId64 "\n",
        cursor->origin, cursor->next, cursor->delivered, cursor->moved);
    if (cursor->pruned != 0) {
        buf_format(&text, "pruned %" PRIu64 "\n", cursor->pruned);
    }
    if (cursor->has_leaf) {
        char hex[2 * sizeof(cursor->leaf.bytes) + 1];
        text_hex(hex, cursor->leaf.bytes, sizeof(cursor->leaf.bytes));
        buf_format(&text, "leaf %s\n", hex);
    }
    enum err err = buf_error(&text);
    err = err == OK ? file_write(path, text.data, text.len, 0600, note) : err;
    if (err == OK && !file_sync_name(path)) {
        note_set(note, "%s: its folder can't be put on the disk", file_tail(path, 120));
        err = ERR_IO;
    }
    return err;
}
