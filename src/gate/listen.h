/* Where a server listens, as the settings write it: "0.0.0.0:8443", "[::]:8443", "8443". */
#pragma once

#include "base/ip.h"

/* A port alone is of every IPv4 address. ERR_VALUE. */
enum err listen_parse(const char *text, struct ip *ret_ip, uint16_t *ret_port) MUST_CHECK;
/* Whether it is every address of the machine. */
bool listen_is_any(const struct ip *ip);
