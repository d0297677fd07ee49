/* A small multicast DNS responder (RFC 6762, RFC 6763): PTR, SRV, TXT and A of one device. */
#pragma once

#include "base/buf.h"
#include "lab/device.h"

#define MDNS_PORT 5353

/* Appends the answer to the questions that concern the device; legacy: the asker's port is not
 * 5353. */
void mdns_answer(
    struct device *device, const char *bytes, size_t len, bool legacy, struct buf *out);
