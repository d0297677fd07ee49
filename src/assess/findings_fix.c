/* Better steps than a check's own, from the driver that knows the device. */
#include "assess/findings.h"

#include "base/text.h"

static const struct device_fix *
fix_in(const struct device_driver *driver, const char *finding)
{
    for (size_t i = 0; i < driver->fix_count; i++) {
        if (text_equal(driver->fixes[i].rule, finding)) {
            return &driver->fixes[i];
        }
    }
    return NULL;
}

const struct device_fix *
findings_fix(const char *driver, const char *finding)
{
    for (size_t i = 0; i < device_driver_count; i++) {
        if (text_equal(device_drivers[i]->name, driver)) {
            return fix_in(device_drivers[i], finding);
        }
    }
    return NULL;
}
