/* Whether settings that were read again say something else. */
#pragma once

#include "gate/settings.h"

/* All that stands in them, and the addresses of upstreams. */
bool settings_same(const struct settings *a, const struct settings *b);
/* What the broker works by: which VMSes, where, by which account. */
bool settings_same_vms(const struct settings *a, const struct settings *b);
