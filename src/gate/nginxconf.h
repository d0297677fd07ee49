/*
 * The configuration of the gateway's nginx, written from the settings and from nothing else: no
 * line of it comes from an owner's file, so that nothing can stand before the module's decision.
 * Pure.
 */
#pragma once

#include "base/buf.h"
#include "gate/settings.h"

#define NGINXCONF_MOST ((size_t)256 * 1024)

/* What the settings don't say. */
struct nginxconf_place {
    const char *module; /* the gateway module's path */
    const char *user;   /* of the workers, when root starts nginx; else NULL */
};

/*
 * Appends it. ERR_VALUE: a path or name that nginx could read otherwise than meant; the note says
 * which. ERR_NETWORK: a VMS whose name has no address.
 */
enum err nginxconf_write(const struct settings *settings, const struct nginxconf_place *place,
    struct buf *out, struct note *note) MUST_CHECK;
