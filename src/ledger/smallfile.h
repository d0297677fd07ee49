/* Small files of the ledger that are there whole, old or new: checkpoints, keys, marks. */
#pragma once

#include "base/err.h"

#define SMALLFILE_LIMIT 4096

/* Written beside as "NAME.new", synced, renamed, its folder synced: durable on return. */
enum err smallfile_write(int folder, const char *name, const void *bytes, size_t len) MUST_CHECK;
/* Terminated; what is longer is cut. ERR_MISSING, ERR_IO. */
enum err smallfile_read(
    int folder, const char *name, char ret_text[SMALLFILE_LIMIT], size_t *ret_len) MUST_CHECK;
