/*
 * Events: what the ledger holds. One JSON object each, canonical (RFC 8785), at most EVENT_LIMIT
 * bytes. A producer writes it without `time`, `time_quality`, `v` and `writer`; the keeper stamps
 * those on at the end, where they stand in canonical order anyway. Pure.
 *
 * Members: action, actor{factor,ip,role,session,user}, bytes, detail{…}, digest, id, outcome,
 * reason, site, target{cameras[],from,object,to,vms}, time, time_quality, v, writer{pid,uid}
 * (members.def). Numbers are integers within ±(2^53 - 1). Times are RFC 3339 in UTC with
 * milliseconds. No NUL in any text, no member whose name has one.
 */
#pragma once

#include "base/buf.h"

#include <jansson.h>

#define EVENT_LIMIT   65535 /* of a stored event */
#define EVENT_STAMP   160 /* room that the stamp may take: a produced event is that much shorter */
#define EVENT_ID      64  /* longest id: 8 to 63 of A-Z a-z 0-9 - _ */
#define EVENT_VERSION 1
#define EVENT_DEPTH   8 /* objects and arrays one in another, the event being the first */

/* Members that an action may demand. */
enum {
    EVENT_USER = 1 << 0,    /* actor.user */
    EVENT_IP = 1 << 1,      /* actor.ip */
    EVENT_SESSION = 1 << 2, /* actor.session */
    EVENT_CAMERAS = 1 << 3, /* target.cameras, not empty */
    EVENT_OBJECT = 1 << 4,  /* target.object */
    EVENT_REASON = 1 << 5,  /* reason, not blank */
    EVENT_DETAIL = 1 << 6,  /* detail */
};

/* When a member must be there: by the demand of an action above, or by these. */
enum {
    EVENT_MAYBE = 0,
    EVENT_ALWAYS = 1 << 7,
    EVENT_STAMPED = 1 << 8, /* by the keeper only */
    EVENT_STAMPED_MAYBE = 1 << 9,
};

enum event_voice {
    EVENT_ANYONE,
    EVENT_RESERVED, /* anyone; may use the reserve of a full disk */
    EVENT_KEEPER,
};

enum event_action {
#define ACTION(name, text, needs, voice, words) EVENT_##name,
#include "ledger/actions.def"
#undef ACTION
    EVENT_ACTIONS /* how many */
};

struct event_action_row {
    const char *text; /* "footage.live" */
    unsigned needs;
    enum event_voice voice;
    const char *words;
};
const struct event_action_row *event_action(enum event_action action);
/* ERR_VALUE for an unknown one. */
enum err event_action_parse(const char *text, size_t len, enum event_action *ret_action) MUST_CHECK;

enum event_object {
    EVENT_OBJECT_EVENT,
    EVENT_OBJECT_ACTOR,
    EVENT_OBJECT_TARGET,
    EVENT_OBJECT_WRITER,
};

enum event_type {
    EVENT_TYPE_TEXT,
    EVENT_TYPE_TEXTS,
    EVENT_TYPE_REASON,
    EVENT_TYPE_ID,
    EVENT_TYPE_ACTION,
    EVENT_TYPE_OUTCOME,
    EVENT_TYPE_COUNT,
    EVENT_TYPE_VERSION,
    EVENT_TYPE_TIME,
    EVENT_TYPE_QUALITY,
    EVENT_TYPE_DIGEST,
    EVENT_TYPE_DETAIL,
    EVENT_TYPE_ACTOR,
    EVENT_TYPE_TARGET,
    EVENT_TYPE_WRITER,
};

/* A row of members.def. */
struct event_member {
    enum event_object object;
    const char *name;
    const char *path; /* "actor.user" */
    size_t len;       /* of the name */
    enum event_type type;
    unsigned when;
    const char *words;
};
extern const struct event_member event_members[];
extern const size_t event_member_count;
/* What is allowed there: "a time such as 2026-11-22T20:15:00.000Z". */
const char *event_type_words(enum event_type type);

