/*
 * The settings that each driver can change, one file of rows per driver (switch_NAME.c). The number
 * stands here so that a driver's table can be a constant.
 */
#pragma once

#include "device/change.h"

extern const struct device_switch switch_hikvision[15];
extern const struct device_switch switch_dahua[31];
extern const struct device_switch switch_axis[20];
extern const struct device_switch switch_reolink[7];
extern const struct device_switch switch_uniview[18];
extern const struct device_switch switch_hanwha[12];
extern const struct device_switch switch_vivotek[14];
extern const struct device_switch switch_foscam[3];
extern const struct device_switch switch_xiongmai[11];
extern const struct device_switch switch_onvif[3];
