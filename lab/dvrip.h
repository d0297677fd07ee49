/* DVRIP as Xiongmai devices speak it: log-in by hash, then one JSON answer per name. */
#pragma once

#include "lab/conn.h"

extern const struct conn_protocol dvrip_protocol;
