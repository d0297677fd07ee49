/* Where the ledger and its keys lie: by option, environment, or in the XDG state folder. */
#pragma once

#include "base/buf.h"

/*
 * Appends the ledger's folder: the option's value, else GATEHOUSE_LEDGER, else "ledger" in the
 * XDG state folder. ERR_MISSING when none of these says.
 */
enum err ledger_folder(const char *option, struct buf *ret_path, struct note *note) MUST_CHECK;
/*
 * The same, of a ledger that must be there, also a gateway's where there is no other; else the note
 * says how one is made.
 */
enum err ledger_folder_find(const char *option, struct buf *ret_path, struct note *note) MUST_CHECK;
/* Appends the folder of its keys: the option's value, else the ledger's folder plus "-keys". */
enum err ledger_folder_keys(
    const char *option, const char *ledger, struct buf *ret_path) MUST_CHECK;
