/*
 * Events of the log for a package or a report: found by id, each with its entry byte for byte and
 * its proof, which is checked before anybody gets it; and what an event says, in words.
 */
#pragma once

#include "ledger/merkle.h"
#include "ledger/search.h"
#include "ledger/tree.h"
#include "ledger/vkey.h"

#include <jansson.h>

struct events_row {
    uint64_t index;
    struct buf entry; /* as it lies in the log */
    struct buf proof; /* C2SP tlog-proof */
    struct merkle_hash leaf;
    json_t *json;   /* the entry, read */
    const char *id; /* in the json */
};

struct events {
    struct events_row *rows; /* by index */
    size_t count, room;
    struct vkey log; /* the key that signed the checkpoints of the proofs */
};

void events_init(struct events *events);
void events_release(struct events *events);

/*
 * Adds the event with that id, or both of a view (its id without "-begin" and "-end"), or an entry
 * by its number. What is there already is not added again. ERR_MISSING; ERR_LIMIT: more than max.
 */
enum err events_find(struct events *events, struct search *search, const char *name, size_t max,
    struct note *note) MUST_CHECK;
/* Adds one that a search has at hand; a search_found_fn's body. ERR_LIMIT, ERR_MEMORY. */
enum err events_add(struct events *events, const struct logged *logged, size_t max) MUST_CHECK;
/*
 * Fills entries and proofs from the ledger's files; each proof must lead to a checkpoint that the
 * log's own key has signed. Takes the checkpoint that witnesses signed where that covers it.
 */
enum err events_prove(struct events *events, const char *folder, struct note *note) MUST_CHECK;

/* The text at "actor.user" and such; NULL: not said. */
const char *events_text(const json_t *event, const char *path);
/* A number; -1: not said. */
int64_t events_number(const json_t *event, const char *path);
bool events_is(const json_t *event, const char *action);
/* Of footage.export that ended ok with the digest of what left: its hex; NULL otherwise. */
const char *events_export_digest(const json_t *event);
/* Whether it says that the whole file left. */
bool events_is_whole(const json_t *event);
/* Whether its target says that by the name: as its text, or as one of a list. */
bool events_target_says(const json_t *event, const char *name, const char *text);

/* One sentence or two for a person; text from outside is cleaned and in quotation marks. */
void events_words(struct buf *out, const json_t *event);
/* The same without the time. */
void events_did_words(struct buf *out, const json_t *event);
/* "2026-11-23 02:14:05 UTC" of an event's time text; cleaned when it is none. */
void events_time_words(struct buf *out, const char *time);
/* "5.1 MB (5,100,000 bytes)" */
void events_bytes_words(struct buf *out, uint64_t bytes);
