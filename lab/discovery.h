/* Answers to discovery datagrams: bytes in, bytes out, no sockets. */
#pragma once

#include "base/buf.h"
#include "lab/device.h"

/*
 * Each appends the device's answer, or nothing when it does not answer these bytes. The counters
 * of the device say what was asked.
 */

/* Hikvision SADP: answers an inquiry only; anything else is counted. */
void discovery_sadp(struct device *device, const char *bytes, size_t len, struct buf *out);
/* Dahua DHDiscover: answers the exact 32-byte header and search only. */
void discovery_dhip(struct device *device, const char *bytes, size_t len, struct buf *out);
/* SSDP M-SEARCH (UPnP Device Architecture 1.1). */
void discovery_ssdp(struct device *device, const char *bytes, size_t len, struct buf *out);
