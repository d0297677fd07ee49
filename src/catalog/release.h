/*
 * Releases and ends of support of the catalogue against what is known of a device or VMS. A row
 * that is the newest of all lets a version be called up to date while the catalogue is at most 30
 * days old; one that need not be it ("newest": "no") can only show that a version is
 * behind.
 */
#pragma once

#include "catalog/advisory.h"

/*
 * Writes firmware.newest, .outdated, .current and .ended, or the same of vms, as far as the target
 * tells model and version.
 */
void release_apply(struct subject *subject, const struct advisory_target *target, int64_t now);

/*
 * The day on which the subject's own version was released, by its facts; exact is false where it
 * came out on that day or before. False when the catalogue does not know.
 */
bool release_day(struct subject *subject, int64_t *ret_day, bool *ret_exact);
