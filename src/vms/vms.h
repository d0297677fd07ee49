/*
 * Drivers of video management systems: the same tables as device drivers, listed in
 * vms/drivers.def. Pure, so that the gateway can link them too.
 */
#pragma once

#include "device/device.h"

extern const struct device_driver *const vms_drivers[];
extern const size_t vms_driver_count;

/* For drivers: what their parse functions share. */

/*
 * It can be used without a login: vms.auth no, and vms.open with the address out of the source's
 * evidence ("GET http://10.0.0.7:5000/api/profile" → "http://10.0.0.7:5000/").
 */
void vms_set_open(struct facts *facts, const struct ask *ask, const struct source *source);

/*
 * It asks for a login at this port. Weaker than vms_set_open(): one open port makes the product
 * open, however many others ask.
 */
void vms_set_asked(struct facts *facts, const struct source *source);

/* A property of the product itself, known from its documentation or source (named in words). */
void vms_set_known(struct facts *facts, enum fact_id fact, bool yes, const char *words,
    const struct source *source);
