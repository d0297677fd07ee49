/* Public keys on a command line: the text itself, or a file that holds it. */
#pragma once

#include "ledger/vkey.h"

/* The note names what was given and what was expected. */
enum err ledger_vkey(const char *given, struct vkey *ret_key, struct note *note) MUST_CHECK;
/* The one that lies in a ledger's folder, log/log.vkey. */
enum err ledger_vkey_own(const char *folder, struct vkey *ret_key, struct note *note) MUST_CHECK;
