/* Readings: what the drivers want to know, without a login and behind one. */
#include "assess/talk_step.h"

#include "assess/knock.h"
#include "base/text.h"
#include "codec/dvrip.h"

#include <stdio.h>
#include <string.h>

#define ONVIF_PATH "/onvif/device_service"

/* A device may count each as a wrong try, though the password was right (a nonce for one use). */
#define REFUSALS_MOST 2

static const struct device_driver *
onvif_driver(void)
{
    for (size_t i = 0; i < device_driver_count; i++) {
        if (text_equal(device_drivers[i]->name, "onvif")) {
            return device_drivers[i];
        }
    }
    return NULL;
}

/* What a device may count as a wrong try; 403 is what an account may not see. */
static bool
is_refusal(const struct answer *answer)
{
    return answer->status == 401 ||
           (answer->status >= 400 &&
               text_find_nocase(answer->body, answer->body_len, "FailedAuthentication") != NULL);
}

static void
got_reading(struct talk *talk, const struct talk_step *step, const struct answer *answer)
{
    char asked[256];
    if (step->ask->login) {
        bool is_locked = answer->status >= 400 && answer->status != 404 &&
                         device_warning(step->driver, answer).locked;
        talk->refusals = is_refusal(answer) ? talk->refusals + 1 : 0;
        talk->is_shut = talk->is_shut || is_locked || talk->refusals >= REFUSALS_MOST;
    }
    (void)device_read(step->driver, step->ask, answer, talk_asked(step, asked, sizeof(asked)),
        &talk->subject->facts);
}

/* The owner's password goes over TLS where the device has that: what listens in learns nothing. */
static bool
encrypted_target(const struct talk *talk, struct wire_target *ret_target)
{
    struct wire_target target;
    if (talk->owner == NULL || talk->stage < TALK_LOGIN || !talk_http_target(talk, 443, &target) ||
        !target.tls) {
        return false;
    }
    *ret_target = target;
    return true;
}

/* A port-0 ask of the VMS at one of its places. */
static bool
at_place(struct talk *talk, const struct identity_place *place, struct talk_step *step)
{
    const char *own = step->ask->path;
    const char *path = device_path_at(talk->identity.vms, own, place->root, &talk->arena);
    if (path == NULL || !talk_http_target(talk, place->port, &step->target)) {
        return false;
    }
    step->request.ask.path = path;
    step->path = path == own ? NULL : path;
    return true;
}

/* Over TLS where it has that: the owner's password goes there. */
static bool
at_best_place(struct talk *talk, struct talk_step *step)
{
    for (size_t i = 0; i < talk->identity.vms_place_count; i++) {
        if (at_place(talk, &talk->identity.vms_places[i], step) && step->target.tls) {
            return true;
        }
    }
    return at_place(talk, &talk->identity.vms_places[0], step);
}

static bool
stands_at_places(const struct talk *talk, const struct device_driver *driver, const struct ask *ask)
{
    return driver == talk->identity.vms && talk->identity.vms_place_count != 0 && ask->port == 0 &&
           !text_starts(ask->path, ONVIF_PATH);
}

/* The port that speaks DVRIP, when the ask is one of that. */
static bool
dvrip_target(const struct talk *talk, const struct ask *ask, struct talk_step *step)
{
    step->way = TALK_DVRIP;
    return knock_dvrip(talk->subject, ask->port, &step->target);
}

bool
talk_read_target(struct talk *talk, const struct device_driver *driver, const struct ask *ask,
    struct talk_step *step)
{
    if (text_equal(ask->method, DVRIP_METHOD)) {
        return dvrip_target(talk, ask, step);
    }
    if (text_starts(ask->path, ONVIF_PATH)) {
        step->target =
            (struct wire_target){talk->subject->addresses[0], talk->onvif_port, talk->onvif_tls};
        if (talk->onvif_path != NULL) {
            step->request.ask.path = talk->onvif_path;
        }
        return talk->onvif_port != 0;
    }
    if (ask->port != 0) {
        return talk_http_target(talk, ask->port, &step->target);
    }
    if (stands_at_places(talk, driver, ask)) {
        step->ask = ask;
        return at_best_place(talk, step);
    }
    if (driver != talk->identity.vms && encrypted_target(talk, &step->target)) {
        return true;
    }
    return talk_main_target(talk, &step->target);
}

