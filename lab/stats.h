/* What the devices have been through, as JSON. */
#pragma once

#include "lab/device.h"

/* {"devices": [{"name", "ip", "connections", …}], "totals": {…}}, see lab/README.md. */
enum err stats_write(
    const char *path, const struct device *devices, size_t count, struct note *note) MUST_CHECK;
