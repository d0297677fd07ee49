/*
 * Drivers of video management systems: the same tables as device drivers, listed in
 * vms/drivers.def. Pure, so that the gateway can link them too.
 */
#pragma once

#include "device/device.h"

extern const struct device_driver *const vms_drivers[];
extern const size_t vms_driver_count;
