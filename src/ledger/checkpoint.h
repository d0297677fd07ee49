/* A tree's head as text: origin, size, root (C2SP tlog-checkpoint). Pure. */
#pragma once

#include "ledger/merkle.h"
#include "ledger/signednote.h"

struct checkpoint {
    char origin[VKEY_NAME];
    struct merkle_head head;
};

/* Appends the three lines, which are what is signed. */
void checkpoint_put(struct buf *out, const struct checkpoint *checkpoint);
/* Reads a note's text; extension lines are allowed and ignored. ERR_SYNTAX. */
enum err checkpoint_parse(
    const char *text, size_t len, struct checkpoint *ret_checkpoint, struct note *note) MUST_CHECK;
/*
 * The usual whole: a signed note whose origin is the key's name and whose signature by the key is
 * good. ERR_SYNTAX, ERR_MISSING (not signed by it), ERR_VALUE (signed wrongly, other origin).
 */
enum err checkpoint_open(const char *bytes, size_t len, const struct vkey *key,
    struct checkpoint *ret_checkpoint, struct note *note) MUST_CHECK;
