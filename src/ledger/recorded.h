/*
 * Which views and exports were of recordings of a time. The events of a view say different times:
 * its beginning what was asked for, a later one what was really seen. So they are joined first, and
 * the last that says from when to when decides for all of them. Of ended views only the ids of
 * those found are kept, so that memory does not grow with the ledger.
 */
#pragma once

#include "ledger/search.h"

#define RECORDED_OPEN 1000000 /* most views without an end at a time */

struct recorded;

/* Of recordings between the two. NULL: memory is out. */
struct recorded *recorded_new(int64_t from, int64_t to);
void recorded_free(struct recorded *recorded);
/*
 * The next event of the camera in the order of the log. ERR_LIMIT: more open views than
 * RECORDED_OPEN; ERR_MEMORY.
 */
enum err recorded_take(struct recorded *recorded, const struct logged *logged) MUST_CHECK;
/* After the last event: decides for views that have no end. ERR_MEMORY. */
enum err recorded_end(struct recorded *recorded) MUST_CHECK;

/* All of that for the query's actions and cameras; its time is that of the recordings. */
enum err recorded_gather(struct search *search, const struct query *query,
    struct recorded **ret_recorded, struct note *note) MUST_CHECK;

/* Whether the event is of a view that was of that time, to the best of what its events say. */
bool recorded_has(const struct recorded *recorded, const struct logged *logged);
/*
 * Views and exports, each once, that may have been of it, and nobody knows: they don't say which
 * time they were of, or only one end of it, or went on past what they say.
 */
uint64_t recorded_unplaced(const struct recorded *recorded);
