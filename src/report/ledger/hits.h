/*
 * What deserves a look: the patterns of patterns.def held to a tally. A hit says what was seen, in
 * numbers, names the events, and how to see them; it never says that anybody did wrong. Pure.
 */
#pragma once

#include "report/ledger/tally.h"

#define HITS_PER_PATTERN 10
#define HITS_WORDS       640
#define HITS_LOOK        1400

enum pattern {
#define PATTERN(name, id, words, compares, threshold, innocent) PATTERN_##name,
#include "report/ledger/patterns.def"
#undef PATTERN
    PATTERNS /* how many */
};

struct pattern_row {
    const char *id, *words, *compares, *threshold, *innocent;
};
extern const struct pattern_row pattern_rows[PATTERNS];

struct hit {
    enum pattern pattern;
    const char *user, *camera, *address, *person; /* as shown; NULL: not of one */
    char words[HITS_WORDS];
    char look[HITS_LOOK]; /* a command line that finds the events */
    struct tally_marks marks;
    struct event_text user_name, camera_name; /* to look for what has no marks yet */
};

struct hits {
    struct hit rows[PATTERNS * HITS_PER_PATTERN];
    size_t count;
    uint64_t found[PATTERNS]; /* of all, also those that are not in rows */
    bool is_judged[PATTERNS]; /* false: nothing before to compare with */
};

/* NULL when memory is out. They point into the tally. */
struct hits *hits_new(const struct tally *tally);
void hits_free(struct hits *hits);
/* A search_found_fn: the context is a hit without marks, which takes the acts among the events. */
bool hits_mark(void *context, const struct logged *logged);
