/* Writes canonical JSON (RFC 8785). */
#include "base/text.h"
#include "ledger/canonical.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How many bytes from there on are ASCII and stand for themselves, by eight. */
static size_t
plain_run(const char *bytes, size_t len)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    size_t run = 0;
    for (uint64_t word = 0; len - run >= sizeof(word); run += sizeof(word)) {
        memcpy(&word, bytes + run, sizeof(word));
        uint64_t quote = word ^ (ones * '"');
        uint64_t slash = word ^ (ones * '\\');
        if (((word | (word - ones * 0x20) | (quote - ones) | (slash - ones)) & (ones << 7)) != 0) {
            break;
        }
    }
    return run;
}

static void
put_escape(struct buf *out, uint8_t byte)
{
    static const char points[] = "\"\\\b\f\n\r\t";
    static const char names[] = "\"\\bfnrt";
    const char *point = byte == 0 ? NULL : strchr(points, byte);
    if (point != NULL) {
        buf_byte(out, '\\');
        buf_byte(out, (uint8_t)names[point - points]);
    } else {
        buf_format(out, "\\u%04x", byte);
    }
}

static bool
is_utf8(const char *bytes, size_t len)
{
    uint32_t point = 0;
    for (size_t i = 0; i < len;) {
        size_t step = (uint8_t)bytes[i] < 0x80 ? 1 : text_utf8(bytes + i, len - i, &point);
        if (step == 0) {
            return false;
        }
        i += step;
    }
    return true;
}

enum err
canonical_put_text(struct buf *out, const char *bytes, size_t len)
{
    size_t before = out->len;
    size_t start = 0;
    buf_byte(out, '"');
    for (size_t i = plain_run(bytes, len); i < len;) {
        uint8_t byte = (uint8_t)bytes[i];
        uint32_t point = 0;
        size_t step = byte < 0x80 ? 1 : text_utf8(bytes + i, len - i, &point);
        if (step == 0) {
            if (!out->failed) {
                out->len = before;
                out->data[before] = '\0';
            }
            return ERR_VALUE;
        }
        if (byte < 0x20 || byte == '"' || byte == '\\') {
            buf_add(out, bytes + start, i - start);
            put_escape(out, byte);
            start = i + 1;
        }
        i += step;
    }
    buf_add(out, bytes + start, len - start);
    buf_byte(out, '"');
    return OK;
}

static enum err put_value(struct buf *out, const json_t *json, unsigned depth);

static int
compare_names(const void *a, const void *b)
{
    return canonical_compare(a, b);
}

/* Jansson iterates objects that nobody changes; its interface only lacks the const. */
static json_t *
iterable(const json_t *json)
{
    json_t *object = NULL;
    memcpy(&object, &json, sizeof(json_t *));
    return object;
}

static enum err
put_object(struct buf *out, const json_t *json, unsigned depth)
{
    size_t count = json_object_size(json);
    struct canonical_text *names = calloc(count + 1, sizeof(*names));
    if (names == NULL) {
        return ERR_MEMORY;
    }
    size_t used = 0;
    enum err err = OK;
    for (void *i = json_object_iter(iterable(json)); i != NULL && used < count;
         i = json_object_iter_next(iterable(json), i)) {
        const char *name = json_object_iter_key(i);
        err = is_utf8(name, strlen(name)) ? err : ERR_VALUE;
        names[used++] =
            (struct canonical_text){.bytes = name, .len = strlen(name), .is_wide = true};
    }
    if (err == OK) {
        qsort(names, used, sizeof(*names), compare_names);
    }
    buf_byte(out, '{');
    for (size_t i = 0; i < used && err == OK; i++) {
        buf_text(out, i == 0 ? "" : ",");
        err = canonical_put_text(out, names[i].bytes, names[i].len);
        buf_byte(out, ':');
        if (err == OK) {
            err = put_value(out, json_object_get(json, names[i].bytes), depth);
        }
    }
    buf_byte(out, '}');
    free(names);
    return err;
}

static enum err
put_array(struct buf *out, const json_t *json, unsigned depth)
{
    enum err err = OK;
    buf_byte(out, '[');
    for (size_t i = 0; i < json_array_size(json) && err == OK; i++) {
        buf_text(out, i == 0 ? "" : ",");
        err = put_value(out, json_array_get(json, i), depth);
    }
    buf_byte(out, ']');
    return err;
}

static enum err
put_integer(struct buf *out, json_int_t value)
{
    if (value > CANONICAL_INTEGER || value < -CANONICAL_INTEGER) {
        return ERR_VALUE;
    }
    buf_format(out, "%" JSON_INTEGER_FORMAT, value);
    return OK;
}

static enum err
put_value(struct buf *out, const json_t *json, unsigned depth)
{
    if (json == NULL || depth == 0) {
        return json == NULL ? ERR_VALUE : ERR_LIMIT;
    }
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        return put_object(out, json, depth - 1);
    case JSON_ARRAY:
        return put_array(out, json, depth - 1);
    case JSON_STRING:
        return canonical_put_text(out, json_string_value(json), json_string_length(json));
    case JSON_INTEGER:
        return put_integer(out, json_integer_value(json));
    case JSON_TRUE:
        buf_text(out, "true");
        return OK;
    case JSON_FALSE:
        buf_text(out, "false");
        return OK;
    case JSON_NULL:
        buf_text(out, "null");
        return OK;
    case JSON_REAL:
        return ERR_VALUE;
    }
    return ERR_VALUE;
}

enum err
canonical_put(struct buf *out, const json_t *json)
{
    return put_value(out, json, CANONICAL_DEPTH + 1);
}
