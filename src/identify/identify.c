/* Choosing drivers and kinds. */
#include "identify/identify.h"

#include "base/text.h"
#include "vms/vms.h"

void
identify_by_signs(struct identity *identity, const struct facts *facts)
{
    for (size_t i = 0; i < device_driver_count; i++) {
        uint8_t confidence = device_recognise(device_drivers[i], facts);
        if (confidence >= IDENTIFY_SURE && confidence > identity->device_confidence) {
            identity->device = device_drivers[i];
            identity->device_confidence = confidence;
        }
    }
    for (size_t i = 0; i < vms_driver_count; i++) {
        uint8_t confidence = device_recognise(vms_drivers[i], facts);
        if (confidence >= IDENTIFY_SURE && confidence > identity->vms_confidence) {
            identity->vms_place_count =
                identity->vms == vms_drivers[i] ? identity->vms_place_count : 0;
            identity->vms = vms_drivers[i];
            identity->vms_confidence = confidence;
        }
    }
}

static bool
is_vms_driver(const struct device_driver *driver)
{
    for (size_t i = 0; i < vms_driver_count; i++) {
        if (vms_drivers[i] == driver) {
            return true;
        }
    }
    return false;
}

/* The same VMS may answer at several ports, with and without a login: each is asked. */
static void
add_place(struct identity *identity, const struct identity_place *place)
{
    for (size_t i = 0; i < identity->vms_place_count; i++) {
        if (identity->vms_places[i].port == place->port) {
            return;
        }
    }
    if (identity->vms_place_count < IDENTITY_PLACES) {
        identity->vms_places[identity->vms_place_count++] = *place;
    }
}

static void
take_vms(struct identity *identity, const struct device_driver *driver,
    const struct device_probe *probe, const struct identity_place *place)
{
    if (driver != identity->vms) {
        if (probe->confidence < identity->vms_confidence) {
            return;
        }
        identity->vms = driver;
        identity->vms_place_count = 0;
        identity->vms_confidence = probe->confidence;
    }
    if (probe->confidence > identity->vms_confidence) {
        identity->vms_confidence = probe->confidence;
    }
    add_place(identity, place);
}

void
identify_by_probe(struct identity *identity, const struct device_driver *driver,
    const struct device_probe *probe, const struct identity_place *place)
{
    if (is_vms_driver(driver)) {
        take_vms(identity, driver, probe, place);
    } else if (probe->confidence > identity->device_confidence) {
        identity->device = driver;
        identity->device_confidence = probe->confidence;
    }
}

/* Who answers in RTSP serves video: a camera, or on a machine that people work at, an encoder. */
static enum kind
kind_of_video(const struct subject *subject, enum kind kind)
{
    for (size_t i = 0; i < subject->port_count; i++) {
        if (text_equal(subject->ports[i].protocol, "rtsp")) {
            return kind == KIND_COMPUTER ? KIND_ENCODER : KIND_CAMERA;
        }
    }
    return kind == KIND_UNKNOWN && facts_get(&subject->facts, FACT_BANNER_SSH) != NULL
               ? KIND_COMPUTER
               : kind;
}

/* No machine serves so much: a tarpit or a proxy opens every port, and that says nothing. */
#define TOO_MANY_PORTS 16

/* Port signs of a machine that people work at. */
static enum kind
kind_of_ports(const struct subject *subject)
{
    static const struct {
        uint16_t port;
        enum kind kind;
    } rows[] = {
        {9100, KIND_PRINTER },
        {631,  KIND_PRINTER },
        {445,  KIND_COMPUTER},
        {3389, KIND_COMPUTER},
        {5900, KIND_COMPUTER},
    };
    for (size_t i = 0; i < COUNT(rows) && subject->port_count < TOO_MANY_PORTS; i++) {
        for (size_t p = 0; p < subject->port_count; p++) {
            if (subject->ports[p].number == rows[i].port) {
                return kind_of_video(subject, rows[i].kind);
            }
        }
    }
    return kind_of_video(subject, KIND_UNKNOWN);
}

/* A VMS does not say who makes it; its driver does. */
static void
name_maker(const struct device_driver *driver, struct subject *subject, uint8_t confidence)
{
    const struct fact *product = facts_get(&subject->facts, FACT_VMS_PRODUCT);
    const struct source source = {
        WITNESS_WIRE, confidence, product == NULL ? NULL : product->evidence};
    if (driver != NULL && driver->maker != NULL) {
        facts_set_text(&subject->facts, FACT_DEVICE_VENDOR, driver->maker, &source);
    }
}

void
identify_decide(const struct identity *identity, struct subject *subject)
{
    const struct fact *stated = facts_get(&subject->facts, FACT_DEVICE_KIND);
    enum kind kind = stated == NULL ? KIND_UNKNOWN : kind_by_name(stated->text);
    uint8_t confidence = stated == NULL ? 0 : stated->confidence;
    if (stated != NULL && stated->witness == WITNESS_DECLARED) {
        confidence = 100;
    }
    if (identity->device != NULL && identity->device_confidence > confidence) {
        bool is_recorder = kind == KIND_RECORDER || kind == KIND_ENCODER || kind == KIND_DOOR;
        kind = is_recorder ? kind : identity->device->kind;
        confidence = identity->device_confidence;
    }
    if (identity->vms != NULL && identity->vms_confidence >= confidence) {
        kind = KIND_VMS;
        confidence = identity->vms_confidence;
    }
    if (kind == KIND_UNKNOWN && facts_is_yes(&subject->facts, FACT_IGD_PRESENT)) {
        kind = KIND_ROUTER;
        confidence = 80;
    }
    if (kind == KIND_UNKNOWN) {
        kind = kind_of_ports(subject);
        confidence = kind == KIND_UNKNOWN ? confidence : 30;
    }
    subject->kind = kind;
    const struct device_driver *driver =
        kind == KIND_VMS || identity->device == NULL ? identity->vms : identity->device;
    subject->driver = driver == NULL ? NULL : driver->name;
    if (kind == KIND_VMS) {
        name_maker(driver, subject, confidence);
    }
    const struct fact *vendor = facts_get(&subject->facts, FACT_DEVICE_VENDOR);
    const struct fact *product = facts_get(&subject->facts, FACT_VMS_PRODUCT);
    subject->confidence = confidence;
    if (vendor != NULL && vendor->confidence > subject->confidence) {
        subject->confidence = vendor->confidence;
    }
    if (product != NULL && product->confidence > subject->confidence) {
        subject->confidence = product->confidence;
    }
}
