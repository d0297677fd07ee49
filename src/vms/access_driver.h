/*
 * What the access tables of the VMSes (vms/PRODUCT_access.c) are written with: patterns, and
 * functions for what a pattern can't say. Everything else uses vms/access.h alone.
 *
 * path: "/api/{camera}/start/{from}/end/{to}/clip.mp4"; {name} takes one part of the path or a
 * piece of it (the shortest that fits, never empty), {*} any one part, {**} the rest, also an empty
 * one; "[x|y]" alternatives, one may be empty; everything else is literal.
 *
 * params: "view=view_video eid={event}": every word must hold.
 *   name    it is there       name=a|b   it is one of these      name={capture}   it is captured
 *   !name   it is not         !name=a|b  it is none of these     ?name={capture}  if it is there
 * "{capture,}" takes several, separated by commas. A name that ends in "[]" may be there more than
 * once and each is captured; any other that a row asks for and that is there twice with different
 * values refuses the request. NULL: any.
 *
 * Captures: camera stream event frame exported review group make struct access.cameras, all of
 * them; follow: what an earlier request was called (ACCESS_LINK); link: what later ones call this
 * (access.link); from to: seconds since 1970, also with a fraction, or "2026-01-31 12:00:00"; month
 * (2026-01) day (2026-01-31, or 31) hour minute second: make from and to together; user object: of
 * access.object; command. A capture that can't be read (a time that is none) makes the request
 * ACCESS_UNKNOWN; no later row is asked.
 */
#pragma once

#include "vms/access.h"

/* One frame of a client's WebSocket: patterns over its topic (Frigate /ws). */
struct access_frame_row {
    const char *topic; /* "{camera}/recordings/set" */
    enum access_kind kind;
    const char *source;
};

enum {
    ACCESS_READ_FORM = 1 << 0,  /* also a body of application/x-www-form-urlencoded */
    ACCESS_READ_JSON = 1 << 1,  /* also a body of JSON: {"a":{"b":1},"ids":["x"]}: a.b=1 ids[]=x */
    ACCESS_READ_LAST = 1 << 2,  /* of a name that is there twice the last counts, body over query */
    ACCESS_READ_FIRST = 1 << 3, /* … the first counts; neither: both stay */
    ACCESS_READ_RAW = 1 << 4,   /* nothing is decoded */
};
/*
 * Splits at '&', decodes percent and plus. Names that end in "[]" always stay all. ERR_VALUE: a bad
 * percent sequence, NUL, JSON that is none or has a name twice; ERR_LIMIT: too many, too deep.
 */
enum err access_read(const struct access_request *request, unsigned how, struct arena *arena,
    struct access_params *ret_params, struct note *note) MUST_CHECK;
/* The value of a parameter, the last one if there are several; NULL: not there. */
const char *access_param(const struct access_params *params, const char *name);
/* Adds a camera, once. ERR_LIMIT: too many, or too long; ERR_VALUE: empty but for ACCESS_ALL. */
enum err access_add(struct access *access, enum access_name name, const char *text, size_t len,
    struct arena *arena) MUST_CHECK;
/* Seconds since 1970 with or without a fraction, or "2026-01-31 12:00:00" (also 'T', 'Z'). */
enum err access_time(const char *text, size_t len, int64_t *ret_ms) MUST_CHECK;
/* The row whose topic fits; captures as in a path. ERR_MISSING: none. */
enum err access_frame(const struct access_frame_row *rows, size_t count, const char *topic,
    struct arena *arena, struct access *ret_access) MUST_CHECK;
