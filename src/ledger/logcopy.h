/*
 * A copy of a log's static files, made while the log grows: all that one checkpoint needs, the
 * checkpoint last. The copy can be verified, searched and served as the log itself; with the key a
 * ledger can be made of it again (ledger_restore_log()).
 */
#pragma once

#include "ledger/checkpoint.h"

struct logcopy {
    struct vkey key;         /* that signed the checkpoint */
    struct merkle_head head; /* what the copy covers now */
    uint64_t before;         /* entries that it covered before; 0 for a new one */
    uint64_t written;        /* files */
    struct buf since;        /* the checkpoint before, when the same key signed it; or empty */
};

/*
 * From a ledger's or a log's folder into a folder, which is made (0700). Tiles below the checkpoint
 * that the copy had are left alone where their length is right, unless `whole`. ERR_VALUE: the
 * folder is no copy of this log, or one that the log does not continue, or a ledger's own;
 * ERR_REFUSED: another copy is being made there. What the log has pruned is pruned in the copy too.
 * The caller releases `since` in any case.
 */
enum err logcopy_run(const char *from, const char *to, bool whole, struct logcopy *ret_copy,
    struct note *note) MUST_CHECK;
