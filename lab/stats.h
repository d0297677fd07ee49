/* What the devices have been through, as JSON. */
#pragma once

#include "lab/device.h"

#include <jansson.h>

/* {"devices": [{"name", "ip", "accounts", …}], "totals": {…}}, see lab/README.md; NULL: no memory.
 */
json_t *stats_all(const struct device *devices, size_t count);
/* The same into a file. {"devices": [{"name", "ip", "connections", …}], "totals": {…}}, see
 * lab/README.md. */
enum err stats_write(
    const char *path, const struct device *devices, size_t count, struct note *note) MUST_CHECK;
