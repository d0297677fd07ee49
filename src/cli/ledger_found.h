/* What `gatehouse ledger search` prints: events, who watched, totals; as text, JSON lines or CSV.
 */
#pragma once

#include "ledger/totals.h"
#include "ledger/watched.h"

#include <signal.h>
#include <stdio.h>

enum found_format {
    FOUND_TEXT,
    FOUND_JSON, /* one object a line */
    FOUND_CSV,
};

struct found {
    enum found_format format;
    FILE *out;
    uint64_t count; /* printed */
    uint64_t limit; /* 0: none */
    struct buf line;
    bool failed; /* sticky: the stream takes no more */
    const volatile sig_atomic_t *stop;
};

/* `found` has format, out, limit and stop. */
void found_init(struct found *found);
void found_release(struct found *found);
/* CSV's first line; nothing in the other forms. false: the stream takes no more. */
bool found_head(struct found *found);
/* A search_found_fn: the context is the struct found; false at the limit, when stopped or failed.
 */
bool found_event(void *context, const struct logged *logged);

/* The whole answer of --watched, and of --totals. ERR_IO. */
enum err found_watched(struct found *found, const struct query *query,
    const struct watched_row *rows, size_t count) MUST_CHECK;
struct found_totals {
    const struct totals_sum *sum;
    const struct totals_row *rows;
    size_t count;
};
enum err found_totals(struct found *found, const struct found_totals *totals) MUST_CHECK;

/*
 * Appends text from outside for a terminal: cleaned, and in quotation marks unless it is plain, so
 * that it can pass for nothing but one value.
 */
void found_put_text(struct buf *out, const struct event_text *text);
/* "2026-11-23 02:14:05Z"; "-" for LOGGED_NONE. */
void found_put_time(struct buf *out, int64_t time);
/* "5.1 MB" */
void found_put_bytes(struct buf *out, int64_t bytes);
/* A JSON string of UTF-8, or null. */
void found_put_json(struct buf *out, const struct event_text *text);
/* RFC 3339 in quotes, or null. */
void found_put_json_time(struct buf *out, int64_t time);
/* Writes the line to the stream and empties it. */
bool found_flush(struct found *found);
