/*
 * What is it: the driver that knows it best, its kind, how sure. Pure: facts in, decision out.
 */
#pragma once

#include "device/device.h"

/* Below this no driver is taken. */
#define IDENTIFY_SURE 40

#define IDENTITY_PLACES 4

/* A port and path under which the VMS was recognised. */
struct identity_place {
    uint16_t port;
    const char *root; /* "" at the top; lives as long as the talk */
};

/* Drivers of a subject; each NULL when none is sure enough. */
struct identity {
    const struct device_driver *device;
    uint8_t device_confidence;
    const struct device_driver *vms;
    uint8_t vms_confidence;
    struct identity_place vms_places[IDENTITY_PLACES]; /* where probes recognised the VMS */
    size_t vms_place_count;
};

/* The best device and VMS driver by their signs; keeps what probes have found. */
void identify_by_signs(struct identity *identity, const struct facts *facts);

/* Takes the driver whose probe matched at that place when it is surer than the present one. */
void identify_by_probe(struct identity *identity, const struct device_driver *driver,
    const struct device_probe *probe, const struct identity_place *place);

/* Sets kind, driver name and confidence of the subject from its facts and drivers. */
void identify_decide(const struct identity *identity, struct subject *subject);
