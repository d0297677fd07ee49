/* Ports that say a fixed thing: telnet, SSH, a vendor's SDK port. */
#pragma once

#include "lab/conn.h"

extern const struct conn_protocol banner_protocol;
