/*
 * Searching a log: the published entries, narrowed by the index where there is one, each read from
 * the log and looked at. Opening makes the index catch up and checks that all entries together are
 * those of the checkpoint; so an index of another log, or of one that was rewritten, is noticed,
 * and so is a log whose entries are not what its checkpoint says. What is read later is proven by
 * the tiles once more: it may have been changed after it was indexed. Signatures are verify's
 * matter. Entries that are pruned by policy are known by their hashes: they are said to be there no
 * more (`say`), and no match.
 */
#pragma once

#include "ledger/query.h"

struct search;

struct search_settings {
    const char *folder; /* a ledger's, or a copy of its log */
    const char *index;  /* path of the index; NULL: none, everything is read */
    bool index_is_ours; /* what is there but no index may be replaced: the path was not typed */
    bool rebuild;
    struct subjects *subjects; /* open what is sealed; NULL: marks are shown and looked for */
    /* Called while it takes long, `all` 0 while searching; false: stop. NULL is allowed. */
    bool (*turn)(void *context, uint64_t done, uint64_t all);
    void (*say)(void *context, const char *words); /* what a person should know; NULL is allowed */
    void *context;
};

/*
 * ERR_VALUE: the entries are not those of the checkpoint, or the index's path has another file;
 * ERR_CANCELLED: told to stop (what was indexed is kept); ERR_MISSING, ERR_SYNTAX, ERR_IO. The
 * settings must outlive it.
 */
enum err search_open(const struct search_settings *settings, struct search **ret_search,
    struct note *note) MUST_CHECK;
void search_close(struct search *search);

struct search_about {
    uint64_t size;    /* entries of the log */
    uint64_t indexed; /* of them in the index */
    uint64_t built;   /* of them added when it was opened */
    uint64_t pruned;  /* entries below are not kept any more, by policy */
};
void search_about(const struct search *search, struct search_about *ret_about);

/* A match, valid for the call; false: enough. */
typedef bool search_found_fn(void *context, const struct logged *logged);
struct search_reader {
    search_found_fn *found;
    void *context;
};
/* All matches in the order of the log, or backwards. */
enum err search_run(struct search *search, const struct query *query, bool backwards,
    const struct search_reader *reader, struct note *note) MUST_CHECK;
/* Matches in what was published since; ERR_VALUE when it does not go on from what was there. */
enum err search_more(struct search *search, const struct query *query,
    const struct search_reader *reader, struct note *note) MUST_CHECK;
