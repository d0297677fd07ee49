/* Foscam cameras: recognition. Its own log-in puts the password into the address, so none is made.
 */
#include "device/device.h"

static const struct device_sign signs[] = {
    {FACT_HTTP_TITLE,    SIGN_EQUALS,   "IPCam Client",      85}, /* nndefaccts */
    {FACT_HTTP_SERVER,   SIGN_CONTAINS, "Netwave IP Camera", 80}, /* Recog http_servers.xml */
    {FACT_RTSP_SERVER,   SIGN_STARTS,   "HiIpcam/",          50}, /* Recog; the chip kit has others */
    {FACT_DEVICE_VENDOR, SIGN_EQUALS,   "Foscam",            80},
    {FACT_ONVIF_SCOPES,  SIGN_CONTAINS, "foscam",            60}, /* the owner may change it */
};

static const char *const streams[] = {
    "/videoMain",
    "/videoSub",
};

/* clang-format off */
static const struct device_fix fixes[] = {
    {"default-credentials/factory-password",
     "Settings > Basic settings > User accounts: set a long password of its own for admin.",
     "The recorder or VMS that shows it needs the new password too.",
     NULL},
    {"vendor-cloud/cloud-on",
     "Settings > Network > P2P: choose No.",
     "The Foscam app no longer reaches it from outside.",
     NULL},
    {"upnp/device-upnp-on",
     "Settings > Network > UPnP: choose No.",
     "Ports that it had opened at the router close.",
     NULL},
};
/* clang-format on */

const struct device_driver device_foscam = {
    .name = "foscam",
    .title = "Foscam",
    .maturity = MATURITY_EXPERIMENTAL,
    .vendor = "foscam",
    .kind = KIND_CAMERA,
    .signs = signs,
    .sign_count = COUNT(signs),
    .limit = {0, 0, "locks after several tries, number not published"},
    .streams = streams,
    .stream_count = COUNT(streams),
    .fixes = fixes,
    .fix_count = COUNT(fixes),
};
