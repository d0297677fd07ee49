/*
 * The configuration of the gateway's nginx, written from the settings and from nothing else: no
 * line of it comes from an owner's file, so that nothing can stand before the module's decision.
 * Pure.
 */
#pragma once

#include "base/buf.h"
#include "gate/settings.h"

#define NGINXCONF_MOST ((size_t)256 * 1024)

/*
 * Appends it. `module` is the gateway module's path. ERR_VALUE: a path or name that nginx could
 * read otherwise than meant; the note says which.
 */
enum err nginxconf_write(const struct settings *settings, const char *module, struct buf *out,
    struct note *note) MUST_CHECK;
