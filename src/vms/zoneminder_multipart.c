/*
 * multipart/form-data, as browsers write it and PHP reads it (RFC 7578). Anything else in its
 * frame (a preamble, escapes, another header, a second name) is refused.
 */
#include "vms/zoneminder_parts.h"

#include "base/reader.h"
#include "base/text.h"

#include <string.h>

#define BOUNDARY_MOST 70 /* RFC 2046 5.1.1 */
#define HEADERS_MOST  4  /* of one part */
#define PARTS_MOST    1000

#define TYPE "multipart/form-data"

/* One part's headers. */
struct part {
    const char *name;
    bool is_file;
};

static enum err
refuse(struct note *note, const char *why)
{
    note_set(note, "a body of several parts %s", why);
    return ERR_VALUE;
}

/* "\r\n--BOUNDARY", so that the first one too can be found behind a line's end. */
static enum err
read_boundary(const char *type, char *mark, size_t size, struct note *note)
{
    const char *rest = type + strlen(TYPE);
    rest += strspn(rest, " ");
    if (!text_starts_nocase(type, TYPE) || *rest != ';') {
        return refuse(note, "that is no form");
    }
    rest++;
    rest += strspn(rest, " ");
    if (!text_starts_nocase(rest, "boundary=")) {
        return refuse(note, "without its boundary");
    }
    rest += strlen("boundary=");
    size_t len = strspn(rest, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
    if (len == 0 || len > BOUNDARY_MOST || rest[len] != '\0') {
        return refuse(note, "with a boundary that could be read two ways");
    }
    (void)text_copy(mark, size, "\r\n--");
    (void)text_copy(mark + 4, size - 4, rest);
    return OK;
}

/* name="x", maybe followed by filename="y"; quotes and backslashes inside have no one meaning. */
static enum err
read_disposition(const char *text, struct arena *arena, struct part *part, struct note *note)
{
    static const char before[] = "form-data; name=\"";
    if (!text_starts_nocase(text, before)) {
        return refuse(note, "with a part that has no name");
    }
    const char *name = text + sizeof(before) - 1;
    size_t len = strcspn(name, "\"\\");
    if (name[len] != '"') {
        return refuse(note, "with an escaped name");
    }
    const char *rest = name + len + 1;
    if (*rest != '\0') {
        static const char file[] = "; filename=\"";
        size_t end = text_starts_nocase(rest, file) ? strlen(rest) - 1 : 0;
        if (end <= sizeof(file) - 2 || rest[end] != '"' ||
            memchr(rest + sizeof(file) - 1, '"', end - sizeof(file) + 1) != NULL ||
            strchr(rest, '\\') != NULL) {
            return refuse(note, "with a part that is described otherwise");
        }
        part->is_file = true;
    }
    part->name = arena_copy_n(arena, name, len);
    return part->name == NULL ? ERR_MEMORY : OK;
}

static enum err
read_header(const char *line, size_t len, struct arena *arena, struct part *part, struct note *note)
{
    static const char disposition[] = "Content-Disposition: ";
    char *text = arena_copy_n(arena, line, len);
    if (text == NULL) {
        return ERR_MEMORY;
    }
    if (memchr(line, '\0', len) != NULL || memchr(line, '\r', len) != NULL) {
        return refuse(note, "with a broken header");
    }
    if (text_starts_nocase(text, "Content-Type: ")) {
        return OK;
    }
    if (!text_starts_nocase(text, disposition) || part->name != NULL) {
        return refuse(note, "with a header that no browser sends");
    }
    return read_disposition(text + sizeof(disposition) - 1, arena, part, note);
}

static enum err
read_headers(struct reader *reader, struct arena *arena, struct part *part, struct note *note)
{
    const char *line = NULL;
    size_t len = 0;
    for (size_t i = 0; i <= HEADERS_MOST && reader_line(reader, &line, &len); i++) {
        /* A lone line feed is an end to the reader, but not to PHP. */
        if (reader->data + reader->pos != (const uint8_t *)line + len + 2) {
            return refuse(note, "with a broken line");
        }
        if (len == 0) {
            return part->name != NULL ? OK : refuse(note, "with a part that has no name");
        }
        enum err err = read_header(line, len, arena, part, note);
        if (err != OK) {
            return err;
        }
    }
    return refuse(note, "whose headers don't end");
}

/* The bytes up to the next boundary; *ret_is_last: it was the closing one. */
static enum err
read_content(struct reader *reader, const char *mark, const char **ret_bytes, size_t *ret_len,
    bool *ret_is_last)
{
    size_t mark_len = strlen(mark);
    const char *bytes = (const char *)reader->data + reader->pos;
    const char *end = memmem(bytes, reader_left(reader), mark, mark_len);
    if (end == NULL) {
        return ERR_SYNTAX;
    }
    *ret_bytes = bytes;
    *ret_len = (size_t)(end - bytes);
    reader_skip(reader, *ret_len + mark_len);
    const uint8_t *after = reader_bytes(reader, 2);
    if (after == NULL) {
        return ERR_SYNTAX;
    }
    *ret_is_last = memcmp(after, "--", 2) == 0;
    if (*ret_is_last) {
        size_t left = reader_left(reader);
        const uint8_t *rest = reader_bytes(reader, left);
        return left == 0 || (left == 2 && memcmp(rest, "\r\n", 2) == 0) ? OK : ERR_SYNTAX;
    }
    return memcmp(after, "\r\n", 2) == 0 ? OK : ERR_SYNTAX;
}

enum err
zoneminder_multipart_read(const struct access_request *request, struct arena *arena,
    zoneminder_part_fn *part, void *context, struct note *note)
{
    char mark[4 + BOUNDARY_MOST + 1];
    struct reader reader;
    enum err err = read_boundary(request->type, mark, sizeof(mark), note);
    if (err != OK) {
        return err;
    }
    reader_init(&reader, request->body, request->body_len);
    size_t first = strlen(mark + 2);
    const uint8_t *begin = reader_bytes(&reader, first + 2);
    if (begin == NULL || memcmp(begin, mark + 2, first) != 0 ||
        memcmp(begin + first, "\r\n", 2) != 0) {
        return refuse(note, "that does not begin with its boundary");
    }
    bool is_last = false;
    for (size_t i = 0; err == OK && !is_last; i++) {
        struct part one = {0};
        const char *bytes = NULL;
        size_t len = 0;
        err = i == PARTS_MOST ? ERR_LIMIT : read_headers(&reader, arena, &one, note);
        if (err == OK && read_content(&reader, mark, &bytes, &len, &is_last) != OK) {
            return refuse(note, "that is cut or goes on behind its end");
        }
        if (err != OK || one.is_file) {
            continue;
        }
        char *value = arena_copy_n(arena, bytes, len);
        if (value == NULL || memchr(bytes, '\0', len) != NULL) {
            return value == NULL ? ERR_MEMORY : refuse(note, "with a NUL");
        }
        err = part(context, one.name, value, note);
    }
    return err;
}
