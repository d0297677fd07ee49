/*
 * Releases and ends of support of the catalogue against what is known of a device or VMS. A row
 * that is the newest of all lets a version be called up to date while the catalogue is at most 30
 * days old; one that is only known to be out ("newest": "no") can only show that a version is
 * behind.
 */
#pragma once

#include "catalog/advisory.h"

/*
 * Writes firmware.newest, .outdated, .current and .ended, or the same of vms, as far as the target
 * tells model and version.
 */
void release_apply(struct subject *subject, const struct advisory_target *target, int64_t now);
