/*
 * The lab's own socket: a test asks it what is true of the devices, and does to them what nobody
 * can do by the network. One command per connection: text until the asker's end, then JSON back.
 */
#pragma once

#include "base/err.h"
#include "lab/lan.h"

#include <uv.h>

/* Listens at that path, a Unix socket. */
enum err control_start(const char *path, struct lan *lan, uv_loop_t *loop) MUST_CHECK;
