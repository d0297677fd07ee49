/*
 * One destination being served: published entries are read in the order of the index, filtered,
 * formatted and put into batches; the cursor moves when the receiver has shown that it has a batch.
 * The ledger is only read, as anybody may read it, so that no receiver reaches an append.
 */
#pragma once

#include "siem/cursor.h"
#include "siem/outlet.h"

enum siem_standing {
    SIEM_STARTING,
    SIEM_CAUGHT_UP,
    SIEM_SENDING,
    SIEM_WAITING,     /* something failed; it is tried again */
    SIEM_UNCONFIRMED, /* the receiver never says that it read */
    SIEM_STOPPED,     /* a person must look: the log is another, a record is refused */
};
const char *siem_standing_words(enum siem_standing standing); /* "caught up" */

/* How it stands, for status; a copy. */
struct siem_state {
    enum siem_standing standing;
    struct siem_cursor cursor;
    uint64_t set_aside;  /* records that were refused and set aside, since the start */
    uint64_t pruned;     /* of the cursor's, since the start */
    uint64_t failures;   /* in a row */
    int64_t failed;      /* wall ms of the last failure; 0: none */
    int64_t next_try;    /* wall ms; 0: not waiting */
    struct note trouble; /* of the last failure; stays until a batch arrives */
};

struct siem_forward_settings {
    const struct siem_config *config;
    const struct siem_destination *to;
    struct siem_resolver *resolver;
    const struct siem_stop *stop;
    const struct secret *token;
    const char *cursor;  /* path */
    const char *refused; /* path of the records set aside */
    unsigned poll_ms;    /* between two looks at the checkpoint; 0: the usual */
};

struct siem_forward;

/* Reads the cursor; makes nothing on the disk. The settings are copied, what they name is not. */
enum err siem_forward_new(const struct siem_forward_settings *settings,
    struct siem_forward **ret_forward, struct note *note) MUST_CHECK;
void siem_forward_free(struct siem_forward *forward);
/* Until it is told to stop; its own thread. */
void siem_forward_run(struct siem_forward *forward);
/*
 * One look at the log: sends what is there, at most one batch. OK: something was delivered;
 * ERR_MISSING: nothing is there to be sent. For siem_forward_run() and tests.
 */
enum err siem_forward_once(struct siem_forward *forward, struct note *note) MUST_CHECK;
/* For any thread. */
void siem_forward_state(struct siem_forward *forward, struct siem_state *ret_state);
/* How long to wait after so many failures in a row: doubled from 0.5 s to 60 s, half of it chance.
 */
int64_t siem_forward_pause(uint64_t failures, uint32_t chance);
