/* What the parts of the broker share: broker*.c only. One process, one loop, no threads. */
#pragma once

#include "base/secret.h"
#include "gate/resolve.h"
#include "gate/settings.h"
#include "gate/upstream.h"
#include "wire/wire.h"

#include <jansson.h>

#define BROKER_LINKS   64
#define BROKER_LOOKUPS 256  /* under way or waiting, of all VMSes */
#define BROKER_WAIT    4500 /* ms for one of them, all its requests together */
#define BROKER_CACHE   1024
#define BROKER_BODY    ((size_t)4 * 1024 * 1024) /* of an answer */
#define BROKER_ARENA   ((size_t)16 * 1024 * 1024)

struct broker;
struct broker_vms;

/* One request of a look at a VMS. */
struct broker_step {
    const char *words; /* "asking for its cameras" */
    bool is_bare;      /* is sent without what the session adds */
    /* False: not needed now. Texts in the arena. */
    bool (*ask)(struct broker_vms *vms, struct arena *arena, struct request *ret_request);
    /* Anything but OK ends the look; the note says what people should know. */
    enum err (*take)(struct broker_vms *vms, const struct answer *answer, struct note *note);
};

enum broker_read {
    READ_DONE,    /* resolved is filled */
    READ_NEXT,    /* ask once more, for what is now in the question */
    READ_MISSING, /* the VMS knows no such thing */
    READ_LOGIN,   /* it wants a log-in */
    READ_BAD,     /* that was no answer */
};

/* A product's side. */
struct broker_kind {
    const char *type; /* NULL: of every other product */
    const struct broker_step *steps;
    size_t step_count;
    const char *composite; /* a stream of every camera, or NULL */
    /* Adds to a request what lets the broker in. */
    enum err (*sign)(struct broker_vms *vms, struct arena *arena, struct request *request);
    /* Where to ask; ERR_MISSING: there can be no such thing. NULL: it can't be asked. */
    enum err (*where)(
        const struct resolve_question *question, struct arena *arena, const char **ret_path);
    enum broker_read (*read)(struct broker_vms *vms, const struct answer *answer,
        struct resolve_question *question, struct resolved *ret_resolved);
    /* The headers and parameters of requests through the gateway. */
    void (*publish)(const struct broker_vms *vms, struct upstream *upstream);
};
extern const struct broker_kind broker_zoneminder, broker_frigate, broker_plain;

struct broker_vms {
    struct broker *broker;
    const struct settings_vms *settings;
    const struct broker_kind *kind;
    struct wire_target target;
    struct upstream_writer *writer;
    struct upstream *known; /* what is published next */
    struct secret *password, *proxy_secret;

    /* The session; all of it goes when it is refused. */
    struct secret *token, *cookie, *csrf;
    struct secret *coming;                   /* a cookie before its log-in */
    int64_t token_at, cookie_at, checked_at; /* mono ms */
    bool needs_no_login;
    char zone[64];  /* name of its time zone, "" when not known */
    json_t *groups; /* name or id → list of keys */

    /* The look that is under way. */
    size_t step;
    struct arena arena;
    struct wire_call *call, *timer;
    struct note remark;
    unsigned failures;
    bool is_looking;
};

/* broker_look.c: looks, again and again. */
void broker_look_start(struct broker_vms *vms);
/* A look soon, with a new log-in: somebody met a closed door. */
void broker_look_again(struct broker_vms *vms);
void broker_look_stop(struct broker_vms *vms);
void broker_forget_session(struct broker_vms *vms);

/* broker_ask.c: questions about recordings. */
struct broker_asks;
struct broker_asks *broker_asks_new(struct broker *broker);
void broker_asks_free(struct broker_asks *asks);
/* Answers by broker_door_answer(), at once or later. */
void broker_ask(struct broker_asks *asks, uint32_t link, const struct resolve_question *question);
/* Gives up what waits too long. */
void broker_asks_tick(struct broker_asks *asks);

/* broker_door.c: workers. */
struct broker_door;
/* Makes run/broker.sock; before the sandbox. */
enum err broker_door_open(struct broker *broker, const char *path, struct broker_door **ret_door,
    struct note *note) MUST_CHECK;
void broker_door_close(struct broker_door *door);
/* `link` is a number that is never used twice; one that is gone is ignored. */
void broker_door_answer(struct broker_door *door, uint32_t link, uint64_t id, enum err err,
    const struct resolved *resolved);

struct broker {
    const struct broker_settings *given;
    struct arena arena;
    struct settings settings;
    struct scope scope;
    struct wire *wire;
    struct broker_vms vms[POLICY_VMS];
    size_t vms_count;
    struct broker_asks *asks;
    struct broker_door *door;
    uv_timer_t tick;
    uv_signal_t signals[2];
};

/* broker_json.c: values of answers, whatever type they have. */
/* NULL: no JSON object or array, or an error's status. Release with json_decref(). */
json_t *broker_json(const struct answer *answer);
/* A member as text; numbers too. False: not there, empty, or longer. */
bool broker_json_text(const json_t *object, const char *name, char *out, size_t size);
/* Seconds since 1970 with a fraction, as a number or text, in milliseconds; 0: none. */
int64_t broker_json_seconds(const json_t *object, const char *name);
/* Adds a camera; what does not fit a name is left out. */
void broker_add_camera(struct upstream *upstream, const char *key, const char *name);
/* An alias that two cameras claim is nobody's. */
void broker_add_alias(struct upstream *upstream, const char *alias, const char *key);
/* "name=value", value as application/x-www-form-urlencoded. */
void broker_form(struct buf *out, const char *name, const char *value);
/* "NAME=value" of the last Set-Cookie of that name (NULL: any) that sets one. */
bool broker_cookie(const struct answer *answer, const char *name, char *out, size_t size);
/* "2026-11-23 06:00:00" in a zone of the tz database; 0: can't be told. */
int64_t broker_local_time(const char *text, const char *zone);
/* Seconds that the zone is ahead of UTC at a time; false: no such zone. */
bool broker_zone_offset(const char *zone, int64_t wall, int32_t *ret_seconds);
void broker_secret_replace(struct secret **place, const char *text);
