/* TP-Link Tapo and VIGI cameras: recognition. Their local API is encrypted; ONVIF is on port 2020.
 */
#include "device/device.h"

#define ASK "{\"method\":\"get\"}"

static const struct device_sign signs[] = {
    {FACT_HTTP_REALM,   SIGN_EQUALS,   "TP-LINK IP-Camera",             90}, /* Recog http_wwwauth.xml */
    {FACT_HTTP_BODY,    SIGN_CONTAINS, "/web-static/dynaform/class.js", 80}, /* nndefaccts */
    {FACT_DEVICE_MODEL, SIGN_STARTS,   "Tapo ",                         75},
    {FACT_DEVICE_MODEL, SIGN_STARTS,   "VIGI ",                         75},
    {FACT_ONVIF_SCOPES, SIGN_CONTAINS, "onvif.org/name/TP-IPC",         60},
    {FACT_ONVIF_SCOPES, SIGN_CONTAINS, "Tapo",                          60},
    {FACT_ONVIF_SCOPES, SIGN_CONTAINS, "VIGI",                          60},
};

static const struct device_probe probes[] = {
    {{.path = "/", .body = ASK, .type = "application/json"}, 200, "-40401",
     80}, /* pytapo const.py */
};

static const char *const streams[] = {
    "/stream1",
    "/stream2",
};

/* clang-format off */
static const struct device_fix fixes[] = {
    {"vendor-cloud/cloud-on",
     "It has no local switch: block its way to the internet at the router, and use RTSP and "
         "ONVIF with a camera account.",
     "The Tapo or VIGI app reaches it in the local network only.",
     NULL},
};
/* clang-format on */

const struct device_driver device_tplink = {
    .name = "tplink",
    .title = "TP-Link Tapo and VIGI",
    .maturity = MATURITY_EXPERIMENTAL,
    .vendor = "tplink",
    .kind = KIND_CAMERA,
    .signs = signs,
    .sign_count = COUNT(signs),
    .probes = probes,
    .probe_count = COUNT(probes),
    .limit = {0, 1800, "Temporary Suspension up to 1800 s; the number of tries is not published"},
    .streams = streams,
    .stream_count = COUNT(streams),
    .fixes = fixes,
    .fix_count = COUNT(fixes),
};
