/* ONVIF actions that change a device: users, time server, protocols, discovery. */
#pragma once

#include "base/buf.h"
#include "lab/device.h"

#include <libxml/tree.h>

/* Whether there is such an action; then its answer is appended, and its status returned. */
bool onvif_set(struct device *device, xmlNode *action, struct buf *out, unsigned *ret_status);

/* GetUsersResponse: the accounts of the ONVIF list. */
void onvif_set_add_users(struct buf *out, const struct device *device);
