/* Table-driven driver tests: an answer file in, the expected facts out. */
#pragma once

#include "device/device.h"

#include "test.h"

#include "answer.h"

/* One answer of one device and a fact that it must give; expected NULL: the fact stays unknown. */
struct reading_row {
    const char *file; /* under test/; NULL: an empty body */
    int status;
    const char *path; /* of the ask; of several with this path the body decides */
    const char *body; /* a part of the ask's body, or NULL */
    enum fact_id fact;
    const char *expected;
    const char *headers; /* NULL: none */
    uint16_t port;       /* of the ask; 0: any */
};

static inline const struct ask *
reading_ask(const struct device_driver *driver, const struct reading_row *row)
{
    for (size_t n = 0; device_ask(driver, n) != NULL; n++) {
        const struct ask *ask = device_ask(driver, n);
        if (strcmp(ask->path, row->path) == 0 && (row->port == 0 || row->port == ask->port) &&
            (row->body == NULL || (ask->body != NULL && strstr(ask->body, row->body) != NULL))) {
            return ask;
        }
    }
    return NULL;
}

static inline void
reading_check_row(
    const struct device_driver *driver, const struct reading_row *row, struct buf *body)
{
    struct arena arena;
    struct facts facts;
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    facts_init(&facts, &arena);
    const struct ask *ask = reading_ask(driver, row);
    if (ask == NULL) {
        print_error("%s does not ask %s\n", driver->name, row->path);
    }
    assert_non_null(ask);
    buf_clear(body);
    if (row->file != NULL) {
        assert_int_equal(transcript_read(row->file, body), OK);
    }
    struct answer answer =
        answer_of(row->status, row->headers == NULL ? "" : row->headers, body->data);
    char asked[256];
    (void)snprintf(asked, sizeof(asked), "GET http://10.0.0.7:%u%s&pwd=hunter2",
        ask->port == 0 ? 80 : ask->port, ask->path);
    (void)device_read(driver, ask, &answer, asked, &facts);
    const char *text = facts_text(&facts, row->fact);
    if (row->expected == NULL || text == NULL || strcmp(text, row->expected) != 0) {
        if (row->expected != text) {
            print_error("%s %s %s: %s\n", driver->name, row->path, fact_name(row->fact),
                text == NULL ? "unknown" : text);
        }
        assert_true(row->expected == NULL && text == NULL);
    } else {
        const struct evidence *evidence = facts_get(&facts, row->fact)->evidence;
        assert_non_null(evidence);
        assert_null(strstr(evidence->asked, "hunter2"));
    }
    arena_release(&arena);
}

static inline void
reading_check(const struct device_driver *driver, const struct reading_row *rows, size_t count)
{
    struct buf body;
    buf_init(&body, ANSWER_BODY);
    for (size_t i = 0; i < count; i++) {
        reading_check_row(driver, &rows[i], &body);
    }
    buf_release(&body);
}
