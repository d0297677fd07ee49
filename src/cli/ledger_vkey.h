/* Public keys on a command line: the text itself, or a file that holds it. */
#pragma once

#include "ledger/vkey.h"

/* The note names what was given and what was expected. */
enum err ledger_vkey(const char *given, struct vkey *ret_key, struct note *note) MUST_CHECK;
