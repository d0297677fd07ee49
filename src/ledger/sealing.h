/*
 * Whether a ledger is sealed, by its own word: the file "sealing" in its folder, which is there
 * before the first event is. So a keeper without the keys of subjects knows that it must not take
 * events as they are.
 */
#pragma once

#include "base/err.h"

#define SEALING_FILE "sealing"

enum sealing {
    SEALING_UNSAID, /* none, or none that can be read: of an older version, or made of a copy */
    SEALING_NONE,
    SEALING_SEALED,
};

/* ERR_IO. */
enum err sealing_read(int ledger, enum sealing *ret_sealing) MUST_CHECK;
/* Durable on return. ERR_FULL, ERR_IO. */
enum err sealing_write(int ledger, enum sealing sealing) MUST_CHECK;
/*
 * What the published entries say where the file does not: all are looked at. Only a keeper makes a
 * sealed text in the members that count. SEALING_UNSAID: none of those that can be read has one,
 * and `note` says which can't. ERR_IO, ERR_VALUE: nothing can.
 */
enum err sealing_find(const char *folder, enum sealing *ret_sealing, struct note *note) MUST_CHECK;
