/* A store in a new folder under /tmp, removed at the end. */
#pragma once

#include "store/store.h"

#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct scratch {
    char folder[64];
    char path[96];
};

static inline void
scratch_make(struct scratch *scratch)
{
    *scratch = (struct scratch){.folder = "/tmp/gatehouse-store-XXXXXX"};
    assert_non_null(mkdtemp(scratch->folder));
    (void)snprintf(scratch->path, sizeof(scratch->path), "%s/s.db", scratch->folder);
}

static inline void
scratch_remove(const struct scratch *scratch)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    char path[128];
    for (size_t i = 0; i < COUNT(ends); i++) {
        (void)snprintf(path, sizeof(path), "%s%s", scratch->path, ends[i]);
        (void)unlink(path);
    }
    assert_int_equal(rmdir(scratch->folder), 0);
}

static inline struct store *
scratch_open(const struct scratch *scratch)
{
    struct store *store = NULL;
    struct note note = {""};
    if (store_open(scratch->path, &store, &note) != OK) {
        fail_msg("%s", note.text);
    }
    return store;
}
