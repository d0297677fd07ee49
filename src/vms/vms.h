/*
 * Drivers of video management systems: the same tables as device drivers, listed in
 * vms/drivers.def. Pure, so that the gateway can link them too.
 */
#pragma once

#include "base/buf.h"
#include "device/device.h"

#include <jansson.h>

extern const struct device_driver *const vms_drivers[];
extern const size_t vms_driver_count;

/* For drivers: what their parse functions share. */

/*
 * It can be used without a login: vms.auth no, and vms.open with the address out of the source's
 * evidence ("GET http://10.0.0.7:5000/api/profile" → "http://10.0.0.7:5000/").
 */
void vms_set_open(struct facts *facts, const struct ask *ask, const struct source *source);

/* Where an answer came from: "http://10.0.0.7:5000/"; NULL when its evidence names no address. */
const char *vms_address(struct arena *arena, const struct source *source);

/* Its own page came this way: one port without TLS outweighs all with it (vms.tls). */
void vms_set_transport(struct facts *facts, const struct source *source);

/* Some account of it for users.list: "admin (Edit)", added to those before it. */
void vms_add_user(struct buf *list, const char *user, const char *level);

/* The JSON as a request's body; takes it over and wipes its text, which holds a password. */
const char *vms_login_body(json_t *json, struct arena *arena);

/* A value of a form, percent-encoded. */
void vms_add_encoded(struct buf *out, const char *text);

/*
 * "name=value" of the last cookie of that name (NULL: any) whose value begins so; false when there
 * is none that fits.
 */
bool vms_cookie(
    const struct answer *answer, const char *name, const char *begin, char *out, size_t size);

/* A door's authorize where login->text holds such a cookie. */
enum err vms_with_cookie(struct login *login, const struct ask *ask, struct arena *arena,
    struct request *ret_request) MUST_CHECK;

/* What a name of a camera or stream may hold to become part of a path. */
#define VMS_NAME_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"

/* The path up to its last part, with another in its place: "/x/api/profile" → "/x/api/login". */
const char *vms_sibling(const char *path, const char *name, struct arena *arena);

/*
 * It asks for a login at this port. Weaker than vms_set_open(): one open port makes the product
 * open, however many others ask.
 */
void vms_set_asked(struct facts *facts, const struct source *source);

/*
 * users.list of a JSON array at `array` ("" for the body itself): each element's text at `name`
 * with the level that the function gives (the n-th element's path; NULL: "user").
 */
typedef const char *vms_level_fn(const struct answer *answer, const char *element, struct arena *);
void vms_set_users(struct facts *facts, const struct answer *answer, const char *array,
    const char *name, vms_level_fn *level, const struct source *source);

/*
 * What go2rtc's API tells to everyone (github AlexxIT/go2rtc internal/api: no login unless
 * api.username is set): vms.streams of {"name": {"producers": …}, …}, and vms.restream.
 */
void vms_read_streams(
    const struct answer *answer, struct facts *facts, const struct source *source);
void vms_read_go2rtc(const struct answer *answer, struct facts *facts, const struct source *source);

/* A property of the product itself, known from its documentation or source (named in words). */
void vms_set_known(struct facts *facts, enum fact_id fact, bool yes, const char *words,
    const struct source *source);
