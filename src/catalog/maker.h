/*
 * The true maker behind names that a device gives itself. Names can be set by the owner or a
 * reseller; the maker's own protocols and the registered MAC prefix can't.
 */
#pragma once

#include "fact/subject.h"

/*
 * Where the evidence names a maker: sets device.vendor to it, device.brand when the device calls
 * itself by a brand that this maker supplies, and device.claims when it calls itself by another
 * maker's name. Nothing otherwise.
 */
void maker_apply(struct subject *subject, int64_t now);
