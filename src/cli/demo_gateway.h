/* gatehouse demo --gateway: a real gateway in front of a VMS that is played. */
#pragma once

#include "base/base.h"

/* Until Ctrl-C, or with `once` until one picture was fetched through it. A cli_exit. */
int demo_gateway_run(bool once);
