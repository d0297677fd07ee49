/* An answer for a person who was filmed: who viewed a camera, without names. */
#pragma once

#include "evidence/events.h"
#include "ledger/watched.h"

#define ANSWER_PERSONS  1000
#define ANSWER_ENTRIES  10000
#define ANSWER_DISCLOSE 16
#define ANSWER_ROLE     64

struct ledger_answer_person {
    struct event_text user;         /* never shown by itself */
    const struct watched_row *row;  /* in the time, all addresses together; NULL: nothing then */
    const struct watched_row *seen; /* recordings of the time, whenever; NULL: none */
    char role[ANSWER_ROLE];         /* "": not said */
    bool is_live, is_recorded, is_mixed; /* mixed: of more than one role, and none is shown */
    const char *name;                    /* disclosed by --disclose; NULL */
    uint64_t index;                      /* the first entry of theirs that was looked at */
};

/* A disclosed name in one entry. */
struct ledger_answer_opened {
    uint64_t index;
    const char *path;
    struct buf opening; /* ledger/opening.h; empty: sealed by an earlier version, and has none */
};

struct ledger_answer {
    const char *camera, *reason;
    const struct subjects *subjects;
    int64_t from, to, made;
    char origin[VKEY_NAME];
    struct ledger_answer_person persons[ANSWER_PERSONS];
    size_t person_count;
    const char *disclose[ANSWER_DISCLOSE];
    size_t disclose_count;
    struct events events; /* of what is sealed, with their proofs */
    struct ledger_answer_opened *opened;
    size_t opened_count;
    uint64_t unproven; /* of them without an opening: the name is only the word of the owner */
    uint64_t unplaced; /* views of recordings that may have been of the time, and nobody knows */
    uint64_t unsealed; /* entries that are not given out, because names stand in them */
    uint64_t pruned;   /* 0, or entries below are pruned */
};

/*
 * Makes the openings of disclosed names in the events, once these are read. ERR_MISSING: a key that
 * is to be disclosed is erased; ERR_VALUE: what is sealed does not open.
 */
enum err ledger_answer_open(struct ledger_answer *answer, struct note *note) MUST_CHECK;
/* The events too. */
void ledger_answer_release(struct ledger_answer *answer);
/* answer.html. */
void ledger_answer_page(const struct ledger_answer *answer, struct buf *out);
/* answer.json. */
enum err ledger_answer_json(const struct ledger_answer *answer, struct buf *out) MUST_CHECK;
