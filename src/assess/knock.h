/*
 * What a log-in of the assessment (talk_login.c) and one of a change (remedy/session.c) have in
 * common: where a device is asked, whose factory password comes first, what the budget is told,
 * and what an answer to a password proves.
 */
#pragma once

#include "catalog/credential.h"
#include "device/device.h"
#include "store/budget.h"
#include "wire/wire.h"

/* The device's port, when it is open and speaks HTTP. */
bool knock_http(const struct subject *subject, uint16_t port, struct wire_target *ret_target);
/* The main web port: 80, else the lowest plain one, else TLS. */
bool knock_web(const struct subject *subject, struct wire_target *ret_target);
/* The first port that speaks plain RTSP. */
bool knock_rtsp(const struct subject *subject, struct wire_target *ret_target);
/* The port of the ask, when it speaks DVRIP. */
bool knock_dvrip(const struct subject *subject, uint16_t port, struct wire_target *ret_target);
/*
 * The ONVIF service as the device stated it, when that is at one of its own addresses and plain
 * HTTP; the path points into the arena.
 */
bool knock_onvif(
    const struct subject *subject, struct arena *arena, uint16_t *ret_port, const char **ret_path);

/* "rtsp://10.0.0.7:554": what stands before the path in the digest of an RTSP request. */
const char *knock_base(const struct wire_target *target, struct arena *arena);

/*
 * The likeliest factory password: of the driver's maker where that was stated, else of the brand or
 * maker that the device states.
 */
const struct credential *knock_credential(
    const struct device_driver *driver, const struct facts *facts, bool is_stated);

/* What the device told of its lock-out, in its configuration or just now. */
void knock_limits(struct budget_request *request, const struct facts *facts);

/* 200 alone is no proof: the answer must be what only the device says to a user. */
bool knock_proves(
    const struct device_driver *driver, const struct device_door *door, const struct answer *last);
/* A refusal may say that it was the last one, or how many are left to it. */
enum login_state knock_heed(const struct device_driver *driver, const struct answer *last,
    enum login_state state, struct device_warning *ret_warning);

/* A hash without a challenge, or with one of our own making: it holds at the next device too. */
bool knock_is_replayable(const struct device_door *door, const struct request *request);
/* Whether who gets the request learns the password, or something as good as it. */
bool knock_tells(
    const struct device_door *door, const struct request *request, const struct secret *password);
