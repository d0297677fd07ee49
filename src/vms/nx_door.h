/* The log-in of Nx Witness and its brands: a session token since 5.0, HTTP digest before. */
#pragma once

#include "device/device.h"

#define NX_INFO         "/rest/v1/servers/this/info"
#define NX_OLD_SETTINGS "/api/systemSettings"

extern const struct device_door nx_door;

/* Its authenticator has locked the address: x-auth-result Auth_LockedOut, or in words. */
bool nx_door_is_locked(const struct answer *answer);
