/*
 * What requests change at a device and later requests show: its documents and passwords. It lives
 * as long as the lab. A behaviour may lie about a change, truncate it, take it back or restart.
 */
#pragma once

#include "base/buf.h"
#include "lab/device.h"

struct state_document {
    char *name;
    struct buf text; /* with @words@, until a request has written it */
    struct buf before;
    uint64_t written; /* in which of the device's changes */
};

void state_release(struct device *device);

/* The document of that name as requests left it; NULL: none has changed it. */
const struct state_document *state_find(const struct device *device, const char *name);

/* What a route shows now. */
struct state_text {
    const char *text;
    size_t len;
};
struct state_text state_shown(const struct device *device, const struct site_route *route);
/* A route's document by its name: out needs STATE_NAME. */
#define STATE_NAME 256
void state_name(const struct site_route *route, char out[STATE_NAME]);

/* The text becomes that document's, as far as the device's behaviour lets it. */
enum err state_write(struct device *device, const char *name, struct state_text first,
    const struct buf *text) MUST_CHECK;

/* Said once for each request that changed something: what follows from it. */
void state_changed(struct device *device);

/* A password that somebody wants to set. */
struct state_password {
    const char *user;
    const char *password;
    enum site_list list;
    bool is_hashed; /* by the hash of DVRIP or RPC2 */
};

/* ERR_MISSING: no such account; ERR_VALUE: the device refuses such a password. */
enum err state_set_password(struct device *device, const struct state_password *wanted) MUST_CHECK;
