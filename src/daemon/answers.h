/* Whether somebody answers at a port; a look of the commands and of serve, nothing is sent. */
#pragma once

#include "base/ip.h"

bool answers_tcp(const struct ip *ip, uint16_t port, int patience_ms);
