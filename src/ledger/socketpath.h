/*
 * Addresses of unix sockets: sun_path holds 107 bytes, folders have longer names. A long one is
 * reached by way of an open folder.
 */
#pragma once

#include "base/err.h"

#include <sys/socket.h>
#include <sys/un.h>

struct socketpath {
    struct sockaddr_un address;
    socklen_t len;
    int folder; /* kept open while the address is in use; -1: the path fitted as it is */
};

/* ERR_MISSING: its folder is not there; ERR_LIMIT: the file's name alone is too long. */
enum err socketpath_open(const char *path, struct socketpath *ret_path) MUST_CHECK;
void socketpath_close(struct socketpath *path);
