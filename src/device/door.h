/* What the doors have in common: reading the mood of an answer. For doors and drivers only. */
#pragma once

#include "device/device.h"

/*
 * The device says that the account or address is locked, or that one more wrong try could lock it
 * (Hikvision lockStatus and retryLoginTime, Tapo -40404, "locked" in words, HTTP 423 and 429).
 */
bool door_is_locked(const struct answer *answer);

/* The body is a web page, whatever the status says. */
bool door_is_page(const struct answer *answer);

/* A SOAP answer that means "who are you" (ONVIF Core section 5.12, and the words of real devices).
 */
bool door_is_soap_refusal(const struct answer *answer);
