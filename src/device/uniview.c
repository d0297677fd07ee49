/* Uniview cameras and recorders: LAPI, JSON over HTTP with digest login. */
#include "device/device.h"

#define INFO "/LAPI/V1.0/System/DeviceInfo"
#define DATA "Response.Data."

static const struct ask info = {.path = INFO, .login = true};

static const struct device_sign signs[] = {
    {FACT_DEVICE_VENDOR, SIGN_EQUALS,   "Uniview",                          80},
    {FACT_HTTP_BODY,     SIGN_CONTAINS, "/LAPI/V1.0/",                      80},
    {FACT_HTTP_FAVICON,  SIGN_EQUALS,   "1536f25632f78fb03babedcb156d3f69", 85}, /* Ingram rules */
    {FACT_ONVIF_SCOPES,  SIGN_CONTAINS, "uniview",                          60}, /* the owner may change it */
    {FACT_MAC_VENDOR,    SIGN_STARTS,   "Zhejiang Uniview",                 60}, /* IEEE */
};

static const struct device_probe probes[] = {
    {{.path = INFO}, 0, "\"ResponseCode\"", 80},
};

/* Paths and names checked by others on an NVR302-16S2 (public LAPI notes). */
static const struct device_reading readings[] = {
    {FACT_DEVICE_VENDOR,   &info, DATA "DeviceModel",                       AS_CONSTANT, "Uniview" },
    {FACT_DEVICE_MODEL,    &info, DATA "DeviceModel",                       AS_TEXT,     NULL      },
    {FACT_DEVICE_NAME,     &info, DATA "DeviceName",                        AS_TEXT,     NULL      },
    {FACT_DEVICE_FIRMWARE, &info, DATA "FirmwareVersion",                   AS_TEXT,     NULL      },
    {FACT_DEVICE_BUILD,    &info, DATA "FirmwareVersion",                   AS_DATE,     NULL      },
    {FACT_DEVICE_SERIAL,   &info, DATA "SerialNumber",                      AS_TEXT,     NULL      },
    {FACT_DEVICE_HARDWARE, &info, DATA "HardwareID",                        AS_TEXT,     NULL      },
    {FACT_DEVICE_KIND,     &info, "~\"FirmwareVersion\"\\s*:\\s*\"\\w*NVR", AS_CONSTANT, "recorder"},
};

static const char *const streams[] = {
    "/media/video1",
    "/unicast/c1/s0/live",
};

/* clang-format off */
static const struct device_fix fixes[] = {
    {"default-credentials/factory-password",
     "Setup > Security > User: set a long password of its own for admin.",
     "The recorder or VMS that shows it needs the new password too.",
     "GET /LAPI/V1.0/System/DeviceInfo with the old password answers 401."},
    {"vendor-cloud/cloud-on",
     "Setup > Network > EZCloud: choose Off.",
     "The EZView app no longer reaches it from outside.",
     NULL},
    {"upnp/device-upnp-on",
     "Setup > Network > Port > Port mapping: choose Off.",
     "Ports that it had opened at the router close.",
     NULL},
};
/* clang-format on */

/* clang-format off */
const struct device_driver device_uniview = {
    .name = "uniview",
    .title = "Uniview LAPI",
    .maturity = MATURITY_TRANSCRIPT,
    .vendor = "uniview",
    .kind = KIND_CAMERA,
    .signs = signs,
    .sign_count = COUNT(signs),
    .probes = probes,
    .probe_count = COUNT(probes),
    .readings = readings,
    .reading_count = COUNT(readings),
    .door = &device_door_http,
    .door_ask = {.path = INFO, .login = true},
    .limit = {0, 0, "no published number"},
    .streams = streams,
    .stream_count = COUNT(streams),
    .fixes = fixes,
    .fix_count = COUNT(fixes),
};
/* clang-format on */
