/* The key that signs manifests of evidence packages: evidence.key beside the ledger's. */
#pragma once

#include "ledger/key.h"

/*
 * Reads it, or makes it at its first use, 0600, named after the log: ORIGIN/evidence. `folder` is
 * the ledger's, `keys` may be NULL. ERR_VALUE: others can read it, or it is the key of another
 * log's packages.
 */
enum err evidence_key(
    const char *folder, const char *keys, struct key **ret_key, struct note *note) MUST_CHECK;
