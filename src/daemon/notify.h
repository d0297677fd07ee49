/* Word to the service manager (sd_notify(3)'s protocol, without its library). */
#pragma once

#include "base/err.h"

/* Connects to $NOTIFY_SOCKET before the sandbox shuts; -1 when there is none. */
int notify_open(void);
/* "READY=1", "STOPPING=1"; nothing on -1. */
void notify_say(int fd, const char *words);
