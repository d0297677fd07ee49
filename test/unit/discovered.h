/* Answers of devices for the tests of discovery: the seeds of the fuzz targets. */
#pragma once

#include "base/file.h"
#include "discover/parse.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

/* Reads test/fuzz/corpus/NAME, e.g. "sadp/camera.xml", into an empty buf. */
static inline void
load(const char *name, struct buf *ret_buf)
{
    char path[512];
    const char *source = getenv("GATEHOUSE_SOURCE");
    assert_non_null(source);
    (void)snprintf(path, sizeof(path), "%s/test/fuzz/corpus/%s", source, name);
    buf_init(ret_buf, (size_t)4 * 1024 * 1024);
    assert_int_equal(file_read(path, ret_buf, NULL), OK);
}

static inline const struct heard_row *
row_of(const struct heard *heard, enum fact_id id)
{
    for (size_t i = 0; i < heard->count; i++) {
        if (heard->rows[i].id == id) {
            return &heard->rows[i];
        }
    }
    return NULL;
}

static inline void
assert_heard(const struct heard *heard, enum fact_id id, const char *text)
{
    if (text == NULL) {
        assert_null(row_of(heard, id));
        return;
    }
    assert_non_null(row_of(heard, id));
    assert_string_equal(row_of(heard, id)->text, text);
}

static inline void
assert_mac(const struct heard *heard, const char *text)
{
    char own[MAC_TEXT];
    assert_string_equal(mac_text(&heard->mac, own), text);
}

static inline void
assert_states(const struct heard *heard, const char *text)
{
    char own[IP_TEXT];
    assert_string_equal(ip_text(&heard->states, own), text);
}

typedef enum err parse_fn(const void *bytes, size_t len, struct heard *ret_heard);

static inline enum err
parse_file(parse_fn *parse, const char *name, struct heard *ret_heard)
{
    CLEANUP(buf_release) struct buf buf;
    load(name, &buf);
    return parse(buf.data, buf.len, ret_heard);
}

/* Every beginning is refused; copies of the exact size show a read past the end to the sanitizer.
 * shortest: from here on only blanks are missing. */
static inline void
assert_refuses_beginnings(parse_fn *parse, const char *name, size_t shortest)
{
    CLEANUP(buf_release) struct buf buf;
    struct heard heard;
    load(name, &buf);
    assert_true(buf.len > shortest);
    for (size_t len = 0; len < buf.len - shortest; len++) {
        char *copy = malloc(len + (len == 0));
        assert_non_null(copy);
        memcpy(copy, buf.data, len);
        enum err err = parse(copy, len, &heard);
        free(copy);
        assert_int_not_equal(err, OK);
    }
    assert_int_equal(parse(buf.data, buf.len, &heard), OK);
}