/* What one port keeps behind a login another may give to everybody. */
static void
ask_places(struct talk *talk, struct talk_step step)
{
    for (size_t i = 0; i < talk->identity.vms_place_count; i++) {
        if (at_place(talk, &talk->identity.vms_places[i], &step)) {
            (void)talk_ask(talk, &step);
        }
    }
}

/* Queues every different ask of the driver; behind_login picks those that need one. */
static void
read_for(struct talk *talk, const struct device_driver *driver, bool behind_login)
{
    const struct ask *ask = device_ask(driver, 0);
    for (size_t n = 0; ask != NULL; ask = device_ask(driver, ++n)) {
        struct talk_step step = {
            .way = TALK_HTTP,
            .request.ask = *ask,
            .answered = got_reading,
            .driver = driver,
            .ask = ask,
            .settled = behind_login ? &talk->is_shut : NULL,
        };
        if (ask->login != behind_login) {
            continue;
        }
        if (!behind_login && stands_at_places(talk, driver, ask)) {
            ask_places(talk, step);
            continue;
        }
        if (!talk_read_target(talk, driver, ask, &step)) {
            continue;
        }
        const struct ask plain = step.request.ask;
        if (behind_login &&
            talk->door->authorize(&talk->kept, &plain, &talk->vault, &step.request) != OK) {
            continue;
        }
        (void)talk_ask(talk, &step);
    }
}

/* SOAP 1.2 as ONVIF wants it, 1.1, or no namespace at all, as some servers answer nevertheless. */
static bool
is_envelope(const struct answer *answer)
{
    static const char *const names[] = {"http://www.w3.org/2003/05/soap-envelope",
        "http://schemas.xmlsoap.org/soap/envelope", "GetSystemDateAndTimeResponse>"};
    for (size_t i = 0; i < COUNT(names); i++) {
        if (text_find_nocase(answer->body, answer->body_len, names[i]) != NULL) {
            return true;
        }
    }
    return false;
}

static void
got_onvif(struct talk *talk, const struct talk_step *step, const struct answer *answer)
{
    char asked[256];
    bool is_soap = answer->err == OK && is_envelope(answer);
    if (!is_soap || talk->onvif_port != 0) {
        return;
    }
    talk->onvif_found = true;
    talk->onvif_port = step->target.port;
    talk->onvif_tls = step->target.tls;
    talk->onvif_path = step->request.ask.path;
    for (size_t i = 0; i < step->driver->probe_count; i++) {
        const struct device_probe *probe = &step->driver->probes[i];
        const struct identity_place place = {step->target.port, ""};
        if (device_probe_matches(probe, answer)) {
            identify_by_probe(&talk->identity, step->driver, probe, &place);
        }
    }
    (void)device_read(step->driver, step->ask, answer, talk_asked(step, asked, sizeof(asked)),
        &talk->subject->facts);
}

static const struct ask *
first_free_ask(const struct device_driver *driver)
{
    const struct ask *ask = device_ask(driver, 0);
    for (size_t n = 0; ask != NULL && ask->login; ask = device_ask(driver, ++n)) {
    }
    return ask;
}

static bool
may_be_camera(const struct talk *talk)
{
    const char *kind = facts_text(&talk->subject->facts, FACT_DEVICE_KIND);
    enum kind known = kind == NULL ? KIND_UNKNOWN : kind_by_name(kind);
    bool is_video = known == KIND_UNKNOWN || (1U << known & KINDS_VIDEO) != 0;
    return is_video && talk->identity.vms == NULL;
}

static const uint16_t onvif_ports[] = {80, 8000, 8080, 8899, 2020, 8081, 443};

