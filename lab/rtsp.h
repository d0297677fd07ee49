/* RTSP up to DESCRIBE: enough to see who asks for a log-in and who just plays (RFC 2326). */
#pragma once

#include "lab/conn.h"

extern const struct conn_protocol rtsp_protocol;