enum event_outcome {
    EVENT_OK,      /* "ok": it happened */
    EVENT_REFUSED, /* "refused": it was asked and not allowed */
    EVENT_FAILED,  /* "failed": it was allowed and did not work */
    EVENT_UNKNOWN, /* "unknown": nobody can say */
    EVENT_OUTCOMES,
};
const char *event_outcome_text(enum event_outcome outcome);
/* ERR_VALUE for none of them. */
enum err event_outcome_parse(
    const char *text, size_t len, enum event_outcome *ret_outcome) MUST_CHECK;

/* Bytes from outside; len SIZE_MAX: terminated; bytes NULL: absent. */
struct event_text {
    const char *bytes;
    size_t len;
};
/* A terminated text, or absent. */
struct event_text event_text(const char *text);
/*
 * How an event has such bytes, also inside `detail`: as they are when they are UTF-8 without NUL
 * and begin neither with "base64:" nor with "sealed:", which only the keeper writes; else "base64:"
 * and their base64. A produced event that has such a text otherwise is refused, but that `detail`
 * may have bare marks, "sealed:YEAR-MARK". NULL: absent, or out of memory.
 */
json_t *event_text_json(struct event_text text) MUST_CHECK;
/* Whether a text of an event stands for other bytes: "base64:" and base64 of one byte or more. */
bool event_text_is_encoded(const char *bytes, size_t len);

/* What a producer says. Absent members are not written. */
struct event {
    enum event_action action;
    enum event_outcome outcome;
    const char *id; /* NULL: a random one */
    struct event_text site;
    struct event_text user, role, ip, session, factor;
    struct event_text vms, object, from, to; /* times RFC 3339 */
    const struct event_text *cameras;
    size_t camera_count;
    struct event_text reason;
    int64_t bytes;        /* -1: not said */
    const char *digest;   /* "sha256:hex" or NULL */
    const json_t *detail; /* an object or NULL; borrowed */
};

/* An event with nothing said but the action and its outcome. */
struct event event_begin(enum event_action action, enum event_outcome outcome);
/*
 * Appends the produced form. Text is written as event_text_json() says, so that its bytes are kept
 * and can't be mistaken; `from` and `to` in any zone become UTC. ERR_MISSING names the member that
 * the action demands, ERR_LIMIT the size, ERR_VALUE what is not allowed; then nothing is added.
 */
enum err event_write(const struct event *event, struct buf *ret_json, struct note *note) MUST_CHECK;
/* Any JSON object as a produced event, checked like the rest; a missing id is made. For scripts. */
enum err event_from_json(const json_t *json, struct buf *ret_json, struct note *note) MUST_CHECK;
/* Appends JSON as RFC 8785 demands. ERR_VALUE: a real number, an integer out of range. */
enum err event_canonical(const json_t *json, struct buf *ret_json) MUST_CHECK;

/* What a check learned on its way; pointers into the event, JSON-escaped, not terminated. */
struct event_facts {
    enum event_action action;
    const char *id;
    size_t id_len;
    const char *time; /* of a stored one: EVENT_TIME - 1 bytes */
    bool is_stepped;  /* of a stored one: its time_quality says so */
};

/*
 * Whether bytes are a canonical event: one pass, no memory. `stored`: with the stamp, else a
 * produced one. ERR_SYNTAX not canonical JSON, ERR_MISSING, ERR_VALUE, ERR_LIMIT; the note names
 * the place.
 */
enum err event_check(const void *bytes, size_t len, bool stored, struct event_facts *ret_facts,
    struct note *note) MUST_CHECK;

#define EVENT_TIME 25
/* "2026-11-22T20:15:00.123Z" of milliseconds since 1970; returns out. */
const char *event_time_text(int64_t time, char out[EVENT_TIME]);

/* How far the machine's clock can be believed. */
enum event_clock {
    EVENT_CLOCK_SYNCED,   /* the kernel says that something disciplines it; not written */
    EVENT_CLOCK_UNSYNCED, /* nothing does */
    EVENT_CLOCK_STEPPED,  /* it went back, and has not caught up with the last event's time */
};

struct event_stamp {
    int64_t time; /* milliseconds since 1970 */
    enum event_clock clock;
    int64_t pid; /* of the process at the other end of the socket, by the kernel */
    int64_t uid;
};

/* Appends the stored form of a produced event that event_check() let pass. */
void event_stamp(struct buf *out, const void *bytes, size_t len, const struct event_stamp *stamp);
