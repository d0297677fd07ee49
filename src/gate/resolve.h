/*
 * What only the VMS can tell about a request: whose camera an event is and when it was. Workers ask
 * the broker over a unix socket, one line of JSON each way, and cache the answers; nothing blocks.
 *
 *   {"id":7,"vms":"zoneminder","name":"event","text":"17"}
 *   {"id":7,"cameras":["1"],"from":1763900000000,"to":1763900600000}   or
 * {"id":7,"error":"missing"}
 *
 * "missing": the VMS knows no such thing; "unavailable": it could not be asked.
 */
#pragma once

#include "vms/access.h"

#define RESOLVE_LINE    8192
#define RESOLVE_CAMERAS 64
#define RESOLVE_TEXT    256
#define RESOLVE_WAIT    5000 /* ms for an answer */

struct resolved {
    char cameras[RESOLVE_CAMERAS][64];
    size_t camera_count;
    bool all_cameras;
    int64_t from, to; /* wall ms; 0: not known */
};

struct resolver; /* a worker's: one connection, many questions under way, a cache */

/* err OK; ERR_MISSING; ERR_NETWORK: could not be asked. Called once, from resolver_turn() or
 * resolver_tick(). */
typedef void resolved_fn(void *context, enum err err, const struct resolved *resolved);

struct resolver *resolver_new(const char *path);
void resolver_free(struct resolver *resolver);
/*
 * OK: the answer was in the cache and is in *ret_resolved; ERR_TIMEOUT: it was asked, done is
 * called later; ERR_MISSING: the cache knows that there is no such thing; ERR_LIMIT: too long, or
 * too many under way.
 */
enum err resolver_ask(struct resolver *resolver, const char *vms,
    const struct access_camera *camera, resolved_fn *done, void *context,
    struct resolved *ret_resolved) MUST_CHECK;
/* done is not called for these any more. */
void resolver_forget(struct resolver *resolver, void *context);
/* -1: not connected. Watch for reading always, for writing when it wants. */
int resolver_fd(const struct resolver *resolver);
bool resolver_wants_write(const struct resolver *resolver);
void resolver_turn(struct resolver *resolver);
/* Reconnects, gives up questions older than 5 s; call it about every 200 ms. */
void resolver_tick(struct resolver *resolver, int64_t now);

/* Both ends' lines. */
struct resolve_question {
    uint64_t id;
    char vms[64];
    enum access_name name;
    char text[RESOLVE_TEXT];
};
/* Bounded and strict: ERR_SYNTAX no JSON object, ERR_VALUE, ERR_LIMIT. */
enum err resolve_parse_question(
    const char *line, size_t len, struct resolve_question *ret) MUST_CHECK;
enum err resolve_parse_answer(const char *line, size_t len, uint64_t *ret_id, enum err *ret_err,
    struct resolved *ret) MUST_CHECK;
/* Append a line with its end. An answer that does not fit a line is put as "unavailable". */
void resolve_put_question(struct buf *out, const struct resolve_question *question);
void resolve_put_answer(
    struct buf *out, uint64_t id, enum err err, const struct resolved *resolved);
