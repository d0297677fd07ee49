/*
 * What is it: the driver that knows it best, its kind, how sure. Pure: facts in, decision out.
 */
#pragma once

#include "device/device.h"

/* Below this no driver is taken. */
#define IDENTIFY_SURE 40

/* Drivers of a subject; each NULL when none is sure enough. */
struct identity {
    const struct device_driver *device;
    uint8_t device_confidence;
    const struct device_driver *vms;
    uint8_t vms_confidence;
    uint16_t vms_port; /* where a probe recognised the VMS, else 0 */
};

/* The best device and VMS driver by their signs; keeps what probes have found. */
void identify_by_signs(struct identity *identity, const struct facts *facts);

/* Takes the driver whose probe matched at that port when it is surer than the present one. */
void identify_by_probe(struct identity *identity, const struct device_driver *driver,
    const struct device_probe *probe, uint16_t port);

/* Sets kind, driver name and confidence of the subject from its facts and drivers. */
void identify_decide(const struct identity *identity, struct subject *subject);
