/* Xiongmai: DVRIP sets a configuration as a whole (message 1040), as it was read with one change.
 */
#include "device/switches.h"

#include "codec/dvrip.h"

#define SETTING(name, key)                                                                         \
    .read =                                                                                        \
        &(const struct ask){                                                                       \
            .method = DVRIP_METHOD, .path = DVRIP_CONFIG name, .port = DVRIP_PORT, .login = true}, \
    .pick = "[\"" name "\"]" key,                                                                  \
    .write = {.method = DVRIP_METHOD,                                                              \
        .path = DVRIP_SET name,                                                                    \
        .body = "{\"Name\":\"" name "\",\"" name "\":{document.[\"" name "\"]}}",                  \
        .port = DVRIP_PORT},                                                                       \
    .success = "\"Ret\""

#define DDNS                                                                                       \
    .rule = "vendor-cloud/ddns-on", .fact = FACT_DDNS_ENABLED, .wanted = "no", .value = "false",   \
    .title = "Switch off dynamic DNS",                                                             \
    .effect = "A host name kept up to date by the device goes stale."
#define TIME                                                                                       \
    .rule = "access-log/no-time-server", .title = "Set its time server",                           \
    .effect = "Its clock may jump once."

/* Names of configurations, message 1040: OpenIPC python-dvr (set_info), public DVRIP clients. */
/* clang-format off */
const struct device_switch switch_xiongmai[] = {
    {.rule = "vendor-cloud/cloud-on", .fact = FACT_CLOUD_ENABLED, .wanted = "no",
     SETTING("NetWork.Nat", ".NatEnable"), .value = "false", .title = "Switch off XMeye (P2P)",
     .effect = "The XMeye app no longer reaches it from outside."},
    {.rule = "upnp/device-upnp-on", .fact = FACT_UPNP_ENABLED, .wanted = "no",
     SETTING("NetWork.Upnp", ".Enable"), .value = "false", .title = "Switch off UPnP",
     .effect = "Ports that it had opened at the router close."},
    {DDNS, SETTING("NetWork.NetDDNS", ".Enable")},
    {DDNS, SETTING("NetWork.NetDDNS", "[0].Enable")},
    {DDNS, SETTING("NetWork.NetDDNS", "[1].Enable")},
    {DDNS, SETTING("NetWork.NetDDNS", "[2].Enable")},
    {DDNS, SETTING("NetWork.NetDDNS", "[3].Enable")},
    {.rule = "default-credentials/onvif-open", .fact = FACT_LOGIN_ONVIF_OPEN, .wanted = "no",
     SETTING("NetWork.OnvifPwdCheckout", ".Enable"), .value = "true",
     .title = "Make ONVIF ask for a password",
     .effect = "ONVIF clients that were set up without a password stop until they get one."},
    {.rule = "vendor-cloud/platform-on", .fact = FACT_SERVICE_PLATFORM, .wanted = NULL,
     SETTING("NetWork.DAS", ".Enable"), .value = "false",
     .title = "Switch off its registration with a server (DAS)",
     .effect = "The server no longer gets its video.", .effects = CHANGE_ON_REQUEST},
    {TIME, .fact = FACT_CLOCK_NTP, .wanted = "{ntp}", SETTING("NetWork.NetNTP", ".Server.Name"),
     .value = "{ntp}"},
    {TIME, .fact = FACT_CLOCK_SYNCED, .wanted = "yes", SETTING("NetWork.NetNTP", ".Enable"),
     .value = "true"},
};
