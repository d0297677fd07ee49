/* Better steps than a check's own, from the driver that knows the device. */
#include "assess/findings.h"

#include "base/text.h"
#include "vms/vms.h"

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

static const struct device_fix *
fix_of(
    const struct device_driver *const *drivers, size_t count, const char *name, const char *finding)
{
    for (size_t i = 0; i < count; i++) {
        if (text_equal(drivers[i]->name, name)) {
            return fix_in(drivers[i], finding);
        }
    }
    return NULL;
}

const struct device_fix *
findings_fix(const char *driver, const char *finding)
{
    const struct device_fix *fix = fix_of(device_drivers, device_driver_count, driver, finding);
    return fix != NULL ? fix : fix_of(vms_drivers, vms_driver_count, driver, finding);
}
