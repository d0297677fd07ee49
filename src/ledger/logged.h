/*
 * An entry of the log as a search sees it: the members that can be asked for, in one pass and
 * without a tree. Entries may come from a log of somebody else: what is no event is said to be
 * none. Every text is UTF-8 and unescaped; it may hold any character, NUL too. Pure.
 */
#pragma once

#include "ledger/event.h"
#include "ledger/subjects.h"

enum logged_text {
    LOGGED_ACTION,
    LOGGED_DIGEST,
    LOGGED_ID,
    LOGGED_OUTCOME,
    LOGGED_REASON,
    LOGGED_SITE,
    LOGGED_QUALITY, /* time_quality */
    LOGGED_FACTOR,
    LOGGED_IP,
    LOGGED_ROLE,
    LOGGED_SESSION,
    LOGGED_USER,
    LOGGED_OBJECT,
    LOGGED_VMS,
    LOGGED_PHASE, /* detail.phase */
    LOGGED_VIEW,  /* detail.view */
    LOGGED_TEXTS,
};

enum logged_number {
    LOGGED_TIME, /* milliseconds since 1970, as the next two */
    LOGGED_FROM,
    LOGGED_TO,
    LOGGED_BYTES,
    LOGGED_DURATION, /* milliseconds: detail.duration_ms */
    LOGGED_VERSION,  /* v */
    LOGGED_PID,      /* writer.pid */
    LOGGED_UID,      /* writer.uid */
    LOGGED_NUMBERS,
};

#define LOGGED_NONE INT64_MIN /* a number that the event does not say */

/* Told of every text value of an event except times; it may lie in the scratch. */
typedef void logged_text_fn(void *context, const char *bytes, size_t len);

struct logged {
    uint64_t index;    /* in the log; set by who reads the log */
    const char *entry; /* what was read, valid as long as the reader's buffer */
    size_t entry_len;
    bool is_event;                         /* else nothing below is set */
    struct event_text texts[LOGGED_TEXTS]; /* bytes NULL: absent */
    int64_t numbers[LOGGED_NUMBERS];
    struct event_text *cameras;
    size_t camera_count;
    size_t camera_room;
    struct event_text
        detail; /* its JSON as it stands in the entry, braces too; bytes NULL: absent */
    bool
        has_more; /* something that is told nowhere above: a member that no event has, or no time */
    logged_text_fn *sink; /* NULL: nobody wants the texts */
    void *sink_context;
    const struct subjects *subjects; /* opens what is sealed (seal.h); NULL: only marks are shown */
    unsigned opened;                 /* a bit for each text that was sealed and is open now */
    unsigned sealed;                 /* and for each that stays so: its text is its mark */
    json_t *details;   /* of detail, what was sealed and is open now: path to text or texts; NULL */
    struct buf inside; /* what is being opened */
    char *scratch;     /* unescaped texts of this entry */
    size_t scratch_used;
};

/* Members that may be sealed, and the path that each is sealed as (seal.h). */
struct logged_personal {
    enum logged_text text;
    const char *path;
};
extern const struct logged_personal logged_personals[];
extern const size_t logged_personal_count;

/* NULL when memory is out. */
struct logged *logged_new(void);
void logged_free(struct logged *logged);
/* Reads an entry; the texts are valid until the next. Gives is_event. */
bool logged_read(struct logged *logged, const void *entry, size_t len);
/* logged_details.c: opens what of detail was sealed, and tells the sink of it. */
void logged_details(struct logged *logged);
/* Whether the text is there and says that. */
bool logged_says(const struct logged *logged, enum logged_text text, const char *value);
/* "2026-11-22T20:15:00.123Z", exactly; LOGGED_NONE otherwise. */
int64_t logged_time(const char *text, size_t len);
