/* The datagram protocols of the devices: WS-Discovery, SADP, DHDiscover, SSDP, mDNS. */
#pragma once

#include "lab/device.h"

#include <uv.h>

/* Opens the sockets that the device's record asks for, in the current network namespace. */
enum err udp_listen(uv_loop_t *loop, struct device *device) MUST_CHECK;
