/*
 * What the owner imported, in a folder beside the store: rows made of public records, signed with
 * a key of this machine, and at most one bundle signed by the project. Both are verified each time
 * before they are used; what does not verify is left out, and said.
 */
#pragma once

#include "catalog/catalog.h"
#include "catalog/import.h"

/* The folder that belongs to a store file; NULL is the store in the XDG state folder. */
enum err imported_folder(const char *store, struct buf *ret_folder) MUST_CHECK;

struct imported_state {
    struct note trouble;  /* why something in the folder was left out, or "" */
    size_t rows;          /* imported rows in use */
    char date[16];        /* day of the last import, or "" */
    char bundle_date[16]; /* date of the bundle in use, or "" when it is the embedded one */
};

/*
 * The embedded catalogue or a newer bundle, with the imported rows. Fails only where not even the
 * embedded one can be read.
 */
enum err imported_open(const char *folder, struct catalog **ret_catalog,
    struct imported_state *ret_state, struct note *note) MUST_CHECK;

/* Puts that catalogue in force (catalog_current); the note says what was left out, or is "". */
void imported_use(const char *store, struct note *ret_trouble);

/*
 * Adds rows, whole or not at all; rows of records that come again are replaced. ret_total is the
 * number of lines afterwards. Refuses (ERR_VALUE) when what is there does not verify.
 */
enum err imported_add(const char *folder, const struct import *import, size_t *ret_total,
    struct note *note) MUST_CHECK;

/* Keeps a bundle whose seal is by a trusted key; an older one than the one in use is refused. */
enum err imported_take_bundle(
    const char *folder, const struct buf *bytes, const char *seal, struct note *note) MUST_CHECK;

/* Whether bytes are a catalogue file and no record. */
bool imported_is_bundle(const char *bytes, size_t len);
