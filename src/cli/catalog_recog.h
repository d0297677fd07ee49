/* Fingerprints in the Recog format that the owner imports. */
#pragma once

#include "base/buf.h"

/* Where imported fingerprints are, in the folder of imported_folder(). */
void catalog_recog_folder(const char *folder, struct buf *ret_path);

/*
 * Copies a file there when each of its examples passes; the number is added to examples. Else the
 * note says what is wrong and nothing is kept; ERR_MISSING: it has no examples.
 */
enum err catalog_recog_take(
    const char *folder, const char *path, size_t *examples, struct note *note) MUST_CHECK;
