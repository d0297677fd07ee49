/* What the files of search share. */
#pragma once

#include "ledger/entries.h"
#include "ledger/index_build.h"
#include "ledger/search.h"

struct search {
    const struct search_settings *settings;
    struct entries *entries;
    struct index *index; /* NULL: everything is read */
    struct index_state state;
    struct merkle_frontier whole; /* of all entries that were looked at */
    struct logged *logged;
    uint64_t built;
    bool suspect; /* the index disagrees with the log or with itself */
    bool damaged; /* with itself */
    bool rebuilt;
    bool read_only;
    struct note note;
};

/* Leaves of the chunk's places those that may match; all of them where the index can't say. */
enum err search_narrow(struct search *search, const struct query *query, uint64_t chunk,
    struct places *places) MUST_CHECK;
