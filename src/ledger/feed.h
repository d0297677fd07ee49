/*
 * Events from a stream of JSON objects, one a line, to the keeper: many under way at once, each
 * line recorded whole or not at all. What is wrong with a line ends the reading; what was handed
 * over before is waited for, so that the counts are true.
 */
#pragma once

#include "ledger/client.h"
#include "ledger/event.h"

#include <signal.h>

#define FEED_LINE ((size_t)512 * 1024) /* longest line: an event with every byte escaped */

struct feed_settings {
    int fd;                               /* lines are read from there */
    struct client *client;                /* NULL: events are made and shown, nothing is recorded */
    void (*close)(struct client *client); /* at the end, before feed_run() returns */
    const json_t *defaults; /* an object, which stands in for what a line does not say; or NULL */
    const volatile sig_atomic_t *stop; /* not 0: read no further; or NULL */
    void (*recorded)(void *context, uint64_t line, uint64_t index); /* or NULL */
    void (*made)(void *context, const struct buf *event);           /* or NULL */
    void *context;
};

struct feed_result {
    uint64_t lines;    /* the last one that was read; the first is 1 */
    uint64_t recorded; /* events that are durable */
    uint64_t failed;   /* the line that was refused first, or 0 */
    uint64_t later;    /* of the recorded ones, those after that line */
    uint64_t unknown;  /* events that nobody can say of whether they are recorded */
};

/*
 * Reads to the end. ERR_CANCELLED: stopped; ERR_SYNTAX, ERR_VALUE, ERR_MISSING, ERR_LIMIT: a line
 * (the note says which and why); ERR_FULL, ERR_NETWORK, ERR_REFUSED: the keeper; ERR_IO: reading.
 */
enum err feed_run(const struct feed_settings *settings, struct feed_result *ret_result,
    struct note *note) MUST_CHECK;

/*
 * One object as an event, with the words for a person: the nearest action to an unknown one, and
 * that what only the ledger may say is refused. Appends the event.
 */
enum err feed_event(const json_t *json, const json_t *defaults, struct buf *ret_event,
    struct note *note) MUST_CHECK;