static void
ask_usual_ports(struct talk *talk, struct talk_step *step, const char *path)
{
    step->request.ask.path = path;
    for (size_t i = 0; i < COUNT(onvif_ports); i++) {
        if (talk_http_target(talk, onvif_ports[i], &step->target)) {
            (void)talk_ask(talk, step);
        }
    }
}

static void
ask_other_ports(struct talk *talk, struct talk_step *step, const char *path)
{
    step->request.ask.path = path;
    for (size_t i = 0; i < talk->subject->port_count; i++) {
        uint16_t port = talk->subject->ports[i].number;
        bool is_usual = false;
        for (size_t u = 0; u < COUNT(onvif_ports); u++) {
            is_usual = is_usual || onvif_ports[u] == port;
        }
        if (!is_usual && talk_http_target(talk, port, &step->target)) {
            (void)talk_ask(talk, step);
        }
    }
}

void
talk_read_find_onvif(struct talk *talk)
{
    /* Not as ONVIF Core says: github agsh/onvif 63, home-assistant/core 84551, zsgx1hacks 80. */
    static const char *const paths[] = {"/onvif/services", "/onvif/devices", "/onvif/device"};
    const struct device_driver *driver = onvif_driver();
    const struct ask *ask = driver == NULL ? NULL : first_free_ask(driver);
    uint16_t port = 0;
    const char *path = NULL;
    if (ask == NULL) {
        return;
    }
    struct talk_step step = {
        .way = TALK_HTTP,
        .request.ask = *ask,
        .answered = got_onvif,
        .driver = driver,
        .ask = ask,
        .settled = &talk->onvif_found,
    };
    if (knock_onvif(talk->subject, &talk->arena, &port, &path)) {
        step.target = (struct wire_target){talk->subject->addresses[0], port, false};
        step.request.ask.path = path;
        (void)talk_ask(talk, &step);
    }
    if (!may_be_camera(talk)) {
        return;
    }
    ask_usual_ports(talk, &step, ONVIF_PATH);
    ask_other_ports(talk, &step, ONVIF_PATH);
    for (size_t i = 0; i < COUNT(paths); i++) {
        ask_usual_ports(talk, &step, paths[i]);
    }
}

void
talk_read_begin(struct talk *talk)
{
    const struct device_driver *onvif = onvif_driver();
    identify_by_signs(&talk->identity, &talk->subject->facts);
    if (talk->identity.device != NULL) {
        read_for(talk, talk->identity.device, false);
    }
    if (talk->identity.vms != NULL) {
        read_for(talk, talk->identity.vms, false);
    }
    if (talk->onvif_port != 0 && onvif != NULL && talk->identity.device != onvif) {
        read_for(talk, onvif, false);
    }
}

static void
got_leave(struct talk *talk, const struct talk_step *step, const struct answer *answer)
{
    (void)talk;
    (void)step;
    (void)answer;
}

void
talk_read_leave(struct talk *talk, struct login *login)
{
    const struct device_driver *driver = talk->login_driver;
    struct talk_step step = {
        .way = TALK_HTTP,
        .request.ask = driver->leave_ask,
        .answered = got_leave,
        .driver = driver,
        .ask = &driver->leave_ask,
    };
    if (driver->leave_ask.path == NULL || talk->door != driver->door || login->text[0] == '\0' ||
        !talk_read_target(talk, driver, step.ask, &step)) {
        return;
    }
    const struct ask plain = step.request.ask;
    if (talk->door->authorize(login, &plain, &talk->vault, &step.request) == OK) {
        (void)talk_ask(talk, &step);
    }
}

void
talk_read_leave_all(struct talk *talk)
{
    if (talk->is_open && !talk->has_left) {
        talk_read_leave(talk, &talk->kept);
        talk->has_left = true;
    }
    if (talk->ticket != 0) { /* a log-in under way may have made one */
        talk_read_leave(talk, &talk->login);
    }
}

void
talk_read_behind_login(struct talk *talk)
{
    /* What answers a challenge of RTSP would be a wrong password at an HTTP port. */
    if (talk->is_open && talk->login_driver != NULL && talk->door == talk->login_driver->door) {
        read_for(talk, talk->login_driver, true);
    }
}
