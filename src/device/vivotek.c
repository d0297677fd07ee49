/* Vivotek cameras: getparam.cgi, key='value' lines, basic or digest login. */
#include "device/device.h"

#define PARAMETERS "/cgi-bin/admin/getparam.cgi?"

static const struct ask info = {.path = PARAMETERS "system_info", .login = true};
static const struct ask network = {
    .path = PARAMETERS "upnpportforwarding_enable&ddns_enable", .login = true};

static const struct device_sign signs[] = {
    {FACT_HTTP_SERVER,   SIGN_CONTAINS, "Vivotek Network Camera",               95}, /* nmap-service-probes */
    {FACT_HTTP_TITLE,    SIGN_CONTAINS, "VIVOTEK Web Console",                  90}, /* nuclei */
    {FACT_HTTP_SERVER,   SIGN_EQUALS,   "Network Camera",                       45}, /* nmap; others use it too */
    {FACT_RTSP_SERVER,   SIGN_CONTAINS, "Vivotek RtspServer",                   85},
    {FACT_BANNER_FTP,    SIGN_CONTAINS, "Welcome to Network Camera FTP Server", 60}, /* nmap */
    {FACT_DEVICE_VENDOR, SIGN_EQUALS,   "Vivotek",                              80},
    {FACT_ONVIF_SCOPES,  SIGN_CONTAINS, "vivotek",                              60}, /* the owner may change it */
    {FACT_MAC_VENDOR,    SIGN_STARTS,   "Vivotek",                              60}, /* IEEE */
};

/* Firmware form "CC8160-VVTK-0100d": CVE records. */
static const struct device_reading readings[] = {
    {FACT_DEVICE_VENDOR,   &info,    "system_info_modelname",       AS_CONSTANT, "Vivotek"},
    {FACT_DEVICE_MODEL,    &info,    "system_info_modelname",       AS_TEXT,     NULL     },
    {FACT_DEVICE_SERIAL,   &info,    "system_info_serialnumber",    AS_TEXT,     NULL     },
    {FACT_DEVICE_FIRMWARE, &info,    "system_info_firmwareversion", AS_TEXT,     NULL     },
    {FACT_UPNP_ENABLED,    &network, "upnpportforwarding_enable",   AS_YES_NO,   NULL     },
    {FACT_DDNS_ENABLED,    &network, "ddns_enable",                 AS_YES_NO,   NULL     },
};

static const char *const streams[] = {
    "/live.sdp",
    "/live1s1.sdp",
};

static const char *const pictures[] = {
    "/cgi-bin/viewer/video.jpg",
};

/* clang-format off */
static const struct device_fix fixes[] = {
    {"upnp/device-upnp-on",
     "Configuration > Network > UPnP port forwarding: clear it; or "
         "setparam.cgi?upnpportforwarding_enable=0.",
     "Ports that it had opened at the router close.",
     "getparam.cgi?upnpportforwarding_enable shows 0."},
    {"vendor-cloud/ddns-on",
     "Configuration > Network > DDNS: clear it.",
     "A host name kept up to date by the device goes stale.",
     "getparam.cgi?ddns_enable shows 0."},
};
/* clang-format on */

/* clang-format off */
const struct device_driver device_vivotek = {
    .name = "vivotek",
    .title = "Vivotek getparam",
    .maturity = MATURITY_TRANSCRIPT,
    .vendor = "vivotek",
    .kind = KIND_CAMERA,
    .signs = signs,
    .sign_count = COUNT(signs),
    .readings = readings,
    .reading_count = COUNT(readings),
    .door = &device_door_http,
    .door_ask = {.path = PARAMETERS "system_info", .login = true},
    .limit = {0, 0, "no published number"},
    .streams = streams,
    .stream_count = COUNT(streams),
    .pictures = pictures,
    .picture_count = COUNT(pictures),
    .fixes = fixes,
    .fix_count = COUNT(fixes),
};
/* clang-format on */
