/* A folder under /tmp for one file of shared memory, removed at the end. */
#pragma once

#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct shared_scratch {
    char folder[64];
    char path[96], beside[104];
};

static inline void
shared_scratch_make(struct shared_scratch *scratch)
{
    *scratch = (struct shared_scratch){.folder = "/tmp/gatehouse-shared-XXXXXX"};
    assert_non_null(mkdtemp(scratch->folder));
    (void)snprintf(scratch->path, sizeof scratch->path, "%s/file", scratch->folder);
    (void)snprintf(scratch->beside, sizeof scratch->beside, "%s.new", scratch->path);
}

static inline void
shared_scratch_remove(const struct shared_scratch *scratch)
{
    (void)unlink(scratch->path);
    (void)unlink(scratch->beside);
    assert_int_equal(rmdir(scratch->folder), 0);
}
