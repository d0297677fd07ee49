/* Foscam: one command per setting; dynamic DNS and time take their whole form and stay by hand. */
#include "device/switches.h"

#define CGI "/cgi-bin/CGIProxy.fcgi?cmd="
#define VAR "~\\bvar\\s+upnp_enable\\s*=\\s*['\"]?(\\d)"

/*
 * HD: Foscam IPCamera CGI User Guide (setP2PEnable, setUPnPConfig). MJPEG: IP Camera CGI V1.27
 * (set_upnp.cgi; it answers "ok." and restarts).
 */
/* clang-format off */
const struct device_switch switch_foscam[] = {
    {.rule = "vendor-cloud/cloud-on", .fact = FACT_CLOUD_ENABLED, .wanted = "no",
     .read = &(const struct ask){.path = CGI "getP2PEnable", .login = true},
     .pick = "CGI_Result/enable", .value = "0",
     .write = {.path = CGI "setP2PEnable&enable={value}"}, .success = "<result>",
     .title = "Switch off P2P", .effect = "The Foscam app no longer reaches it from outside."},
    {.rule = "upnp/device-upnp-on", .fact = FACT_UPNP_ENABLED, .wanted = "no",
     .read = &(const struct ask){.path = CGI "getUPnPConfig", .login = true},
     .pick = "CGI_Result/isEnable", .value = "0",
     .write = {.path = CGI "setUPnPConfig&isEnable={value}"}, .success = "<result>",
     .title = "Switch off UPnP", .effect = "Ports that it had opened at the router close."},
    {.rule = "upnp/device-upnp-on", .fact = FACT_UPNP_ENABLED, .wanted = "no",
     .read = &(const struct ask){.path = "/get_params.cgi", .login = true}, .pick = VAR,
     .value = "0", .write = {.path = "/set_upnp.cgi?enable={value}"}, .success = "ok",
     .title = "Switch off UPnP", .effect = "Ports that it had opened at the router close.",
     .effects = CHANGE_RESTARTS},
};
