/* Gathers what one chunk of the log says, and puts it into the index. */
#pragma once

#include "ledger/index.h"

struct index_build;

/* Its size is fixed but for what the texts of one chunk take. NULL when memory is out. */
struct index_build *index_build_new(const uint8_t secret[INDEX_SECRET]);
void index_build_free(struct index_build *build);
/* The next entry of the chunk, which has room for it; `logged` is used to read it. */
enum err index_build_add(
    struct index_build *build, struct logged *logged, const void *entry, size_t len) MUST_CHECK;
/* The same for one that is pruned: its place is taken, and nothing is at it. */
void index_build_skip(struct index_build *build);
size_t index_build_count(const struct index_build *build);
/* Adds the chunk to the index, within index_begin() and index_end(), and empties the build. */
enum err index_build_store(
    struct index_build *build, struct index *index, uint64_t chunk) MUST_CHECK;
