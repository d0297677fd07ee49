/*
 * What a witness remembers: of every log the last checkpoint that it cosigned, as the signed note
 * that monitors get, in a file named by witness_name(). Looking, deciding and storing are one step
 * under a lock on the folder, so that also two processes can't cosign two trees; what was cosigned
 * is durable before anybody learns of it.
 */
#pragma once

#include "ledger/witness.h"

struct witness_state;

/* Makes an empty one in a folder that is there. ERR_VALUE when there is one. */
enum err witness_state_create(const char *folder, struct note *note) MUST_CHECK;

struct witness_settings {
    const char *folder;
    struct witness_trust trust;
    const struct key *key; /* a VKEY_COSIGNER */
};
/* The settings must outlive it. ERR_MISSING: no state there, which never means an empty one. */
enum err witness_state_open(const struct witness_settings *settings,
    struct witness_state **ret_state, struct note *note) MUST_CHECK;
void witness_state_close(struct witness_state *state);

/*
 * The whole of add-checkpoint. Appends to ret_answer, which is of use when OK came back: the
 * cosignature, the size that was cosigned last, or a reason. ERR_VALUE: what is stored for this log
 * is damaged. ERR_FULL: nothing was changed. ERR_IO: nobody knows what is on the disk, and the
 * process must end.
 */
enum err witness_state_add(struct witness_state *state, const struct buf *body,
    enum witness_verdict *ret_verdict, struct buf *ret_answer, struct note *note) MUST_CHECK;

/* Appends the last cosigned checkpoint of the log with that witness_name(); ERR_MISSING. */
enum err witness_state_show(struct witness_state *state, const char *name, struct buf *ret_note,
    struct note *note) MUST_CHECK;
