/* Which switches of a device a plan wants: the planning of the kinds "switch" and "firewall". */
#pragma once

#include "device/device.h"
#include "remedy/plan.h"

/* In a row's `value` and `wanted`: the site's time server. */
#define SWITCHING_NTP "{ntp}"

/* The n-th row of a driver for a rule; NULL at the end. */
const struct device_switch *switching_row(
    const struct device_driver *driver, const char *rule, size_t n);
/* The driver of a subject; NULL: none, or a VMS's. */
const struct device_driver *switching_driver(const struct subject *subject);
/*
 * The rule whose rows close a finding: that of a setting for what was seen of it ("telnet-open"
 * and "telnet-on"); the finding's own where there is no other.
 */
const char *switching_rule(const char *finding);
/*
 * Whether the device told, when it was asked, what the rows of this rule change: one without such a
 * setting (older firmware) has nothing to switch.
 */
bool switching_is_told(const struct subject *subject, const char *rule);
/* Adds the steps of the kind "switch". */
enum err switching_propose(struct plan *plan, const struct plan_from *from) MUST_CHECK;
